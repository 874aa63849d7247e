import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { Domain } from '../model/address.ts'
import { dropUnusedBlob } from './blob.ts'
import { findFolder, PERSON } from './folder.ts'
import { queueOperations, type Kept, type NewEntry, type Settlement } from './queue-change.ts'
import { queueControlOperations } from './queue-control.ts'
import { queueRecoverOperations } from './queue-recover.ts'
import { getEntry, listRecipients } from './queue.ts'
import { countDue, listDue, nextDueMs, queueCounts } from './queue-due.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 0, 1)
const START = { ms: 0, id: 0 }
const asked = { who: 'window', why: '' } as const
const at = (local: string, domain: string) => ({ local, domain: domain as Domain })

function submit(db: WriteDb, to: NewEntry['to'], more: Partial<NewEntry> = {}) {
  const raw = Buffer.from('Bcc: x\r\nSubject: s\r\n\r\nbody\r\n')
  const entry: NewEntry = {
    body: { raw },
    prefix: 'Date: now\r\n',
    removed: [[0, 8]],
    from: at('ada', 'author.example'),
    to,
    userId: null,
    origin: 'submission',
    messageId: '<1@author.example>',
    subject: 's',
    is8bit: false,
    needsUtf8: false,
    kept: [],
    ...more,
  }
  return queueOperations['queue.submit'](db, entry, NOW)
}
function begin(db: WriteDb, recipientIds: readonly number[]) {
  return queueOperations['queue.startAttempt'](db, { recipientIds }, NOW).started
}
function settlement(
  recipientId: number,
  attemptId: number,
  state: Settlement['state'],
  nextAttemptMs: number | null = null,
) {
  return { recipientId, attemptId, state, counts: true, nextAttemptMs, lastReply: null, cause: null, mx: null }
}
function settle(
  db: WriteDb,
  entryId: number,
  settled: readonly Settlement[],
  kept: readonly Kept[] = [],
  warning: Kept | null = null,
) {
  return queueOperations['queue.settle'](db, { entryId, sessionId: null, settled, kept, warning }, NOW)
}
const report: Kept = {
  owner: 'sender',
  role: 'inbox',
  message: {
    body: { raw: Buffer.from('report') },
    prefix: '',
    removed: [],
    receivedMs: NOW,
    seen: false,
    fields: {
      messageId: '',
      inReplyTo: '',
      references: '',
      subject: 'report',
      authorName: '',
      authorAddress: '',
      addressees: '',
      preview: '',
      dateMs: NOW,
      attachments: 0,
      body: '',
    },
  },
}

test('accepts a message with its view and one row a recipient, all due at once', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example'), at('b', 'two.example')])
  expect(getEntry(db, entryId)).toMatchObject({
    view: { prefix: 'Date: now\r\n', removed: [[0, 8]], sizeBytes: 31 },
    doneMs: null,
  })
  expect(listDue(db, NOW, START, 10).map(({ id }) => id)).toEqual(recipientIds)
  expect(listDue(db, NOW - 1, START, 10)).toEqual([])
  expect(queueCounts(db)).toEqual({ waiting: 2, nextAttemptMs: NOW })
})

test('finds what is due by its index, however much waits or is done', () => {
  const { db, connection } = openTestDb()
  const plan = connection
    .prepare(
      `EXPLAIN QUERY PLAN SELECT r.id FROM queue_recipient r JOIN queue_entry e ON e.id = r.entry_id
       WHERE r.next_attempt_ms <= ? AND (r.next_attempt_ms, r.id) > (?, ?) ORDER BY r.next_attempt_ms, r.id LIMIT ?`,
    )
    .all(1, 1, 1, 1)
  const text = JSON.stringify(plan)
  expect(text).toContain('queue_recipient_due')
  expect(text).not.toContain('TEMP B-TREE')
  const { recipientIds } = submit(
    db,
    Array.from({ length: 5 }, (_, i) => at(`u${i}`, 'one.example')),
  )
  const page = listDue(db, NOW, START, 2)
  const last = page.at(-1)
  const rest = listDue(db, NOW, { ms: last?.nextAttemptMs ?? 0, id: last?.id ?? 0 }, 10)
  expect([...page, ...rest].map(({ id }) => id)).toEqual(recipientIds)
  expect(countDue(db, NOW)).toBe(5)
})

