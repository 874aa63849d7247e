import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { systemClock, type Clock } from '../base/clock.ts'
import { Watch, type Network } from './watch.ts'

const MINUTE = 60_000
const DAY = 86_400_000
const HOME: Network = { isUp: true, name: 'home' }

/** A watch over a clock of the test's; `slept` is what the system says of sleep, left out where it says nothing. */
function watching({ slept }: { slept?: { ms: number } } = {}) {
  const fake = fakeClock()
  const clock: Clock = { ...fake, ...(slept === undefined ? {} : { sleptMs: () => slept.ms }) }
  const told: string[] = []
  const watch = new Watch({
    clock,
    network: () => HOME,
    onClockSet: (byMs) => told.push(`set by ${byMs / MINUTE}`),
    onResume: (what) => told.push(what),
  })
  watch.run(true)
  return { fake, watch, told }
}

test('a timer that is an hour late on a busy computer is no sleep', () => {
  const { fake, watch, told } = watching()
  watch.run(false)
  fake.advance(60 * MINUTE) // nothing ran meanwhile
  watch.run(true)
  watch.check()
  expect(told).toEqual([])
})
test('where the system says how long it slept, that is sleep and a clock that was set is none', () => {
  const slept = { ms: 7 * DAY }
  const { fake, told } = watching({ slept })
  fake.set(10 * MINUTE) // somebody set it
  fake.advance(MINUTE)
  expect(told).toEqual(['set by 10'])
  slept.ms += 8 * 60 * MINUTE
  fake.set(8 * 60 * MINUTE) // the wall clock goes on in sleep
  fake.advance(MINUTE)
  expect(told).toEqual(['set by 10', 'sleep'])
  slept.ms += 40 * DAY
  fake.set(40 * DAY + 10 * MINUTE)
  fake.advance(MINUTE)
  expect(told).toEqual(['set by 10', 'sleep', 'set by 10', 'sleep'])
})
test('where it does not, the wall clock alone went on while it slept, but never for months', () => {
  const { fake, told } = watching()
  fake.set(8 * 60 * MINUTE)
  fake.advance(MINUTE)
  fake.set(90 * DAY)
  fake.advance(MINUTE)
  expect(told).toEqual(['sleep', `set by ${(90 * DAY) / MINUTE}`])
})
test.each([{}, { slept: { ms: 0 } }])('a sleep that was told of is not noticed a second time: %o', (system) => {
  const { fake, watch, told } = watching(system)
  fake.advance(MINUTE / 2)
  if (system.slept !== undefined) system.slept.ms += 60 * MINUTE
  fake.set(60 * MINUTE)
  watch.sleepIsKnown()
  fake.advance(5 * MINUTE)
  expect(told).toEqual([])
  // The next one is, where nobody tells of it.
  if (system.slept !== undefined) system.slept.ms += 60 * MINUTE
  fake.set(60 * MINUTE)
  fake.advance(MINUTE)
  expect(told).toEqual(['sleep'])
})
test.runIf(process.platform === 'linux')('how long this computer slept does not grow while it is awake', async () => {
  const before = systemClock.sleptMs?.() ?? Number.NaN
  let spins = 0
  for (const until = performance.now() + 30; performance.now() < until;) spins++
  expect(spins).toBeGreaterThan(0)
  // Both clocks are read in steps of a hundredth of a second.
  expect(Math.abs((systemClock.sleptMs?.() ?? Number.NaN) - before)).toBeLessThan(1000)
})
