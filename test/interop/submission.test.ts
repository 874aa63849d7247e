import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { formatPath, parseMailbox } from '../../core/model/address.ts'
import { openLogins, type Logins } from '../../core/serve/login.ts'
import { startSubmission, type SubmissionServer } from '../../core/serve/submission.ts'
import { defaultSettings } from '../../core/settings.ts'
import { listOwnAddresses, listUsers } from '../../core/store/local-user.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import type { TranscriptBatch } from '../../core/transcript/sink.ts'
import { openPasswords } from '../../core/vault/passwords.ts'
import { impatientClock } from '../support/impatient-clock.ts'
import { localhost, localhostTls } from '../support/localhost.ts'
import { needs, pathOf } from '../support/peers.ts'
import { runProgram } from '../support/run-program.ts'
import { openTestStore, type TestStore } from '../support/store.ts'
import { House } from '../support/submission-house.ts'

const USER = 'ada@client.example'
const PASSWORD = 'pass word:"ü" #1'
const WRONG = 'mistaken-5f2c'
const MESSAGE = 'From: ada@client.example\nTo: bob@remote.example\nSubject: hi\n\n.dot\n..dots\n.\nend\n'
const CONTENT = 'Subject: hi\r\n\r\n.dot\r\n..dots\r\n.\r\nend\r\n'

let store: TestStore
let server: SubmissionServer
let port = 0
let logins: Logins
let house = new House()
const batches: TranscriptBatch[] = []
const folder = mkdtempSync(join(tmpdir(), 'posthorn-submission-'))
const caFile = join(folder, 'ca.pem')

beforeAll(async () => {
  writeFileSync(caFile, localhost.cert)
  store = await openTestStore()
  const passwords = await openPasswords(store)
  const mailbox = parseMailbox(USER)
  if (mailbox === undefined) throw new Error(`no address: ${USER}`)
  await store.write('user.add', { mailbox, verifier: await passwords.verifierOf(PASSWORD, []) })
  logins = openLogins({ store, passwords, clock: impatientClock })
  server = await startSubmission({
    settings: { ...defaultSettings(), 'submission.port': 0, 'submission.tlsPort': null },
    recorder: createRecorder({
      sink: async (batch) => void batches.push(batch),
      clock: impatientClock,
      firstSessionId: 1,
    }),
    clock: impatientClock,
    accept: (submission) => house.accept(submission),
    stage: () => store.stage(),
    loginOf: logins.of,
    authorsOf: house.authorsOf,
    tls: () => localhostTls,
    ownAddresses: (userId) => listOwnAddresses(store.read, userId),
  })
  port = server.plain?.port ?? 0
})
beforeEach(() => void (house = new House()))
afterAll(async () => {
  await server.close()
  await logins.close()
  await store.closeAndRemove()
  rmSync(folder, { recursive: true })
})

/** The one message that was taken. */
function taken() {
  expect(house.accepted).toHaveLength(1)
  const [message] = house.accepted
  return {
    from: formatPath(message?.from ?? null),
    to: message?.to.map(formatPath),
    userId: message?.userId,
    text: message?.raw.toString('utf8') ?? '',
    received: message?.received ?? '',
  }
}
const whole = {
  from: '<ada@client.example>',
  to: ['<bob@remote.example>'],
  userId: 1,
  text: expect.stringContaining(CONTENT),
  received: expect.stringMatching(/^Received: by client\.example with ESMTPSA id /),
}

