import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { localSocketPath } from '../base/paths.ts'
import { Access } from './access.ts'
import { parseArguments } from './arguments.ts'
import { takeGlobal } from './cli.ts'
import { callEngine, listenLocal, type CommandIo, type RunCommand } from './local-socket.ts'
import { harmless, jsonLine, size, table } from './print.ts'
import { parseSendmail, readMessage } from './sendmail.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})
function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'posthorn-host-'))
  cleanups.push(() => rmSync(path, { recursive: true, force: true }))
  return path
}
async function* bytes(...chunks: string[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) yield Buffer.from(chunk)
}
function caller(stdin = bytes()): CommandIo & { out: string; err: string } {
  const io = {
    cwd: '/somewhere',
    stdin,
    out: '',
    err: '',
    signal: new AbortController().signal,
    stdout: async (text: string | Uint8Array) => void (io.out += Buffer.from(text).toString()),
    stderr: async (text: string) => void (io.err += text),
  }
  return io
}
async function engineAt(data: string, run: RunCommand): Promise<void> {
  const local = await listenLocal(data, run)
  cleanups.push(() => local.close())
}

test('a command runs in the engine with its words, folder and input, and its output and status come back', async () => {
  const data = folder()
  await engineAt(data, async (argv, io) => {
    let input = ''
    for await (const chunk of io.stdin) input += Buffer.from(chunk).toString()
    await io.stdout(`${argv.join(' ')} in ${io.cwd}: ${input}`)
    await io.stderr('a word\n')
    return 67
  })
  const io = caller(bytes('first ', 'second'))
  expect(await callEngine(data, ['queue', 'list'], io)).toBe(67)
  expect(io.out).toBe('queue list in /somewhere: first second')
  expect(io.err).toBe('a word\n')
})

test('a large input and a large output arrive whole', async () => {
  const data = folder()
  await engineAt(data, async (_, io) => {
    let whole = ''
    for await (const chunk of io.stdin) whole += Buffer.from(chunk).toString()
    await io.stdout(whole)
    return 0
  })
  const io = caller(bytes('x'.repeat(3_000_000)))
  expect(await callEngine(data, ['echo'], io)).toBe(0)
  expect(io.out.length).toBe(3_000_000)
})

test('no engine is no error: the caller opens the folder itself', async () => {
  const data = folder()
  expect(await callEngine(data, ['queue', 'list'], caller())).toBeUndefined()
  writeFileSync(join(data, 'control.token'), '00'.repeat(32))
  expect(await callEngine(data, ['queue', 'list'], caller())).toBeUndefined()
})

test.skipIf(process.platform === 'win32')('socket and token belong to their owner alone', async () => {
  const data = folder()
  await engineAt(data, async () => 0)
  const { folder: runtime, path } = localSocketPath(data)
  expect(statSync(runtime).mode & 0o777).toBe(0o700)
  expect(statSync(path).mode & 0o777).toBe(0o600)
  expect(statSync(join(data, 'control.token')).mode & 0o777).toBe(0o600)
  expect(Buffer.byteLength(path)).toBeLessThan(108)
})

test('a caller without the token gets no command through', async () => {
  const data = folder()
  let ran = 0
  await engineAt(data, async () => ++ran)
  const socket = connect(localSocketPath(data).path)
  cleanups.push(() => socket.destroy())
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.on('data', () => {})
  socket.write(
    `${JSON.stringify({ nonce: 'x', proof: 'AAAA' })}\n${JSON.stringify({ command: ['queue', 'cancel', '1'], cwd: '/' })}\n`,
  )
  await closed
  expect(ran).toBe(0)
})

test('an engine that does not know the token of the folder is not trusted', async () => {
  const data = folder()
  await engineAt(data, async () => 0)
  writeFileSync(join(data, 'control.token'), 'ff'.repeat(32))
  await expect(callEngine(data, ['queue', 'list'], caller())).rejects.toThrow(/hung up|ended|does not know/)
})

test('a ticket is good once and for a minute, and only a known token is known', () => {
  let now = 0
  const access = new Access(() => now)
  const ticket = access.newTicket()
  const token = access.redeem(ticket)
  expect(token).toBeDefined()
  expect(access.redeem(ticket)).toBeUndefined()
  expect(access.knows(token ?? '')).toBe(true)
  expect(access.knows('made up')).toBe(false)
  const late = access.newTicket()
  now = 60_001
  expect(access.redeem(late)).toBeUndefined()
})

