import { call } from '@orpc/server'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Changes } from '../base/changes.ts'
import { readFields } from '../message/read.ts'
import type { RuleAction, RuleCondition } from '../model/rule.ts'
import { PERSON } from '../store/folder.ts'
import { listTags } from '../store/tag.ts'
import { fakeClock } from '../../test/support/fake-clock.ts'
import { RuleHouse } from '../../test/support/rule-house.ts'
import { ruleHandlers } from './rule-handlers.ts'

let house: RuleHouse
let rules: ReturnType<typeof ruleHandlers>
beforeEach(async () => {
  house = await new RuleHouse(fakeClock()).open()
  const { store, clock, local, settings, judge } = house
  rules = ruleHandlers({
    store,
    clock,
    local,
    judge,
    settings: () => settings,
    describe: readFields,
    changes: new Changes<number>(0),
    onFolders: () => {},
    onRules: () => {},
    onTags: () => {},
  })
})
afterEach(() => house.close())

const always: RuleCondition = { kind: 'all', of: [], not: false }
const saved = (name: string, condition: RuleCondition = always, ...actions: RuleAction[]) => {
  const rule = { name, enabled: true, scope: { kind: 'all' } as const, condition }
  return call(rules.save, { ...rule, actions: actions.length > 0 ? actions : [{ do: 'star' }] })
}
const names = async () => (await call(rules.list, undefined)).map(({ name }) => name)

test('rules are made, changed where they stand, put elsewhere, switched and removed', async () => {
  const one = await saved('one')
  const two = await saved('two')
  const three = await saved('three')
  expect(await names()).toEqual(['one', 'two', 'three'])
  await call(rules.save, { ...two, name: 'second', actions: [{ do: 'read' }] })
  expect((await call(rules.reorder, { id: three.id, to: 0 })).map(({ name }) => name)).toEqual([
    'three',
    'one',
    'second',
  ])
  expect(await call(rules.setEnabled, { id: one.id, enabled: false })).toMatchObject({ enabled: false, name: 'one' })
  await call(rules.remove, { id: one.id })
  expect(await names()).toEqual(['three', 'second'])
  for (const gone of [
    call(rules.remove, { id: one.id }),
    call(rules.setEnabled, { id: one.id, enabled: true }),
    call(rules.reorder, { id: one.id, to: 0 }),
    call(rules.save, { ...one, actions: [...one.actions] }),
  ])
    await expect(gone).rejects.toMatchObject({ code: 'not-found' })
})

test('what can not be is refused, and where that stands is said', async () => {
  const flaw = async (condition: RuleCondition, ...actions: RuleAction[]) => {
    const error: unknown = await saved('x', condition, ...actions).catch((one: unknown) => one)
    expect(error).toMatchObject({ code: 'rule.invalid' })
    return (error as { details: { at: string } }).details.at
  }
  const subject = (test: 'contains' | 'matches', value: string): RuleCondition => ({
    kind: 'subject',
    test,
    value,
    not: false,
  })
  expect(await flaw({ kind: 'any', of: [always, subject('matches', '(')], not: false })).toBe('condition.of.1.value')
  expect(await flaw(subject('contains', ' '))).toBe('condition.value')
  let deep = always
  for (let n = 0; n < 6; n++) deep = { kind: 'all', of: [deep], not: false }
  expect(await flaw(deep)).toBe('condition')
  expect(await flaw({ kind: 'tag', tagId: 99, not: false })).toBe('condition')
  expect(await flaw(always, { do: 'star' }, { do: 'move', to: { kind: 'folder', folderId: 999 } })).toBe('actions.1.to')
  expect(await flaw(always, { do: 'tag', tagId: 99 })).toBe('actions.0.tagId')
  expect(await flaw(always, { do: 'redirect', to: ['kim@far.test', 'nobody'] })).toBe('actions.0.to.1')
  expect(await flaw(always, { do: 'forward', to: ['ME@here.test'], as: 'inline' })).toBe('actions.0.to.0')
  expect(await names()).toEqual([])
})

