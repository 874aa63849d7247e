import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { getAccount } from '../account.ts'
import { asWriteDb } from '../database.ts'
import { listDraftStates } from '../draft-copy.ts'
import { listDrafts } from '../draft.ts'
import { migrate, migrations } from '../migrate.ts'

test('accounts and drafts of version 15 are whole in version 16; drafts may go to servers that have a folder for them', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 15),
  )
  db.exec(`
    INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
      VALUES (1, 'imap', 'Ada', 'imap.test', 993, 'implicit', 'ada@here.test', 1, 300, 0, 0);
    INSERT INTO imap_account (account_id, sent_copy) VALUES (1, 'server');
    INSERT INTO draft (id, identity_id, content, changed_ms) VALUES (7, NULL, '{"subject":"hi"}', 5);`)
  migrate(db, 'mail.db')
  const write = asWriteDb(db)
  expect(getAccount(write, 1)?.imap).toEqual({ sentCopy: 'server', drafts: 'server' })
  expect(listDrafts(write)).toEqual([{ id: 7, content: '{"subject":"hi"}', changedMs: 5 }])
  expect(listDraftStates(write)).toEqual([
    { draftId: 7, identityId: null, changedMs: 5, ofMs: null, copiedMs: null, messageId: null },
  ])
  db.exec('INSERT INTO draft_copy (draft_id, of_ms, copied_ms) VALUES (7, 5, 6)')
  db.exec('DELETE FROM draft')
  expect(db.prepare('SELECT count(*) FROM draft_copy').pluck().get()).toBe(0)
  expect(() => db.exec(`UPDATE imap_account SET drafts = 'both'`)).toThrow('CHECK')
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
