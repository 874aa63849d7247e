import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { MessageRow, QueueEntryView } from '../../core/rpc/views.ts'
import { playAsServer, playOverSocket } from '../support/dialogue-socket.ts'
import { parseDialogue } from '../support/dialogue.ts'
import { startPop3Server, type Pop3TestServer } from '../support/pop3-server.ts'
import { ended, eventually, Home, posthorn, start, type Ended, type Served } from '../support/posthorn.ts'
import { startSubmitter } from '../support/submitter.ts'

/*
 * Everything a person scripts against, as processes: first alone, then the same questions to a running engine.
 */
const message = (name: string) => fileURLToPath(new URL(`../messages/${name}`, import.meta.url))
const PASSWORD = 'pa55 word'
const FETCHED = Buffer.from('From: carol@far.test\r\nSubject: fetched\r\nMessage-ID: <f@far.test>\r\n\r\nfrom afar\r\n')

/** Questions that change nothing. */
const QUESTIONS = [
  ['user', 'list', '--json'],
  ['account', 'list', '--json'],
  ['route', 'list', '--json'],
  ['queue', 'list', '--json'],
  ['log', 'export', '1'],
  ['list', '--json'],
]

let home: Home
let maildrop: Pop3TestServer
let served: Served
const FILES = [message('latin1-header.eml'), message('mixed-attachment.eml')]
const added = { user: '', account: '', route: '', imported: '', fetched: '' }
const alone = new Map<string, Ended>()

async function succeed(argv: readonly string[], stdin?: string): Promise<Ended> {
  const ran = await home.run(argv, stdin)
  expect(ran, argv.join(' ')).toMatchObject({ status: 0 })
  return ran
}
const answersTo = async <T>(stdin: string, ...argv: string[]) =>
  JSON.parse((await succeed([...argv, '--json'], stdin)).stdout) as T
const answers = async <T>(...argv: string[]) => answersTo<T>('', ...argv)

beforeAll(async () => {
  maildrop = await startPop3Server({ messages: [{ uidl: 'one', raw: FETCHED }] })
  home = new Home({
    submission: { port: 0, trustedAddresses: ['127.0.0.1'] },
    local: { domains: ['home.test'] },
    queue: { paused: true },
  })
  const pop3 = ['--host', '127.0.0.1', '--port', String(maildrop.port), '--user', 'ada', '--tls', 'none', '--keep']
  added.user = (await succeed(['user', 'add', 'ada@home.test', '--password-stdin', '--json'], `${PASSWORD}\n`)).stdout
  added.account = (await succeed(['account', 'add', 'pop3', ...pop3, '--password-stdin', '--json'], PASSWORD)).stdout
  added.route = (
    await succeed(['route', 'add', 'smarthost', '--host', 'relay.test', '--port', '587', '--tls', 'starttls', '--json'])
  ).stdout
  await succeed(['identity', 'add', 'ada@home.test', '--name', 'Ada'])
  added.imported = (await succeed(['import', ...FILES, '--json'])).stdout
  added.fetched = (await succeed(['fetch', '--json'])).stdout
  const sent = await home.sendmail(['-i', 'bob@far.test', 'eve@far.test'], 'Subject: waits\n\nhello\n')
  expect(sent).toMatchObject({ status: 0 })
  for (const question of QUESTIONS) alone.set(question.join(' '), await succeed(question))
  alone.set('status', await succeed(['status']))
  served = await home.serve()
})
afterAll(async () => {
  expect(await served.stop()).toBe(0)
  await maildrop.close()
  home.remove()
})

test('a command says the same alone and in a running engine', async () => {
  for (const question of QUESTIONS) {
    const words = question.join(' ')
    const before = alone.get(words)
    expect(before?.stdout.length, words).toBeGreaterThan(2)
    const now = await home.runAsProcess(question)
    expect(now, words).toMatchObject({ status: 0, stdout: before?.stdout })
  }
})

