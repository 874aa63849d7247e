import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { chance } from '../support/chance.ts'
import { fakeClock } from '../support/fake-clock.ts'
import { openInboundHouse } from '../support/inbound-house.ts'

const MINUTE_MS = 60_000
const MINUTES = 24 * 60
/** Connections that do nothing are left to the server's own deadlines; more than it serves are never opened. */
const MOST_IDLE = 8

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapBytes = () => {
  collect()
  return process.memoryUsage().heapUsed
}

/** Reads the replies of one client, one after the other. */
class Client {
  readonly socket: Socket
  #heard = ''
  #isOver = false
  constructor(port: number) {
    this.socket = connect({ port, host: '127.0.0.1', noDelay: true })
    this.socket.on('error', () => {}).on('data', (chunk: Buffer) => (this.#heard += chunk.toString('latin1')))
    this.socket.on('close', () => (this.#isOver = true))
  }
  /** The next reply; '' when the server has hung up. */
  async reply(): Promise<string> {
    for (;;) {
      const [whole] = /^(?:\d{3}-[^\n]*\n)*\d{3} [^\n]*\n/.exec(this.#heard) ?? []
      if (whole !== undefined) {
        this.#heard = this.#heard.slice(whole.length)
        return whole
      }
      if (this.#isOver) return ''
      await Promise.race([once(this.socket, 'data'), once(this.socket, 'close')])
    }
  }
  async say(bytes: string): Promise<string> {
    this.socket.write(bytes, 'latin1')
    return this.reply()
  }
}

test('a day of mail in some minutes: nothing lost, nothing twice, no connection, timer or memory left over', async () => {
  const clock = fakeClock()
  const house = await openInboundHouse({
    clock,
    keepsTranscripts: false,
    settings: { 'inbound.greylist': true, 'inbound.maxPerClient': 20 },
  })
  const random = chance(20_261_122)
  const pick = (most: number) => Math.floor(random() * most)
  const confirmed = new Set<string>()
  const sent = new Set<string>()
  const idle = new Set<Socket>()
  let serial = 0
  let heapBefore = 0

  /** One client's visit: a message, or one of the ways in which a visit goes wrong. */
  const visit = async () => {
    const client = new Client(house.port)
    if (!(await client.reply()).startsWith('220')) return client.socket.destroy()
    const kind = pick(10)
    if (kind === 0 && idle.size < MOST_IDLE) {
      idle.add(client.socket)
      client.socket.once('close', () => idle.delete(client.socket))
      return undefined
    }
    const id = `<${++serial}@far.test>`
    // Some senders come again with what was refused for now, as real ones do.
    const sender = `s${pick(20)}@far.test`
    await client.say('EHLO far.test\r\n')
    if (kind === 1) await client.say('NONSENSE\r\n')
    await client.say(`MAIL FROM:<${sender}>\r\n`)
    const rcpt = await client.say(`RCPT TO:<${kind === 2 ? 'nobody' : pick(2) ? 'ada' : 'bob'}@here.test>\r\n`)
    if (!rcpt.startsWith('250')) return client.socket.end('QUIT\r\n')
    const message = `Message-ID: ${id}\r\nSubject: ${id}\r\n\r\n${`${'x'.repeat(70)}\r\n`.repeat(pick(100))}end ${id}\r\n`
    sent.add(id)
    await client.say('DATA\r\n')
    if (kind === 3) return client.socket.resetAndDestroy()
    if (kind === 4) return client.socket.end(message.slice(0, pick(message.length)))
    if (kind === 5) {
      expect(await client.say(`${message}bare\n\r\n.\r\n`)).toMatch(/^5/)
      sent.delete(id)
      return client.socket.end('QUIT\r\n')
    }
    if ((await client.say(`${message}.\r\n`)).startsWith('250')) confirmed.add(id)
    await client.say('QUIT\r\n')
    return client.socket.end()
  }

  for (let minute = 0; minute < MINUTES; minute++) {
    await Promise.all(Array.from({ length: 2 + pick(3) }, visit))
    clock.advance(MINUTE_MS)
    await new Promise((resolve) => setImmediate(resolve))
    if (minute === MINUTES / 4) heapBefore = heapBytes()
  }

  // The deadlines of those who never said anything are long past.
  for (let i = 0; i < 10; i++) {
    clock.advance(MINUTE_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  const closed = house.server.close()
  while (clock.nextMs !== undefined && idle.size > 0) {
    clock.advance(MINUTE_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  clock.advance(MINUTE_MS)
  await closed
  expect(idle.size).toBe(0)

  const ids = house.store.read.prepare('SELECT message_id AS id FROM message').all() as { id: string }[]
  expect(confirmed.size).toBeGreaterThan(500)
  const kept = new Set(ids.map(({ id }) => id))
  expect(kept.size).toBe(ids.length)
  expect([...confirmed].filter((id) => !kept.has(id))).toEqual([])
  expect([...kept].filter((id) => !sent.has(id))).toEqual([])
  const staged = house.store.read.prepare(`SELECT count(*) AS n FROM blob WHERE state <> 'whole'`).get()
  expect(staged).toEqual({ n: 0 })
  // Once every deadline is past, no timer is left that somebody has forgotten.
  clock.advance(60 * MINUTE_MS)
  expect(clock.nextMs).toBeUndefined()
  // Three quarters of the day cost no more memory than what the test itself remembers.
  expect(heapBytes() - heapBefore).toBeLessThan(8 * 1024 * 1024)
  await house.close()
})