test('options are found before and after words, and an unknown one is refused', () => {
  const args = parseArguments(['add', '--port=99', 'pop3', '--keep', '--', '--not-an-option'], {
    '--port': 'value',
    '--keep': 'flag',
  })
  expect(args.words).toEqual(['add', 'pop3', '--not-an-option'])
  expect(args.value('--port')).toBe('99')
  expect(args.has('--keep')).toBe(true)
  expect(() => parseArguments(['--prot', '1'], { '--port': 'value' })).toThrow('--prot')
  expect(() => parseArguments(['--port'], { '--port': 'value' })).toThrow('needs a value')
})

test('the data folder can be named before or after the command', () => {
  expect(takeGlobal(['--data', '/a', 'queue', 'list'])).toMatchObject({ data: '/a', argv: ['queue', 'list'] })
  expect(takeGlobal(['queue', 'list', '--data=/b', '--json'])).toMatchObject({
    data: '/b',
    argv: ['queue', 'list', '--json'],
  })
})

test.each([
  [['-t', '-i'], { fromHeader: true, dotIsText: true, recipients: [] }],
  [['-i', '-f', 'a@b.example', 'c@d.example'], { from: 'a@b.example', dotIsText: true, recipients: ['c@d.example'] }],
  [['-fa@b.example', 'c@d.example'], { from: 'a@b.example', recipients: ['c@d.example'] }],
  [['-FCronDaemon', '-i', '-B8BITMIME', '-oem', 'root'], { dotIsText: true, recipients: ['root'] }],
  [['-F', 'A Name', '-oi', '-odb', '--', '-odd@x.example'], { dotIsText: true, recipients: ['-odd@x.example'] }],
  [['-f', '', 'a@b.example'], { from: '' }],
])('sendmail %j is read as sendmail(8) reads it', (argv, expected) => {
  expect(parseSendmail(argv)).toMatchObject(expected)
})

test('a mode of sendmail that is not here is refused by name', () => {
  expect(() => parseSendmail(['-bs'])).toThrow('-bs')
})

test.each([
  ['a\nb', false, 'a\r\nb\r\n'],
  ['a\r\nb\r\n', false, 'a\r\nb\r\n'],
  ['a\rb\n', false, 'a\r\nb\r\n'],
  ['a\n.\nb\n', false, 'a\r\n'],
  ['a\n.\nb\n', true, 'a\r\n.\r\nb\r\n'],
  ['.\nb\n', false, ''],
  ['a\n..\nb\n', false, 'a\r\n..\r\nb\r\n'],
  ['a\r\n.\r\n', false, 'a\r\n'],
])('standard input %j (dot is text: %s) becomes %j', async (input, dotIsText, expected) => {
  expect((await readMessage(bytes(input), dotIsText, 1000)).toString()).toBe(expected)
})

test('a message over the limit is refused before it is kept', async () => {
  await expect(readMessage(bytes('x'.repeat(2000)), true, 1000)).rejects.toThrow('1000 bytes')
})

test('text of a peer cannot move the cursor, ring, or turn a line round', () => {
  expect(harmless('a\u001b[2Jb\u0007\r\n')).toBe('a␛[2Jb␇␍␊')
  expect(harmless('abc\u202edef')).toBe('abc\\u202edef')
  expect(harmless('Grüße 日本')).toBe('Grüße 日本')
  expect(table(['A', 'B'], [['x\ny', 1]])).toBe('A    B\nx␊y  1\n')
  expect(table(['A'], [])).toBe('')
  const hostile = { 'subject': 'a\u001b[2J\u009b2J\u007f\u202edef\ufeff', 'k\u2028': ['日本', 1] }
  const line = jsonLine(hostile)
  expect(JSON.parse(line)).toEqual(hostile)
  expect(line).toMatch(/^[\x20-\x7e日本]*\n$/)
  expect([size(999), size(48_200), size(2_400_000)]).toEqual(['999 B', '48.2 KB', '2.4 MB'])
})