test('people, accounts and routes are listed as they were added, and none with its password', async () => {
  expect(await answers('user', 'list')).toEqual([JSON.parse(added.user)])
  expect(JSON.parse(added.user)).toMatchObject({ address: 'ada@home.test' })
  const [account] = await answers<Record<string, unknown>[]>('account', 'list')
  expect(account).toMatchObject({
    kind: 'pop3',
    host: '127.0.0.1',
    port: maildrop.port,
    tls: 'none',
    user: 'ada',
    keep: true,
  })
  expect(account).toMatchObject({ id: (JSON.parse(added.account) as { id: number }).id, lastError: null })
  expect(await answers('route', 'list')).toEqual([JSON.parse(added.route)])
  expect(JSON.parse(added.route)).toMatchObject({ kind: 'smarthost', host: 'relay.test', port: 587, tls: 'starttls' })
  const second = await home.run(['user', 'add', 'eve@home.test', '--password-stdin'], 'another')
  expect(second).toMatchObject({ status: 0, stdout: expect.stringContaining('eve@home.test') })
  expect(second.stderr).toBe('')
  const elsewhere = await home.run(['user', 'add', 'kim@far.test', '--password-stdin'], 'a third')
  expect(elsewhere).toMatchObject({ status: 0, stderr: expect.stringContaining('posthorn domain add far.test') })
  expect(await answers('user', 'list')).toHaveLength(3)
  const route = ['route', 'add', 'smarthost', 'token.test', '--user', 'ada', '--token-stdin']
  expect(await answersTo('a token\n', ...route)).toMatchObject({ host: 'token.test', login: 'token' })
  for (const { stdout, stderr } of [...alone.values(), second]) expect(stdout + stderr).not.toContain(PASSWORD)
})

test('queue list has the documented fields; retry and cancel change what they name', async () => {
  const [entry, ...more] = await answers<QueueEntryView[]>('queue', 'list')
  expect(more).toEqual([])
  expect(entry).toMatchObject({
    id: 1,
    from: 'ada@home.test',
    sizeBytes: expect.any(Number),
    createdMs: expect.any(Number),
    recipients: ['bob@far.test', 'eve@far.test'].map((address) => ({
      address,
      state: 'waiting',
      attempts: 0,
      lastReply: null,
      nextAttemptMs: expect.any(Number),
      sessions: [],
    })),
  })
  expect(await answers('queue', 'retry')).toEqual({ recipients: 2 })
  expect(await answers('queue', 'cancel', '1')).toEqual({ recipients: 2 })
  const after = await answers<QueueEntryView>('queue', 'show', '1')
  expect(after.recipients.map(({ state, nextAttemptMs }) => [state, nextAttemptMs])).toEqual([
    ['cancelled', null],
    ['cancelled', null],
  ])
})

test('stored mail is listed, shown, and given out byte by byte', async () => {
  expect(JSON.parse(added.imported)).toMatchObject({ state: 'done', imported: 2, problems: 0, report: [] })
  expect(JSON.parse(added.fetched)).toEqual({ fetched: 1, failed: [] })
  const rows = await answers<MessageRow[]>('list', '--folder', 'Inbox')
  const sources = await Promise.all(rows.map(async ({ id }) => (await succeed(['source', String(id)])).bytes))
  for (const file of FILES)
    expect(
      sources.some((bytes) => bytes.equals(readFileSync(file))),
      file,
    ).toBe(true)
  const all = await answers<MessageRow[]>('list')
  const fetched = all.find(({ subject }) => subject === 'fetched')
  expect((await succeed(['source', String(fetched?.id)])).bytes.equals(FETCHED)).toBe(true)
  const shown = await answers<Record<string, unknown>>('show', String(fetched?.id))
  expect(shown).toMatchObject({
    subject: 'fetched',
    from: [{ address: 'carol@far.test' }],
    text: 'from afar\n',
    parts: [],
  })
  const words = (await succeed(['show', String(fetched?.id)])).stdout
  expect(words).toMatch(/^From: carol@far\.test\n[\s\S]*Subject: fetched\n\nfrom afar\n/)
})

