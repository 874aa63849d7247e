import type Database from 'better-sqlite3'
import fc from 'fast-check'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { Fault } from '../base/fault.ts'
import { openDatabase } from './database.ts'
import { commitGroup, Group } from './group.ts'
import type { OperationTable } from './group.ts'
import { prepared } from './prepared.ts'
import type { Answer, WriteRequest } from './thread-messages.ts'
import type { WriteDb } from './types.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-group-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))
const key = new Uint8Array(32).fill(9)

let files = 0
function openFile(spare?: number): Database.Database {
  const db = openDatabase({ path: join(folder, `${++files}.db`), key }, 'write')
  db.pragma('synchronous = OFF') // what survives a power cut is not asked here
  db.exec('CREATE TABLE kept (id INTEGER PRIMARY KEY, bytes BLOB) STRICT')
  if (spare !== undefined) db.pragma(`max_page_count = ${Number(db.pragma('page_count', { simple: true })) + spare}`)
  return db
}

const put = (db: WriteDb, args: { id: number; pages: number }) => {
  prepared(db, 'INSERT INTO kept (id, bytes) VALUES (?, zeroblob(?))').run(args.id, args.pages * 4096)
  return args.id
}
/** Ways to end, the bad ones after something was written. */
const operations = {
  put,
  'fault': (db: WriteDb, args: { id: number; pages: number }) => {
    put(db, args)
    throw new Fault('not-found', `look for ${args.id}: it is not there`, { what: 'thing', id: String(args.id) })
  },
  'constraint': (db: WriteDb, args: { id: number; pages: number }) => {
    put(db, args)
    put(db, args)
  },
  'lost transaction': (db: WriteDb, args: { id: number; pages: number }) => {
    put(db, args)
    db.prepare('ROLLBACK').run()
    throw new Error('the disk went away')
  },
} satisfies OperationTable
type Name = keyof typeof operations

const request = (id: number, name: Name = 'put', pages = 0): WriteRequest => ({
  id,
  name,
  args: { id, pages },
  nowMs: 0,
  bytes: 0,
})
const run = (db: Database.Database, requests: readonly WriteRequest[]) =>
  commitGroup(db, operations, requests, 'mail.db')
const kept = (db: Database.Database) => db.prepare<[], number>('SELECT id FROM kept ORDER BY id').pluck().all()
const codes = (answers: readonly Answer[]) =>
  answers.map((answer) => ('fault' in answer ? answer.fault.code : answer.value))

describe('a group', () => {
  test('answers everyone in order with what came of it', () => {
    const db = openFile()
    expect(run(db, [request(1), request(2, 'fault'), request(3), request(4, 'constraint'), request(5)])).toEqual([
      { id: 1, value: 1 },
      {
        id: 2,
        fault: { code: 'not-found', message: 'look for 2: it is not there', details: { what: 'thing', id: '2' } },
      },
      { id: 3, value: 3 },
      { id: 4, fault: expect.objectContaining({ code: 'store.operation' }) },
      { id: 5, value: 5 },
    ])
    expect(kept(db)).toEqual([1, 3, 5])
    db.close()
  })

  test('says so when there is no operation of that name', () => {
    const db = openFile()
    const nameless = { ...request(1), name: 'no.such' }
    expect(codes(run(db, [nameless, request(2)]))).toEqual(['store.operation', 2])
    db.close()
  })

  test.each([0, 1, 2, 3, 4, 5])('keeps the others when the disk is full at operation %i', (at) => {
    const db = openFile(20)
    const requests = Array.from({ length: 6 }, (_, i) => request(i + 1, 'put', i === at ? 100 : 1))
    const answers = run(db, requests)
    expect(codes(answers)).toEqual(requests.map(({ id }, i) => (i === at ? 'store.full' : id)))
    expect(kept(db)).toEqual([1, 2, 3, 4, 5, 6].filter((id) => id !== at + 1))
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok')
    db.close()
  })

  test('keeps what fits and refuses the rest once the disk is full', () => {
    const db = openFile(20)
    const answers = run(
      db,
      Array.from({ length: 12 }, (_, i) => request(i + 1, 'put', 4)),
    )
    const good = answers.filter((answer) => 'value' in answer).map(({ id }) => id)
    expect(good.length).toBeGreaterThan(0)
    expect(good.length).toBeLessThan(12)
    expect(kept(db)).toEqual(good)
    db.close()
  })

  test('keeps exactly what it said it kept, whichever operations fail and however', () => {
    const kinds = fc.constantFrom<Name>('put', 'put', 'put', 'fault', 'constraint', 'lost transaction')
    const db = openFile(60)
    let nextId = 0
    fc.assert(
      fc.property(
        fc.array(fc.record({ name: kinds, pages: fc.integer({ min: 0, max: 30 }) }), { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        (group, atOnce) => {
          db.exec('DELETE FROM kept')
          const requests = group.map(({ name, pages }) => request(++nextId, name, pages))
          const gathered = new Group(db, operations, 'mail.db')
          for (let n = 0; n < requests.length; n += atOnce) gathered.add(requests.slice(n, n + atOnce))
          const answers = gathered.commit()
          expect(answers.map(({ id }) => id)).toEqual(requests.map(({ id }) => id))
          expect(db.inTransaction).toBe(false)
          const good = answers.filter((answer) => 'value' in answer).map(({ id }) => id)
          expect(kept(db)).toEqual(good)
          for (const [i, answer] of answers.entries()) {
            if (group[i]?.name !== 'put') expect(answer).toHaveProperty('fault')
            else if ('fault' in answer) expect(answer.fault.code).toBe('store.full')
          }
        },
      ),
      { numRuns: 100 },
    )
    db.close()
  })

  test('has nothing in the store before it is committed, and whoever joins late may fail without the others', () => {
    const db = openFile()
    const reader = openDatabase({ path: db.name, key }, 'read')
    const group = new Group(db, operations, 'mail.db')
    group.add([request(1)])
    group.add([])
    group.add([request(2, 'lost transaction')])
    group.add([request(3)])
    expect(kept(reader)).toEqual([])
    expect(codes(group.commit())).toEqual([1, 'store.operation', 3])
    expect(kept(reader)).toEqual([1, 3])
    expect(new Group(db, operations, 'mail.db').commit()).toEqual([])
    reader.close()
    db.close()
  })

  test('rejects all of it when it cannot even begin', () => {
    const db = openFile()
    const path = db.name
    const other = openDatabase({ path, key }, 'write')
    db.pragma('busy_timeout = 0')
    other.exec('BEGIN IMMEDIATE')
    expect(codes(run(db, [request(1), request(2)]))).toEqual(['store.io', 'store.io'])
    other.exec('ROLLBACK')
    expect(codes(run(db, [request(1), request(2)]))).toEqual([1, 2])
    other.close()
    db.close()
  })

  test('takes everything back when COMMIT fails', () => {
    const db = openFile()
    db.exec('CREATE TABLE child (parent INTEGER REFERENCES kept (id) DEFERRABLE INITIALLY DEFERRED) STRICT')
    const orphan = (on: WriteDb) => void prepared(on, 'INSERT INTO child VALUES (99)').run()
    const answers = commitGroup(
      db,
      { ...operations, orphan },
      [request(1), { ...request(2), name: 'orphan' }, request(3, 'fault')],
      'mail.db',
    )
    expect(codes(answers)).toEqual(['store.operation', 'store.operation', 'not-found'])
    expect(kept(db)).toEqual([])
    expect(db.inTransaction).toBe(false)
    db.close()
  })
})
