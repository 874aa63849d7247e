import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import { connect, createServer, type AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { playOverSocket } from '../../test/support/dialogue-socket.ts'
import { readDialogue } from '../../test/support/dialogue.ts'
import { impatientClock } from '../../test/support/impatient-clock.ts'
import { localhost, localhostTls } from '../../test/support/localhost.ts'
import { House } from '../../test/support/submission-house.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { defaultSettings, type Settings } from '../settings.ts'
import { createRecorder } from '../transcript/recorder.ts'
import type { TranscriptBatch } from '../transcript/sink.ts'
import { startSubmission, type SubmissionOptions, type SubmissionServer } from './submission.ts'

const folder = new URL('../../test/dialogues/smtp-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted()
const tls = { ca: localhost.cert, servername: 'localhost', rejectUnauthorized: true }

let server: SubmissionServer | undefined
afterEach(async () => {
  await server?.close()
  server = undefined
})

async function start(house: House, settings: Partial<Settings> = {}, more: Partial<SubmissionOptions> = {}) {
  const batches: TranscriptBatch[] = []
  const recorder = createRecorder({
    sink: async (batch) => void batches.push(batch),
    clock: impatientClock,
    firstSessionId: 1,
  })
  server = await startSubmission({
    settings: {
      ...defaultSettings(),
      'submission.port': 0,
      'submission.tlsPort': null,
      'local.domains': ['local.example'],
      ...settings,
    },
    recorder,
    clock: impatientClock,
    accept: house.accept,
    stage: house.stage,
    loginOf: house.loginOf,
    authorsOf: house.authorsOf,
    tls: () => localhostTls,
    ownAddresses: house.ownAddresses,
    resolveLocal: house.resolveLocal,
    expand: house.expand,
    ...more,
  })
  return { ...server, port: server.plain?.port ?? 0, recorder, batches }
}

test.each(scripts)('plays %s over loopback', async (name) => {
  const house = new House()
  const { port } = await start(house)
  await playOverSocket(readDialogue(new URL(name, folder)), { port, tls, facts: house.facts })
})

/** A connection that collects what it hears. */
async function dial(port: number, host = '127.0.0.1') {
  const socket = connect({ port, host })
  let text = ''
  let isClosed = false
  let wake = () => {}
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    wake()
  })
  socket.on('close', () => {
    isClosed = true
    wake()
  })
  socket.on('error', () => {})
  return {
    socket,
    get text() {
      return text
    },
    send: (said: string) => void socket.write(said, 'latin1'),
    /** Waits until what was heard matches, or fails when the other side hangs up. */
    async until(pattern: RegExp) {
      while (!pattern.test(text)) {
        if (isClosed) throw new Error(`hung up before ${pattern}: ${text}`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    async first() {
      while (!text.includes('\n')) await new Promise<void>((resolve) => (wake = resolve))
      return text
    },
    async closed() {
      while (!isClosed) await new Promise<void>((resolve) => (wake = resolve))
      return text
    },
  }
}
const TRUSTED = { 'submission.trustedAddresses': ['127.0.0.0/8'] } as const
const BEGIN = 'EHLO a\r\nMAIL FROM:<ada@local.example>\r\nRCPT TO:<bob@remote.example>\r\nDATA\r\n'

test('says which port is taken and by what, and listens there as soon as it is free', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const changed = Promise.withResolvers<void>()
  const timers: (() => void)[] = []
  const after: Clock['after'] = (_, run) => {
    timers.push(run)
    return () => {}
  }
  await start(
    new House(),
    { 'submission.port': port },
    { clock: { ...impatientClock, after }, onListeners: changed.resolve },
  )
  expect(server?.plain).toBeNull()
  expect(server?.troubles.plain?.message).toBe(`listen on 127.0.0.1 port ${port}: another program listens there`)
  taken.close()
  await once(taken, 'close')
  for (const run of timers) run()
  await changed.promise
  expect(server?.plain).toEqual({ host: '127.0.0.1', port })
  expect(server?.troubles.plain).toBeNull()
  expect(await (await dial(port)).first()).toMatch(/^220 /)
})

test('is closed while it tries to listen, and tries no more', async () => {
  const taken = createServer().listen(0, '127.0.0.1')
  await once(taken, 'listening')
  const { port } = taken.address() as AddressInfo
  const timers = new Set<() => void>()
  const after: Clock['after'] = (_, run) => {
    timers.add(run)
    return () => void timers.delete(run)
  }
  await start(new House(), { 'submission.port': port }, { clock: { ...impatientClock, after } })
  expect(timers.size).toBe(1)
  await server?.close()
  taken.close()
  await once(taken, 'close')
  expect(timers.size).toBe(0)
})

test('lets a trusted network submit without a login, from an address in a local domain only', async () => {
  const house = new House()
  const { port } = await start(house, TRUSTED)
  const client = await dial(port)
  client.send('EHLO a\r\nMAIL FROM:<ada@remote.example>\r\nMAIL FROM:<>\r\nRSET\r\n')
  await client.until(/550 5\.7\.1 .*\r\n550 5\.7\.1 .*\r\n250 2/)
  client.send(`${BEGIN}Subject: a\r\n\r\nb\r\n.\r\nQUIT\r\n`)
  expect(await client.closed()).toMatch(/354 .*\r\n250 2\.0\.0 ok, queued as 1\r\n221 /)
  expect(house.accepted[0]).toMatchObject({ origin: 'submission', userId: null, has8bit: false, utf8: false })
  expect(Buffer.from(house.accepted[0]?.head ?? []).toString()).toBe('Subject: a\r\n\r\n')
})

test('reads on after a client that pipelines much while its message is being stored', async () => {
  const house = new House()
  const stored = Promise.withResolvers<void>()
  const accept: typeof house.accept = async (submission) => {
    if (house.accepted.length === 0) await stored.promise
    return house.accept(submission)
  }
  const { port } = await start(house, TRUSTED, { accept })
  const client = await dial(port)
  client.send(BEGIN)
  await client.until(/354 /)
  const recipients = Array.from(
    { length: 900 },
    (_, n) => `RCPT TO:<${'x'.repeat(60)}${n}@${'y'.repeat(60)}.${'z'.repeat(60)}.${'y'.repeat(60)}.example>\r\n`,
  )
  const second = `MAIL FROM:<ada@local.example>\r\n${recipients.join('')}DATA\r\n`
  await new Promise((resolve) => client.socket.write(`a: b\r\n\r\n.\r\n${second}`, resolve))
  for (let turns = 0; turns < 50; turns++) await new Promise((resolve) => setImmediate(resolve)) // the server takes its fill
  stored.resolve()
  await client.until(/354 [^]*354 /)
  client.send('a: b\r\n\r\n.\r\nQUIT\r\n')
  expect(await client.closed()).toMatch(/250 2\.0\.0 ok, queued as 2\r\n221 /)
  expect(house.accepted[1]?.to).toHaveLength(900)
})

test('writes a Received field that tells nothing of the network at home', async () => {
  const house = new House()
  const { port } = await start(house, TRUSTED)
  const client = await dial(port)
  client.send(`${BEGIN.replace('EHLO a', 'EHLO adas-laptop.home')}.\r\nQUIT\r\n`)
  await client.closed()
  expect(house.accepted[0]?.received).toMatch(
    /^Received: by local\.example with ESMTP id [\w-]{36};\r\n\t\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d \+0000\r\n$/,
  )
})

test('stages a large message while it arrives, and keeps it byte for byte', async () => {
  const house = new House()
  const { port } = await start(house, TRUSTED)
  const client = await dial(port)
  client.send(BEGIN)
  await client.until(/354 /)
  const line = `.${'x'.repeat(76)}\r\n`
  const text = `Subject: a\r\n\r\n${line.repeat(20_000)}`
  client.send(`${text.replaceAll('\r\n.', '\r\n..')}.\r\nQUIT\r\n`)
  expect(await client.closed()).toContain('queued as 1')
  expect(house.staged.size).toBe(1)
  expect(house.accepted[0]?.body).toMatchObject({ stagedBlobId: 1, sizeBytes: text.length })
  expect(house.accepted[0]?.raw.toString('latin1') === text).toBe(true)
  expect(Buffer.from(house.accepted[0]?.head ?? []).toString()).toBe('Subject: a\r\n\r\n')
})

test('drops what was staged when the message turns out to be spoiled, or its client leaves', async () => {
  const house = new House()
  const { port } = await start(house, TRUSTED)
  const body = `Subject: a\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(6000)}`
  const client = await dial(port)
  client.send(`${BEGIN}${body}a\nb\r\n.\r\n`)
  await client.until(/550 5\.5\.2/)
  expect(house.dropped).toBe(1)
  client.send(`MAIL FROM:<ada@local.example>\r\nRCPT TO:<bob@remote.example>\r\nDATA\r\n${body}`)
  await client.until(/354 [^]*354 /)
  client.socket.end()
  await client.closed()
  expect(house.dropped).toBe(2)
  expect(house.accepted).toEqual([])
})

test('answers with 452 when the store is full in the middle of a message, and lives on', async () => {
  const house = new House()
  const full = async () => ({
    ...(await house.stage()),
    append: () => Promise.reject(new Fault('store.full', 'write: the disk is full', { path: 'mail.db' })),
  })
  const { port } = await start(house, TRUSTED, { stage: full })
  const client = await dial(port)
  client.send(`${BEGIN}Subject: a\r\n\r\n${`${'x'.repeat(76)}\r\n`.repeat(6000)}.\r\nNOOP\r\n`)
  await client.until(/452 4\.3\.1 .*\r\n250 2\.0\.0/)
  expect(house.accepted).toEqual([])
})

test('asks whether there is room before it takes a message', async () => {
  const { port } = await start(new House(), TRUSTED, { hasRoom: async (sizeBytes) => sizeBytes < 1000 })
  const client = await dial(port)
  client.send('EHLO a\r\nMAIL FROM:<ada@local.example> SIZE=1000\r\nMAIL FROM:<ada@local.example> SIZE=999\r\n')
  await client.until(/452 4\.3\.1 .*\r\n250 2\.1\.0/)
})

test.each([
  ['DATA', 'DATA\r\n'],
  ['BDAT', 'BDAT 3 LAST\r\nabc'],
])('on a disk that is nearly full %s is never reached', async (_, content) => {
  const house = new House()
  const { port } = await start(house, TRUSTED, { hasRoom: () => false })
  const client = await dial(port)
  client.send(`EHLO a\r\nMAIL FROM:<ada@local.example>\r\nRCPT TO:<bob@remote.example>\r\n${content}QUIT\r\n`)
  expect(await client.closed()).toMatch(/452 4\.3\.1 .*\r\n503 5\.5\.1 .*\r\n503 5\.5\.1 .*\r\n221 /)
  expect(client.text).not.toContain('354 ')
  expect(house.accepted).toEqual([])
})

test('stops a message that has passed more than fifty servers', async () => {
  const { port } = await start(new House(), TRUSTED)
  const client = await dial(port)
  client.send(`${BEGIN}${'Received: x\r\n'.repeat(51)}\r\n.\r\n`)
  await client.until(/554 5\.4\.6/)
})

test('turns away what is more than the limit, and takes the next when one has left', async () => {
  const { port } = await start(new House(), { 'submission.maxConnections': 3, 'submission.maxPerClient': 2 })
  const first = await dial(port)
  const second = await dial(port)
  await first.until(/^220 /)
  await second.until(/^220 /)
  expect(await (await dial(port)).closed()).toMatch(/^421 4\.3\.2 /)
  first.send('QUIT\r\n')
  await first.closed()
  // The server sees that its client has gone a moment after the client does.
  let next = await dial(port)
  while ((await next.first()).startsWith('421 ')) next = await dial(port)
  expect(next.text).toMatch(/^220 /)
})

test('serves two hundred clients at once', async () => {
  const house = new House()
  const { port } = await start(house, {
    ...TRUSTED,
    'submission.maxConnections': 300,
    'submission.maxPerClient': 300,
  })
  const texts = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const client = await dial(port)
      client.send(`${BEGIN}a\r\n.\r\nQUIT\r\n`)
      return client.closed()
    }),
  )
  expect(texts.filter((text) => text.includes('queued as'))).toHaveLength(200)
  expect(house.accepted).toHaveLength(200)
})

