import { afterEach, beforeEach, expect, test } from 'vitest'
import { fakeClock, type FakeClock } from '../test/support/fake-clock.ts'
import { openTestStore, type TestStore } from '../test/support/store.ts'
import { openSizes, type Sizes } from './engine-sizes.ts'
import type { Domain, Mailbox } from './model/address.ts'
import type { Route } from './model/outcome.ts'
import type { Resolver } from './net/dns.ts'

const MX: Readonly<Record<string, readonly [number, string][]>> = {
  'two.test': [
    [10, 'mx1.two.test'],
    [10, 'mx2.two.test'],
    [20, 'spare.two.test'],
  ],
  'hosted.test': [[5, 'MX1.two.test']],
}
const nora: Mailbox = { local: 'nora', domain: 'home.test' as Domain }

let clock: FakeClock
let store: TestStore
let sizes: Sizes
let lookups: string[]

function open() {
  lookups = []
  const resolver = {
    lookup: (name: string, type: string) => {
      lookups.push(`${name} ${type}`)
      const records = MX[name]?.map(([preference, exchange]) => ({ preference, exchange: exchange.toLowerCase() }))
      return Promise.resolve(records === undefined ? { kind: 'NODATA', canonical: name } : { kind: 'found', records })
    },
  } as unknown as Resolver
  const routeFor = (_from: unknown, domain: string): Exclude<Route, { kind: 'local' }> =>
    domain.startsWith('by-')
      ? { kind: 'smarthost', routeId: 1, host: 'Relay.test', port: 587, tls: 'starttls', why: '' }
      : { kind: 'direct', domain, why: '' }
  sizes = openSizes({
    store,
    resolver,
    local: { isLocal: (domain) => domain === 'home.test' },
    routeFor,
    mxPort: () => 25,
    clock,
    log: (line) => expect(line).toBe(''),
  })
}
beforeEach(async () => {
  clock = fakeClock()
  store = await openTestStore({ clock })
  open()
})
afterEach(() => store.closeAndRemove())

const limits = async (...domains: string[]) =>
  (await sizes.limitsFor(nora, domains as Domain[])).map(
    ({ host, largestBytes, domains: of }) => `${host} ${largestBytes} ${of.join('+')}`,
  )
/** Told, and written. */
async function seen(host: string, port: number, largestBytes: number | null) {
  sizes.onSizeSeen({ host, port, largestBytes })
  await store.write('serverSize.expire', { beforeMs: 0 })
}

test('of servers that never said anything nothing is told, and mail for here has no other limit', async () => {
  await seen('mx1.two.test', 2525, 1000)
  expect(await limits('two.test', 'by-relay.test', 'home.test', 'unknown.test')).toEqual([])
})

test('a smarthost counts for all that goes through it, and the smallest of the first servers for a domain', async () => {
  await seen('relay.test', 587, 5000)
  await seen('mx1.two.test', 25, 3000)
  await seen('MX2.two.test', 25, 2000)
  await seen('spare.two.test', 25, 10)
  expect(await limits('by-a.test', 'two.test', 'by-b.test', 'hosted.test')).toEqual([
    'mx2.two.test 2000 two.test',
    'mx1.two.test 3000 hosted.test',
    'relay.test 5000 by-a.test+by-b.test',
  ])
  expect(lookups).toEqual(['two.test MX', 'hosted.test MX'])
})

test('a domain without MX is its own server, and a limit that was lifted is none', async () => {
  await seen('unknown.test', 25, 700)
  expect(await limits('unknown.test')).toEqual(['unknown.test 700 unknown.test'])
  await seen('unknown.test', 25, null)
  expect(await limits('unknown.test')).toEqual([])
})

test('what was said is known after a start, and forgotten when nothing was heard for more than a year', async () => {
  await seen('unknown.test', 25, 700)
  open()
  expect(await limits('unknown.test')).toEqual(['unknown.test 700 unknown.test'])
  clock.advance(401 * 86_400_000)
  open()
  await store.write('serverSize.expire', { beforeMs: 0 })
  expect(await limits('unknown.test')).toEqual([])
})
