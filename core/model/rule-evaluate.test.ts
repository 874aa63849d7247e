import { expect, test } from 'vitest'
import { decide, holds, isInScope, type MailFacts } from './rule-evaluate.ts'
import { depthOf, type Rule, type RuleAction, type RuleCondition, type RuleSource } from './rule.ts'

const DAY_MS = 86_400_000
const fields: Readonly<Record<string, readonly string[]>> = {
  'x-spam': ['YES, score 12'],
  'received': ['from a', 'from b'],
}
const people = {
  from: [{ name: 'Zoë Ångström', address: 'zoe@Far.test' }],
  to: [{ name: '', address: 'me@here.test' }],
  cc: [{ name: 'Team', address: 'team@far.test' }],
}
const facts: MailFacts = {
  header: (name) => fields[name] ?? [],
  people: (field) => people[field],
  subject: 'Re:  Invoice 77 for März',
  body: () => 'first line\nDear all,\nbye',
  listId: 'Announcements <announce.lists.far.test>',
  isList: true,
  auth: new Map([['dkim', ['fail', 'pass']]]),
  sizeBytes: 1000,
  ageMs: 10 * DAY_MS,
  isContact: true,
  isJunk: false,
  attachments: 1,
  source: { kind: 'account', accountId: 4 },
}
const finds = (pattern: string, text: string) => new RegExp(pattern, 'im').test(text)
type Bare<T> = T extends unknown ? Omit<T, 'not'> : never
const is = (condition: Bare<RuleCondition>, tags: readonly number[] = [3]) => {
  const held = holds({ ...condition, not: false } as RuleCondition, facts, new Set(tags), finds)
  // Turned round it says the opposite, always.
  expect(holds({ ...condition, not: true } as RuleCondition, facts, new Set(tags), finds)).toBe(!held)
  return held
}

test('a header field is any of that name, whatever its case', () => {
  const spam = (test: 'is' | 'contains' | 'begins' | 'ends' | 'matches' | 'exists', value: string) =>
    is({ kind: 'header', name: 'X-Spam', test, value })
  expect(spam('exists', '')).toBe(true)
  expect(spam('is', 'yes, SCORE 12')).toBe(true)
  expect(spam('is', 'yes')).toBe(false)
  expect(spam('contains', 'score')).toBe(true)
  expect(spam('contains', 'ham')).toBe(false)
  expect(spam('begins', 'yes')).toBe(true)
  expect(spam('begins', 'score')).toBe(false)
  expect(spam('ends', '12')).toBe(true)
  expect(spam('ends', '1')).toBe(false)
  expect(spam('matches', 'score \\d+$')).toBe(true)
  expect(spam('matches', '^score')).toBe(false)
  expect(is({ kind: 'header', name: 'X-Other', test: 'exists', value: '' })).toBe(false)
  expect(is({ kind: 'header', name: 'X-Other', test: 'contains', value: '' })).toBe(false)
  expect(is({ kind: 'header', name: 'Received', test: 'is', value: 'from b' })).toBe(true)
})

test('names and addresses are compared without case and accents, each by itself', () => {
  const address = (
    field: 'from' | 'to' | 'cc' | 'recipient' | 'any',
    test: 'is' | 'contains' | 'ends',
    value: string,
  ) => is({ kind: 'address', field, test, value })
  expect(address('from', 'is', 'ZOE@far.TEST')).toBe(true)
  expect(address('from', 'is', 'zoe angstrom')).toBe(true)
  expect(address('from', 'is', 'Zoë Ångström <zoe@far.test>')).toBe(true)
  expect(address('from', 'ends', '@far.test')).toBe(true)
  expect(address('from', 'contains', 'me@here')).toBe(false)
  expect(address('to', 'is', 'me@here.test')).toBe(true)
  expect(address('to', 'contains', 'team')).toBe(false)
  expect(address('cc', 'contains', 'team')).toBe(true)
  expect(address('recipient', 'contains', 'team')).toBe(true)
  expect(address('recipient', 'contains', 'zoe')).toBe(false)
  expect(address('any', 'contains', 'zoe')).toBe(true)
})

test('subject and text are compared; runs of spaces are one', () => {
  expect(is({ kind: 'subject', test: 'begins', value: 're: invoice' })).toBe(true)
  expect(is({ kind: 'subject', test: 'ends', value: 'marz' })).toBe(true)
  expect(is({ kind: 'subject', test: 'is', value: 'invoice' })).toBe(false)
  expect(is({ kind: 'body', test: 'contains', value: 'line dear' })).toBe(true)
  expect(is({ kind: 'body', test: 'matches', value: '^dear all,$' })).toBe(true)
  expect(is({ kind: 'body', test: 'contains', value: 'invoice' })).toBe(false)
})