test('answers a client that closes its side early before it closes, too', async () => {
  const { port } = await start(new House(), TRUSTED)
  const client = await dial(port)
  client.socket.end(`${BEGIN}a\r\n.\r\n`)
  expect(await client.closed()).toContain('queued as 1')
})

test('when it closes, finishes the message under way and says goodbye to the others', async () => {
  const house = new House()
  const { promise: gate, resolve: open } = Promise.withResolvers<void>()
  const { promise: reached, resolve: reach } = Promise.withResolvers<void>()
  const accept: typeof house.accept = async (submission) => {
    reach()
    await gate
    return house.accept(submission)
  }
  const { port, close } = await start(house, TRUSTED, { accept })
  const idle = await dial(port)
  await idle.until(/^220 /)
  const halfway = await dial(port)
  halfway.send('NOOP\r\nNOO')
  await halfway.until(/250 2\.0\.0/)
  const busy = await dial(port)
  busy.send(`${BEGIN}a\r\n.\r\n`)
  await reached
  const closed = close()
  expect(await idle.closed()).toMatch(/421 4\.3\.2 /)
  expect(await halfway.closed()).toMatch(/421 4\.3\.2 /)
  open()
  expect(await busy.closed()).toMatch(/queued as 1\r\n421 4\.3\.2 /)
  await closed
})

