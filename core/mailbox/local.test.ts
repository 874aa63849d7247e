import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { formatMailbox, parseDomain, parseMailbox, type Domain } from '../model/address.ts'
import { aliasOperations, type AliasSide } from '../store/alias.ts'
import { PERSON } from '../store/folder.ts'
import { saveIdentity } from '../store/identity.ts'
import { openLocalMail } from './local.ts'

const DOMAINS = ['home.example', 'one.example', 'two.example']

function house(domains: readonly string[] = DOMAINS, aliases: readonly (readonly [string, string])[] = []) {
  const { db } = openTestDb()
  const add = db.prepare('INSERT INTO local_user (id, local, domain, created_ms, quota_bytes) VALUES (?, ?, ?, 0, ?)')
  add.run(1, 'ada', 'home.example', null)
  add.run(2, 'ada+lists', 'home.example', null)
  add.run(3, 'eve', 'elsewhere.example', null)
  add.run(4, 'bob', 'home.example', 1000)
  saveIdentity(db, { name: 'Me', mailbox: parseMailbox('me@home.example')!, routeId: null }, 0)
  for (const [patterns, targets] of aliases)
    aliasOperations['alias.set'](db, { id: null, patterns: sides(patterns), targets: sides(targets) }, 0)
  const settings = { 'local.domains': domains, 'local.quotaBytes': 0 }
  const mail = openLocalMail({ read: db, settings: () => settings })
  const where = (address: string, sizeBytes = 0) => {
    const { mailboxes, forwards, refusal } = mail.find(parseMailbox(address)!, sizeBytes)
    return [
      ...mailboxes.map(({ userId }) => (userId === null ? 'person' : `user ${userId}`)),
      ...forwards.map(formatMailbox),
      ...(refusal ? [`${refusal.code} ${refusal.enhanced}`] : []),
    ].join(', ')
  }
  return { ...mail, db, settings, where }
}
const sides = (text: string): AliasSide[] =>
  text.split(', ').map((side) => {
    const [local = '', domain = ''] = side.split('@')
    return { local, domain: domain as Domain }
  })

test('a domain is local only because the settings say so', () => {
  const { isLocal } = house(['Home.Example', 'b\u00fccher.example'])
  expect(isLocal(parseDomain('home.example')!)).toBe(true)
  expect(isLocal(parseDomain('xn--bcher-kva.example')!)).toBe(true)
  expect(isLocal(parseDomain('elsewhere.example')!)).toBe(false)
  expect(isLocal(parseDomain('sub.home.example')!)).toBe(false)
})

test('finds the mailbox of a local address whatever its case, and by what stands before a plus', () => {
  const { where } = house()
  expect(where('ada@home.example')).toBe('user 1')
  expect(where('ADA@home.example')).toBe('user 1')
  expect(where('Ada+shop@home.example')).toBe('user 1')
  expect(where('ada+lists@home.example')).toBe('user 2')
  expect(where('nobody@home.example')).toBe('550 5.1.1')
  expect(where('+ada@home.example')).toBe('550 5.1.1')
  expect(where('ada@one.example')).toBe('550 5.1.1')
})

test('gives identities and the postmaster to the person who runs Posthorn', () => {
  const { where, find } = house()
  expect(find(parseMailbox('me@home.example')!).mailboxes).toEqual([PERSON])
  expect(where('me+x@home.example')).toBe('person')
  expect(where('PostMaster@two.example')).toBe('person')
})

test('one line maps many domains to few mailboxes by local part', () => {
  const { where } = house(DOMAINS, [['*@one.example, *@two.example', '*@home.example']])
  expect(where('ada@one.example')).toBe('user 1')
  expect(where('Ada+shop@two.example')).toBe('user 1')
  expect(where('ada+lists@two.example')).toBe('user 2')
  expect(where('nobody@one.example')).toBe('550 5.1.1')
  expect(where('postmaster@one.example')).toBe('person')
})

test('a catch-all takes only what nobody else has', () => {
  const { where } = house(DOMAINS, [
    ['*@one.example', 'ada@home.example'],
    ['sales@one.example', 'bob@home.example'],
    ['*@home.example', 'me@home.example'],
  ])
  expect(where('whoever@one.example')).toBe('user 1')
  expect(where('Sales@one.example')).toBe('user 4')
  expect(where('sales+x@one.example')).toBe('user 4')
  expect(where('bob@home.example')).toBe('user 4')
  expect(where('nobody@home.example')).toBe('person')
  expect(where('nobody@two.example')).toBe('550 5.1.1')
})

