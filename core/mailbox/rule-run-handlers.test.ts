import fc from 'fast-check'
import { afterEach, expect, test } from 'vitest'
import { readFields } from '../message/read.ts'
import type { Rule, RuleAction, RuleCondition } from '../model/rule.ts'
import type { RuleDoneView } from '../rpc/rules-contract.ts'
import { PERSON } from '../store/folder.ts'
import { listRuleHistory } from '../store/rule-history.ts'
import { tagsOf } from '../store/tag.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { RuleHouse } from '../../test/support/rule-house.ts'
import { runRules, type RunInput } from './rule-run-handlers.ts'

let house: RuleHouse
afterEach(() => house.close())

async function run(input: RunInput, signal?: AbortSignal) {
  const { store, clock, local, settings, judge } = house
  const deps = {
    store,
    clock,
    local,
    judge,
    settings: () => settings,
    describe: readFields,
    onFolders: () => {},
    onRules: () => {},
  }
  const messages: RuleDoneView[] = []
  let last = { looked: 0, matched: 0, failed: 0, total: null as number | null }
  for await (const page of runRules(deps, input, signal)) {
    messages.push(...page.messages)
    last = page
  }
  return { ...last, messages }
}
const ruleOf = (id: number, condition: RuleCondition, actions: readonly RuleAction[]): Rule => ({
  id,
  name: `r${id}`,
  enabled: true,
  scope: { kind: 'all' },
  condition,
  actions,
})
const inbox = () => house.store.write('folder.ensure', { owner: PERSON, role: 'inbox' })

/* An oracle of its own: what rules of subjects, tags, moves and stars come to, message by message. */
interface World {
  readonly subject: string
  folder: string
  starred: boolean
  readonly tags: Set<number>
}
const LETTERS = ['a', 'b', 'c']
function oracle(rules: readonly Rule[], world: World): boolean {
  let matched = false
  for (const { condition, actions } of rules) {
    const fits = (one: RuleCondition): boolean => {
      const plain =
        one.kind === 'all'
          ? one.of.every(fits)
          : one.kind === 'any'
            ? one.of.some(fits)
            : one.kind === 'tag'
              ? world.tags.has(one.tagId)
              : one.kind === 'subject' && world.subject.includes(one.value)
      return plain !== one.not
    }
    if (!fits(condition)) continue
    matched = true
    for (const action of actions) {
      if (action.do === 'stop') return matched
      if (action.do === 'move' && action.to.kind === 'role') world.folder = action.to.role
      if (action.do === 'delete') world.folder = 'trash'
      if (action.do === 'star' || action.do === 'unstar') world.starred = action.do === 'star'
      if (action.do === 'tag') world.tags.add(action.tagId)
      if (action.do === 'untag') world.tags.delete(action.tagId)
    }
  }
  return matched
}

const leaf: fc.Arbitrary<RuleCondition> = fc.oneof(
  fc.record({
    kind: fc.constant('subject' as const),
    test: fc.constant('contains' as const),
    value: fc.constantFrom(...LETTERS),
    not: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('tag' as const), tagId: fc.constantFrom(1, 2), not: fc.boolean() }),
)
const condition: fc.Arbitrary<RuleCondition> = fc.oneof(
  leaf,
  fc.record({ kind: fc.constantFrom('all', 'any'), of: fc.array(leaf, { maxLength: 3 }), not: fc.boolean() }),
)
const action: fc.Arbitrary<RuleAction> = fc.oneof(
  fc.record({
    do: fc.constant('move' as const),
    to: fc.record({ kind: fc.constant('role' as const), role: fc.constantFrom('inbox', 'archive', 'junk') }),
  }),
  fc.record({ do: fc.constantFrom('tag', 'untag'), tagId: fc.constantFrom(1, 2) }),
  fc.record({ do: fc.constantFrom('star', 'unstar', 'delete', 'stop') }),
)

