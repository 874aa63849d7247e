import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { localhostTls } from '../../test/support/localhost.ts'
import { ScramClient } from '../../test/support/scram-client.ts'
import { House } from '../../test/support/submission-house.ts'
import type { Clock } from '../base/clock.ts'
import { createRecorder } from '../transcript/recorder.ts'
import type { TranscriptBatch } from '../transcript/sink.ts'
import { serveSmtp } from './smtp-server-driver.ts'
import type { ServedClient, ServiceTerms, SmtpPolicy } from './smtp-server-terms.ts'

/** A clock that stands until it is moved. */
function handClock() {
  let nowMs = Date.UTC(2026, 0, 1)
  const timers = new Set<{ at: number; run: () => void }>()
  const clock: Clock = {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs,
    after(delayMs, run) {
      const timer = { at: nowMs + delayMs, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
  }
  const advance = (ms: number) => {
    nowMs += ms
    for (const timer of timers) {
      if (timer.at > nowMs) continue
      timers.delete(timer)
      timer.run()
    }
  }
  return { clock, advance, timers }
}

let server: Server | undefined
afterEach(() => {
  server?.close()
})

/** A service on a free port, with the policy of a house, changed. */
async function serve(
  changed: Partial<SmtpPolicy> = {},
  client: Partial<ServedClient> = {},
  terms: Partial<ServiceTerms> = {},
) {
  const house = new House()
  const time = handClock()
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({
    sink: async (batch) => void batches.push(batch),
    clock: time.clock,
    firstSessionId: 1,
  })
  const policy: SmtpPolicy = {
    login: house.login,
    scramCredentials: house.scramCredentials,
    sender: () => undefined,
    recipient: (to) => house.recipient(to),
    stage: house.stage,
    accept: (message, body, head) =>
      house.accept({ ...message, origin: 'submission', userId: message.userId ?? null, body, head, received: '' }),
    ...changed,
  }
  const ended: string[] = []
  const sockets: Socket[] = []
  server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    sockets.push(socket)
    serveSmtp(
      socket,
      { isTrusted: true, ...client },
      {
        terms: { name: 'posthorn', messageBytes: 1_000_000, recipients: 100, ...terms },
        limits: { messageBytes: 1_000_000, headBytes: 102_400, lineBytes: 998 },
        tls: localhostTls,
        policy,
        recorder,
        clock: time.clock,
      },
      () => ended.push('ended'),
    )
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { ...time, house, recorder, batches, ended, sockets, port: (server.address() as AddressInfo).port }
}

/** A client that waits for what it expects. */
function listener(socket: Socket | TLSSocket) {
  let text = ''
  let isClosed = false
  let wake = () => {}
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    wake()
  })
  for (const event of ['close', 'end'] as const)
    socket.on(event, () => {
      isClosed = true
      wake()
    })
  socket.on('error', () => {})
  const wait = () => new Promise<void>((resolve) => (wake = resolve))
  return {
    socket,
    async until(pattern: RegExp) {
      while (!pattern.test(text)) {
        if (isClosed) throw new Error(`hung up before ${pattern}: ${text}`)
        await wait()
      }
      return text
    },
    /** The next reply, and no older one. */
    async ask(line: string) {
      text = ''
      socket.write(`${line}\r\n`, 'latin1')
      return this.until(/^\d{3} .*\r\n$/m)
    },
    async closed() {
      while (!isClosed) await wait()
      return text
    },
  }
}
const dial = (port: number) => listener(connect(port, '127.0.0.1'))
async function dialTls(port: number, version: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.3') {
  const socket = connectTls({
    port,
    host: '127.0.0.1',
    rejectUnauthorized: false,
    minVersion: version,
    maxVersion: version,
  })
  const client = listener(socket)
  await once(socket, 'secureConnect')
  return { ...client, socket }
}
const BEGIN = 'EHLO a\r\nMAIL FROM:<ada@client.example>\r\nRCPT TO:<bob@remote.example>\r\nDATA\r\n'

describe('a question that is never answered', () => {
  test.each([
    ['sender', 'EHLO a\r\nMAIL FROM:<ada@client.example>\r\n', 300_000],
    ['recipient', BEGIN, 300_000],
    ['accept', `${BEGIN}a\r\n.\r\n`, 540_000],
  ])('does not hold the session for ever: %s', async (name, said, ms) => {
    const asked = Promise.withResolvers<void>()
    const { port, advance, ended } = await serve({
      [name]() {
        asked.resolve()
        return new Promise<never>(() => {})
      },
    })
    const client = dial(port)
    await client.until(/^220 /)
    client.socket.write(said)
    await asked.promise
    // The deadline is looked at when another one falls due, and then once more at its own time.
    for (let waited = 0; waited < ms; waited += 60_000) advance(60_000)
    expect(await client.closed()).toMatch(/421 4\.3\.0 /)
    client.socket.end()
    while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve))
  })
})

