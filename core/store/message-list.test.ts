import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { ensureFolder, PERSON } from './folder.ts'
import { listByMessageId, listPage, type Cursor } from './message-list.ts'
import { insertMessage } from './message.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 0, 15)

function insert(db: WriteDb, folderId: number, dateMs: number, text = 'x'): number {
  const fields = {
    messageId: `<${dateMs}@example.org>`,
    inReplyTo: '',
    references: '',
    subject: 's',
    authorName: '',
    authorAddress: 'a@example.org',
    addressees: '',
    preview: '',
    dateMs,
    attachments: 0,
    body: text,
  }
  const body = { raw: Buffer.from('\r\nx') }
  return insertMessage(db, { folderId, body, prefix: '', removed: [], fields, receivedMs: dateMs, seen: true }, NOW)
}
/** All pages, one after another. */
function walk(db: WriteDb, folderId: number | null, limit: number): Cursor[] {
  const all: Cursor[] = []
  let after: Cursor | null = null
  for (;;) {
    const page = listPage(db, folderId, after, limit)
    all.push(...page.rows.map(({ id, dateMs }) => ({ id, dateMs })))
    after = all.at(-1) ?? null
    if (!page.more) return all
  }
}

test('pages through 10,000 messages, many of one second, newest first, none twice and none left out', () => {
  const { db } = openTestDb()
  const first = ensureFolder(db, PERSON, 'inbox')
  db.prepare(`INSERT INTO local_user (id, local, domain, created_ms) VALUES (1, 'ada', 'example.org', 0)`).run()
  const second = ensureFolder(db, { accountId: null, userId: 1 }, 'inbox')
  const archive = ensureFolder(db, PERSON, 'archive')
  const made: (Cursor & { folderId: number })[] = []
  db.prepare('BEGIN').run()
  for (let i = 0; i < 10_000; i++) {
    const folderId = [first, first, second, archive][i % 4]!
    const dateMs = NOW - ((i * 7919) % 500) * 1000
    made.push({ id: insert(db, folderId, dateMs), dateMs, folderId })
  }
  db.prepare('COMMIT').run()
  const sorted = made.toSorted((a, b) => b.dateMs - a.dateMs || b.id - a.id)
  const keys = (of: typeof made) => of.map(({ id, dateMs }) => ({ id, dateMs }))
  expect(walk(db, first, 199)).toEqual(keys(sorted.filter((row) => row.folderId === first)))
  expect(walk(db, null, 200)).toEqual(keys(sorted.filter((row) => row.folderId !== archive)))
  expect(listPage(db, null, null, 1).total).toBe(7500)
})

test('says that no more follows when a page ends exactly', () => {
  const { db } = openTestDb()
  const inbox = ensureFolder(db, PERSON, 'inbox')
  insert(db, inbox, NOW)
  insert(db, inbox, NOW - 1000)
  expect(listPage(db, inbox, null, 2)).toMatchObject({ more: false, total: 2 })
  expect(listPage(db, inbox, null, 1)).toMatchObject({ more: true, total: 2 })
  expect(listPage(db, 77, null, 1)).toEqual({ rows: [], total: 0, more: false })
})

test('finds copies by Message-ID', () => {
  const { db } = openTestDb()
  const inbox = ensureFolder(db, PERSON, 'inbox')
  const ids = [insert(db, inbox, NOW), insert(db, inbox, NOW)]
  expect(listByMessageId(db, `<${NOW}@example.org>`, 10).map((row) => row.id)).toEqual(ids)
})
