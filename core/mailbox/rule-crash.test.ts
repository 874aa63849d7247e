import { afterEach, expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { listRuleHistory } from '../store/rule-history.ts'
import { listTodo } from '../store/rule-todo.ts'
import { listRules } from '../store/rule.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { RuleHouse, sharedJudge } from '../../test/support/rule-house.ts'
import type { TestStore } from '../../test/support/store.ts'
import { RuleJudge } from './rule-judge.ts'

let house: RuleHouse
afterEach(() => house.close())

/** A store whose writer is never heard of again after so many answers: the last question was carried out, or was not. */
function stopping(store: TestStore, answers: number, isCarriedOut: boolean, onStop: () => void): TestStore {
  let left = answers
  const write: TestStore['write'] = async (name, args) => {
    if (left-- > 0) return store.write(name, args)
    if (left === -1 && isCarriedOut) await store.write(name, args)
    onStop()
    return new Promise(() => {})
  }
  return { ...store, write }
}

for (const isCarriedOut of [false, true])
  test(`stopped ${isCarriedOut ? 'behind' : 'before'} any of its steps, all is done once when it begins again`, async () => {
    let answers = 0
    for (let hasStopped = true; hasStopped; answers++) {
      house = await new RuleHouse(fakeClock()).open()
      await house.rule('*', 'star; copy:archive; redirect:kim@far.test; forward:lee@far.test; reply:away; erase; stop')
      const id = await house.arrive(house.mail())
      let onStop = () => {}
      const stopped = new Promise<'stopped'>((resolve) => (onStop = () => resolve('stopped')))
      const dying = stopping(house.store, answers, isCarriedOut, onStop)
      house.begin(() => dying)
      house.accept = house.acceptInto(dying)
      const dead = house.runner
      dead.wake()
      hasStopped = (await Promise.race([stopped, dead.idle()])) === 'stopped'

      house.begin()
      house.accept = house.acceptInto(house.store)
      await house.sorted()
      expect(
        (await house.sent()).map(({ to }) => to),
        `after ${answers} answers`,
      ).toEqual([['kim@far.test'], ['lee@far.test'], ['ada@far.test']])
      expect(house.inFolder('archive')).toHaveLength(1)
      expect(house.message(id)).toBeUndefined()
      expect(listRules(house.store.read)[0]).toMatchObject({ matches: 1, trouble: null })
      expect(listRuleHistory(house.store.read, id)).toHaveLength(1)
      if (hasStopped) await house.store.closeAndRemove()
    }
    // What is decided, three pieces of mail, and the removal; the last time nothing was stopped.
    expect(answers).toBe(6)
  })

test('mail whose judging ends the thread is tried again, then left where it came with words in its history', async () => {
  const clock = fakeClock()
  house = await new RuleHouse(clock).open()
  await house.rule('*', 'delete')
  const judge = new RuleJudge(clock)
  judge.judge = () => Promise.reject(new Error('the thread died'))
  house.begin((store) => store, judge)
  const id = await house.arrive(house.mail())
  for (let tries = 0; tries < 3; tries++) {
    await house.sorted()
    clock.advance(300_000)
  }
  await house.sorted()
  expect(house.where(id)).toBe('Inbox')
  expect(house.told(id)).toEqual(['not sorted: the thread died'])
  expect(listTodo(house.store.read, Number.MAX_SAFE_INTEGER, 10)).toEqual([])
})

test('a thread that takes too long is ended, and the next message has a new one', async () => {
  house = await new RuleHouse(systemClock).open()
  const rule = { id: 1, name: '', enabled: true, scope: { kind: 'all' }, actions: [] } as const
  const pattern = { ...rule, condition: { kind: 'subject', test: 'matches', value: '(x+x+)+y', not: false } as const }
  // Ends before any answer can come.
  const judge = new RuleJudge(systemClock, undefined, 0)
  const raw = () => Buffer.from(`Subject: ${'x'.repeat(1000)}\r\n\r\n`)
  const known = {
    sizeBytes: 1,
    ageMs: 0,
    isContact: false,
    isJunk: false,
    attachments: 0,
    source: { kind: 'person' },
    trusted: null,
  } as const
  await expect(judge.judge([pattern], { raw: raw(), known, tags: [] })).rejects.toMatchObject({ code: 'thread.died' })
  await judge.close()
  expect(await sharedJudge.judge([pattern], { raw: raw(), known, tags: [] })).toMatchObject({ fitting: [] })
})