test('a mailing list is known by its name, by the whole field, or by being one', () => {
  expect(is({ kind: 'list', test: 'is', value: 'announce.lists.far.test' })).toBe(true)
  expect(is({ kind: 'list', test: 'begins', value: 'announcements' })).toBe(true)
  expect(is({ kind: 'list', test: 'is', value: 'far.test' })).toBe(false)
  expect(is({ kind: 'list', test: 'exists', value: '' })).toBe(true)
  const none = { ...facts, listId: null, isList: false }
  const exists = { kind: 'list', test: 'exists', value: '', not: false } as const
  expect(holds(exists, none, new Set(), finds)).toBe(false)
  expect(holds({ ...exists, test: 'contains' }, none, new Set(), finds)).toBe(false)
})

test('size and age have their bounds outside', () => {
  expect(is({ kind: 'size', than: 'larger', bytes: 999 })).toBe(true)
  expect(is({ kind: 'size', than: 'larger', bytes: 1000 })).toBe(false)
  expect(is({ kind: 'size', than: 'smaller', bytes: 1001 })).toBe(true)
  expect(is({ kind: 'size', than: 'smaller', bytes: 1000 })).toBe(false)
  expect(is({ kind: 'age', than: 'older', days: 9 })).toBe(true)
  expect(is({ kind: 'age', than: 'older', days: 10 })).toBe(false)
  expect(is({ kind: 'age', than: 'newer', days: 11 })).toBe(true)
  expect(is({ kind: 'age', than: 'newer', days: 10 })).toBe(false)
})

test('contacts, attachments, tags, where it came from and what a server found out', () => {
  expect(is({ kind: 'contact' })).toBe(true)
  expect(is({ kind: 'attachment' })).toBe(true)
  expect(is({ kind: 'tag', tagId: 3 })).toBe(true)
  expect(is({ kind: 'tag', tagId: 4 })).toBe(false)
  expect(is({ kind: 'came-by', source: { kind: 'account', accountId: 4 } })).toBe(true)
  expect(is({ kind: 'came-by', source: { kind: 'account', accountId: 5 } })).toBe(false)
  expect(is({ kind: 'came-by', source: { kind: 'person' } })).toBe(false)
  expect(is({ kind: 'auth', method: 'dkim', result: 'pass' })).toBe(true)
  expect(is({ kind: 'auth', method: 'dkim', result: 'none' })).toBe(false)
  expect(is({ kind: 'auth', method: 'spf', result: 'pass' })).toBe(false)
  const bare = { ...facts, isContact: false, attachments: 0 }
  expect(holds({ kind: 'contact', not: false }, bare, new Set(), finds)).toBe(false)
  expect(holds({ kind: 'attachment', not: false }, bare, new Set(), finds)).toBe(false)
})

test('conditions stand in conditions: all of none holds, any of none does not', () => {
  const yes: RuleCondition = { kind: 'contact', not: false }
  const no: RuleCondition = { kind: 'contact', not: true }
  expect(is({ kind: 'all', of: [] })).toBe(true)
  expect(is({ kind: 'any', of: [] })).toBe(false)
  expect(is({ kind: 'all', of: [yes, no] })).toBe(false)
  expect(
    is({ kind: 'any', of: [no, { kind: 'all', of: [yes, { kind: 'any', of: [no, yes], not: false }], not: false }] }),
  ).toBe(true)
  expect(depthOf({ kind: 'any', of: [yes, { kind: 'all', of: [yes], not: false }], not: false })).toBe(3)
})

const rule = (id: number, condition: RuleCondition, ...actions: RuleAction[]): Rule => ({
  id,
  name: '',
  enabled: true,
  scope: { kind: 'all' },
  condition,
  actions,
})
const always: RuleCondition = { kind: 'all', of: [], not: false }
const tagged = (tagId: number): RuleCondition => ({ kind: 'tag', tagId, not: false })

test('a rule sees the tags that those before it put on and took off, and stop ends the asking', () => {
  const rules = [
    rule(1, tagged(1), { do: 'star' }),
    rule(2, always, { do: 'tag', tagId: 1 }, { do: 'untag', tagId: 3 }),
    rule(3, tagged(1), { do: 'stop' }),
    rule(4, always, { do: 'star' }),
  ]
  expect(decide(rules, facts, [3], finds)).toEqual([2, 3])
  expect(decide([rule(1, always, { do: 'erase' }), rule(2, always, { do: 'star' })], facts, [], finds)).toEqual([1])
})

test('a rule for all is for accounts and the own mailbox, and one for an account for that alone', () => {
  const sources: RuleSource[] = [
    { kind: 'person' },
    { kind: 'account', accountId: 1 },
    { kind: 'account', accountId: 2 },
    { kind: 'user', userId: 1 },
  ]
  expect(sources.map((source) => isInScope({ kind: 'all' }, source))).toEqual([true, true, true, false])
  expect(sources.map((source) => isInScope({ kind: 'account', accountId: 1 }, source))).toEqual([
    false,
    true,
    false,
    false,
  ])
  expect(sources.map((source) => isInScope({ kind: 'user', userId: 1 }, source))).toEqual([false, false, false, true])
  expect(sources.map((source) => isInScope({ kind: 'person' }, source))).toEqual([true, false, false, false])
})
