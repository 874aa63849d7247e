import type { Socket } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { listenOnLoopback } from '../../test/support/loopback-server.ts'
import { Bench, ONE_MX, short, TWO_MX } from '../../test/support/mx-zone.ts'
import type { SinkCommand } from '../../test/support/smtp-sink.ts'
import { systemClock, type Clock } from '../base/clock.ts'

/** How long a server is waited for (RFC 5321 §4.5.3.2), and that nothing but an answer buys more time. */

const bench = new Bench()
const open: { close(): Promise<void> }[] = []
afterEach(async () => {
  await bench.close()
  await Promise.all(open.splice(0).map((one) => one.close()))
})

/** A clock whose waits are over when a test says so. */
function patience() {
  const timers = new Set<{ readonly ms: number; readonly run: () => void }>()
  let begun = 0
  let laterMs = 0
  const clock: Clock = {
    nowMs: () => systemClock.nowMs() + laterMs,
    monotonicMs: () => systemClock.monotonicMs() + laterMs,
    after(ms, run) {
      const timer = { ms, run }
      timers.add(timer)
      begun++
      const cancel = systemClock.after(ms, run)
      return () => {
        timers.delete(timer)
        cancel()
      }
    },
  }
  return {
    clock,
    /** Waits begun so far. */
    begun: () => begun,
    /** Waits of that length are over now; false where there are none. */
    isOver(ms: number): boolean {
      const due = [...timers].filter((timer) => timer.ms === ms)
      for (const { run } of due) run()
      return due.length > 0
    },
    later: (ms: number) => (laterMs += ms),
  }
}
/** Resolves once `look` is true. */
async function until(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setImmediate(resolve))
}

/** A server that says `lines` one after the other as it hears a line each, and hands out its socket then. */
async function serve(lines: readonly string[], then: (socket: Socket) => void): Promise<number> {
  const server = await listenOnLoopback((socket) => {
    let said = 0
    const say = () => {
      const line = lines[said++]
      if (line === undefined) then(socket)
      else socket.write(`${line}\r\n`)
    }
    let heard = ''
    socket.on('data', (chunk) => {
      heard += chunk.toString('latin1')
      for (let end = heard.indexOf('\r\n'); end >= 0 && said <= lines.length; end = heard.indexOf('\r\n')) {
        heard = heard.slice(end + 2)
        say()
      }
    })
    say()
  })
  open.push(server)
  return server.port
}

test.each([
  ['CONNECT', 300, 'greeting'],
  ['EHLO', 300, 'lost'],
  ['MAIL', 300, 'lost'],
  ['RCPT', 300, 'lost'],
  ['DATA', 120, 'lost'],
])('silence at %s is waited out for %i s; then comes the next MX', async (verb, seconds, cause) => {
  const { clock, isOver } = patience()
  let isSilent = false
  const answer = (command: SinkCommand) => {
    if (command.verb !== verb) return undefined
    isSilent = true
    return 'silence' as const
  }
  const [mx1] = await bench.pair({ answer, offers: [] }, {})
  for (const [zone, outcome] of [
    [TWO_MX, 'bob delivered mx2.dest.test'],
    [ONE_MX, `bob deferred ${cause}`],
  ] as const) {
    isSilent = false
    const going = bench.deliver(zone, mx1.port, undefined, { clock })
    await until(() => isSilent && isOver(seconds * 1000))
    expect(short(await going)).toEqual([outcome])
  }
})

test('a reply that comes byte by byte buys no time', async () => {
  const { clock, begun, isOver } = patience()
  let isTold = false
  let before = 0
  const port = await serve(['220 mx'], (socket) => {
    before = begun()
    const bytes = [...'250-mx\r\n250-SIZE\r\n25']
    const drip = () => {
      const byte = bytes.shift()
      if (byte === undefined) isTold = true
      else socket.write(byte, () => setImmediate(drip))
    }
    drip()
  })
  const going = bench.deliver(ONE_MX, port, undefined, { clock })
  await until(() => isTold)
  expect(begun() - before).toBeLessThan(4) // what the transcript waits for, and nothing for the bytes
  expect(isOver(300_000)).toBe(true)
  expect(short(await going)).toEqual(['bob deferred lost'])
})

test('a server that takes no more of a message is given up after three minutes, and the message may go elsewhere', async () => {
  const { clock, isOver } = patience()
  let isDeaf = false
  const port = await serve(['220 mx', '250 mx', '250 ok', '250 ok', '354 go'], (socket) => {
    socket.pause()
    isDeaf = true
  })
  const line = `${'x'.repeat(70)}\r\n`
  const message = Array.from({ length: 400 }, () => line.repeat(1000))
  const going = bench.deliver(ONE_MX, port, [{ to: ['bob@dest.test'], message }], { clock })
  await until(() => isDeaf && isOver(180_000))
  expect(short(await going)).toEqual(['bob deferred lost'])
})

test('no transaction takes longer than half an hour and its size at 500 octets a second', async () => {
  const { clock, isOver } = patience()
  let isAsked = false
  const port = await serve(['220 mx', '250 mx', '250 ok'], () => (isAsked = true))
  const message = 'Subject: x\r\n\r\n' + 'x\r\n'.repeat(1000)
  const going = bench.deliver(ONE_MX, port, [{ to: ['bob@dest.test'], message }], { clock })
  await until(() => isAsked)
  expect(isOver(30 * 60_000 + (message.length / 500) * 1000)).toBe(true)
  const relayed = await going
  expect(short(relayed)).toEqual(['bob deferred lost'])
  expect(relayed.dialogue().at(-1)).toBe('! us: the transaction took too long')
})

test('servers that drag on for half an hour leave the rest of them to the next try', async () => {
  const { clock, later } = patience()
  const drag = ({ verb }: SinkCommand) => {
    if (verb === 'EHLO') later(31 * 60_000)
    return verb === 'EHLO' ? '451 4.3.0 not now' : undefined
  }
  const [mx1, mx2] = await bench.pair({ answer: drag }, {})
  expect(short(await bench.deliver(TWO_MX, mx1.port, undefined, { clock }))).toEqual([
    'bob deferred EHLO 451 mx1.dest.test',
  ])
  expect(mx2.connections).toBe(0)
  // Work that goes well is no search: what follows it has its time.
  let isFirst = true
  const answer = ({ verb }: SinkCommand) => {
    if (verb === '.') later(31 * 60_000)
    if (verb !== 'MAIL') return undefined
    const said = isFirst ? undefined : '451 4.3.0 not now'
    isFirst = false
    return said
  }
  const [slow] = await bench.pair({ answer }, {})
  const two = [{ to: ['bob@dest.test'] }, { to: ['eve@dest.test'] }]
  expect(short(await bench.deliver(TWO_MX, slow.port, two, { clock }))).toEqual([
    'bob delivered mx1.dest.test',
    'eve delivered mx2.dest.test',
  ])
})