test('a fault of ours is told apart from a refusal, and the session goes on', async () => {
  const fail = () => Promise.reject(new Error('the disk is gone'))
  const policy = { login: fail, scramCredentials: fail, expand: fail, recipient: fail, sender: () => undefined }
  const { port, recorder, batches } = await serve(policy, { isSecureFromStart: true })
  const client = await dialTls(port)
  await client.until(/^220 /)
  await client.ask('EHLO a')
  expect(await client.ask('AUTH PLAIN AGFkYQBzZWNyZXQ=')).toMatch(/^454 4\.7\.0 /)
  expect(await client.ask('AUTH SCRAM-SHA-256 biwsbj1hZGEscj14')).toMatch(/^454 4\.7\.0 /)
  expect(await client.ask('MAIL FROM:<ada@client.example>')).toMatch(/^250 2\.1\.0 /)
  expect(await client.ask('RCPT TO:<bob@remote.example>')).toMatch(/^451 4\.3\.0 /)
  expect(await client.ask('QUIT')).toMatch(/^221 /)
  client.socket.destroy()
  await recorder.flush()
  expect(JSON.stringify(batches)).toContain('the disk is gone')
})

test.each(['a question', 'an answer', 'a count of guesses'])(
  'what throws at %s ends its own session with 421, and nobody else hears of it',
  async (at) => {
    const fail = () => {
      throw new Error('the disk is gone')
    }
    // A login whose address cannot be read throws where the answer is used; both others are asked at once.
    const found = Object.defineProperty({ userId: 1, address: '' }, 'address', { get: fail })
    const policies: Readonly<Record<string, Partial<SmtpPolicy>>> = {
      'a question': { login: fail },
      'an answer': { login: async () => found },
      'a count of guesses': { loginFailed: fail },
    }
    const { port, recorder, batches } = await serve(policies[at], { isSecureFromStart: true })
    const client = await dialTls(port)
    await client.until(/^220 /)
    await client.ask('EHLO a')
    if (at === 'a count of guesses') {
      const scram = new ScramClient('ada', 'wrong')
      const encoded = (text: string) => Buffer.from(text).toString('base64')
      const said = await client.ask(`AUTH SCRAM-SHA-256 ${encoded(scram.first)}`)
      const first = Buffer.from(said.slice(4).trim(), 'base64').toString()
      expect(await client.ask(encoded(scram.final(first)))).toMatch(/^421 4\.3\.0 /)
    } else expect(await client.ask('AUTH PLAIN AGFkYQBzZWNyZXQ=')).toMatch(/^421 4\.3\.0 /)
    await once(client.socket, 'close')
    const other = await dialTls(port)
    await other.until(/^220 /)
    expect(await other.ask('NOOP')).toMatch(/^250 /)
    other.socket.destroy()
    await recorder.flush()
    expect(JSON.stringify(batches)).toContain('the disk is gone')
  },
)

test('nothing waits any more for a client that has gone', async () => {
  const { port, timers, ended, recorder } = await serve()
  const client = await dial(port)
  await client.until(/^220 /)
  await client.ask('QUIT')
  client.socket.end()
  while (ended.length === 0) await new Promise((resolve) => setImmediate(resolve))
  await recorder.flush() // it has a timer of its own
  expect(timers.size).toBe(0)
})

test('a list that cannot be read is no list that is not there', async () => {
  const { port } = await serve(
    { expand: () => Promise.reject(new Error('the disk is gone')) },
    { isSecureFromStart: true },
  )
  const client = await dialTls(port)
  await client.until(/^220 /)
  await client.ask('EHLO a')
  await client.ask('AUTH PLAIN AGFkYQBzZWNyZXQ=')
  expect(await client.ask('EXPN friends')).toMatch(/^451 4\.3\.0 /)
  client.socket.destroy()
})

