import { once } from 'node:events'
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { createSecureContext, TLSSocket } from 'node:tls'
import { writeFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { localhost } from '../../test/support/localhost.ts'
import { systemClock } from '../base/clock.ts'
import type { TranscriptEvent } from '../model/transcript.ts'
import { createRecorder } from '../transcript/recorder.ts'
import { makeDialer } from './dial.ts'
import { connectImap } from './imap-connect.ts'
import type { ImapPeers, ImapTarget } from './imap-words.ts'

const PASSWORD = 'canary-password'
let folder: string
let server: Server
let serve: (socket: Socket) => void
let peers: ImapPeers
let events: TranscriptEvent[]
const sockets: Socket[] = []

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-imap-'))
  writeFileSync(join(folder, 'ca.pem'), localhost.cert)
  const mine: TranscriptEvent[] = []
  events = mine
  server = createServer((socket) => {
    sockets.push(socket)
    socket.on('error', () => {})
    serve(socket)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const sink = async (batch: { events: readonly { events: readonly TranscriptEvent[] }[] }) => {
    for (const one of batch.events) mine.push(...one.events)
  }
  peers = {
    recorder: createRecorder({ sink, clock: systemClock, firstSessionId: 1 }),
    clock: systemClock,
    dial: makeDialer(systemClock),
    findHost: async () => ({ ok: true, addresses: ['127.0.0.1'], trace: [] }),
    caFile: () => join(folder, 'ca.pem'),
  }
})
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})
const connect = (tls: ImapTarget['tls'], host = 'localhost') =>
  connectImap(
    { host, port: (server.address() as AddressInfo).port, tls, user: 'ada', login: 'password', secret: PASSWORD },
    peers,
  )
const secured = (socket: Socket) =>
  new TLSSocket(socket, {
    isServer: true,
    secureContext: createSecureContext({ cert: localhost.cert, key: localhost.key }),
  }).on('error', () => {})
/** Greets and answers STARTTLS with this. */
const greetAnd = (greeting: string, answer: string, then: (socket: Socket) => void = () => {}) => {
  serve = (socket) => {
    socket.write(`${greeting}\r\n`)
    socket.once('data', () => {
      socket.write(answer)
      then(socket)
    })
  }
}

test('after STARTTLS nothing counts that was said in clear text', async () => {
  greetAnd(
    '* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello',
    'A1 OK begin\r\n',
    (socket) => void secured(socket),
  )
  const opened = await connect('starttls')
  if (!opened.ok) throw new Error(JSON.stringify(opened.trouble))
  const [greeting] = (await once(opened.wire, 'data')) as [Buffer]
  expect(greeting.toString()).toBe('* OK ready\r\n')
  opened.wire.abandon({ kind: 'given-up' })
})

test('what is said in clear text behind the answer to STARTTLS ends the session', async () => {
  greetAnd('* OK hello', 'A1 OK begin\r\n* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n')
  expect(await connect('starttls')).toMatchObject({
    ok: false,
    trouble: { kind: 'protocol', reason: 'more than an answer to STARTTLS came in clear text' },
  })
})

test('a server without STARTTLS is not signed in to', async () => {
  greetAnd('* OK hello', 'A1 BAD what\r\n')
  expect(await connect('starttls')).toMatchObject({ ok: false, trouble: { kind: 'no-starttls' } })
})

test('a server that opens an account unasked is not read from', async () => {
  for (const tls of ['starttls', 'none'] as const) {
    serve = (socket) => void socket.write('* PREAUTH welcome\r\n')
    expect(await connect(tls)).toMatchObject({ ok: false, trouble: { kind: 'preauth' } })
  }
})

test('a certificate for another name, or of nobody who is trusted, ends the session before the login', async () => {
  serve = (socket) => void secured(socket)
  expect(await connect('implicit', 'imap.example')).toMatchObject({ ok: false, trouble: { kind: 'handshake' } })
  peers = { ...peers, caFile: () => '' }
  expect(await connect('implicit')).toMatchObject({ ok: false, trouble: { kind: 'handshake' } })
})

test('a greeting without end is not waited for', async () => {
  serve = (socket) => void socket.write('* OK '.padEnd(20_000, 'x'))
  expect(await connect('none')).toMatchObject({ ok: false, trouble: { kind: 'protocol' } })
})

test('all that is said stands in the log, without what signs in', async () => {
  serve = (socket) => void socket.write('* OK hello\r\n')
  const opened = await connect('none')
  if (!opened.ok) throw new Error('not opened')
  const { wire } = opened
  let heard = ''
  wire.on('data', (bytes: Buffer) => (heard += bytes.toString()))
  wire.write(`1 LOGIN ada ${PASSWORD}\r\n`)
  sockets[0]!.write(`1 NO I do not know ${PASSWORD}\r\n`)
  await expect.poll(() => heard).toContain('1 NO')
  wire.farewell()
  wire.destroy()
  await peers.recorder.flush()
  const lines = events.flatMap((event) => (event.kind === 'line' ? [[event.from, ...event.spans]] : []))
  expect(lines).toEqual([
    ['S', '* OK hello'],
    ['C', '1 LOGIN ', { secret: true, user: 'ada' }],
    ['S', '1 NO I do not know ', { secret: true }],
  ])
  expect(JSON.stringify(events)).not.toContain(PASSWORD)
})