for (const mechanism of ['PLAIN', 'LOGIN']) {
  needs('swaks').test(`swaks submits by AUTH ${mechanism} inside TLS that it has verified`, async () => {
    const { status, said } = await runProgram(
      pathOf('swaks'),
      [
        ['--server', '127.0.0.1', '--port', String(port), '--tls', '--tls-verify', '--tls-ca-path', caFile],
        ['--auth', mechanism, '--auth-user', USER, '--auth-password', PASSWORD],
        ['--from', USER, '--to', 'bob@remote.example', '--data', '-'],
      ].flat(),
      MESSAGE,
    )
    expect({ status, said }).toMatchObject({ status: 0 })
    expect(taken()).toMatchObject({ ...whole, text: expect.stringContaining('.dot\r\n..dots\r\n.\r\nend\r\n') })
  })

  needs('curl').test(`curl submits by AUTH ${mechanism} inside TLS that it has verified`, async () => {
    const { status, said } = await runProgram(
      pathOf('curl'),
      [
        ['--silent', '--show-error', `smtp://127.0.0.1:${port}`, '--ssl-reqd', '--cacert', caFile],
        ['--login-options', `AUTH=${mechanism}`, '--user', `${USER}:${PASSWORD}`],
        ['--mail-from', USER, '--mail-rcpt', 'bob@remote.example', '--crlf', '--upload-file', '-'],
      ].flat(),
      MESSAGE,
    )
    expect({ status, said }).toMatchObject({ status: 0 })
    expect(taken()).toMatchObject(whole)
  })

  needs('msmtp').test(`msmtp submits by AUTH ${mechanism} inside TLS that it has verified`, async () => {
    const { status, said } = await runProgram(
      pathOf('msmtp'),
      [
        ['--host=127.0.0.1', `--port=${port}`, '--tls=on', '--tls-starttls=on', `--tls-trust-file=${caFile}`],
        [`--auth=${mechanism.toLowerCase()}`, `--user=${USER}`, `--passwordeval=cat ${passwordFile()}`],
        [`--from=${USER}`, '--file=/dev/null', 'bob@remote.example'],
      ].flat(),
      MESSAGE,
    )
    expect({ status, said }).toMatchObject({ status: 0 })
    expect(taken()).toMatchObject(whole)
  })
}

function passwordFile(): string {
  const path = join(folder, 'password')
  writeFileSync(path, PASSWORD, { mode: 0o600 })
  return path
}

needs('swaks').test('swaks with a wrong password is refused, and nothing is taken', async () => {
  const { status, said } = await runProgram(
    pathOf('swaks'),
    [
      ['--server', '127.0.0.1', '--port', String(port), '--tls', '--from', USER, '--to', 'bob@remote.example'],
      ['--auth', 'PLAIN', '--auth-user', USER, '--auth-password', WRONG],
    ].flat(),
  )
  expect(said).toContain('535 5.7.8')
  expect(status).not.toBe(0)
  expect(house.accepted).toEqual([])
})

needs('swaks').test('swaks may neither relay without a login nor send as somebody else', async () => {
  const at = ['--server', '127.0.0.1', '--port', String(port), '--to', 'bob@remote.example']
  expect((await runProgram(pathOf('swaks'), [...at, '--from', USER])).said).toContain('530 5.7.0')
  const login = ['--tls', '--auth', 'PLAIN', '--auth-user', USER, '--auth-password', PASSWORD]
  expect((await runProgram(pathOf('swaks'), [...at, ...login, '--from', 'eve@client.example'])).said).toContain(
    '550 5.7.1',
  )
  expect(house.accepted).toEqual([])
})

test('nodemailer submits a large message to several recipients', async () => {
  const transport = createTransport({
    host: '127.0.0.1',
    port: port,
    requireTLS: true,
    tls: { ca: localhost.cert },
    auth: { user: USER, pass: PASSWORD },
  })
  const content = Buffer.alloc(1_000_000, 'binary \0 and more ')
  await transport.sendMail({
    from: USER,
    to: ['bob@remote.example', 'carol@remote.example'],
    bcc: 'dan@remote.example',
    subject: 'grüße',
    text: '.\n..\n',
    attachments: [{ filename: 'a.bin', content }],
  })
  transport.close()
  const [message] = house.accepted
  expect(message?.to).toHaveLength(3)
  expect(message?.body).toMatchObject({ stagedBlobId: expect.any(Number) })
})

test('a user is known to have signed in, and no transcript knows by which password', async () => {
  const [ada] = listUsers(store.read)
  expect(logins.usedMs('users', ada?.id ?? 0)).toBeGreaterThan(0)
  const text = JSON.stringify(batches)
  expect(text).toContain('signed in as ada@client.example')
  for (const form of [PASSWORD, WRONG].flatMap((secret) => [
    secret,
    Buffer.from(secret).toString('base64').slice(0, -4),
    Buffer.from(`\0${USER}\0${secret}`).toString('base64').slice(0, -4),
    Buffer.from(secret).toString('hex'),
  ]))
    expect(text.includes(form), form).toBe(false)
})
