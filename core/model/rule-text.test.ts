import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatActions, parseActions } from './rule-action-text.ts'
import { formatCondition, parseCondition } from './rule-text.ts'
import type { RuleNames } from './rule-words.ts'
import { AUTH_METHODS, AUTH_RESULTS, TEXT_TESTS, type RuleAction, type RuleCondition } from './rule.ts'

const TAGS = ['Work', 'To do', 'a"b', '-x', 'OR']
const FOLDERS = ['Lists', 'Work: Old mail', 'x;y']
/** Names whose ids are their places. */
const names: RuleNames = {
  tagId: (name) => (TAGS.includes(name) ? TAGS.indexOf(name) + 1 : undefined),
  tagName: (id) => TAGS[id - 1],
  folderId: (name) => (FOLDERS.includes(name) ? FOLDERS.indexOf(name) + 1 : undefined),
  folderName: (id) => FOLDERS[id - 1],
  source: (name) =>
    name === 'here' ? { kind: 'person' } : name === 'Gmail (me)' ? { kind: 'account', accountId: 1 } : undefined,
  sourceName: (source) => (source.kind === 'person' ? 'here' : 'Gmail (me)'),
}
const condition = (text: string) => {
  const parsed = parseCondition(text, names)
  if (parsed.error !== null) throw new Error(parsed.error.reason)
  return parsed.condition
}
const actions = (text: string) => {
  const parsed = parseActions(text, names)
  if (parsed.error !== null) throw new Error(parsed.error.reason)
  return parsed.actions
}

test('a condition is read as the search box reads a query', () => {
  const from = (value: string, not = false) => ({ kind: 'address', field: 'from', test: 'contains', value, not })
  expect(condition('')).toEqual({ kind: 'all', of: [], not: false })
  expect(condition('*')).toEqual({ kind: 'all', of: [], not: false })
  expect(condition('from:ada')).toEqual(from('ada'))
  expect(condition('FROM:ada AND -from:bob')).toEqual({ kind: 'all', of: [from('ada'), from('bob', true)], not: false })
  expect(condition('from:a OR NOT (from:b from:c)')).toEqual({
    kind: 'any',
    not: false,
    of: [from('a'), { kind: 'all', of: [from('b'), from('c')], not: true }],
  })
  expect(condition('subject:="a b"')).toEqual({ kind: 'subject', test: 'is', value: 'a b', not: false })
  expect(condition('subject:^Re:')).toEqual({ kind: 'subject', test: 'begins', value: 'Re:', not: false })
  expect(condition('any:$@x.example')).toMatchObject({ field: 'any', test: 'ends', value: '@x.example' })
  expect(condition('subject:~"a\\d+ \\"x\\""')).toMatchObject({ test: 'matches', value: 'a\\d+ "x"' })
  expect(condition('subject:"=x"')).toMatchObject({ test: 'contains', value: '=x' })
  expect(condition('header.X-Spam-Flag:yes')).toMatchObject({ kind: 'header', name: 'X-Spam-Flag', value: 'yes' })
  expect(condition('header.x-a:* list:*')).toMatchObject({ of: [{ test: 'exists' }, { kind: 'list', test: 'exists' }] })
  expect(condition('larger:10k smaller:1M')).toMatchObject({ of: [{ bytes: 10_240 }, { bytes: 1_048_576 }] })
  expect(condition('older:2w newer:3')).toMatchObject({
    of: [
      { than: 'older', days: 14 },
      { than: 'newer', days: 3 },
    ],
  })
  expect(condition('is:contact has:attachment auth.dmarc:pass')).toMatchObject({
    of: [{ kind: 'contact' }, { kind: 'attachment' }, { kind: 'auth', method: 'dmarc', result: 'pass' }],
  })
  expect(condition('by:"Gmail (me)" tag:"To do"')).toMatchObject({
    of: [{ source: { kind: 'account', accountId: 1 } }, { kind: 'tag', tagId: 2 }],
  })
  expect(condition('hello')).toMatchObject({
    kind: 'any',
    of: [{ kind: 'subject' }, { kind: 'address' }, { kind: 'body' }],
  })
})