test('a file that cannot be imported is named, and the others are stored', async () => {
  const file = join(home.root, 'good.eml')
  writeFileSync(file, 'Subject: good\n\nx\n')
  const ran = await home.run(['import', join(home.root, 'none.eml'), file, '--json'])
  expect(ran.status).toBe(66)
  expect(ran.stderr).toMatch(/none\.eml": there is no such file/)
  expect(JSON.parse(ran.stdout)).toMatchObject({
    imported: 1,
    problems: 1,
    report: [{ path: join(home.root, 'none.eml'), what: 'refused', reason: 'there is no such file' }],
  })
})

test('the log is listed, shown, exported as a dialogue without its password, and followed live', async () => {
  const [session] = await answers<{ id: number }[]>('log', 'list')
  expect(session).toMatchObject({ id: 1, protocol: 'pop3', side: 'client', state: 'ok', messages: 1 })
  const { stdout: dialogue } = await succeed(['log', 'export', '1'])
  expect(dialogue).toMatch(/^C: USER ada$/m)
  expect(dialogue).toMatch(/^C: PASS <secret>$/m)
  expect(dialogue).toMatch(/^S: \+OK/m)
  const shown = await answers<{ events: unknown[] }>('log', 'show', '1')
  expect(shown).toMatchObject({ session: { id: 1 }, events: expect.arrayContaining([]) })
  expect(JSON.stringify(shown)).not.toContain(PASSWORD)

  const tail = start(['log', 'tail', '--json', ...home.at])
  let heard = ''
  tail.stdout.on('data', (chunk: Buffer) => (heard += chunk.toString()))
  const over = ended(tail)
  // Whether the follower is there already nobody can know but by what it says: sessions come until it does.
  await eventually(async () => {
    const client = startSubmitter(served.submission.port, 'ada@home.test', () => undefined, new Set())
    await client.ended
    return /EHLO client\.test/.test(heard)
  }, 'the log to be followed')
  const lines = heard.slice(0, heard.lastIndexOf('\n')).split('\n')
  for (const line of lines)
    expect(JSON.parse(line)).toMatchObject({ sessionId: expect.any(Number), seq: expect.any(Number) })
  tail.kill('SIGTERM')
  await over
})

test('sessions are found by what was said, written to files, opened again, and played as a test', async () => {
  const { stdout } = await succeed(['log', 'find', '--save', 'Logins', 'verb:PASS', 'code:+OK'])
  expect(stdout).toMatch(/^1 .* POP3 .* ok\n {2}\d+ ← \+OK.* \(\d+ ms\)\n/)
  expect(await answers('log', 'find', '--saved')).toMatchObject([{ name: 'Logins', notify: false }])
  expect(await home.run(['log', 'find', 'code:xyz'])).toMatchObject({ status: 64 })
  expect((await answers<{ protocols: { sessions: number }[] }>('log', 'use')).protocols).toHaveLength(3)
  const file = join(home.root, 'session.json')
  await succeed(['log', 'export', '1', '--format', 'json', '--output', file])
  expect(await home.run(['log', 'export', '1', '--output', file])).toMatchObject({ status: 73 })
  const opened = await posthorn(['log', 'open', file])
  expect(opened.stdout).toMatch(/→ PASS <secret>$/m)
  expect(await posthorn(['log', 'open', join(home.root, 'none')])).toMatchObject({ status: 64 })
  const script = parseDialogue((await succeed(['log', 'export', '1'])).stdout, 'exported')
  const server = await playAsServer(script, { secrets: [PASSWORD] })
  await playOverSocket(script, { port: server.port, secrets: [PASSWORD] })
  await server.done
  await server.close()
})

test('fetch says whether it worked with its exit status', async () => {
  expect(await home.run(['fetch', '1'])).toMatchObject({ status: 0, stdout: '0 new messages.\n' })
  const closed = ['--host', '127.0.0.1', '--port', '1', '--user', 'bob', '--tls', 'none', '--json', '--password-stdin']
  const { id } = JSON.parse((await succeed(['account', 'add', 'pop3', ...closed], 'x')).stdout) as { id: number }
  const failed = await home.run(['fetch', String(id)])
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain('127.0.0.1:1')
  expect(await home.run(['fetch', 'nobody'])).toMatchObject({ status: 64 })
})

test('ui gives a fresh address whose ticket works once', async () => {
  const [first, second] = [await succeed(['ui']), await succeed(['ui'])].map(({ stdout }) => new URL(stdout.trim()))
  expect(first?.hash).not.toBe(second?.hash)
  expect(first?.origin).toBe(new URL(served.ready.ui).origin)
  const redeem = (address: URL | undefined) =>
    fetch(new URL('/session', address), {
      method: 'POST',
      headers: { origin: address?.origin ?? '' },
      body: JSON.stringify({ ticket: address?.hash.replace('#ticket=', '') }),
    })
  const [once, twice, other] = [await redeem(first), await redeem(first), await redeem(second)]
  expect([once.status, twice.status, other.status]).toEqual([200, 403, 200])
  expect(await once.json()).toEqual({ token: expect.stringMatching(/^[\w-]{32,}$/) })
})

test('a person who starts it a second time is shown the way to the window that runs', async () => {
  const again = await home.run(['serve', '--human'])
  expect(again).toMatchObject({ status: 0, stderr: '' })
  const address = /its window is at (\S+)\n$/.exec(again.stdout)?.[1] ?? ''
  expect(new URL(address).origin).toBe(new URL(served.ready.ui).origin)
  expect(address).not.toBe(served.ready.ui)
})

test('help comes from any command, and does nothing else', async () => {
  expect(await posthorn(['--help'])).toMatchObject({ status: 0, stdout: expect.stringMatching(/^posthorn COMMAND/) })
  for (const argv of [
    ['serve', '--help'],
    ['help', 'serve'],
  ])
    expect(await posthorn(argv)).toMatchObject({ status: 0, stdout: expect.stringMatching(/^posthorn serve /) })
  const one = await posthorn(['sendmail', '-t', '--help'])
  expect(one).toMatchObject({ status: 0, stdout: expect.stringMatching(/^posthorn sendmail /) })
  expect(await posthorn(['qeue', '--help'])).toMatchObject({ status: 64, stderr: expect.stringContaining('"qeue"') })
})

test('parse needs no folder and no engine, and gives exactly the documented keys', async () => {
  const file = readFileSync(message('mixed-attachment.eml'))
  const attachment = { filename: 'notes.txt', contentType: 'text/plain', size: 5 }
  const raw =
    'Subject: =?utf-8?q?gr=C3=BCn?=\r\nFrom: Ada <ada@home.test>\r\nTo: bob@far.test, "E, ve" <eve@far.test>\r\n' +
    'Date: Fri, 02 Feb 2024 10:00:00 +0100\r\nMessage-ID: <p@home.test>\r\nMIME-Version: 1.0\r\n' +
    'Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nhello\r\n--b\r\nContent-Type: text/plain\r\n' +
    'Content-Disposition: attachment; filename=notes.txt\r\n\r\nnotes\r\n--b--\r\n'
  const [given, known, empty] = await Promise.all([
    posthorn(['parse'], raw),
    posthorn(['parse'], file),
    posthorn(['parse']),
  ])
  expect(JSON.parse(given.stdout)).toEqual({
    subject: 'grün',
    from: ['ada@home.test'],
    to: ['bob@far.test', 'eve@far.test'],
    cc: [],
    date: '2024-02-02T09:00:00.000Z',
    messageId: '<p@home.test>',
    text: expect.stringMatching(/^hello\s*$/),
    html: null,
    attachments: [{ ...attachment, sha256: createHash('sha256').update('notes').digest('hex') }],
  })
  const sample = JSON.parse(readFileSync(message('mixed-attachment.json'), 'utf8')) as Record<string, unknown>
  expect(JSON.parse(known.stdout)).toMatchObject({ text: sample['text'], attachments: sample['attachments'] })
  expect(JSON.parse(empty.stdout)).toMatchObject({ subject: null, from: [], text: null, html: null, attachments: [] })
  expect([given.status, known.status, empty.status]).toEqual([0, 0, 0])
})

test.each([
  [['queue', 'show', 'x'], 64, /needs a number, not "x"/],
  [['queue', 'show', '999'], 1, /queue entry 999/],
  [['show', '999'], 1, /message 999/],
  [['queue', 'explode'], 64, /queue list/],
  [['list', '--bogus'], 64, /"--bogus"/],
  [['list', '--folder', 'Nowhere'], 64, /"Nowhere"; there are: Inbox, .*Inbox of ada \(\d+\)/],
  [['serve', '--bogus'], 64, /"--bogus" here; there are --open/],
  [['serve', 'now'], 64, /serve \[--settings FILE\]/],
  [['user', 'add', 'bob@home.test'], 64, /--password-stdin/],
  [['user', 'add', 'no address', '--password-stdin'], 64, /"no address"/],
  [['account', 'add', 'pop3', '--user', 'x', '--password-stdin'], 64, /--host/],
  [['account', 'add', 'pop3', '--host', 'h', '--port', '70000', '--user', 'x'], 64, /70000/],
  [['route', 'add', 'smarthost', '--host', 'h', '--port', '25', '--tls', 'maybe'], 64, /"maybe"/],
  [['setting', 'set', 'queue.mode', 'sometimes'], 78, /"sometimes" is not allowed; allowed is/],
  [['setting', 'set', 'queue.paused', 'false'], 1, /the settings file decides/],
  [['setting', 'set', 'queue.pause', 'false'], 64, /no setting "queue\.pause"; posthorn setting list/],
])('%j ends with %i and says why', async (argv, status, words) => {
  const ran = await home.run(argv, 'password')
  expect(ran).toMatchObject({ status, stdout: '' })
  expect(ran.stderr).toMatch(/^posthorn: [^\n]+\n$/)
  expect(ran.stderr).toMatch(words)
})

test('the status says whether Posthorn runs, and where it listens', async () => {
  expect(alone.get('status')?.stdout).toMatch(/^Posthorn is stopped: .*npm start.*\n\d+ waiting/)
  expect((await succeed(['status'])).stdout).toMatch(/^Programs submit mail on 127\.0\.0\.1:\d+ \(STARTTLS\)\.\n/)
  expect(await answers('status')).toMatchObject({
    running: true,
    submission: { host: '127.0.0.1' },
    submissionTls: null,
  })
  expect(served.ready).toMatchObject({ inbound: null, pop3: null, pop3Tls: null })
})

test('a setting that is read at the start says so, and so does the status', async () => {
  const set = await succeed(['setting', 'set', 'pop3.enabled', 'true'])
  expect(set.stdout).toBe('pop3.enabled is true from the next start of Posthorn on.\n')
  expect((await succeed(['status'])).stdout).toContain('read mail here before Posthorn has been started again')
  expect((await succeed(['setting', 'set', 'log.protocols', '["smtp"]'])).stdout).toContain('from now on')
})

test('a process ends with the status and the words of the engine that runs', async () => {
  const ran = await home.runAsProcess(['queue', 'show', '999'])
  expect(ran).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringMatching(/^posthorn: .*queue entry 999.*\n$/),
  })
  expect(await home.runAsProcess(['list', '--bogus'])).toMatchObject({ status: 64, stdout: '' })
})

test('a slip of the keyboard makes no data folder, and help and version need none', async () => {
  const data = join(home.root, 'none')
  const [slip, bare, ui, help, version] = await Promise.all(
    [['qeue', 'list'], [], ['ui'], ['queue', '--help'], ['--version']].map((argv) =>
      posthorn([...argv, '--data', data]),
    ),
  )
  expect(slip).toMatchObject({ status: 64, stderr: expect.stringContaining('"qeue"') })
  expect(ui).toMatchObject({ status: 75, stderr: expect.stringContaining('posthorn serve') })
  expect(version).toMatchObject({ status: 0, stdout: expect.stringMatching(/^posthorn \d/) })
  expect(bare).toMatchObject({ status: 0, stdout: expect.stringContaining('sendmail [-t]') })
  expect(help).toMatchObject({ status: 0, stdout: expect.stringContaining('queue list') })
  expect(existsSync(data)).toBe(false)
})
