import type { Socket } from 'node:net'
import { createServer as createTls, TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeEach, expect, test } from 'vitest'
import { testCertificate } from '../../test/support/certificate.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { listenOnLoopback, type LoopbackServer } from '../../test/support/loopback-server.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { makeDialer } from './dial.ts'
import { probe, type ProbeTarget } from './probe.ts'

/** Looking whether a server is there: what counts as one, and that nothing lasts. */

const certificate = testCertificate('mail.test')
const { key, cert } = certificate
afterAll(() => certificate.remove())
let open: LoopbackServer | undefined
let clock: FakeClock
beforeEach(() => (clock = fakeClock()))
afterEach(() => open?.close())

/** What comes of probing a server that does this with each connection. */
async function look(
  onSocket: (socket: Socket) => void,
  target: Partial<ProbeTarget> = {},
  signal = new AbortController().signal,
) {
  open = await listenOnLoopback(onSocket)
  const recorder = createRecorder({ sink: async () => {}, clock, firstSessionId: 1 })
  return probe(
    { protocol: 'imap', host: 'mail.test', address: '127.0.0.1', port: open.port, tls: 'implicit', ...target },
    { dial: makeDialer(), recorder, clock, caFile: () => certificate.caFile },
    { timeoutMs: 6000, signal },
  )
}
const inTls = (onSecure: (socket: TLSSocket) => void) => {
  const server = createTls({ key, cert }, (socket) => onSecure(socket.on('error', () => {})))
  return (socket: Socket) => void server.emit('connection', socket)
}
/** Greets, answers each line by its first word, and goes on inside TLS behind a good answer to its last. */
const upgrading = (greeting: string, answers: Readonly<Record<string, string>>, last: string) => (socket: Socket) => {
  socket.write(`${greeting}\r\n`)
  socket.on('data', function onData(bytes: Buffer) {
    const line = bytes.toString().trimEnd()
    socket.write(answers[line] ?? '')
    if (line !== last) return
    socket.off('data', onData)
    new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => {}).resume()
  })
}

test.each<[ProbeTarget['protocol'], string]>([
  ['imap', '* OK ready'],
  ['pop3', '+OK ready'],
  ['smtp', '220 mail.test ESMTP'],
])('%s that greets inside TLS is there', async (protocol, greeting) => {
  expect(
    await look(
      inTls((socket) => socket.write(`${greeting}\r\n`)),
      { protocol },
    ),
  ).toEqual({ ok: true })
})

test.each<[ProbeTarget['protocol'], (socket: Socket) => void]>([
  ['imap', upgrading('* OK ready', { 'A1 STARTTLS': '* CAPABILITY IMAP4rev1\r\nA1 OK go on\r\n' }, 'A1 STARTTLS')],
  ['pop3', upgrading('+OK ready', { STLS: '+OK go on\r\n' }, 'STLS')],
  [
    'smtp',
    upgrading(
      '220-hi\r\n220 hi',
      { 'EHLO [127.0.0.1]': '250-x\r\n250 STARTTLS\r\n', 'STARTTLS': '220 go on\r\n' },
      'STARTTLS',
    ),
  ],
])('%s that becomes secure on demand is there', async (protocol, server) => {
  expect(await look(server, { protocol, tls: 'starttls' })).toEqual({ ok: true })
})

test.each<[string, (socket: Socket) => void, Partial<ProbeTarget>, RegExp]>([
  ['another protocol', inTls((socket) => socket.write('SSH-2.0-x\r\n')), {}, /another protocol/],
  ['a sign-in without being asked', inTls((socket) => socket.write('* PREAUTH hello\r\n')), {}, /another protocol/],
  ['a certificate for somebody else', inTls(() => {}), { host: 'other.test' }, /altnames|Hostname/],
  ['no TLS at all', (socket) => socket.write('* OK ready\r\n'), {}, /.+/],
  [
    'no upgrade',
    upgrading('+OK', { STLS: '-ERR no\r\n' }, ''),
    { protocol: 'pop3', tls: 'starttls' },
    /answers STLS with -ERR/,
  ],
  [
    'more than its answer',
    upgrading('+OK', { STLS: '+OK\r\n+OK and this\r\n' }, ''),
    { protocol: 'pop3', tls: 'starttls' },
    /in clear text/,
  ],
  ['an end', inTls((socket) => socket.end()), {}, /closed the connection/],
  ['a line without an end', inTls((socket) => socket.write('x'.repeat(20_000))), {}, /closed the connection/],
])('whoever answers with %s is none', async (_, server, target, why) => {
  expect(await look(server, target)).toEqual({ ok: false, reason: expect.stringMatching(why) })
})

test('a server that says nothing is left after its time, and when nobody looks any more', async () => {
  const silent = await look(inTls(() => setImmediate(() => clock.advance(6000))))
  expect(silent).toEqual({ ok: false, reason: 'no answer in time' })
  await open?.close()
  const gone = new AbortController()
  expect(
    await look(
      inTls(() => gone.abort()),
      {},
      gone.signal,
    ),
  ).toEqual({ ok: false, reason: 'no answer in time' })
})
