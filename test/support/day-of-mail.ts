import { once } from 'node:events'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'vitest'
import type { FakeClock } from './fake-clock.ts'
import { localhost } from './localhost.ts'

const MINUTE_MS = 60_000
const MINUTES = 24 * 60
/** How often a second of the day passes while clients talk: what a server puts off comes, and no deadline does. */
const SECOND_EVERY_MS = 20

setFlagsFromString('--expose-gc')
const collect = runInNewContext('gc') as () => void
const heapBytes = () => {
  collect()
  return process.memoryUsage().heapUsed
}

/** One client of an SMTP server, who reads replies one after the other. */
export class DayClient {
  readonly socket: Socket
  #heard = ''
  #isOver = false

  constructor(port: number, isTls = false) {
    this.socket = isTls
      ? connectTls({ port, host: '127.0.0.1', ca: localhost.cert, servername: 'localhost' })
      : connectTcp({ port, host: '127.0.0.1', noDelay: true })
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

interface Day {
  readonly clock: FakeClock
  /** How many clients come in a minute. */
  readonly visits: () => number
  readonly visit: () => Promise<unknown>
  /** Sockets that were left open and silent; each goes out of the set when it closes. */
  readonly idle: ReadonlySet<Socket>
  /** Closes the server. */
  readonly close: () => Promise<unknown>
}

/**
 * Lives through 24 hours with a server, closes it, and fails when a connection or a timer is left over, or when the last three
 * quarters of the day have cost memory.
 */
export async function liveDay({ clock, visits, visit, idle, close }: Day): Promise<void> {
  let heapBefore = 0
  for (let minute = 0; minute < MINUTES; minute++) {
    const seconds = setInterval(() => clock.advance(1000), SECOND_EVERY_MS)
    await Promise.all(Array.from({ length: visits() }, visit)).finally(() => clearInterval(seconds))
    await pass(clock)
    if (minute === MINUTES / 4) heapBefore = heapBytes()
  }
  // The deadlines of those who never said anything are long past.
  for (let i = 0; i < 10; i++) await pass(clock)
  const closed = close()
  while (clock.nextMs !== undefined && idle.size > 0) await pass(clock)
  clock.advance(MINUTE_MS)
  await closed
  expect(idle.size).toBe(0)
  // Once every deadline is past, no timer is left that somebody has forgotten.
  clock.advance(60 * MINUTE_MS)
  expect(clock.nextMs).toBeUndefined()
  // Three quarters of the day cost no more memory than what the test itself remembers.
  expect(heapBytes() - heapBefore).toBeLessThan(8 * 1024 * 1024)
}

async function pass(clock: FakeClock): Promise<void> {
  clock.advance(MINUTE_MS)
  await new Promise((resolve) => setImmediate(resolve))
}