test('an alias of a local part holds in every local domain, and no further', () => {
  const { where } = house(DOMAINS, [['abuse@*', 'me@home.example'], ['*@*', 'ada@home.example']]) // prettier-ignore
  expect(where('abuse@one.example')).toBe('person')
  expect(where('Abuse+1@two.example')).toBe('person')
  expect(where('x@two.example')).toBe('user 1')
  expect(where('abuse@elsewhere.example')).toBe('abuse@elsewhere.example')
})

test('an alias reaches each of its targets once, here and elsewhere', () => {
  const { where } = house(DOMAINS, [
    ['team@home.example', 'ada@home.example, ada+x@home.example, all@home.example, kay@far.example'],
    ['all@home.example', 'ada@home.example, bob@home.example, kay@far.example, nobody@home.example'],
  ])
  expect(where('team@home.example')).toBe('user 1, user 4, kay@far.example')
})

test('an alias that names its own address keeps a copy there', () => {
  const { where } = house(DOMAINS, [['ada@home.example', 'ada@home.example, ada@far.example']])
  expect(where('ada@home.example')).toBe('user 1, ada@far.example')
  expect(where('ada+x@home.example')).toBe('user 1, ada@far.example')
})

test('stops aliases that go in a circle, are too deep or too many', () => {
  const chain = Array.from({ length: 12 }, (_, i): [string, string] => [`c${i}@one.example`, `c${i + 1}@one.example`])
  const wide = Array.from({ length: 20 }, (_, i) => `w${i}@one.example`)
  const { where, explain } = house(DOMAINS, [
    ['a@one.example', 'b@one.example'],
    ['b@one.example', 'a@one.example, ada@home.example'],
    ['x@two.example', 'y@two.example'],
    ['y@two.example', 'x@two.example'],
    ...chain.slice(0, 11),
    ['c11@one.example', 'ada@home.example'],
    ['wide@one.example', wide.join(', ')],
    ...wide.map((one, i): [string, string] => [one, wide.map((_, j) => `z${i}.${j}@two.example`).join(', ')]),
  ])
  expect(where('a@one.example')).toBe('user 1')
  expect(where('x@two.example')).toBe('550 5.4.6')
  expect(where('c2@one.example')).toBe('user 1')
  expect(where('c1@one.example')).toBe('550 5.4.6')
  expect(where('wide@one.example')).toBe('451 4.3.5')
  expect(explain(parseMailbox('a@one.example')!).path.map(({ depth, address }) => `${depth} ${address}`)).toEqual([
    '0 a@one.example',
    '1 b@one.example',
    '2 a@one.example',
    '2 ada@home.example',
  ])
})

test('turns mail away for a mailbox that is full, also behind an alias', () => {
  const { db, settings, where } = house(DOMAINS, [['team@home.example', 'ada@home.example, bob@home.example']])
  db.prepare(`INSERT INTO folder (user_id, role, name, size_bytes) VALUES (4, 'inbox', 'Inbox', 900)`).run()
  db.prepare(`INSERT INTO folder (user_id, role, name, size_bytes) VALUES (1, 'inbox', 'Inbox', 900)`).run()
  expect(where('bob@home.example', 100)).toBe('user 4')
  expect(where('bob@home.example', 101)).toBe('user 4, 452 4.2.2')
  expect(where('team@home.example', 101)).toBe('user 1, user 4, 452 4.2.2')
  expect(where('ada@home.example', 10_000)).toBe('user 1')
  settings['local.quotaBytes'] = 500
  expect(where('ada@home.example')).toBe('user 1, 452 4.2.2')
  expect(where('me@home.example', 10_000)).toBe('person')
})

test('tells whom a list stands for, by its address or its name alone, and knows nothing of mailboxes', () => {
  const { expand } = house(DOMAINS, [
    ['team@one.example', 'ada@home.example, kay@far.example'],
    ['abuse@*', '*@home.example'],
  ])
  const members = (name: string) => expand(name)?.map(formatMailbox)
  expect(members('team@one.example')).toEqual(['ada@home.example', 'kay@far.example'])
  expect(members('Team')).toEqual(['ada@home.example', 'kay@far.example'])
  expect(members('abuse@two.example')).toEqual(['abuse@home.example'])
  expect(members('ada@home.example')).toBeUndefined()
  expect(members('team@far.example')).toBeUndefined()
  expect(members('no such list')).toBeUndefined()
})