describe('TLS from the first byte', () => {
  test('greets inside TLS, and offers no STARTTLS', async () => {
    const { port } = await serve({}, { isSecureFromStart: true })
    const client = await dialTls(port)
    await client.until(/^220 posthorn ESMTP\r\n/)
    expect(await client.ask('EHLO a')).toMatch(/250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n/)
    expect(await client.ask('STARTTLS')).toMatch(/^503 /)
    client.socket.destroy()
  })
  test('takes a word of SMTP in the clear for no handshake', async () => {
    const { port, house } = await serve({}, { isSecureFromStart: true })
    const client = dial(port)
    client.socket.write(`${BEGIN}a\r\n.\r\n`)
    expect(await client.closed()).not.toMatch(/\d{3}[ -]/)
    expect(house.accepted).toEqual([])
  })

  const challenge = (said: string) => Buffer.from(said.slice(4), 'base64').toString()
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  const exported = (socket: TLSSocket) => socket.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
  const endPoint = (socket: TLSSocket) =>
    createHash('sha256')
      .update(socket.getPeerX509Certificate()?.raw ?? '')
      .digest()
  test.each([
    ['tls-exporter', 'TLSv1.3', exported],
    ['tls-server-end-point', 'TLSv1.3', endPoint],
    ['tls-server-end-point', 'TLSv1.2', endPoint],
  ] as const)(
    'signs in by SCRAM-SHA-256-PLUS with %s over %s, and keeps none of it',
    async (name, version, bindingOf) => {
      const { port, recorder, batches } = await serve({}, { isSecureFromStart: true, isTrusted: false })
      const client = await dialTls(port, version)
      await client.until(/^220 /)
      await client.ask('EHLO a')
      const scram = new ScramClient('ada', 'secret', { gs2: `p=${name},,`, binding: bindingOf(client.socket) })
      const first = challenge(await client.ask(`AUTH SCRAM-SHA-256-PLUS ${base64(scram.first)}`))
      expect(challenge(await client.ask(base64(scram.final(first))))).toBe(scram.verifier)
      expect(await client.ask('')).toMatch(/^235 /)
      expect(await client.ask('QUIT')).toMatch(/^221 /)
      await client.closed()
      client.socket.end()
      await recorder.flush()
      const kept = JSON.stringify(batches)
      expect(kept).toContain('signed in as ada@client.example')
      expect(kept).toContain('334 ')
      for (const secret of [base64(scram.first), base64(first), 'W22ZaJ0SNY7soEsUEjb6gQ', scram.verifier])
        expect(kept).not.toContain(secret.slice(0, 20))
    },
  )
  test('refuses -PLUS over a channel that is not the client’s', async () => {
    const { port, advance } = await serve({}, { isSecureFromStart: true, isTrusted: false })
    const client = await dialTls(port)
    await client.until(/^220 /)
    await client.ask('EHLO a')
    const scram = new ScramClient('ada', 'secret', { gs2: 'p=tls-exporter,,', binding: Buffer.alloc(32) })
    const first = challenge(await client.ask(`AUTH SCRAM-SHA-256-PLUS ${base64(scram.first)}`))
    let isAnswered = false
    const answer = client.ask(base64(scram.final(first))).finally(() => (isAnswered = true))
    while (!isAnswered) {
      await new Promise((resolve) => setImmediate(resolve))
      advance(1) // a wrong guess waits a second
    }
    expect(await answer).toMatch(/^535 /)
    client.socket.destroy()
  })
})

test('lets a client wait for its greeting, and sends one away that does not', async () => {
  const { port, advance, sockets } = await serve({}, { greetingDelayMs: 5000 })
  const patient = dial(port)
  const early = dial(port)
  early.socket.write('EHLO a\r\n')
  while (sockets.length < 2 || sockets.every(({ bytesRead }) => bytesRead === 0))
    await new Promise((resolve) => setImmediate(resolve))
  advance(5000)
  expect(await patient.until(/\r\n/)).toBe('220 posthorn ESMTP\r\n')
  expect(await early.closed()).toMatch(/^554 5\.5\.1 /)
  patient.socket.destroy()
})

test('a large message that comes in chunks is staged while it arrives, and kept byte for byte', async () => {
  const { port, house } = await serve()
  const client = dial(port)
  const chunks = Array.from({ length: 9 }, (_, n) => `${String(n).repeat(76)}\r\n.\r\n`.repeat(1234))
  const sent = ['Subject: large\r\n\r\n', ...chunks]
  const said = sent.map((chunk, n) => `BDAT ${chunk.length}${n === sent.length - 1 ? ' LAST' : ''}\r\n${chunk}`)
  client.socket.write(`${BEGIN.replace('DATA\r\n', '')}${said.join('')}QUIT\r\n`)
  expect(await client.closed()).toMatch(/queued as 1\r\n221 /)
  expect(house.staged.size).toBe(1)
  expect(house.accepted[0]?.raw.toString('latin1') === sent.join('')).toBe(true)
})

test('a chunk that trickles is cut off, and so is one that never ends', async () => {
  const { port, advance, house } = await serve()
  const client = dial(port)
  client.socket.write(`${BEGIN.replace('DATA', 'BDAT 5000')}Subject: drip`)
  await client.until(/250 2\.1\.5 /)
  advance(60_000)
  expect(await client.closed()).toMatch(/421 4\.4\.2 too slow/)
  expect(house.accepted).toEqual([])
})

test('a connection dropped at any byte of a transaction leaves the message whole or not at all', async () => {
  const { port, house, ended } = await serve()
  const session = `${BEGIN}Subject: a\r\n\r\nb\r\n.\r\nMAIL FROM:<ada@client.example>\r\nRCPT TO:<bob@remote.example>\r\nBDAT 3\r\na\r\nBDAT 3 LAST\r\nb\r\n`
  const firstEnd = session.indexOf('.\r\nMAIL') + 3
  for (let cut = 0; cut <= session.length; cut++) {
    const before = house.accepted.length
    const client = dial(port)
    client.socket.end(session.slice(0, cut))
    const text = await client.closed()
    while (ended.length <= cut) await new Promise((resolve) => setImmediate(resolve))
    const taken = house.accepted.slice(before).map(({ raw }) => raw.toString())
    expect(taken).toEqual([
      ...(cut >= firstEnd ? ['Subject: a\r\n\r\nb\r\n'] : []),
      ...(cut === session.length ? ['a\r\nb\r\n'] : []),
    ])
    // What was said to be taken was taken, and nothing else.
    expect(text.match(/queued as/g)?.length ?? 0).toBe(taken.length)
  }
})