test('a dry run says what a run then does, and both do what rules say', async () => {
  house = await new RuleHouse(fakeClock()).open()
  for (const name of ['one', 'two']) await house.store.write('tag.save', { name, colour: '#000000', number: null })
  const folderId = await inbox()
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.subarray(LETTERS), { minLength: 1, maxLength: 4 }),
      fc.array(fc.tuple(condition, fc.array(action, { minLength: 1, maxLength: 4 })), { minLength: 1, maxLength: 4 }),
      async (subjects, drawn) => {
        const rules = drawn.map(([one, actions], n) => ruleOf(n + 1, one, actions))
        const ids: number[] = []
        for (const letters of subjects) ids.push(await house.arrive(house.mail({ Subject: letters.join(' ') || 'x' })))
        const input = { rules, over: { kind: 'messages', ids }, sends: false } as const
        const before = ids.map((id) => [house.message(id), tagsOf(house.store.read, id)])
        const tried = await run({ ...input, isDry: true })
        expect(ids.map((id) => [house.message(id), tagsOf(house.store.read, id)])).toEqual(before)
        const done = await run({ ...input, isDry: false })
        expect(done).toEqual(tried)
        const matched = ids.filter((id, n) => {
          const world = {
            subject: subjects[n]!.join(' ') || 'x',
            folder: 'inbox',
            starred: false,
            tags: new Set<number>(),
          }
          const fits = oracle(rules, world)
          const row = house.message(id)!
          expect(house.where(id)!.toLowerCase()).toBe(world.folder)
          expect(row.starred).toBe(world.starred)
          expect(new Set(tagsOf(house.store.read, id))).toEqual(world.tags)
          expect(listRuleHistory(house.store.read, id).length > 0).toBe(fits)
          return fits
        })
        expect(done).toMatchObject({ looked: ids.length, matched: matched.length })
      },
    ),
    { numRuns: 40 },
  )
  expect(folderId).toBeGreaterThan(0)
}, 60_000)

test('a run over a folder looks at each message once, though rules move them, and says how far it is', async () => {
  house = await new RuleHouse(fakeClock()).open()
  const folderId = await inbox()
  for (let n = 0; n < 230; n++) await house.arrive(house.mail({ Subject: n % 2 ? 'odd' : 'even' }))
  const rules = [
    ruleOf(1, { kind: 'subject', test: 'is', value: 'odd', not: false }, [
      { do: 'move', to: { kind: 'role', role: 'archive' } },
    ]),
  ]
  expect(await run({ rules, over: { kind: 'folder', folderId }, sends: false, isDry: false })).toMatchObject({
    looked: 230,
    matched: 115,
    failed: 0,
    total: 230,
  })
  expect(house.inFolder('archive')).toHaveLength(115)
  const again = await run({ rules, over: { kind: 'query', text: 'subject:odd' }, sends: false, isDry: true })
  expect(again).toMatchObject({ looked: 115, matched: 115 })
  expect(again.messages[0]?.steps).toEqual([{ ruleId: 1, text: 'is in Archive already', done: false }])
})

test('a run that is let go of stops between two messages', async () => {
  house = await new RuleHouse(fakeClock()).open()
  const folderId = await inbox()
  for (let n = 0; n < 120; n++) await house.arrive(house.mail())
  const rules = [ruleOf(1, { kind: 'all', of: [], not: false }, [{ do: 'star' }])]
  const { store, clock, local, settings, judge } = house
  const deps = {
    store,
    clock,
    local,
    judge,
    settings: () => settings,
    describe: readFields,
    onFolders: () => {},
    onRules: () => {},
  }
  const gone = new AbortController()
  const pages = runRules(deps, { rules, over: { kind: 'folder', folderId }, sends: false, isDry: false }, gone.signal)
  expect((await pages.next()).value).toMatchObject({ looked: 25, total: 120 })
  gone.abort()
  expect((await pages.next()).done).toBe(true)
  expect(house.inFolder('inbox').filter(({ starred }) => starred)).toHaveLength(25)
})

test('a run that somebody asks for sends on once where that is wanted, and answers nobody', async () => {
  house = await new RuleHouse(fakeClock()).open()
  const id = await house.arrive(house.mail())
  const saved = await house.rule('*', 'redirect:kim@far.test; reply:away')
  const rules = [
    ruleOf(saved, { kind: 'all', of: [], not: false }, [
      { do: 'redirect', to: ['kim@far.test'] },
      { do: 'reply', subject: '', text: 'away', everyDays: 7 },
    ]),
  ]
  const over = { kind: 'messages', ids: [id] } as const
  const steps = async (sends: boolean) =>
    (await run({ rules, over, sends, isDry: false })).messages[0]?.steps.map(({ text }) => text)
  expect(await steps(false)).toEqual([
    'not redirected: nothing is sent in this run',
    'not answered: only mail that arrives is answered',
  ])
  expect(await steps(true)).toEqual(['redirected to kim@far.test', 'not answered: only mail that arrives is answered'])
  expect((await steps(true))?.[0]).toBe('not redirected to kim@far.test: that was done already')
  await house.sorted()
  expect(await house.sent()).toHaveLength(1)
})
