import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { listAccounts } from '../account.ts'
import { asReadDb } from '../database.ts'
import { migrate, migrations } from '../migrate.ts'
import { listRoutes } from '../route.ts'
import { listSignIns } from '../sign-in.ts'

test('a database of version 10 keeps its accounts and smarthosts, which sign in as they did', () => {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, 'mail.db', migrations.slice(0, 10))
  db.exec(`
    INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
    VALUES (3, 'pop3', 'Work', 'pop.work.example', 995, 'implicit', 'ada', 0, 300, 1, 2);
    INSERT INTO pop3_account (account_id) VALUES (3);
    INSERT INTO secret (kind, name, value, created_ms) VALUES ('account-token', '3', x'61', 1);
    INSERT INTO route (id, kind, host, port, tls, created_ms, login_user, login_kind)
    VALUES (7, 'smarthost', 'smtp.work.example', 465, 'implicit', 5, 'ada', 'password');
    INSERT INTO identity (id, name, local, domain, route_id, created_ms) VALUES (1, 'Ada', 'ada', 'work.example', 7, 1);`)
  expect(migrate(db, 'mail.db')).toBe(10)
  const read = asReadDb(db)
  expect(listAccounts(read)).toMatchObject([{ id: 3, host: 'pop.work.example', login: 'token', signInId: null }])
  expect(listRoutes(read)).toMatchObject([{ id: 7, user: 'ada', login: 'password', signInId: null }])
  expect(db.prepare('SELECT route_id FROM identity').pluck().all()).toEqual([7])
  expect(listSignIns(read)).toEqual([])
  expect(db.pragma('foreign_key_check')).toEqual([])
  db.close()
})
