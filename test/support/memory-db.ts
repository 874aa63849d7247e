import Database from 'better-sqlite3'
import { migrate } from '../../core/store/migrate.ts'
import type { WriteDb } from '../../core/store/types.ts'

/** A real database in memory with the product's schema, for tests of one table's functions without threads. */
export function openMemoryDb(): WriteDb {
  const db = new Database(':memory:')
  db.pragma('foreign_keys = ON')
  migrate(db, ':memory:')
  return db as unknown as WriteDb
}
