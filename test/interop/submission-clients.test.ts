import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import SMTPConnection from 'nodemailer/lib/smtp-connection/index.js'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { formatPath } from '../../core/model/address.ts'
import { localhost } from '../support/localhost.ts'
import { needs, pathOf } from '../support/peers.ts'
import { runProgram } from '../support/run-program.ts'
import { openSubmissionService, PASSWORD, USER, type SubmissionService } from '../support/submission-service.ts'

/** What people's own mail programs and libraries send, over every way in: the bytes that arrive are the bytes that were sent. */
const HEAD = `Date: Thu, 1 Jan 2026 00:00:00 +0000\r\nMessage-ID: <1@client.example>\r\nFrom: ${USER}\r\nTo: bob@remote.example\r\nSubject: hi\r\n`
const BODY = `.dot\r\n..dots\r\n.\r\n\r\n \r\ntab\t\r\n${'x'.repeat(997)}\r\n.\r\nend\r\n`
const MESSAGE = `${HEAD}\r\n${BODY}`
const UNIX = MESSAGE.replaceAll('\r\n', '\n')

/** smtplib and Perl's SASL take a password of ASCII only. */
const ASCII_PASSWORD = 'pass word:"u" #1'

let service: SubmissionService
let ascii: SubmissionService
beforeAll(async () => {
  service = await openSubmissionService()
  ascii = await openSubmissionService({}, ASCII_PASSWORD)
})
afterEach(() => void [service, ascii].map((one) => one.taken()))
afterAll(() => Promise.all([service, ascii].map((one) => one.close())))

/** The one message that was taken. */
function taken(from = service) {
  const [message, ...more] = from.taken()
  expect(more).toEqual([])
  return message
}
function expectWhole({ from = service, utf8 = false } = {}) {
  const message = taken(from)
  expect(message && formatPath(message.from)).toBe(`<${USER}>`)
  expect(message?.to.map(formatPath)).toEqual(['<bob@remote.example>'])
  expect(message?.userId).toBe(1)
  expect(message?.utf8).toBe(utf8)
  expect(message?.raw.toString('latin1')).toBe(MESSAGE)
}

/** Shows what the program said where it has not. */
function expectSuccess({ status, said }: { readonly status: number | null; readonly said: string }) {
  expect(status === 0 ? 'success' : `${status}: ${said}`).toBe('success')
}

describe('swaks', () => {
  const WAYS = { starttls: ['--tls'], implicit: ['--tls-on-connect'] } as const
  const PACES = { 'in lock step': [], 'pipelined': ['--pipeline'] } as const
  for (const [way, tls] of Object.entries(WAYS))
    for (const mechanism of ['PLAIN', 'LOGIN'])
      for (const [pace, pipeline] of Object.entries(PACES))
        needs('swaks').test(`${way}, AUTH ${mechanism}, ${pace}`, async () => {
          const file = join(service.folder, 'message')
          writeFileSync(file, MESSAGE)
          const port = way === 'implicit' ? service.tlsPort : service.port
          const args = [
            ['--server', '127.0.0.1', '--port', String(port), ...tls, '--tls-verify', '--tls-ca-path', service.caFile],
            ['--auth', mechanism, '--auth-user', USER, '--auth-password', PASSWORD, ...pipeline],
            ['--from', USER, '--to', 'bob@remote.example', '--data', `@${file}`, '--no-data-fixup'],
          ].flat()
          // Without its own repairs swaks sends the file as it is, dots, final dot and all.
          writeFileSync(file, `${HEAD}\r\n${BODY.replaceAll(/^\./gm, '..')}.`)
          const ended = await runProgram(pathOf('swaks'), args)
          expectSuccess(ended)
          expectWhole()
        })
  needs('swaks').test('without TLS there is no login, and without a login no mail', async () => {
    const at = ['--server', '127.0.0.1', '--port', String(service.port), '--from', USER, '--to', 'bob@remote.example']
    const login = ['--auth', 'PLAIN', '--auth-user', USER, '--auth-password', PASSWORD]
    expect((await runProgram(pathOf('swaks'), [...at, ...login])).said).toContain('did not advertise')
    expect((await runProgram(pathOf('swaks'), at)).said).toContain('530 5.7.0')
    expect((await runProgram(pathOf('swaks'), [...at, '--protocol', 'SMTP'])).said).toContain('530 5.7.0')
    expect(service.taken()).toEqual([])
  })
})

describe('msmtp', () => {
  const run = (mechanism: string, implicit: boolean) =>
    runProgram(
      pathOf('msmtp'),
      [
        ['--host=127.0.0.1', `--port=${implicit ? service.tlsPort : service.port}`, '--tls=on'],
        [`--tls-starttls=${implicit ? 'off' : 'on'}`, `--tls-trust-file=${service.caFile}`],
        [`--auth=${mechanism}`, `--user=${USER}`, `--passwordeval=cat ${service.passwordFile}`],
        [`--from=${USER}`, '--file=/dev/null', 'bob@remote.example'],
      ].flat(),
      UNIX,
    )
  for (const mechanism of ['plain', 'login', 'scram-sha-256', 'on'])
    for (const implicit of [false, true])
      needs('msmtp').test(`--auth=${mechanism}, TLS ${implicit ? 'from the first byte' : 'by STARTTLS'}`, async () => {
        const ended = await run(mechanism, implicit)
        expectSuccess(ended)
        expectWhole()
      })
})