test('what is typed is read, and the list shows it as it is typed', async () => {
  await house.store.write('tag.save', { name: 'To do', colour: '#000000', number: null })
  const typed = { when: 'from:$@far.test -subject:"a b"', do: 'tag:"To do"; move:archive; stop' }
  const { condition, actions } = await call(rules.parse, typed)
  expect(await saved('typed', condition, ...actions)).toMatchObject({
    conditionText: typed.when,
    actionsText: typed.do,
  })
  await expect(call(rules.parse, { when: '(', do: 'stop' })).rejects.toMatchObject({ code: 'rule.invalid' })
})

test('a rule that is not saved is tried alone, and does nothing', async () => {
  await saved('delete', always, { do: 'delete' })
  const id = await house.arrive(house.mail({ Subject: 'x' }))
  const rule = { scope: { kind: 'all' } as const, condition: always, actions: [{ do: 'star' as const }] }
  const pages = await call(rules.dryRun, { ruleIds: null, over: { kind: 'messages', ids: [id] }, sends: false, rule })
  const said = []
  for await (const page of pages) said.push(...page.messages)
  expect(said).toMatchObject([{ messageId: id, steps: [{ text: 'starred', done: true }] }])
  expect(house.message(id)).toMatchObject({ starred: false })
})

test('the history says why a message is where it is, also when the rule is gone', async () => {
  const { id: ruleId } = await saved('to the archive', always, { do: 'move', to: { kind: 'role', role: 'archive' } })
  const id = await house.arrive(house.mail())
  await house.sorted()
  const told = {
    ruleName: 'to the archive',
    how: 'arrival',
    folderName: 'Inbox',
    steps: [{ text: 'moved to Archive', done: true }],
  }
  expect(await call(rules.history, { messageId: id })).toMatchObject([{ ...told, ruleId }])
  await call(rules.remove, { id: ruleId })
  expect(await call(rules.history, { messageId: id })).toMatchObject([{ ...told, ruleId: null }])
})

test('rules go to another Posthorn as a document: tags are made there, and what is missing is said', async () => {
  await house.store.write('tag.save', { name: 'Work', colour: '#000000', number: null })
  const json = JSON.stringify({
    format: 'posthorn-rules',
    version: 1,
    rules: [
      { name: 'one', when: 'tag:Bills OR tag:work', do: 'tag:Bills; tag:Travel; stop' },
      { name: 'two', enabled: false, for: 'here', when: '*', do: 'move:archive' },
      { name: 'three', for: 'Gmail', when: 'by:Gmail', do: 'move:"Gmail: Lists"' },
    ],
  })
  const taken = await call(rules.import, { json, replace: false })
  expect(listTags(house.store.read).map(({ name }) => name)).toEqual(['Bills', 'Travel', 'Work'])
  expect(taken).toMatchObject([
    { name: 'one', enabled: true, conditionText: 'tag:Bills OR tag:Work', actionsText: 'tag:Bills; tag:Travel; stop' },
    { name: 'two', enabled: false, scope: { kind: 'person' } },
    { name: 'three', enabled: false, trouble: expect.stringContaining('Gmail') },
  ])
  await call(rules.remove, { id: taken[2]!.id })
  const out = (await call(rules.export, undefined)).json
  const again = await call(rules.import, { json: out, replace: true })
  expect(again).toEqual(taken.slice(0, 2).map((rule, n) => ({ ...rule, id: again[n]?.id })))
  expect((await call(rules.export, undefined)).json).toBe(out)
})

for (const [what, json, at] of [
  ['no JSON', '{', ''],
  ['another format', '{"format":"sieve"}', 'format'],
  ['a later version', '{"format":"posthorn-rules","version":2}', 'version'],
  ['no rules', '{"format":"posthorn-rules","version":1}', 'rules'],
  [
    'a rule without a name',
    '{"format":"posthorn-rules","version":1,"rules":[{"when":"*","do":"stop"}]}',
    'rules.0.name',
  ],
  [
    'what it does not know',
    '{"format":"posthorn-rules","version":1,"rules":[{"name":"a","when":"*","do":"stop","if":1}]}',
    'rules.0.if',
  ],
  [
    'a wrong condition',
    '{"format":"posthorn-rules","version":1,"rules":[{"name":"a","when":"(","do":"stop"}]}',
    'rules.0.when',
  ],
  [
    'a wrong pattern',
    '{"format":"posthorn-rules","version":1,"rules":[{"name":"a","when":"subject:~(","do":"stop"}]}',
    'rules.0.when',
  ],
] as const)
  test(`a document with ${what} is refused whole`, async () => {
    await expect(call(rules.import, { json, replace: true })).rejects.toMatchObject({
      code: 'rule.invalid',
      details: { at },
    })
    expect(await names()).toEqual([])
  })

