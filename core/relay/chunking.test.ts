import { afterEach, expect, test } from 'vitest'
import { Bench, ONE_MX, short, TWO_MX } from '../../test/support/mx-zone.ts'
import type { SinkCommand } from '../../test/support/smtp-sink.ts'

/** Large messages by BDAT (RFC 3030). */

const bench = new Bench()
afterEach(() => bench.close())

const offers = ['PIPELINING', 'SIZE', 'CHUNKING']
const MIB = 1024 * 1024
/** Lines that would need dots, in pieces that end anywhere. */
function message(bytes: number): string[] {
  const line = '.\r\n..x\r\n.end of a line that is a little longer than the others\r\n'
  const whole = `Subject: large\r\n\r\n${line.repeat(Math.ceil(bytes / line.length))}`
    .slice(0, bytes - 2)
    .replace(/\r?\n?$/, '')
  const text = `${whole}${'x'.repeat(bytes - 2 - whole.length)}\r\n`
  const pieces: string[] = []
  for (let at = 0; at < text.length; at += 100_001) pieces.push(text.slice(at, at + 100_001))
  return pieces
}

test.each([262_144, MIB, MIB + 1, 2 * MIB + 77])(
  'a message of %i bytes arrives byte for byte, without a dot more',
  async (bytes) => {
    const mx = await bench.sink({ offers })
    const pieces = message(bytes)
    const relayed = await bench.deliver(ONE_MX, mx.port, [
      { to: ['bob@dest.test'], message: pieces },
      { to: ['eve@dest.test'] },
    ])
    expect(short(relayed)).toEqual(['bob delivered mx1.dest.test', 'eve delivered mx1.dest.test'])
    expect(mx.messages[0]?.raw.equals(Buffer.from(pieces.join('')))).toBe(true)
    const chunks = Math.ceil(bytes / MIB)
    expect(mx.commands.map(({ verb }) => verb).filter((verb) => /CHUNK|LAST/.test(verb))).toEqual([
      ...Array<string>(chunks - 1).fill('CHUNK'),
      'LAST',
    ])
    expect(mx.connections).toBe(1)
    // The transcript says each chunk with what it held.
    const told = relayed.dialogue().filter((line) => /^C: BDAT|^\[content/.test(line))
    const sizes = told.filter((line) => line.startsWith('[')).map((line) => Number(/\d+/.exec(line)?.[0]))
    expect(told[0]).toBe(`C: BDAT ${Math.min(bytes, MIB)}${chunks === 1 ? ' LAST' : ''}`)
    expect(sizes.slice(0, chunks).reduce((sum, size) => sum + size, 0)).toBe(bytes)
  },
)

test('a small message goes by DATA', async () => {
  const mx = await bench.sink({ offers })
  await bench.deliver(ONE_MX, mx.port)
  expect(mx.commands.map(({ verb }) => verb)).toContain('DATA')
})

test('phase body is committed before the last byte goes, and nothing has arrived until then', async () => {
  const mx = await bench.sink({ offers })
  let arrivedBefore = -1
  const relayed = await bench.deliver(ONE_MX, mx.port, [{ to: ['bob@dest.test'], message: message(300_000) }], {
    beforeBody: async () => void (arrivedBefore = mx.count),
  })
  expect([short(relayed), arrivedBefore, relayed.bodies]).toEqual([['bob delivered mx1.dest.test'], 0, [[1]]])
})

test.each([
  ['552 5.3.4 too big', 'bob bounced BDAT 552 mx1.dest.test', 1],
  ['451 4.3.0 later', 'bob delivered mx2.dest.test', 2],
  ['421 4.3.2 closing', 'bob delivered mx2.dest.test', 2],
] as const)('%s to a chunk ends it there: %s', async (reply, expected, sessions) => {
  const answer = ({ verb, connection }: SinkCommand) => (verb === 'CHUNK' && connection === 0 ? reply : undefined)
  const [mx1] = await bench.pair({ offers, answer }, { offers })
  const relayed = await bench.deliver(TWO_MX, mx1.port, [{ to: ['bob@dest.test'], message: message(3 * MIB) }])
  expect(short(relayed)).toEqual([expected])
  expect(relayed.sessions).toHaveLength(sessions)
  expect(mx1.commands.filter(({ verb }) => verb === 'CHUNK')).toHaveLength(1)
})

test('the reply to the last chunk decides, and its loss leaves the outcome unknown', async () => {
  const mx = await bench.sink({ offers, answer: ({ verb }) => (verb === 'LAST' ? 'drop' : undefined) })
  const jobs = [{ to: ['bob@dest.test'], message: message(300_000) }]
  expect(short(await bench.deliver(ONE_MX, mx.port, jobs))).toEqual(['bob unknown mx1.dest.test'])
  const no = await bench.sink({ offers, answer: ({ verb }) => (verb === 'LAST' ? '554 5.7.1 spam' : undefined) })
  expect(short(await bench.deliver(ONE_MX, no.port, jobs))).toEqual(['bob bounced BDAT 554 mx1.dest.test'])
})

test.each([
  ['shorter than it was', 400_000],
  ['longer than it was', 299_000],
])('a message that has become %s is not ended, and waits', async (_, sizeBytes) => {
  const mx = await bench.sink({ offers })
  const relayed = await bench.deliver(ONE_MX, mx.port, [
    { to: ['bob@dest.test'], message: message(300_000), sizeBytes },
  ])
  expect(short(relayed)).toEqual(['bob deferred local'])
  expect(mx.count).toBe(0)
})

test('a bare LF never leaves by BDAT either', async () => {
  const mx = await bench.sink({ offers })
  const pieces = message(300_000)
  const relayed = await bench.deliver(ONE_MX, mx.port, [
    { to: ['bob@dest.test'], message: [...pieces.slice(0, 1), 'x\n.\r\n', ...pieces.slice(1)], sizeBytes: 300_005 },
  ])
  expect(short(relayed)).toEqual(['bob bounced local'])
  expect(mx.count).toBe(0)
})
