import { beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { ensureFolder, PERSON } from './folder.ts'
import { getMessage } from './message-list.ts'
import { dropMessage, insertMessage } from './message.ts'
import { findTag, listTags, MOST_TAGS, removeTag, saveTag, setTags, tagsOf } from './tag.ts'
import type { WriteDb } from './types.ts'

let db: WriteDb
let inbox: number
beforeEach(() => {
  db = openTestDb().db
  inbox = ensureFolder(db, PERSON, 'inbox')
})
const colour = '#ff0000'

function message(): number {
  const text = {
    messageId: '',
    inReplyTo: '',
    references: '',
    subject: '',
    authorName: '',
    authorAddress: '',
    addressees: '',
  }
  const fields = { ...text, preview: '', dateMs: 1, attachments: 0, body: '' }
  const body = { raw: Buffer.from('\r\n') }
  return insertMessage(db, { folderId: inbox, body, prefix: '', removed: [], fields, receivedMs: 1, seen: true }, 1)
}

test('has a name and a number that no other has', () => {
  const work = saveTag(db, { name: 'Work', colour, number: 2 })
  const home = saveTag(db, { name: 'home', colour, number: null })
  for (const clash of [
    { name: 'WORK', number: null },
    { name: 'new', number: 2 },
    { name: 'Home', number: 2, id: work.id },
  ])
    expect(() => saveTag(db, { colour, ...clash })).toThrow(expect.objectContaining({ code: 'conflict' }))
  saveTag(db, { id: home.id, name: 'Home', colour: '#00ff00', number: 1 })
  expect(listTags(db).map(({ name }) => name)).toEqual(['Home', 'Work'])
  expect(findTag(db, ' hOmE')).toMatchObject({ id: home.id, colour: '#00ff00' })
  expect(() => saveTag(db, { id: 99, name: 'x', colour, number: null })).toThrow(
    expect.objectContaining({ code: 'not-found' }),
  )
})

test('is on messages until it is taken off or gone, and each change is seen', () => {
  const [a, b] = [saveTag(db, { name: 'b', colour, number: 1 }).id, saveTag(db, { name: 'a', colour, number: 2 }).id]
  const id = message()
  const before = getMessage(db, id)?.change ?? 0
  expect(setTags(db, { ids: [id, id, 12345], add: [b, a], remove: [] })).toEqual([inbox])
  expect(tagsOf(db, id)).toEqual([a, b])
  expect(getMessage(db, id)?.change).toBeGreaterThan(before)
  expect(setTags(db, { ids: [id], add: [a], remove: [] })).toEqual([])
  setTags(db, { ids: [id], add: [], remove: [a, 77] })
  expect(tagsOf(db, id)).toEqual([b])
  removeTag(db, { id: b })
  expect(tagsOf(db, id)).toEqual([])
  expect(() => setTags(db, { ids: [id], add: [b], remove: [] })).toThrow(expect.objectContaining({ code: 'not-found' }))
})

test('goes with its message', () => {
  const tag = saveTag(db, { name: 'a', colour, number: null }).id
  const id = message()
  setTags(db, { ids: [id], add: [tag], remove: [] })
  const row = getMessage(db, id)
  if (row) dropMessage(db, row)
  expect(db.prepare('SELECT count(*) AS n FROM message_tag').get()).toEqual({ n: 0 })
})

test('there are no more than a hundred', () => {
  for (let n = 0; n < MOST_TAGS; n++) saveTag(db, { name: `t${n}`, colour, number: null })
  expect(() => saveTag(db, { name: 'one more', colour, number: null })).toThrow(
    expect.objectContaining({ code: 'conflict' }),
  )
})