describe('curl', () => {
  for (const [scheme, mechanism] of [
    ['smtp', 'PLAIN'],
    ['smtp', 'LOGIN'],
    ['smtps', 'PLAIN'],
  ] as const)
    needs('curl').test(`${scheme}, AUTH=${mechanism}`, async () => {
      const port = scheme === 'smtps' ? service.tlsPort : service.port
      const args = [
        ['--silent', '--show-error', `${scheme}://127.0.0.1:${port}`, '--ssl-reqd', '--cacert', service.caFile],
        ['--login-options', `AUTH=${mechanism}`, '--user', `${USER}:${PASSWORD}`],
        ['--mail-from', USER, '--mail-rcpt', 'bob@remote.example', '--upload-file', '-'],
      ].flat()
      const ended = await runProgram(pathOf('curl'), args, MESSAGE)
      expectSuccess(ended)
      expectWhole()
    })
})

describe('Python smtplib', () => {
  const SCRIPT = `
import smtplib, ssl, sys
way, port, ca, user, password_file, utf8 = sys.argv[1:7]
context = ssl.create_default_context(cafile=ca)
if way == 'implicit':
    client = smtplib.SMTP_SSL('127.0.0.1', int(port), context=context)
else:
    client = smtplib.SMTP('127.0.0.1', int(port))
    client.starttls(context=context)
client.login(user, open(password_file, encoding='utf8').read())
options = ['SMTPUTF8', 'BODY=8BITMIME'] if utf8 == 'utf8' else ['BODY=8BITMIME']
refused = client.sendmail(user, ['bob@remote.example'], sys.stdin.buffer.read(), mail_options=options)
client.quit()
assert refused == {}, refused
`
  for (const way of ['starttls', 'implicit'])
    for (const utf8 of ['ascii', 'utf8'])
      needs('python').test(`${way}, ${utf8}`, async () => {
        const port = way === 'implicit' ? ascii.tlsPort : ascii.port
        const args = ['-c', SCRIPT, way, String(port), ascii.caFile, USER, ascii.passwordFile, utf8]
        const ended = await runProgram(pathOf('python'), args, MESSAGE)
        expectSuccess(ended)
        expectWhole({ from: ascii, utf8: utf8 === 'utf8' })
      })
})

describe("nodemailer's own connection", () => {
  for (const secure of [false, true])
    test(`TLS ${secure ? 'from the first byte' : 'by STARTTLS'}`, async () => {
      const port = secure ? service.tlsPort : service.port
      const tls = { ca: localhost.cert }
      const connection = new SMTPConnection({ host: '127.0.0.1', port, secure, requireTLS: true, tls })
      await new Promise<void>((resolve, reject) => connection.once('error', reject).connect(() => resolve()))
      const fail = (reject: (error: Error) => void, resolve: () => void) => (error?: Error | null) =>
        error ? reject(error) : resolve()
      await new Promise<void>((resolve, reject) =>
        connection.login(
          { user: USER, pass: PASSWORD, credentials: { user: USER, pass: PASSWORD } },
          fail(reject, resolve),
        ),
      )
      await new Promise<void>((resolve, reject) =>
        connection.send({ from: USER, to: ['bob@remote.example'] }, MESSAGE, fail(reject, resolve)),
      )
      connection.quit()
      expectWhole()
    })
})

needs('git-send-email').test('git send-email sends a patch, line for line', async () => {
  const patch = `From 0123456789012345678901234567890123456789 Mon Sep 17 00:00:00 2001\nFrom: ${USER}\nDate: Thu, 1 Jan 2026 00:00:00 +0000\nSubject: [PATCH] a change\n\n.dot\n---\n a | 1 +\n\n-- \n2.39.5\n`
  const file = join(ascii.folder, '0001-a-change.patch')
  writeFileSync(file, patch)
  const config: Record<string, string> = {
    'sendemail.smtpServer': '127.0.0.1',
    'sendemail.smtpServerPort': String(ascii.port),
    'sendemail.smtpEncryption': 'tls',
    'sendemail.smtpSSLCertPath': ascii.caFile,
    'sendemail.smtpUser': USER,
    'sendemail.smtpPass': ASCII_PASSWORD,
  }
  const settings = Object.entries(config).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const args = [
    'send-email',
    '--from',
    USER,
    '--to',
    'bob@remote.example',
    '--confirm=never',
    '--suppress-cc=all',
    file,
  ]
  const ended = await runProgram('git', [...settings, ...args])
  expectSuccess(ended)
  const message = taken(ascii)
  expect(message?.raw.toString()).toMatch(
    /^From: ada@client\.example\r\nTo: bob@remote\.example\r\nSubject: \[PATCH\] a change\r\n/,
  )
  expect(message?.raw.toString()).toContain('\r\n\r\n.dot\r\n---\r\n a | 1 +\r\n\r\n-- \r\n2.39.5\r\n')
})

test('no transcript knows the password, whichever program sent it', async () => {
  const text = (await service.transcripts()) + (await ascii.transcripts())
  expect(text).toContain('signed in as ada@client.example')
  for (const form of [
    PASSWORD,
    Buffer.from(PASSWORD).toString('base64').slice(0, -4),
    Buffer.from(PASSWORD).toString('hex'),
  ])
    expect(text.includes(form), form).toBe(false)
})
