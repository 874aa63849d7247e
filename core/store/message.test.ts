import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { ensureFolder, findFolder, getFolder, listFolders, PERSON, type FolderRole } from './folder.ts'
import { found } from '../../test/support/found.ts'
import { getMessage, listPage } from './message-list.ts'
import {
  dropMessagesIn,
  insertMessage,
  moveMessages,
  removeMessages,
  setSeen,
  setStarred,
  type NewMessage,
} from './message.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 0, 15)

function fields(more: Partial<MessageFields> = {}): MessageFields {
  return {
    messageId: '<1@example.org>',
    inReplyTo: '',
    references: '',
    subject: 'a subject',
    authorName: 'Ada',
    authorAddress: 'ada@example.org',
    addressees: 'Bob <bob@example.net>',
    preview: 'preview',
    dateMs: NOW,
    attachments: 0,
    body: 'the body',
    ...more,
  }
}
function message(folderId: number, more: Partial<NewMessage> = {}): NewMessage {
  const raw = Buffer.from('Subject: a subject\r\n\r\nthe body\r\n')
  return { folderId, body: { raw }, prefix: '', removed: [], fields: fields(), receivedMs: NOW, seen: false, ...more }
}
function count(db: WriteDb, sql: string): number {
  return (db.prepare(sql).get() as { n: number }).n
}

test('keeps bytes, row, text and counts together', () => {
  const { db } = openTestDb()
  const inbox = ensureFolder(db, PERSON, 'inbox')
  const prefix = 'Delivered-To: a@b\r\n'
  const id = insertMessage(db, message(inbox, { prefix, removed: [[0, 20]] }), NOW)
  expect(getFolder(db, inbox)).toMatchObject({ total: 1, unread: 1, name: 'Inbox', role: 'inbox' })
  expect(getMessage(db, id)).toMatchObject({
    subject: 'a subject',
    seen: false,
    starred: false,
    view: { prefix, removed: [[0, 20]], sizeBytes: prefix.length + 32 - 20 },
  })
  expect(found(db, 'body')).toEqual([id])
  expect(count(db, `SELECT count(*) AS n FROM blob WHERE state = 'whole'`)).toBe(1)
})

test('dates a message without a date by its arrival', () => {
  const { db } = openTestDb()
  const id = insertMessage(db, message(ensureFolder(db, PERSON, 'inbox'), { fields: fields({ dateMs: null }) }), NOW)
  expect(getMessage(db, id)?.dateMs).toBe(NOW)
})

test('refuses a folder or a blob that is gone, in words', () => {
  const { db } = openTestDb()
  expect(() => insertMessage(db, message(99), NOW)).toThrow('find folder 99: there is none')
  const inbox = ensureFolder(db, PERSON, 'inbox')
  expect(() => insertMessage(db, message(inbox, { body: { blobId: 7 } }), NOW)).toThrow('blob 7 is gone')
})

test('makes a folder once for each owner and role', () => {
  const { db } = openTestDb()
  db.prepare(`INSERT INTO local_user (id, local, domain, created_ms) VALUES (5, 'ada', 'example.org', 0)`).run()
  const own = ensureFolder(db, PERSON, 'inbox')
  const hers = ensureFolder(db, { accountId: null, userId: 5 }, 'inbox')
  expect(ensureFolder(db, PERSON, 'inbox')).toBe(own)
  expect(hers).not.toBe(own)
  expect(listFolders(db).map((folder) => [folder.id, folder.ownerName])).toEqual([
    [own, null],
    [hers, 'ada@example.org'],
  ])
})

test('moves to the Trash of the owner, then removes for good with text and bytes', () => {
  const { db } = openTestDb()
  db.prepare(`INSERT INTO local_user (id, local, domain, created_ms) VALUES (5, 'ada', 'example.org', 0)`).run()
  const owner = { accountId: null, userId: 5 }
  const inbox = ensureFolder(db, owner, 'inbox')
  const id = insertMessage(db, message(inbox), NOW)
  const trash = removeMessages(db, [id]).find((folder) => folder !== inbox)
  expect(findFolder(db, owner, 'trash')).toMatchObject({ id: trash, total: 1, unread: 1 })
  removeMessages(db, [id])
  expect(getMessage(db, id)).toBeUndefined()
  expect(findFolder(db, owner, 'trash')).toMatchObject({ total: 0, unread: 0 })
  expect(found(db, 'body')).toEqual([])
  expect(count(db, 'SELECT count(*) AS n FROM blob_chunk')).toBe(0)
})

