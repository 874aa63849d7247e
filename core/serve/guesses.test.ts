import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { Guesses } from './guesses.ts'

/** How long a try of the pair waits before it is looked at, ms; undefined when it is refused. */
async function waitOf(guesses: Guesses, clock: ReturnType<typeof fakeClock>, pair: string) {
  const before = clock.monotonicMs()
  let isOver = false
  let isRefused = false
  const turn = guesses.turn(pair).then(
    () => (isOver = true),
    () => (isOver = isRefused = true),
  )
  for (await Promise.race([turn, Promise.resolve()]); !isOver; await Promise.race([turn, new Promise(setImmediate)]))
    clock.next()
  return isRefused ? undefined : clock.monotonicMs() - before
}

test('each guess after the third waits twice as long, up to half a minute', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  const waits: (number | undefined)[] = []
  for (let n = 0; n < 11; n++) {
    waits.push(await waitOf(guesses, clock, 'a ada'))
    guesses.failed('a ada', `guess ${n}`)
  }
  expect(waits).toEqual([0, 0, 0, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000])
})

test('another user at the same address, and the same user elsewhere, wait for nobody', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 10; n++) guesses.failed('127.0.0.1 ada', `guess ${n}`)
  expect(await waitOf(guesses, clock, '127.0.0.1 bob')).toBe(0)
  expect(await waitOf(guesses, clock, '127.0.0.2 ada')).toBe(0)
  expect(await waitOf(guesses, clock, '127.0.0.1 ada')).toBe(30_000)
})

test('a program that says the same wrong password for ever shuts out nobody', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 100; n++) guesses.failed('a ada', 'the old one')
  expect(await waitOf(guesses, clock, 'a ada')).toBe(0)
  for (let n = 0; n < 3; n++) guesses.failed('a ada', undefined)
  expect(await waitOf(guesses, clock, 'a ada')).toBeGreaterThan(0)
})

test('guesses at once wait one behind the other, and are refused where that takes over a minute', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 8; n++) guesses.failed('a ada', `guess ${n}`)
  const done: string[] = []
  const all = Array.from({ length: 10 }, async (_, n) => {
    const outcome = await guesses.turn('a ada').then(
      () => `looked at ${n} after ${clock.monotonicMs()}`,
      () => 'refused',
    )
    done.push(outcome)
  })
  while (clock.next()) await new Promise(setImmediate)
  await Promise.all(all)
  expect(done.filter((one) => one === 'refused')).toHaveLength(8)
  expect(done.filter((one) => one !== 'refused')).toEqual(['looked at 0 after 30000', 'looked at 1 after 60000'])
})

test('the right password, or a quarter of an hour without a guess, begins anew', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 5; n++) guesses.failed('a ada', `guess ${n}`)
  guesses.succeeded('a ada')
  expect(await waitOf(guesses, clock, 'a ada')).toBe(0)
  for (let n = 0; n < 5; n++) guesses.failed('a ada', `guess ${n}`)
  clock.advance(15 * 60_000)
  expect(await waitOf(guesses, clock, 'a ada')).toBe(0)
  expect(guesses.size).toBe(0)
})

test('remembers a thousand pairs, and last of all forgets the one that guessed most', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 5; n++) guesses.failed('a ada', `guess ${n}`)
  for (let n = 0; n < 5000; n++) guesses.failed(`a name ${n}`, 'x')
  expect(guesses.size).toBe(1000)
  expect(await waitOf(guesses, clock, 'a ada')).toBe(4000)
})

test('whoever waits when it closes waits no more, and who comes then is refused', async () => {
  const clock = fakeClock()
  const guesses = new Guesses(clock)
  for (let n = 0; n < 5; n++) guesses.failed('a ada', `guess ${n}`)
  const waiting = guesses.turn('a ada')
  guesses.close()
  await expect(waiting).resolves.toBeUndefined()
  await expect(guesses.turn('a ada')).rejects.toThrow('too many guesses wait')
})
