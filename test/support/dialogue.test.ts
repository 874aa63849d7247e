import { once } from 'node:events'
import { connect, createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { playAsServer, playOverSocket } from './dialogue-socket.ts'
import { parseDialogue, parseQuoted, playBare, type BareMachine } from './dialogue.ts'

const GREETING = `# a toy that says each line back
S: hello *
C: one
S: one
C> "two\\r\\n"
S: tw*
C: pass <secret>
S: pass <secret>
C: bye
S: bye
S!
= 4 lines
`

/** Says each line back; `bye` ends it. */
function echo(facts: string[] = []): BareMachine & { lines: number } {
  let held = ''
  const machine = {
    lines: 0,
    closed: false,
    open: () => [Buffer.from('hello there\r\n')],
    receive(bytes: Uint8Array) {
      held += Buffer.from(bytes).toString('latin1')
      const lines = held.split('\r\n')
      held = lines.pop() ?? ''
      machine.lines += lines.length
      if (lines.includes('bye')) {
        machine.closed = true
        facts.push(`${machine.lines} lines`)
      }
      return lines.map((line) => Buffer.from(`${line}\r\n`, 'latin1'))
    },
  }
  return machine
}

async function echoServer() {
  const server = createServer((socket) => {
    const machine = echo()
    for (const bytes of machine.open() as Buffer[]) socket.write(bytes)
    socket.on('data', (bytes) => {
      for (const answer of machine.receive(bytes) as Buffer[]) socket.write(answer)
      if (machine.closed) socket.end()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port, close: () => server.close() }
}

test('plays a script against a bare machine and compares the facts', async () => {
  const facts: string[] = []
  await playBare(parseDialogue(GREETING), 'S', () => echo(facts), { secrets: ['a', 'a'], facts: () => facts })
  await expect(
    playBare(parseDialogue(GREETING, 'toy.txt'), 'S', () => echo(), { secrets: ['a', 'a'], facts: () => ['3 lines'] }),
  ).rejects.toThrow('toy.txt:12: expected the fact "4 lines", got "3 lines"')
})

test('plays the same script over a socket', async () => {
  const server = await echoServer()
  await playOverSocket(parseDialogue(GREETING), { port: server.port, secrets: ['a', 'a'], facts: () => ['4 lines'] })
  server.close()
})

test('names file and line of the step that went another way', async () => {
  const play = (text: string, secrets?: string[]) =>
    playBare(parseDialogue(text, 'toy.txt'), 'S', () => echo(), secrets ? { secrets } : {})
  await expect(play('S: hello there\nC: a\nS: b\n')).rejects.toThrow('toy.txt:3: expected S: "b", got "a"')
  await expect(play('S: hello\n')).rejects.toThrow('toy.txt:1: expected S: "hello", got "hello there"')
  await expect(play('S: hello *\nS: more\n')).rejects.toThrow('toy.txt:2: the machine says nothing more')
  await expect(play('S: hello *\nC: a\n')).rejects.toThrow('toy.txt:2: after the last step came "a\\r\\n"')
  await expect(play('S: hello *\nC: <secret>\n')).rejects.toThrow('toy.txt:2: no secret was given')
  await expect(play('S: hello *\nC: <secret>\nS: <secret>\n', ['a', 'b'])).rejects.toThrow('toy.txt:3: expected')
  expect(() => parseDialogue('S: ok\nX: what\n', 'toy.txt')).toThrow('toy.txt:2: can\'t read the step "X: what"')
  expect(() => parseDialogue('C> not quoted\n', 'toy.txt')).toThrow('toy.txt:1')
})

test('the server of a script says what a client did that was not expected', async () => {
  const server = await playAsServer(parseDialogue('S: +OK\nC: CAPA\nS: -ERR\n', 'toy.txt'))
  const socket = connect(server.port, server.host)
  socket.resume().write('QUIT\r\n')
  await expect(server.done).rejects.toThrow('toy.txt:2: expected C: "CAPA", got "QUIT"')
  socket.destroy()
  await server.close()
})

test('a script plays both ends against each other, content and second connection included', async () => {
  const script = parseDialogue('S: +OK\nC: RETR 1\nS: +OK\nS~ 1000\nS: .\nC: QUIT\nS: +OK\nS!\n---\nS: +OK\nC!\n')
  const server = await playAsServer(script)
  await playOverSocket(script, { port: server.port })
  await server.done
  await server.close()
})

test('a quoted string has exactly the bytes it names', () => {
  expect(parseQuoted(String.raw`"a\r\n\0\x80\"\\"`)).toBe('a\r\n\0\x80"\\')
  for (const wrong of ['a', '"a', '"a"b"', String.raw`"\q"`, String.raw`"\x1"`])
    expect(parseQuoted(wrong)).toBeUndefined()
})
