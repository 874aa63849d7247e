import { beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { findContact, learnContacts, listContacts, removeContact, saveContact } from './contact.ts'
import {
  importContacts,
  listContactGroups,
  removeContactGroup,
  saveContactGroup,
  setContactGroup,
} from './contact-group.ts'
import type { WriteDb } from './types.ts'

let db: WriteDb
beforeEach(() => void (db = openTestDb().db))

const person = (name: string, addresses: string[], more: object = {}) => ({
  name,
  addresses,
  organisation: '',
  phone: '',
  note: '',
  groups: [] as string[],
  ...more,
})
const of = (groupId: number) => listContacts(db, { after: null, limit: 200, groupId }).map(({ address }) => address)

test('a group has its contacts by name, page by page, loses those that are forgotten, and goes without them', () => {
  const ids = ['zoe', 'ada', 'bob'].map((name) => saveContact(db, { name, address: `${name}@x.test` }).id)
  const crew = saveContactGroup(db, { name: ' Crew ' })
  setContactGroup(db, { groupId: crew.id, ids: [...ids, 999], member: true })
  setContactGroup(db, { groupId: crew.id, ids, member: true })
  expect(listContactGroups(db)).toEqual([{ id: crew.id, name: 'Crew', members: 3 }])
  const [first] = listContacts(db, { after: null, limit: 1, groupId: crew.id })
  expect(first?.groups).toEqual([crew.id])
  const rest = listContacts(db, { after: first?.id ?? 0, limit: 9, groupId: crew.id })
  expect([first, ...rest].map((one) => one?.name)).toEqual(['ada', 'bob', 'zoe'])
  setContactGroup(db, { groupId: crew.id, ids: [ids[0]!], member: false })
  removeContact(db, { id: ids[1]! })
  expect(of(crew.id)).toEqual(['bob@x.test'])
  removeContactGroup(db, { id: crew.id })
  expect([listContactGroups(db), findContact(db, 'bob@x.test')?.groups]).toEqual([[], []])
  for (const act of [
    () => removeContactGroup(db, { id: crew.id }),
    () => setContactGroup(db, { groupId: crew.id, ids, member: true }),
    () => saveContactGroup(db, { id: crew.id, name: 'x' }),
  ])
    expect(act).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('a group’s name is its own, whatever its case and accents, and can be changed', () => {
  const one = saveContactGroup(db, { name: 'Café' })
  expect(() => saveContactGroup(db, { name: 'CAFE' })).toThrow(expect.objectContaining({ code: 'conflict' }))
  expect(saveContactGroup(db, { id: one.id, name: 'cafe' }).name).toBe('cafe')
})

test('what is imported is written down with all its addresses and groups; twice the same file changes nothing', () => {
  const people = [
    person('Ada', ['ada@one.test', 'ADA@two.test'], {
      organisation: 'Engines',
      phone: '1',
      note: 'n',
      groups: ['Poets'],
    }),
    person('Bob', ['bob'], { groups: ['Nobody'] }),
  ]
  expect(importContacts(db, { people })).toMatchObject({ added: 2, changed: 0, same: 0, invalid: ['bob'] })
  expect(findContact(db, 'ada@two.test')).toMatchObject({ name: 'Ada', kept: true, organisation: 'Engines', note: 'n' })
  expect(listContactGroups(db)).toMatchObject([{ name: 'Poets', members: 2 }])
  expect(importContacts(db, { people })).toMatchObject({ added: 0, changed: 0, same: 2 })
})

test('an import fills in what is not known, and never what somebody wrote down here', () => {
  learnContacts(db, { people: [{ name: 'A.', address: 'ada@one.test' }], atMs: 5 }, 10)
  saveContact(db, { name: 'My Bob', address: 'bob@x.test', details: { organisation: 'Mine', phone: '', note: '' } })
  const people = [
    person('Ada', ['ada@one.test']),
    person('Robert', ['bob@x.test'], { organisation: 'Theirs', phone: '7' }),
  ]
  expect(importContacts(db, { people })).toMatchObject({ added: 0, changed: 2 })
  expect(findContact(db, 'ada@one.test')).toMatchObject({ name: 'Ada', kept: true, uses: 1 })
  expect(findContact(db, 'bob@x.test')).toMatchObject({ name: 'My Bob', organisation: 'Mine', phone: '7' })
})

test('past 500 groups those that are left out cost no more than to be looked for', () => {
  const names = (n: number) => Array.from({ length: 50 }, (_, at) => `group ${n} ${at}`)
  const people = Array.from({ length: 1200 }, (_, n) => person('', [`p${n}@x.test`], { groups: names(n) }))
  importContacts(db, { people })
  expect(listContactGroups(db)).toHaveLength(500)
}, 8000)
