import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { migrate, migrations } from '../migrate.ts'

test('accounts and headers of version 16 are whole in version 17, and nothing more comes of them by itself', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(
    db,
    'mail.db',
    migrations.filter((step) => step.version <= 16),
  )
  db.exec(`INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
      VALUES (3, 'pop3', 'a', 'mail.example', 995, 'implicit', 'ada', 1, 300, 1, 1);
    INSERT INTO pop3_account (account_id, headers_only_over_mb, newest_first) VALUES (3, 5, 1);
    PRAGMA foreign_keys = OFF;
    INSERT INTO message_partial (message_id, size_bytes) VALUES (9, 7000000)`)
  migrate(db, 'mail.db')
  expect(
    db
      .prepare('SELECT headers_only_over_mb AS mb, newest_first AS newest, headers_first AS first FROM pop3_account')
      .all(),
  ).toEqual([{ mb: 5, newest: 1, first: 'auto' }])
  expect(db.prepare('SELECT * FROM message_partial').all()).toEqual([
    { message_id: 9, size_bytes: 7_000_000, is_coming: 0 },
  ])
  expect(() => db.exec(`UPDATE pop3_account SET headers_first = 'often'`)).toThrow('CHECK')
  db.close()
})