test('an account trusts one server or none', async () => {
  const { id: accountId } = await house.store.write('account.add', {
    name: 'Far',
    host: 'mail.far.test',
    port: 995,
    tls: 'implicit',
    user: 'me@far.test',
    keep: true,
    everySeconds: 300,
    secret: { login: 'password', value: Buffer.from('x') },
  })
  await call(rules.setTrusted, { accountId, authservId: 'mx.far.test' })
  await call(rules.setTrusted, { accountId, authservId: 'mx2.far.test' })
  expect(await call(rules.trusted, undefined)).toEqual([{ accountId, authservId: 'mx2.far.test' }])
  await call(rules.setTrusted, { accountId, authservId: null })
  expect(await call(rules.trusted, undefined)).toEqual([])
  await expect(call(rules.setTrusted, { accountId: 99, authservId: null })).rejects.toMatchObject({ code: 'not-found' })
})

test('what a message says of itself reaches its rules: lists, contacts, attachments, what a trusted server found', async () => {
  const { id: accountId } = await house.store.write('account.add', {
    name: 'Far',
    host: 'mail.far.test',
    port: 995,
    tls: 'implicit',
    user: 'me@far.test',
    keep: true,
    everySeconds: 300,
    secret: { login: 'password', value: Buffer.from('x') },
  })
  await call(rules.setTrusted, { accountId, authservId: 'mx.far.test' })
  await house.store.write('contact.save', { name: '', address: 'ada@far.test' })
  const conditions = [
    'auth.dmarc:pass',
    'is:contact',
    'has:attachment',
    'list:dev.far.test',
    'body:needle',
    'header.x-a:"grüße"',
    'by:Far',
    'from:ada',
    'larger:100',
    'newer:1d',
  ]
  for (const text of conditions) {
    await house.store.write('tag.save', { name: text, colour: '#000000', number: null })
    await house.rule(text, `tag:"${text.replaceAll('"', '\\"')}"`)
  }
  const raw = Buffer.from(
    house
      .mail(
        {
          'Authentication-Results': 'mx.far.test; dmarc=pass',
          'List-Id': 'Developers <dev.far.test>',
          'X-A': '=?utf-8?q?Gr=C3=BC=C3=9Fe?=',
          'MIME-Version': '1.0',
          'Content-Type': 'multipart/mixed; boundary=b',
        },
        '--b\n\na needle\n--b\nContent-Type: application/pdf; name=a.pdf\n\nx\n--b--',
      )
      .replaceAll('\n', '\r\n'),
  )
  const arrivals = [{ uidl: 'a', body: { raw }, fields: readFields(raw), receivedMs: house.clock.nowMs() }]
  const { messageIds } = await house.store.write('pop3.keep', {
    accountId,
    from: { host: 'mail.far.test', user: 'me@far.test' },
    arrivals,
  })
  await house.sorted()
  expect(house.told(messageIds[0]!).toSorted()).toEqual(conditions.map((text) => `tagged ${text}`).toSorted())
  const plain = await house.arrive('From: eve@evil.test\n\nx\n', PERSON)
  await house.sorted()
  expect(house.told(plain)).toEqual(['tagged newer:1d'])
  // The same mail as a person imports it into the account's folder: by its place it is of the account, by its fields of nobody.
  const imported = await house.arrive(raw.toString(), { accountId, userId: null })
  await house.sorted()
  const said: string[] = []
  const over = { kind: 'messages' as const, ids: [imported, messageIds[0]!] }
  for await (const page of await call(rules.dryRun, { ruleIds: null, over, sends: false }))
    for (const { messageId, steps } of page.messages)
      for (const { text } of steps) if (messageId === imported) said.push(text)
  expect(said).toContain('tagged by:Far')
  expect(said).not.toContain('tagged auth.dmarc:pass')
})
