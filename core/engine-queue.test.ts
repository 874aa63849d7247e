import { expect, test } from 'vitest'
import { fakeClock } from '../test/support/fake-clock.ts'
import { byWay, keepQueueShort, networkNow } from './engine-queue.ts'
import type { Domain } from './model/address.ts'
import type { Route } from './model/outcome.ts'
import { defaultSettings } from './settings.ts'
import type { Store } from './store/types.ts'

const domain = 'far.example' as Domain
const smart: Route = { kind: 'smarthost', routeId: 1, host: 'smart.example', port: 587, tls: 'starttls' }
const ruled: Route = { kind: 'direct', domain, why: 'by rule' }

test('the way somebody chose comes before every rule; a smarthost that is gone leaves it to the rules', () => {
  const routes = byWay({ routeFor: () => ruled, byServer: (id) => (id === 1 ? smart : undefined) })
  expect(routes(null, domain, 0, { kind: 'automatic' })).toEqual(ruled)
  expect(routes(null, domain, 0, { kind: 'direct' })).toEqual({ kind: 'direct', domain, why: 'chosen by hand' })
  expect(routes(null, domain, 0, { kind: 'smarthost', routeId: 1 })).toEqual(smart)
  expect(routes(null, domain, 0, { kind: 'smarthost', routeId: 2 })).toEqual(ruled)
})

test('the name of a network is the same as long as its addresses are', () => {
  expect(networkNow()).toEqual(networkNow())
  expect(networkNow().name === '').toBe(!networkNow().isUp)
})

test('what is done is let go slice by slice, again every few hours, also after a failure', async () => {
  const clock = fakeClock()
  const before: number[] = []
  const answers = [
    { entries: 50, more: true },
    { entries: 1, more: false },
    new Error('full'),
    { entries: 0, more: false },
  ]
  const write = async (_name: string, args: { readonly beforeMs: number }) => {
    before.push(clock.nowMs() - args.beforeMs)
    const answer = answers[before.length - 1]
    if (answer instanceof Error || answer === undefined) throw answer ?? new Error('none')
    return answer
  }
  const log: string[] = []
  const stop = keepQueueShort(clock, { write: write as unknown as Store['write'] }, defaultSettings, (line) =>
    log.push(line),
  )
  for (let n = 0; n < 4; n++) {
    expect(clock.next()).toBe(true)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(before).toEqual(Array(4).fill(30 * 86_400_000))
  expect(log.join()).toContain('full')
  stop()
  expect(clock.next()).toBe(false)
})