test('begins a try once, and ends it once', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example')])
  const [first] = begin(db, recipientIds)
  expect(begin(db, recipientIds)).toEqual([])
  const id = recipientIds[0] ?? 0
  settle(db, entryId, [settlement(id, first?.attemptId ?? 0, 'delivered')])
  settle(db, entryId, [settlement(id, first?.attemptId ?? 0, 'bounced')])
  expect(listRecipients(db, entryId)[0]).toMatchObject({ state: 'delivered', attempts: 1 })
  expect(getEntry(db, entryId)?.doneMs).toBe(NOW)
})

test('is done when the last recipient is, and never before', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example'), at('b', 'one.example')])
  const [a, b] = begin(db, recipientIds)
  if (!a || !b) throw new Error('not begun')
  settle(db, entryId, [
    settlement(a.recipient.id, a.attemptId, 'delivered'),
    settlement(b.recipient.id, b.attemptId, 'deferred', NOW + 5),
  ])
  expect(getEntry(db, entryId)?.doneMs).toBeNull()
  expect(nextDueMs(db, NOW)).toBe(NOW + 5)
  expect(queueControlOperations['queue.cancel'](db, { entryId, asked, dsn: false, report: null }, NOW)).toMatchObject({
    recipients: 1,
  })
  expect(getEntry(db, entryId)?.doneMs).toBe(NOW)
  expect(nextDueMs(db, 0)).toBeUndefined()
})

test('keeps reports with the outcome that caused them, and one warning an entry', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example'), at('b', 'two.example')])
  const [a, b] = begin(db, recipientIds)
  if (!a || !b) throw new Error('not begun')
  settle(db, entryId, [settlement(a.recipient.id, a.attemptId, 'bounced')], [report], report)
  settle(db, entryId, [settlement(b.recipient.id, b.attemptId, 'deferred', NOW + 1)], [], report)
  expect(findFolder(db, PERSON, 'inbox')).toMatchObject({ total: 2, unread: 2 })
  expect(getEntry(db, entryId)?.warnedMs).toBe(NOW)
})

test('gives a released recipient its old state back', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example')])
  const release = () => {
    const started = begin(db, recipientIds).map(({ recipient, attemptId }) => ({
      recipientId: recipient.id,
      attemptId,
    }))
    queueOperations['queue.release'](db, { started }, NOW)
    return listRecipients(db, entryId)[0]
  }
  expect(release()).toMatchObject({ state: 'waiting', attempts: 0, nextAttemptMs: NOW })
  const [first] = begin(db, recipientIds)
  settle(db, entryId, [settlement(recipientIds[0] ?? 0, first?.attemptId ?? 0, 'deferred', NOW)])
  expect(release()).toMatchObject({ state: 'deferred', attempts: 1 })
})

test('after a second crash between dot and commit sends no third copy by itself', () => {
  const { db } = openTestDb()
  const { entryId, recipientIds } = submit(db, [at('a', 'one.example')])
  const crash = () => {
    begin(db, recipientIds)
    queueOperations['queue.beforeBody'](db, { recipientIds }, NOW)
    queueRecoverOperations['queue.recover'](db, { unknownAfterMs: 0, giveUpAfterMs: 1000 }, NOW)
    return listRecipients(db, entryId)[0]
  }
  expect(crash()).toMatchObject({ state: 'unknown', unknowns: 1, attempts: 1, nextAttemptMs: NOW })
  expect(crash()).toMatchObject({ state: 'unknown', unknowns: 2, attempts: 2, nextAttemptMs: NOW + 1000 })
})

test('holds on to the bytes while an entry has them', () => {
  const { db } = openTestDb()
  const { entryId } = submit(db, [at('a', 'one.example')])
  const blobId = getEntry(db, entryId)?.view.blobId ?? 0
  expect(dropUnusedBlob(db, blobId)).toBe(false)
})
