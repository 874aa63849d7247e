import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { asReadDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { getEntry, listRecipients } from '../queue.ts'
import { listDue } from '../queue-due.ts'

test('a queue of the version before is whole after it: nothing asked for, nothing held, nothing forgotten', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 2))
  db.exec(`
    INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (7, 'whole', 4, x'00', 1);
    INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, from_local, from_domain, user_id, origin, message_id, subject,
      is_8bit, needs_utf8, created_ms, warned_ms, done_ms, open_count, online_ms)
    VALUES (3, 7, 'Date: now', '[[0,2]]', 11, 'ada', 'author.example', NULL, 'window', '<1@a>', 's', 0, 0, 1000, 2000, NULL, 2, 5),
      (4, 7, '', '[]', 4, NULL, NULL, NULL, 'report', '', '', 0, 0, 1000, NULL, 3000, 0, 0);
    INSERT INTO queue_recipient (id, entry_id, local, domain, state, attempts, next_attempt_ms, last_reply, unknowns)
    VALUES (8, 3, 'a', 'one.example', 'deferred', 2, 5000, '451 later', 0), (9, 3, 'b', 'two.example', 'unknown', 1, 6000, NULL, 1),
      (10, 4, 'c', 'one.example', 'delivered', 1, NULL, NULL, 0);
    INSERT INTO attempt (id, recipient_id, started_ms, ended_ms, outcome) VALUES (1, 8, 1000, 1100, 'deferred');`)
  migrate(db, 'mail.db')
  const read = asReadDb(db)
  expect(getEntry(read, 3)).toMatchObject({
    view: { blobId: 7, prefix: 'Date: now', removed: [[0, 2]], sizeBytes: 11 },
    createdMs: 1000,
    warnedMs: 2000,
    options: {},
    undoUntilMs: null,
    deliverByToldMs: null,
  })
  expect(listRecipients(read, 3)).toMatchObject([
    {
      id: 8,
      state: 'deferred',
      attempts: 2,
      lastReply: '451 later',
      options: {},
      firstTo: null,
      way: { kind: 'automatic' },
    },
    { id: 9, state: 'unknown', unknowns: 1, heldBy: null, holdAsked: false, cancelReport: false },
  ])
  expect(listDue(read, 9000, { ms: 0, id: 0 }, 10).map(({ id }) => id)).toEqual([8, 9])
  expect(db.prepare('SELECT count(*) AS n FROM attempt').get()).toEqual({ n: 1 })
  expect(db.pragma('foreign_key_check')).toEqual([])
  expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
  db.close()
})
