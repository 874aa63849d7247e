import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { existsSync, renameSync } from 'node:fs'
import { afterEach, expect, test } from 'vitest'
import { localSocketPath } from '../../core/base/paths.ts'
import { Conversation } from '../support/conversation.ts'
import { ended, Home, start, type Ended, type Served } from '../support/posthorn.ts'

/*
 * What a person, a script or another program may get wrong: each is a clear message and a status that is not 0, and nothing
 * that was there is lost.
 */
const TRUSTED = { port: 0, trustedAddresses: ['127.0.0.1'] }
const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
function newHome(settings: unknown = { submission: TRUSTED, local: { domains: ['home.test'] } }): Home {
  const home = new Home(settings)
  cleanups.push(() => home.remove())
  return home
}
async function serve(home: Home): Promise<Served> {
  const served = await home.serve()
  cleanups.push(() => served.stop())
  return served
}
/** `serve` that must not start: what it said when it had ended. */
const refused = (home: Home): Promise<Ended> => ended(start(['serve', ...home.at]))
const MAIL = 'From: ada@home.test\nSubject: x\n\nx\n'

test('a settings file that cannot be meant is refused with key, value and what is allowed', async () => {
  const files: [unknown, readonly RegExp[]][] = [
    [
      { submission: { port: '2587' } },
      [/"submission\.port"/, /"2587"/, /allowed is a port from 1 to 65535, 0 .* null/],
    ],
    [{ submission: { prot: 1 } }, [/"submission\.prot"/, /set to 1/, /submission\.port/]],
    [{ queue: { intervalSeconds: 0 } }, [/"queue\.intervalSeconds"/, /\b0 is not allowed/, /from 1 to 864000/]],
    [{ pop3: { tlsPort: 99_995 } }, [/"pop3\.tlsPort"/, /99995/, /from 1 to 65535/]],
    ['{"submission":', [/settings\.json/, /JSON/]],
    [[1], [/the whole file is \[1\]/, /allowed is an object/]],
  ]
  await Promise.all(
    files.map(async ([settings, words]) => {
      const home = newHome(settings)
      const ran = await refused(home)
      expect(ran, JSON.stringify(settings)).toMatchObject({ status: 78, stdout: '' })
      for (const word of words) expect(ran.stderr).toMatch(word)
      expect(ran.stderr).toMatch(/^posthorn: [^\n]+\n$/)
      expect(existsSync(home.data)).toBe(false)
    }),
  )
  expect(await newHome('nonsense').sendmail(['-i', 'bob@far.test'], MAIL)).toMatchObject({ status: 78 })
})

test('a second serve says who holds the folder, and the first goes on', async () => {
  const home = newHome()
  const first = await serve(home)
  const second = await refused(home)
  expect(second).toMatchObject({ status: 75, stdout: '' })
  expect(second.stderr).toContain(`posthorn serve (process ${first.ready.pid}) is using it`)
  expect(await home.run(['queue', 'list', '--json'])).toMatchObject({ status: 0, stdout: '[]\n' })
  expect(await first.stop()).toBe(0)
})

test('a port that is taken is named, and nothing is left locked', async () => {
  const other = createServer().listen(0, '127.0.0.1')
  await once(other, 'listening')
  cleanups.push(() => other.close())
  const { port } = other.address() as AddressInfo
  const home = newHome({ submission: { port: 0 }, ui: { port } })
  const ran = await refused(home)
  expect(ran).toMatchObject({ status: 69, stdout: '' })
  expect(ran.stderr).toMatch(new RegExp(`127\\.0\\.0\\.1.*${port}.*another program listens there; set ui\\.port`))

  // A server for other programs is no reason to keep anybody from the mail.
  home.settings({ submission: { port, tlsPort: 0 } })
  const served = await serve(home)
  expect(served.ready).toMatchObject({ submission: null, submissionTls: { host: '127.0.0.1' } })
  const words = `Other programs cannot submit mail: listen on 127.0.0.1 port ${port}: another program listens there.`
  expect(served.stderr).toContain(words)
  const { stdout } = await home.run(['status'])
  expect(stdout).toContain(words)
  expect(stdout).toMatch(/^Programs submit mail on 127\.0\.0\.1:\d+ \(TLS\)\.$/m)
  expect(stdout).toContain('posthorn setting set submission.port')
})