for (const [text, offset, reason] of [
  ['from:', 0, 'right behind the colon'],
  ['from:a (from:b', 7, 'not closed'],
  ['from:a)', 6, 'closes none'],
  ['OR from:a', 0, 'nothing here'],
  ['from:a OR', 9, 'nothing here'],
  ['AND from:a', 0, 'before it'],
  ['from:a NOT', 7, 'behind it'],
  ['- from:a', 0, 'right behind'],
  ['subject:"a', 8, 'not closed'],
  ['from:a nosuch:b', 7, 'no field “nosuch”'],
  ['tag:None', 0, 'no tag “None”'],
  ['by:nobody', 0, 'no account'],
  ['larger:many', 0, 'a number of bytes'],
  ['older:soon', 0, 'days or weeks'],
  ['auth.dmarc:maybe', 0, 'one of pass'],
  ['auth.iprev:pass', 0, 'spf, dkim'],
  ['is:unread', 0, 'knows contact'],
  ['('.repeat(10) + 'from:a' + ')'.repeat(10), 6, 'too many brackets'],
] as const)
  test(`says where ${text.slice(0, 20)} is no condition, and why`, () => {
    const { error } = parseCondition(text, names)
    expect(error).toMatchObject({ offset, reason: expect.stringContaining(reason) })
  })

test('actions are read one after the other', () => {
  expect(actions('move:Archive; copy:"Work: Old mail"\ntag:"To do"; star ; stop')).toEqual([
    { do: 'move', to: { kind: 'role', role: 'archive' } },
    { do: 'copy', to: { kind: 'folder', folderId: 2 } },
    { do: 'tag', tagId: 2 },
    { do: 'star' },
    { do: 'stop' },
  ])
  expect(
    actions('forward:a@x.example,b@x.example; forward-inline:a@x.example; redirect:"a@x.example, b@x.example"'),
  ).toEqual([
    { do: 'forward', to: ['a@x.example', 'b@x.example'], as: 'attachment' },
    { do: 'forward', to: ['a@x.example'], as: 'inline' },
    { do: 'redirect', to: ['a@x.example', 'b@x.example'] },
  ])
  expect(actions('reply:"I am away; sorry" subject:"Away" every:14d')).toEqual([
    { do: 'reply', text: 'I am away; sorry', subject: 'Away', everyDays: 14 },
  ])
  expect(actions('reply:away')).toEqual([{ do: 'reply', text: 'away', subject: '', everyDays: 7 }])
})

for (const [text, reason] of [
  ['', 'has to do something'],
  ['move', 'needs a folder'],
  ['move:', 'a folder right behind'],
  ['move:Nowhere', 'no folder “Nowhere”'],
  ['tag:Nothing', 'no tag “Nothing”'],
  ['forward:nobody', '“nobody” is no address'],
  ['star read', '“;” between'],
  ['explode', 'no such action'],
  ['reply:x every:0d', '1 to 365 days'],
  [Array(21).fill('star').join(';'), 'at most 20'],
] as const)
  test(`says why ${text.slice(0, 20) || 'nothing'} is no list of actions`, () => {
    expect(parseActions(text, names).error?.reason).toContain(reason)
  })

