import { beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { completeContacts, learnContacts, listContacts, removeContact, saveContact } from './contact.ts'
import { ensureFolder, PERSON } from './folder.ts'
import { insertMessage } from './message.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 5, 15)
const DAY = 86_400_000

let db: WriteDb
beforeEach(() => void (db = openTestDb().db))

const learn = (address: string, atMs = NOW, name = '') => learnContacts(db, { people: [{ name, address }], atMs }, NOW)
const complete = (prefix: string, limit = 20) => completeContacts(db, { prefix, limit }).map(({ address }) => address)

test('is found by address, domain and any word of the name, whatever case and accents', () => {
  learn('ada@one.test', NOW, 'Ada Lovelace')
  learn('jose@two.test', NOW, 'José Ångström')
  for (const prefix of ['ada', 'ADA@o', 'one.t', 'love', 'Ada Lo'])
    expect(complete(prefix), prefix).toEqual(['ada@one.test'])
  for (const prefix of ['jose a', 'angs', 'Ång', 'josé']) expect(complete(prefix), prefix).toEqual(['jose@two.test'])
  expect(complete('lace')).toEqual([])
  expect(complete('%')).toEqual([])
})

test('of very many that match the likeliest are offered, and never none', () => {
  for (let n = 0; n < 2100; n++) learn(`likely${n}@x.test`, NOW)
  for (let n = 0; n < 600; n++) learn(`person${n}@y.test`, NOW - 300 * DAY - n)
  for (let n = 0; n < 3; n++) learn('person-near@x.test', NOW)
  // One of those that match is among the likeliest of all; of the others some, the likelier first.
  expect(complete('person', 3)[0]).toBe('person-near@x.test')
  expect(complete('person', 8)).toHaveLength(8)
  expect(complete('likely', 8)).toHaveLength(8)
})
test('comes in order of use and recency', () => {
  for (let n = 0; n < 8; n++) learn('often-long-ago@x.test', NOW - 400 * DAY + n)
  for (let n = 0; n < 5; n++) learn('often@x.test', NOW - 10 * DAY + n)
  learn('once@x.test', NOW - 5 * DAY)
  learn('lately@x.test', NOW)
  expect(complete('x.test')).toEqual(['often@x.test', 'lately@x.test', 'once@x.test', 'often-long-ago@x.test'])
  expect(complete('', 2)).toEqual(['often@x.test', 'lately@x.test'])
})

test('has the same place, in whatever order its uses become known', () => {
  const times = [3, 90, 40, 0, 200].map((days) => NOW - days * DAY)
  for (const atMs of times) learn('one@x.test', atMs)
  for (const atMs of times.toReversed()) learn('two@x.test', atMs)
  const [one, two] = db.prepare('SELECT rank_ms AS n FROM contact ORDER BY id').all() as { n: number }[]
  expect(Math.abs((one?.n ?? 0) - (two?.n ?? 0))).toBeLessThan(10)
})

test('is found among very many by the likeliest that match', () => {
  for (let n = 0; n < 700; n++) learn(`a${n}@x.test`, NOW - 300 * DAY + n)
  learn('ada@one.test', NOW)
  const found = complete('a', 3)
  expect(found).toEqual(['ada@one.test', 'a699@x.test', 'a698@x.test'])
})

test('is learnt of people only, not of robots, own addresses, or what is none', () => {
  db.prepare(`INSERT INTO identity (name, local, domain, created_ms) VALUES ('Me', 'me', 'home.test', 0)`).run()
  const none = [
    'me@home.test',
    'no-reply@x.test',
    'MAILER-DAEMON@x.test',
    'list-unsubscribe@x.test',
    'not an address',
    '',
  ]
  for (const address of none) expect(learn(address), address).toEqual([])
  const crowd = Array.from({ length: 51 }, (_, n) => ({ name: '', address: `n${n}@x.test` }))
  expect(learnContacts(db, { people: crowd, atMs: NOW }, NOW)).toEqual([])
  expect(complete('')).toEqual([])
})

test('is one, whatever the case of its address, and has the last name that was used', () => {
  learn('Ada@One.test', NOW - DAY, 'A.')
  learn('ada@one.test', NOW, "'Ada'")
  learn('ada@one.test', NOW - 2 * DAY, 'Older')
  learn('ada@one.test', NOW, 'ada@one.test')
  expect(completeContacts(db, { prefix: 'ada', limit: 9 })).toMatchObject([{ name: 'Ada', uses: 4, lastUsedMs: NOW }])
})

test('written down keeps its name, and is listed by name, page by page', () => {
  learn('bob@two.test', NOW, 'Robert')
  const bob = saveContact(db, { name: ' Bob ', address: 'bob@two.test' })
  expect(bob).toMatchObject({ name: 'Bob', kept: true, uses: 1 })
  learn('bob@two.test', NOW, 'Robert')
  learn('zoe@x.test', NOW, 'Ärmel')
  learn('carol@x.test')
  expect(complete('rob')).toEqual([])
  const [first] = listContacts(db, { after: null, limit: 1 })
  const rest = listContacts(db, { after: first?.id ?? 0, limit: 9 })
  expect([first, ...rest].map((one) => one?.name || one?.address)).toEqual(['Ärmel', 'Bob', 'carol@x.test'])
  expect(() => saveContact(db, { name: '', address: 'BOB@two.test' })).toThrow(
    expect.objectContaining({ code: 'conflict' }),
  )
  expect(() => saveContact(db, { name: '', address: 'bob' })).toThrow(
    expect.objectContaining({ code: 'address.invalid' }),
  )
  removeContact(db, { id: bob.id })
  expect(complete('bob')).toEqual([])
  expect(() => removeContact(db, { id: bob.id })).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('is learnt from what comes into a Sent folder of the person, and from no other folder', () => {
  const user = db.prepare(`INSERT INTO local_user (local, domain, created_ms) VALUES ('kim', 'home.test', 0)`).run()
  const userId = Number(user.lastInsertRowid)
  const folders = [
    ['inbox', ensureFolder(db, PERSON, 'inbox')],
    ['trash', ensureFolder(db, PERSON, 'trash')],
    ['kim', ensureFolder(db, { accountId: null, userId }, 'sent')],
    ['sent', ensureFolder(db, PERSON, 'sent')],
  ] as const
  for (const [who, folderId] of folders) {
    const people = [{ name: '', address: `${who}@x.test` }]
    const text = {
      messageId: '',
      inReplyTo: '',
      references: '',
      subject: '',
      authorName: '',
      authorAddress: '',
      addressees: '',
    }
    const fields = { ...text, preview: '', dateMs: NOW, attachments: 0, body: '', people }
    const body = { raw: Buffer.from('\r\n') }
    insertMessage(db, { folderId, body, prefix: '', removed: [], fields, receivedMs: NOW, seen: true }, NOW)
  }
  expect(complete('')).toEqual(['sent@x.test'])
})
