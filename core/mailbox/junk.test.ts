import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { RuleHouse } from '../../test/support/rule-house.ts'
import { Changes } from '../base/changes.ts'
import { readFields } from '../message/read.ts'
import { junkLesson, junkLessons } from '../store/junk.ts'
import { junkHandlers } from './junk-handlers.ts'
import { JunkSchool } from './junk.ts'

let house: RuleHouse
let school: JunkSchool
let junk: ReturnType<typeof junkHandlers>
let seen: PromiseWithResolvers<void>
beforeEach(async () => {
  house = await new RuleHouse(fakeClock()).open()
  const changes = new Changes<number>(0)
  seen = Promise.withResolvers<void>()
  changes.watch(() => seen.resolve())
  const deps = { store: house.store, describe: readFields, changes, log: (line: string) => house.logged.push(line) }
  school = new JunkSchool(deps)
  junk = junkHandlers(deps, school)
})
afterEach(async () => {
  await school.close()
  await house.close()
})

const offer = (n: number) =>
  house.mail({ Subject: `offer ${n}`, From: 'Shop <shop@cheap.test>' }, `cheap watches now, limited price, number ${n}`)
const letter = (n: number) =>
  house.mail(
    { Subject: `monday ${n}`, From: 'Ada <ada@harbour.test>' },
    `the keys of the boathouse, minutes and weather, item ${n}`,
  )
/** A person moves mail, as the window does. */
async function move(ids: readonly number[], role: 'junk' | 'inbox' | 'archive' | 'trash') {
  school.sorted(ids, { role })
  await house.store.write('message.move', { ids: [...ids], to: { role } })
}
async function teach(count = 12) {
  const offers: number[] = []
  const letters: number[] = []
  for (let n = 0; n < count; n++) {
    offers.push(await house.arrive(offer(n)))
    letters.push(await house.arrive(letter(n)))
  }
  await move(offers, 'junk')
  await move(letters, 'archive')
  await school.idle()
  return { offers, letters }
}

test('what a person puts among the junk, and what they archive, teaches what new mail is; a rule acts on it', async () => {
  await teach()
  expect(junkLessons(house.store.read)).toEqual({ junk: 12, good: 12 })
  await house.rule('is:junk -is:contact', 'move:junk; stop')
  const bad = await house.arrive(offer(99))
  const good = await house.arrive(letter(99))
  await house.sorted()
  expect([house.where(bad), house.where(good)]).toEqual(['Junk', 'Inbox'])
  expect(house.told(bad)).toEqual(['moved to Junk'])
  const verdict = await call(junk.why, { id: bad })
  expect(verdict?.score).toBeGreaterThan(0.95)
  expect(verdict?.telling.map(({ word }) => word)).toContain('cheap')
  expect(verdict?.learntAs).toBeNull()
  await seen.promise
})

test('before enough was sorted nothing looks like junk, and a contact never does by the rule that is offered', async () => {
  await teach(9)
  await house.rule('is:junk -is:contact', 'move:junk; stop')
  const early = await house.arrive(offer(50))
  await house.sorted()
  expect(house.where(early)).toBe('Inbox')
  expect(await call(junk.why, { id: early })).toBeNull()
  await teach(3)
  await house.store.write('contact.save', { name: 'Shop', address: 'shop@cheap.test' })
  const known = await house.arrive(offer(51))
  await house.sorted()
  expect(house.where(known)).toBe('Inbox')
})

test('who changes their mind teaches the opposite, and the same lesson counts once', async () => {
  const { offers } = await teach()
  const [first = 0] = offers
  await move([first], 'inbox')
  await school.idle()
  expect(junkLessons(house.store.read)).toEqual({ junk: 11, good: 13 })
  expect(junkLesson(house.store.read, first)).toBe(false)
  await move([first], 'archive')
  await school.idle()
  expect(junkLessons(house.store.read)).toEqual({ junk: 11, good: 13 })
  // What is thrown away says nothing.
  await move([first], 'trash')
  await school.idle()
  expect(junkLessons(house.store.read)).toEqual({ junk: 11, good: 13 })
})

test('what lies in the folders can be learnt at once, and all can be forgotten', async () => {
  for (let n = 0; n < 3; n++) {
    const bad = await house.arrive(offer(n))
    await house.store.write('message.move', { ids: [bad], to: { role: 'junk' } })
    const good = await house.arrive(letter(n))
    await house.store.write('message.seen', { ids: [good], seen: n > 0 })
  }
  expect(await call(junk.learnFolders, undefined)).toEqual({ junk: 3, good: 2, fewest: 10 })
  expect(await call(junk.learnFolders, undefined), 'again').toEqual({ junk: 3, good: 2, fewest: 10 })
  expect(await call(junk.forget, undefined)).toEqual({ junk: 0, good: 0, fewest: 10 })
  await expect(call(junk.why, { id: 4711 })).rejects.toMatchObject({ code: 'not-found' })
})

test('a message that cannot be read teaches nothing, is named, and does not hold up the others', async () => {
  const bad = await house.arrive(offer(1))
  const next = await house.arrive(offer(2))
  const damaged = house.message(bad)?.view.blobId
  const openBody: RuleHouse['store']['openBody'] = (view) => {
    if (view.blobId === damaged) throw new Error('it is damaged')
    return house.store.openBody(view)
  }
  const store = new Proxy(house.store, { get: (of, key) => (key === 'openBody' ? openBody : Reflect.get(of, key)) })
  await school.close()
  school = new JunkSchool({
    store,
    describe: readFields,
    changes: new Changes<number>(),
    log: (line) => house.logged.push(line),
  })
  await move([bad, next], 'junk')
  await school.idle()
  expect(junkLessons(house.store.read)).toEqual({ junk: 1, good: 0 })
  expect(house.logged).toEqual([`learn from message ${bad}: it is damaged`])
})
