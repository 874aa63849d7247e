import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { connect as connectTls, type TLSSocket } from 'node:tls'
import { afterEach, describe, expect, test } from 'vitest'
import { localhostTls } from '../../test/support/localhost.ts'
import { Pop3House } from '../../test/support/pop3-server-house.ts'
import { ScramClient } from '../../test/support/scram-client.ts'
import type { Clock } from '../base/clock.ts'
import { createRecorder } from '../transcript/recorder.ts'
import type { TranscriptBatch } from '../transcript/sink.ts'
import { servePop3 } from './pop3-server-driver.ts'
import type { Pop3Client, Pop3Policy } from './pop3-server-terms.ts'
import type { ServedSession } from './smtp-server-terms.ts'

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
  return { clock, advance }
}

let server: Server | undefined
afterEach(() => {
  server?.close()
})

/** A service on a free port, with the policy of a house, changed. */
async function serve(changed: Partial<Pop3Policy> = {}, client: Partial<Pop3Client> = {}, house = new Pop3House()) {
  const { clock, advance } = handClock()
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({ sink: async (batch) => void batches.push(batch), clock, firstSessionId: 1 })
  const failed: string[] = []
  const policy: Pop3Policy = {
    login: (user, password) => house.login(user, password),
    scramCredentials: (user) => house.scramCredentials(user),
    loginFailed: (user) => void failed.push(user),
    isStanding: () => !house.isRevoked,
    openMaildrop: (login) => house.openMaildrop(login),
    ...changed,
  }
  const sockets: Socket[] = []
  const sessions: ServedSession[] = []
  let ended = 0
  server = createServer({ allowHalfOpen: true }, (socket) => {
    sockets.push(socket)
    const served = { isSecureFromStart: false, allowsClearLogin: true, ...client }
    const options = { tls: localhostTls, policy, recorder, clock }
    sessions.push(servePop3(socket, served, options, () => void ended++))
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const log = async () => {
    await recorder.flush()
    return batches
  }
  const { port } = server.address() as AddressInfo
  return { port, advance, house, sockets, sessions, log, failed, ended: () => ended }
}

/** A client that collects what it hears. */
function listen(socket: Socket | TLSSocket) {
  let text = ''
  let isClosed = false
  let wake = () => {}
  socket.on('data', (bytes: Buffer) => {
    text += bytes.toString('latin1')
    wake()
  })
  socket.on('error', () => {})
  socket.on('close', () => {
    isClosed = true
    wake()
  })
  const next = () => new Promise<void>((resolve) => (wake = resolve))
  const until = async (pattern: RegExp) => {
    for (let found = pattern.exec(text); ; found = pattern.exec(text)) {
      if (found !== null) {
        const heard = text.slice(0, found.index + found[0].length)
        text = text.slice(heard.length)
        return heard
      }
      if (isClosed) throw new Error(`hung up before ${pattern}: ${text}`)
      await next()
    }
  }
  return {
    socket,
    until,
    async ask(line: string) {
      socket.write(`${line}\r\n`)
      return (await until(/\r\n/)).trimEnd()
    },
    async closed() {
      while (!isClosed) await next()
      return text
    },
  }
}
async function dial(port: number) {
  const client = listen(connect({ port, host: '127.0.0.1' }))
  await client.until(/^\+OK .*\r\n/)
  return client
}
async function signedIn(port: number) {
  const client = await dial(port)
  await client.ask('USER ada')
  expect(await client.ask('PASS secret')).toMatch(/^\+OK/)
  return client
}
const turn = () => new Promise((resolve) => setImmediate(resolve))
const base64 = (text: string) => Buffer.from(text).toString('base64')

describe('a client that takes its time', () => {
  test('and does not read a large message is cut off, and its maildrop is free', async () => {
    const house = new Pop3House()
    house.mail = [`Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(20_000)}`]
    const { port, advance, sockets, ended, log } = await serve({}, {}, house)
    const client = await signedIn(port)
    client.socket.pause()
    client.socket.write('RETR 1\r\n')
    const socket = sockets[0] as Socket
    // The buffers of the system fill first.
    for (let still = 0, before = -1; still < 50; await turn()) {
      still = socket.writableLength > 64 * 1024 && socket.bytesWritten === before ? still + 1 : 0
      before = socket.bytesWritten
    }
    // It holds back what is not read: only so much of the message is in memory.
    expect(socket.writableLength).toBeLessThan(128 * 1024)
    advance(60_000)
    advance(60_000)
    while (ended() === 0) await turn()
    expect(JSON.stringify(await log())).toContain('reads too slowly')
    const next = await signedIn(port)
    next.socket.destroy()
  })
  test('and does not read a long listing is cut off, too', async () => {
    const count = 500_000
    const drop = {
      count,
      totalBytes: count,
      sizeOf: () => 1,
      uidlOf: () => 'u'.repeat(60),
      open: () => 'gone' as const,
      remove: async () => {},
      close: () => {},
    }
    const { port, advance, sockets, ended } = await serve({ openMaildrop: async () => drop })
    const client = await signedIn(port)
    client.socket.pause()
    client.socket.write('UIDL\r\n')
    const socket = sockets[0] as Socket
    for (let still = 0, before = -1; still < 50; await turn()) {
      still = socket.writableLength > 64 * 1024 && socket.bytesWritten === before ? still + 1 : 0
      before = socket.bytesWritten
    }
    expect(socket.writableLength).toBeLessThan(256 * 1024)
    advance(60_000)
    advance(60_000)
    while (ended() === 0) await turn()
  })
  test('reads on where it was once it reads again', async () => {
    const house = new Pop3House()
    const text = `Subject: large\r\n\r\n${`${'x'.repeat(998)}\r\n`.repeat(10_000)}`
    house.mail = [text]
    const { port, sockets } = await serve({}, {}, house)
    const client = await signedIn(port)
    client.socket.pause()
    client.socket.write('RETR 1\r\n')
    while ((sockets[0]?.writableLength ?? 0) <= 64 * 1024) await turn()
    client.socket.resume()
    expect((await client.until(/\r\n\.\r\n/)) === `+OK ${text.length} octets\r\n${text}.\r\n`).toBe(true)
    client.socket.destroy()
  })
  test.each([
    ['a minute without a command', 0, 60_000],
    ['ten minutes without a login', 30_000, 600_000],
  ])('is let go of without a word: %s', async (_, first, then) => {
    const { port, advance, ended } = await serve()
    const client = await dial(port)
    if (first > 0) {
      advance(first)
      await client.ask('CAPA')
    }
    advance(then)
    expect((await client.closed()).replace(/^[^]*\r\n\.\r\n$/, '')).toBe('')
    while (ended() === 0) await turn()
  })
  test('has ten minutes between two commands, and nothing is deleted when they are over', async () => {
    const { port, advance, house } = await serve()
    const client = await signedIn(port)
    await client.ask('DELE 1')
    advance(599_000)
    expect(await client.ask('NOOP')).toMatch(/^\+OK/)
    advance(600_000)
    expect(await client.closed()).toBe('')
    expect(house.removed).toEqual([])
  })
})

test('a session that is drained ends at its next boundary, without UPDATE', async () => {
  const { port, sessions, house } = await serve()
  const client = await signedIn(port)
  await client.ask('DELE 1')
  sessions[0]?.drain()
  expect(await client.closed()).toBe('')
  expect(house.removed).toEqual([])
})

describe('SCRAM', () => {
  async function secured(port: number) {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false })
    const client = listen(socket)
    await client.until(/^\+OK .*\r\n/)
    return { ...client, tls: socket }
  }
  test('-PLUS over the client’s own channel signs in, and nothing of it is kept', async () => {
    const { port, log } = await serve({}, { isSecureFromStart: true })
    const client = await secured(port)
    const binding = client.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0))
    const scram = new ScramClient('ada', 'secret', { gs2: 'p=tls-exporter,,', binding })
    const first = await client.ask(`AUTH SCRAM-SHA-256-PLUS ${base64(scram.first)}`)
    const final = scram.final(Buffer.from(first.slice(2), 'base64').toString())
    const proof = await client.ask(base64(final))
    expect(Buffer.from(proof.slice(2), 'base64').toString()).toBe(scram.verifier)
    expect(await client.ask('')).toMatch(/^\+OK maildrop has 3 messages/)
    await client.ask('QUIT')
    await client.closed()
    const kept = JSON.stringify(await log())
    expect(kept).toContain('signed in as ada@client.example')
    for (const secret of [scram.first, final, proof.slice(2), first.slice(2)])
      for (const shape of [secret, base64(secret)]) expect(kept).not.toContain(shape.slice(0, 20))
  })
  test('-PLUS over another channel is refused, and counted as a guess at that user', async () => {
    const { port, advance, failed } = await serve({}, { isSecureFromStart: true })
    const client = await secured(port)
    const scram = new ScramClient('ada', 'secret', { gs2: 'p=tls-exporter,,', binding: Buffer.alloc(32) })
    const first = await client.ask(`AUTH SCRAM-SHA-256-PLUS ${base64(scram.first)}`)
    let isAnswered = false
    const answer = client
      .ask(base64(scram.final(Buffer.from(first.slice(2), 'base64').toString())))
      .finally(() => (isAnswered = true))
    while (!isAnswered) {
      await turn()
      advance(1) // a wrong guess waits a second
    }
    expect(await answer).toMatch(/^-ERR \[AUTH\]/)
    expect(failed).toEqual(['ada'])
    client.socket.destroy()
  })
})

