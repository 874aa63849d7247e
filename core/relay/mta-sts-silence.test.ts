import { expect, test } from 'vitest'
import { fakeClock } from '../../test/support/fake-clock.ts'
import type { KnownPolicy } from '../model/tls-domain.ts'
import type { Lookup, Resolver } from '../net/dns.ts'
import { defaultSettings } from '../settings.ts'
import { MtaSts } from './mta-sts.ts'

const MINUTE = 60_000

/** MTA-STS over name servers that say what `say` says, and say it only when `answer` is called. */
function open(known?: KnownPolicy) {
  const clock = fakeClock()
  const questions: (() => void)[] = []
  const world = { said: 'TIMEOUT' as 'TIMEOUT' | 'NODATA' }
  const resolver = {
    lookup: (name: string, type: 'TXT') =>
      new Promise<Lookup<'TXT'>>((resolve) => {
        const trace = { name, type, canonical: name, server: '', ttlSeconds: 0, cached: false }
        questions.push(() => resolve({ ...trace, kind: world.said }))
      }),
  } as Resolver
  const sts = new MtaSts({
    settings: defaultSettings,
    resolver,
    get: () => Promise.reject(new Error('nobody is asked for a policy')),
    clock,
    known: (domain) => known && { domain, policy: known, error: null, checkedMs: null, verified: null, last: null },
    putPolicy: async () => {},
    putError: async () => {},
  })
  const answer = () => {
    for (const one of questions.splice(0)) one()
  }
  return { clock, world, sts, questions, answer }
}

test('name servers that drop the question are waited for once in five minutes, and asked behind the scenes meanwhile', async () => {
  const { clock, world, sts, questions, answer } = open()
  const first = sts.find('dest.test')
  answer()
  expect(await first).toMatchObject({ isUnsure: true })
  expect(await sts.find('dest.test')).toMatchObject({ isUnsure: true })
  expect(questions).toHaveLength(0)
  clock.advance(MINUTE)
  // Nobody waits for this question, and it is put once.
  await Promise.all([sts.find('dest.test'), sts.find('dest.test')])
  expect(questions).toHaveLength(1)
  world.said = 'NODATA'
  answer()
  await new Promise((resolve) => setImmediate(resolve))
  const again = sts.find('dest.test')
  answer()
  expect((await again).isUnsure).toBeUndefined()
  expect(questions).toHaveLength(0)
})

test('after five minutes of silence a session waits for them again', async () => {
  const { clock, sts, questions, answer } = open()
  const first = sts.find('dest.test')
  answer()
  await first
  clock.advance(5 * MINUTE)
  const again = sts.find('dest.test')
  expect(questions).toHaveLength(1)
  answer()
  await again
})

test('a policy that is kept binds while its name servers are silent', async () => {
  const clock = fakeClock()
  const kept: KnownPolicy = {
    mode: 'enforce',
    id: '1',
    mx: ['mx.dest.test'],
    fetchedMs: clock.nowMs(),
    expiresMs: clock.nowMs() + 60 * MINUTE,
  }
  const { sts, answer } = open(kept)
  const first = sts.find('dest.test')
  answer()
  for (const found of [await first, await sts.find('dest.test')]) expect(found).toMatchObject({ policy: kept })
})