/* What is written is read back: judged by what it means, by an evaluation that knows nothing of the text. */
const value = fc.oneof(
  fc.string({ minLength: 1, maxLength: 8 }),
  fc.constantFrom('a b', '"', '\\', '\\"', 'x\\', '=x', '*', '-', 'OR', '(', ')', '~', '$^'),
)
const leaf: fc.Arbitrary<RuleCondition> = fc.oneof(
  fc.record({
    kind: fc.constant('address' as const),
    field: fc.constantFrom('from', 'to', 'cc', 'recipient', 'any'),
    test: fc.constantFrom(...TEXT_TESTS),
    value,
    not: fc.boolean(),
  }),
  fc.record({
    kind: fc.constantFrom('subject', 'body'),
    test: fc.constantFrom(...TEXT_TESTS),
    value,
    not: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('header' as const),
    name: fc.constantFrom('X-A', 'x.b-c', 'List-Id'),
    test: fc.constantFrom(...TEXT_TESTS),
    value,
    not: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('size' as const),
    than: fc.constantFrom('larger', 'smaller'),
    bytes: fc.nat(),
    not: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant('auth' as const),
    method: fc.constantFrom(...AUTH_METHODS),
    result: fc.constantFrom(...AUTH_RESULTS),
    not: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('tag' as const), tagId: fc.integer({ min: 1, max: TAGS.length }), not: fc.boolean() }),
  fc.record({ kind: fc.constantFrom('contact', 'attachment'), not: fc.boolean() }),
) as fc.Arbitrary<RuleCondition>
const { tree } = fc.letrec<{ tree: RuleCondition }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 2, withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('all' as const, 'any' as const),
      of: fc.array(tie('tree'), { minLength: 1, maxLength: 3 }),
      not: fc.boolean(),
    }),
  ),
}))
/** What a condition means, as a set of worlds: each leaf is true in some of them, by its own words. */
const means = (one: RuleCondition, world: number): boolean => {
  const plain = (() => {
    if (one.kind === 'all') return one.of.every((inner) => means(inner, world))
    if (one.kind === 'any') return one.of.some((inner) => means(inner, world))
    let sum = world * 31
    for (const c of JSON.stringify({ ...one, not: false }, Object.keys(one).toSorted()))
      sum = (sum * 33 + (c.codePointAt(0) ?? 0)) % 65_521
    return sum % 2 === 0
  })()
  return plain !== one.not
}

test('what is written of a condition means the same when it is read', () => {
  fc.assert(
    fc.property(tree, (one) => {
      const back = condition(formatCondition(one, names))
      for (let world = 0; world < 16; world++) expect(means(back, world)).toBe(means(one, world))
    }),
    { numRuns: 300 },
  )
})

test('what is written of actions is read back', () => {
  const to = fc.array(fc.constantFrom('a@x.example', 'b+c@y.example', '"q x"@z.example'), {
    minLength: 1,
    maxLength: 3,
  })
  const action: fc.Arbitrary<RuleAction> = fc.oneof(
    fc.record({
      do: fc.constantFrom('move' as const, 'copy' as const),
      to: fc.oneof(
        fc.record({ kind: fc.constant('role' as const), role: fc.constantFrom('inbox', 'archive', 'trash', 'junk') }),
        fc.record({ kind: fc.constant('folder' as const), folderId: fc.integer({ min: 1, max: FOLDERS.length }) }),
      ),
    }),
    fc.record({ do: fc.constantFrom('tag', 'untag'), tagId: fc.integer({ min: 1, max: TAGS.length }) }),
    fc.record({ do: fc.constant('forward' as const), to, as: fc.constantFrom('attachment', 'inline') }),
    fc.record({ do: fc.constant('redirect' as const), to }),
    fc.record({
      do: fc.constant('reply' as const),
      subject: fc.oneof(
        fc.constant(''),
        value.filter((text) => text.trim() !== ''),
      ),
      text: value.filter((text) => text.trim() !== ''),
      everyDays: fc.integer({ min: 1, max: 365 }),
    }),
    fc.record({ do: fc.constantFrom('star', 'unstar', 'read', 'unread', 'delete', 'erase', 'stop') }),
  ) as fc.Arbitrary<RuleAction>
  fc.assert(
    fc.property(fc.array(action, { minLength: 1, maxLength: 5 }), (list) => {
      expect(actions(formatActions(list, names))).toEqual(list)
    }),
    { numRuns: 300 },
  )
})

test('anything at all is read without a fault', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 40 }), (text) => {
      parseCondition(text, names)
      parseActions(text, names)
    }),
    { numRuns: 100 },
  )
})
