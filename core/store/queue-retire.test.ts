import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { Domain } from '../model/address.ts'
import { getBlob } from './blob.ts'
import { countPace, listPaceCounts } from './pace.ts'
import { insertAudit, listAudit } from './queue-audit.ts'
import { queueOperations, type Kept } from './queue-change.ts'
import { queueRetireOperations } from './queue-retire.ts'
import { getEntry, listRecipients } from './queue.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 0, 1)
const DAY = 86_400_000
const to = [{ local: 'a', domain: 'one.example' as Domain }]
const asked = { who: 'window', why: '' } as const
const fields = {
  messageId: '',
  inReplyTo: '',
  references: '',
  subject: '',
  authorName: '',
  authorAddress: '',
  addressees: '',
  preview: '',
  dateMs: NOW,
  attachments: 0,
  body: '',
}
const copy: Kept = {
  owner: { accountId: null, userId: null },
  role: 'sent',
  message: { body: 'entry', prefix: '', removed: [], fields, receivedMs: NOW, seen: true },
}

/** An entry that was delivered at `atMs`. */
function delivered(db: WriteDb, atMs: number, kept: readonly Kept[] = []) {
  const entry = {
    body: { raw: Buffer.from(`a: b${atMs}`) },
    prefix: '',
    removed: [],
    from: null,
    to,
    userId: null,
    origin: 'window',
    messageId: '',
    subject: '',
    is8bit: false,
    needsUtf8: false,
    kept,
  } as const
  const { entryId, recipientIds } = queueOperations['queue.submit'](db, entry, atMs)
  const [started] = queueOperations['queue.startAttempt'](db, { recipientIds }, atMs).started
  const settled = {
    recipientId: recipientIds[0] ?? 0,
    attemptId: started?.attemptId ?? 0,
    state: 'delivered',
    counts: true,
    nextAttemptMs: null,
    lastReply: null,
    cause: null,
    mx: null,
  } as const
  const args = { entryId, sessionId: null, settled: [settled], kept: [], warning: null }
  queueOperations['queue.settle'](db, args, atMs)
  return { entryId, args, blobId: getEntry(db, entryId)?.view.blobId ?? 0 }
}

test('what was done long ago goes with its tries, history and bytes; what a message or harm holds on to stays', () => {
  const { db, connection } = openTestDb()
  const gone = delivered(db, NOW - 40 * DAY)
  const sent = delivered(db, NOW - 40 * DAY, [copy])
  const damaged = delivered(db, NOW - 40 * DAY)
  const young = delivered(db, NOW - 20 * DAY)
  connection.prepare(`UPDATE blob SET state = 'quarantined' WHERE id = ?`).run(damaged.blobId)
  for (const { entryId } of [gone, young]) insertAudit(db, { ...asked, what: 'retry', entryId }, NOW)
  insertAudit(db, { ...asked, what: 'pause' }, NOW - 40 * DAY)
  countPace(db, 'one.example', 3, NOW - 3 * DAY)
  countPace(db, 'one.example', 2, NOW)
  expect(queueRetireOperations['queue.retire'](db, { beforeMs: NOW - 30 * DAY }, NOW)).toEqual({
    entries: 3,
    more: false,
  })
  expect([gone, sent, damaged, young].map(({ entryId }) => getEntry(db, entryId) !== undefined)).toEqual([
    false,
    false,
    false,
    true,
  ])
  expect(listRecipients(db, gone.entryId)).toEqual([])
  expect([gone, sent, damaged, young].map(({ blobId }) => getBlob(db, blobId)?.state)).toEqual([
    undefined,
    'whole',
    'quarantined',
    'whole',
  ])
  expect(connection.prepare('SELECT count(*) FROM attempt').pluck().get()).toBe(1)
  expect(listAudit(db, Number.MAX_SAFE_INTEGER, 10)).toMatchObject([{ what: 'retry', entryId: young.entryId }])
  expect(listPaceCounts(db, 'one.example', 0).map(({ messages }) => messages)).toEqual([2])
})

test('goes slice by slice and leaves what is open alone', () => {
  const { db } = openTestDb()
  for (let n = 0; n < 60; n++) delivered(db, NOW - 40 * DAY)
  expect(queueRetireOperations['queue.retire'](db, { beforeMs: NOW }, NOW)).toEqual({ entries: 50, more: true })
  expect(queueRetireOperations['queue.retire'](db, { beforeMs: NOW }, NOW)).toEqual({ entries: 10, more: false })
})

test('an outcome that is said twice is stored once, with all that belongs to it', () => {
  const { db, connection } = openTestDb()
  const { args } = delivered(db, NOW)
  const again = { ...args, kept: [copy], warning: copy, late: copy }
  expect(queueOperations['queue.settle'](db, again, NOW)).toEqual({ folderIds: [], isUntold: false })
  expect(connection.prepare('SELECT count(*) FROM message').pluck().get()).toBe(0)
  expect(getEntry(db, args.entryId)?.warnedMs).toBeNull()
})