test('keeps shared bytes until the last message that has them is gone', () => {
  const { db } = openTestDb()
  const trash = ensureFolder(db, PERSON, 'trash')
  const first = insertMessage(db, message(trash), NOW)
  const { blobId } = getMessage(db, first)!
  const second = insertMessage(db, message(trash, { body: { blobId } }), NOW)
  removeMessages(db, [first])
  expect(count(db, 'SELECT count(*) AS n FROM blob')).toBe(1)
  removeMessages(db, [second])
  expect(count(db, 'SELECT count(*) AS n FROM blob')).toBe(0)
})

test('remembers that a fetched message was removed, so that it is not fetched again', () => {
  const { db } = openTestDb()
  db.prepare(
    `INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
    VALUES (1, 'pop3', 'a', 'h', 110, 'none', 'u', 1, 60, 0, 0)`,
  ).run()
  const id = insertMessage(db, message(ensureFolder(db, PERSON, 'trash')), NOW)
  db.prepare(`INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (1, 'x', ?, 0)`).run(id)
  removeMessages(db, [id])
  expect(db.prepare('SELECT uidl, message_id FROM pop3_seen').all()).toEqual([{ uidl: 'x', message_id: null }])
})

test('empties a folder in bites', () => {
  const { db } = openTestDb()
  const inbox = ensureFolder(db, PERSON, 'inbox')
  for (let i = 0; i < 5; i++) insertMessage(db, message(inbox), NOW)
  expect(dropMessagesIn(db, inbox, 3)).toBe(3)
  expect(dropMessagesIn(db, inbox, 3)).toBe(2)
  expect(getFolder(db, inbox)).toMatchObject({ total: 0, unread: 0 })
})

type Step =
  | { do: 'insert'; folder: number; seen: boolean }
  | { do: 'seen' | 'starred'; which: number[]; value: boolean }
  | { do: 'move'; which: number[]; folder: number }
  | { do: 'remove'; which: number[] }
const which = fc.array(fc.nat(30), { maxLength: 6 })
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ do: fc.constant('insert' as const), folder: fc.nat(3), seen: fc.boolean() }),
  fc.record({ do: fc.constantFrom('seen' as const, 'starred' as const), which, value: fc.boolean() }),
  fc.record({ do: fc.constant('move' as const), which, folder: fc.nat(3) }),
  fc.record({ do: fc.constant('remove' as const), which }),
)

test('counts are what the rows say, after any order of changes', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { db } = openTestDb()
      const roles: Exclude<FolderRole, 'other'>[] = ['inbox', 'archive', 'trash', 'sent']
      const folders = roles.map((role) => ensureFolder(db, PERSON, role))
      const model = new Map<number, { folder: number; seen: boolean; starred: boolean }>()
      const ids: number[] = []
      for (const one of steps) {
        const named = 'which' in one ? one.which.map((n) => ids[n] ?? 12_345) : []
        const there = new Set(named.filter((id) => model.has(id)))
        if (one.do === 'insert') {
          const id = insertMessage(db, message(folders[one.folder]!, { seen: one.seen }), NOW)
          ids.push(id)
          model.set(id, { folder: one.folder, seen: one.seen, starred: false })
        } else if (one.do === 'seen') {
          setSeen(db, named, one.value)
          for (const id of there) model.get(id)!.seen = one.value
        } else if (one.do === 'starred') {
          setStarred(db, named, one.value)
          for (const id of there) model.get(id)!.starred = one.value
        } else if (one.do === 'move') {
          moveMessages(db, named, { folderId: folders[one.folder]! })
          for (const id of there) model.get(id)!.folder = one.folder
        } else {
          removeMessages(db, named)
          for (const id of there) {
            if (model.get(id)!.folder === 2) model.delete(id)
            else model.get(id)!.folder = 2
          }
        }
      }
      folders.forEach((id, n) => {
        const inIt = [...model.values()].filter((row) => row.folder === n)
        expect(getFolder(db, id)).toMatchObject({ total: inIt.length, unread: inIt.filter((row) => !row.seen).length })
        expect(listPage(db, id, null, 200).rows).toHaveLength(inIt.length)
      })
      for (const [id, row] of model)
        expect(getMessage(db, id)).toMatchObject({
          folderId: folders[row.folder],
          seen: row.seen,
          starred: row.starred,
        })
      expect(found(db, 'body').toSorted()).toEqual([...model.keys()].toSorted())
      expect(count(db, 'SELECT count(*) AS n FROM blob')).toBe(model.size)
    }),
    { numRuns: 60 },
  )
})