test('without its key serve is locked, nothing listens but window and socket, and sendmail keeps its hands off', async () => {
  const free = createServer().listen(0, '127.0.0.1')
  await once(free, 'listening')
  const { port } = free.address() as AddressInfo
  free.close()
  await once(free, 'close')
  const home = newHome({ submission: { port } })
  expect(await home.sendmail(['-i', '-f', 'ada@home.test', 'bob@far.test'], MAIL)).toMatchObject({ status: 0 })
  renameSync(home.keyFile, `${home.keyFile}.away`)
  expect(await home.sendmail(['-i', 'bob@far.test'], MAIL)).toMatchObject({
    status: 75,
    stderr: expect.stringContaining(home.keyFile),
  })

  const served = await serve(home)
  expect(served.ready).toMatchObject({ ready: true, locked: true, submission: null })
  expect(served.stderr).toContain(home.keyFile)
  const [error] = (await once(connect(port, '127.0.0.1'), 'error')) as [NodeJS.ErrnoException]
  expect(error.code).toBe('ECONNREFUSED')
  for (const command of [['queue', 'list'], ['list']])
    expect(await home.run(command)).toMatchObject({ status: 75, stderr: expect.stringContaining('locked') })
  expect(await home.sendmail(['-i', 'bob@far.test'], MAIL)).toMatchObject({ status: 75 })
  const ui = await home.run(['ui'])
  expect(ui).toMatchObject({ status: 0, stdout: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/#ticket=/) })
  expect((await fetch(new URL('/', ui.stdout))).headers.get('content-security-policy')).toContain("default-src 'none'")
  expect(await served.stop()).toBe(0)

  renameSync(`${home.keyFile}.away`, home.keyFile)
  expect(await home.json<unknown[]>(['queue', 'list'])).toHaveLength(1)
})

test('over the real socket: smuggled ends, an endless command, 10,000 recipients', async () => {
  const home = newHome({ submission: TRUSTED, local: { domains: ['home.test'] }, queue: { paused: true } })
  const { port } = (await serve(home)).submission
  const open = async () => {
    const smtp = await Conversation.open(port)
    cleanups.push(() => smtp.close())
    expect(await smtp.reply()).toMatch(/^220 /)
    expect(await smtp.say('EHLO client.test\r\n')).toMatch(/^250[- ]/)
    return smtp
  }
  const begin = async (smtp: Conversation) => {
    expect(await smtp.say('MAIL FROM:<ada@home.test>\r\n')).toMatch(/^250 /)
    expect(await smtp.say('RCPT TO:<bob@far.test>\r\n')).toMatch(/^250 /)
    expect(await smtp.say('DATA\r\n')).toMatch(/^354 /)
  }
  const second = 'MAIL FROM:<ada@home.test>\r\nRCPT TO:<eve@far.test>\r\nDATA\r\nSubject: smuggled\r\n\r\nx\r\n.\r\n'
  for (const end of ['\n.\n', '\n.\r\n', '\r\n.\n', '\r.\r\n', '\r\n.\r']) {
    const smtp = await open()
    await begin(smtp)
    smtp.send(`Subject: bare\r\n\r\nx${end}${second}QUIT\r\n`)
    const answers = await smtp.rest()
    expect(answers, JSON.stringify(end)).toMatch(/^5\d\d /)
    expect(answers, JSON.stringify(end)).not.toMatch(/^[23]5\d/m)
  }

  const smtp = await open()
  await begin(smtp)
  expect(await smtp.say('Subject: bare\r\n\r\nx\ny\r\n.\r\n')).toMatch(/^550 5\./)
  expect(await smtp.say(`NOOP ${'x'.repeat(8192)}\r\n`)).toMatch(/^500 5\.5\.\d/)
  expect(await smtp.say('MAIL FROM:<ada@home.test>\r\n')).toMatch(/^250 /)
  const codes = new Map<string, number>()
  smtp.send(Array.from({ length: 10_000 }, (_, n) => `RCPT TO:<r${n}@far.test>\r\n`).join(''))
  for (let n = 0; n < 10_000; n++) {
    const code = (await smtp.reply()).slice(0, 3)
    codes.set(code, (codes.get(code) ?? 0) + 1)
  }
  expect(Object.fromEntries(codes)).toEqual({ 250: 1000, 452: 9000 })
  expect(await smtp.say('DATA\r\n')).toMatch(/^354 /)
  expect(await smtp.say('Subject: many\r\n\r\nx\r\n.\r\n')).toMatch(/^250 2\./)
  const entries = await home.json<{ subject: string; recipients: unknown[] }[]>(['queue', 'list'])
  expect(entries.map(({ subject, recipients }) => [subject, recipients.length])).toEqual([['many', 1000]])
})

test('a stranger at the local socket gets nothing done and does no harm', async () => {
  const home = newHome()
  await serve(home)
  const { path } = localSocketPath(home.data)
  for (const junk of [
    '\0\xff\n',
    'GET / HTTP/1.1\r\n\r\n',
    `{"nonce":"${'x'.repeat(1_100_000)}`,
    '{"nonce":{}}\n{}\n',
  ]) {
    const socket = connect(path)
    socket.on('error', () => {})
    socket.resume()
    socket.write(junk, 'latin1')
    await new Promise((resolve) => socket.once('close', resolve))
  }
  expect(await home.run(['queue', 'list', '--json'])).toMatchObject({ status: 0, stdout: '[]\n' })
})