test('takes nothing in the clear once it is ready to start TLS', async () => {
  const house = new House()
  const { port } = await start(house, TRUSTED)
  const client = await dial(port)
  client.send('EHLO a\r\nSTARTTLS\r\n')
  await client.until(/220 2\.0\.0/)
  client.send(`${BEGIN}a\r\n.\r\n`)
  // An alert of TLS is all that comes.
  expect((await client.closed()).replace(/^[^]*220 2\.0\.0 [^\n]*\n/, '')).not.toMatch(/\d{3}[ -]/)
  expect(house.accepted).toEqual([])
})

describe('in time', () => {
  /** A clock that stands until it is moved. */
  function handClock() {
    let nowMs = 0
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

  test('a client that says nothing is sent away: after a minute before EHLO, after five behind it', async () => {
    const { clock, advance } = handClock()
    const { port } = await start(new House(), {}, { clock })
    const silent = await dial(port)
    const greeted = await dial(port)
    await silent.until(/^220 /)
    greeted.send('EHLO a\r\n')
    await greeted.until(/250 STARTTLS/)
    advance(60_000)
    expect(await silent.closed()).toMatch(/421 4\.4\.2 /)
    advance(239_999)
    greeted.send('NOOP\r\n')
    await greeted.until(/250 2\.0\.0/)
    advance(299_999)
    greeted.send('HELP\r\n')
    await greeted.until(/214 2\.0\.0/)
    advance(300_000)
    expect(await greeted.closed()).toMatch(/421 4\.4\.2 /)
  })
  test('a client that trickles its message is sent away', async () => {
    const house = new House()
    const { clock, advance } = handClock()
    const { port } = await start(house, TRUSTED, { clock })
    const client = await dial(port)
    client.send(BEGIN)
    await client.until(/354 /)
    client.send('Subject: drip\r\n')
    advance(60_000)
    expect(await client.closed()).toMatch(/421 4\.4\.2 too slow/)
    expect(house.accepted).toEqual([])
  })
  test('a session that brings nothing for ten minutes ends, however busy it looks', async () => {
    const { clock, advance } = handClock()
    const { port } = await start(new House(), {}, { clock })
    const client = await dial(port)
    client.send('EHLO a\r\n')
    await client.until(/250 STARTTLS/)
    for (let minute = 1; minute < 10; minute++) {
      client.send('NOOP\r\n')
      await client.until(new RegExp(`(?:250 2\\.0\\.0[^]*){${minute}}`))
      advance(60_000)
    }
    advance(60_000)
    expect(await client.closed()).toMatch(/421 4\.4\.2 /)
  })
})

describe('the transcript', () => {
  const all = (batches: TranscriptBatch[]) => batches.flatMap(({ events }) => events.flatMap((group) => group.events))

  test('has both sides, TLS, the content as a reference, and the entry it became', async () => {
    const house = new House()
    const { port, recorder, batches } = await start(house)
    await playOverSocket(readDialogue(new URL('submission.txt', folder)), { port, tls, facts: house.facts })
    await recorder.flush()
    const events = all(batches)
    const lines = events.flatMap((event) => (event.kind === 'line' ? [`${event.from}: ${event.spans.join('')}`] : []))
    expect(lines).toContain('C: STARTTLS')
    expect(lines).toContain('C: MAIL FROM:<ada@client.example> SIZE=100 BODY=8BITMIME')
    expect(lines).toContain('S: 250 2.0.0 ok, queued as 1')
    expect(events.find((event) => event.kind === 'tls')).toMatchObject({ facts: { subject: 'CN=localhost' } })
    expect(events.find((event) => event.kind === 'content')).toMatchObject({
      from: 'C',
      tls: true,
      bytes: 51,
      ref: { kind: 'entry', entryId: 1 },
    })
    expect(batches.flatMap(({ links }) => links)).toEqual([{ sessionId: 1, link: { entryId: 1 } }])
    expect(batches.flatMap(({ heads }) => heads).at(-1)).toMatchObject({ state: 'ok', messages: 1, tls: true })
  })
  test('keeps both ends of content that was refused', async () => {
    const { port, recorder, batches } = await start(new House(), TRUSTED)
    const client = await dial(port)
    const content = `Subject: first\r\n${`${'x'.repeat(70)}\r\n`.repeat(200)}bare\nlast\r\n`
    client.send(`${BEGIN}${content}.\r\nQUIT\r\n`)
    await client.closed()
    await recorder.flush()
    expect(all(batches).find((event) => event.kind === 'content')).toMatchObject({
      bytes: content.length,
      ref: {
        kind: 'kept',
        first: content.slice(0, 4096),
        last: content.slice(-4096),
        sha256: createHash('sha256').update(content).digest('hex'),
      },
    })
    expect(batches.flatMap(({ heads }) => heads).at(-1)).toMatchObject({ state: 'failed', worst: '550', messages: 0 })
  })
  test('holds no password, whether it was right or wrong', async () => {
    const house = new House()
    const { port, recorder, batches } = await start(house)
    for (const name of ['login.txt', 'login-refused.txt', 'submission.txt'])
      await playOverSocket(readDialogue(new URL(name, folder)), { port, tls, facts: house.facts })
    await recorder.flush()
    const text = JSON.stringify(batches)
    expect(text).toContain('signed in as ada@client.example')
    for (const secret of ['AGFkYQ', 'c2VjcmV0', 'secret"', 'YWRh', 'AGJvYgBzZWNyZXQ', 'd3Jvbmc', 'bm90IHBsYWlu'])
      expect(text.replaceAll(/\{"secret":true(?:,"user":"ada")?\}/g, '')).not.toContain(secret)
  })
})
