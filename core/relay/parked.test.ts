import { afterEach, expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { Bench, ONE_MX, TWO_MX, short } from '../../test/support/mx-zone.ts'
import type { SinkCommand } from '../../test/support/smtp-sink.ts'
import { Parked } from './parked.ts'

/** Connections that wait a moment for more mail. */

const bench = new Bench()
afterEach(() => bench.close())
const quits = (commands: readonly SinkCommand[]) => commands.filter(({ verb }) => verb === 'QUIT').length

test('a connection waits two seconds for more mail of its route, then says goodbye', async () => {
  const mx = await bench.sink()
  const clock = fakeClock()
  const parked = new Parked(clock)
  const first = await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  const second = await bench.deliver(ONE_MX, mx.port, [{ to: ['eve@dest.test'] }], { deps: { parked } })
  expect([short(first), short(second)]).toEqual([['bob delivered mx1.dest.test'], ['eve delivered mx1.dest.test']])
  expect([mx.connections, mx.count, quits(mx.commands)]).toEqual([1, 2, 0])
  // The second message has no RSET before it, and no EHLO.
  expect(mx.commands.map(({ verb }) => verb).slice(-4)).toEqual(['MAIL', 'RCPT', 'DATA', '.'])
  clock.advance(1_999)
  expect(quits(mx.commands)).toBe(0)
  clock.advance(1)
  while (quits(mx.commands) === 0) await new Promise((resolve) => setImmediate(resolve))
  await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  expect(mx.connections).toBe(2)
  await parked.close()
  expect(quits(mx.commands)).toBe(2)
})

test('one that was closed meanwhile costs nothing: its host is dialled anew', async () => {
  let closing = true
  const answer = ({ verb }: SinkCommand) => (verb === '.' && closing ? { thenDrop: '250 2.0.0 taken' } : undefined)
  const mx = await bench.sink({ answer })
  const parked = new Parked(fakeClock())
  await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  closing = false
  const next = await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  expect(short(next)).toEqual(['bob delivered mx1.dest.test'])
  expect(mx.connections).toBe(2)
  await parked.close()
})

test('one whose server has had enough is left, and the mail goes by the book', async () => {
  let transactions = 0
  const answer = ({ verb }: SinkCommand) =>
    verb === 'MAIL' && ++transactions === 2 ? '421 4.3.2 enough for this session' : undefined
  const mx = await bench.sink({ answer })
  const parked = new Parked(fakeClock())
  await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  const next = await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  expect(short(next)).toEqual(['bob delivered mx1.dest.test'])
  expect([mx.connections, mx.count]).toEqual([2, 2])
  await parked.close()
})

test('it carries no mail that asks for verified TLS, and none that is bound to another host', async () => {
  const [mx1, mx2] = await bench.pair({}, {})
  const parked = new Parked(fakeClock())
  await bench.deliver(TWO_MX, mx1.port, undefined, { deps: { parked } })
  const bound = { to: ['eve@dest.test'], sameHost: { mx: 'mx2.dest.test', isOnly: true } }
  expect(short(await bench.deliver(TWO_MX, mx1.port, [bound], { deps: { parked } }))).toEqual([
    'eve delivered mx2.dest.test',
  ])
  const guarded = await bench.deliver(TWO_MX, mx1.port, [{ to: ['bob@dest.test'], options: { requireTls: true } }], {
    deps: { parked },
  })
  expect(guarded.outcomes[0]?.kind).not.toBe('delivered')
  expect([mx1.count, mx2.count]).toEqual([1, 1])
  await parked.close()
})

test('after it is closed nothing is kept', async () => {
  const mx = await bench.sink()
  const parked = new Parked(fakeClock())
  await parked.close()
  await bench.deliver(ONE_MX, mx.port, undefined, { deps: { parked } })
  expect(quits(mx.commands)).toBe(1)
})