describe('what fails here is said as that', () => {
  test.each<[string, Partial<Pop3Policy>, string, RegExp]>([
    ['a login nobody can check', { login: async () => Promise.reject(new Error('x')) }, 'PASS secret', /SYS\/TEMP/],
    [
      'a maildrop nobody can open',
      { openMaildrop: async () => Promise.reject(new Error('x')) },
      'PASS secret',
      /SYS\/TEMP/,
    ],
  ])('%s', async (_, changed, line, expected) => {
    const { port } = await serve(changed)
    const client = await dial(port)
    await client.ask('USER ada')
    expect(await client.ask(line)).toMatch(expected)
    expect(await client.ask('QUIT')).toMatch(/^\+OK/)
  })
  test('a session whose password is revoked reads nothing more', async () => {
    const { port, house } = await serve()
    const client = await signedIn(port)
    house.isRevoked = true
    expect(await client.ask('RETR 1')).toMatch(/^-ERR \[AUTH\]/)
    await client.closed()
  })
  test('a maildrop that comes when its client is gone is let go of', async () => {
    const house = new Pop3House()
    let give = () => {}
    const waiting = new Promise<void>((resolve) => (give = resolve))
    const { port, ended } = await serve(
      {
        async openMaildrop(login) {
          await waiting
          return house.openMaildrop(login)
        },
      },
      {},
      house,
    )
    const client = await dial(port)
    await client.ask('USER ada')
    client.socket.write('PASS secret\r\n')
    await turn()
    client.socket.resetAndDestroy()
    while (ended() === 0) await turn()
    give()
    await turn()
    const open = await house.openMaildrop({ userId: 1, address: 'ada@client.example' })
    expect(open).not.toBe('in-use')
  })
})
