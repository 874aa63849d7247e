import Database from 'better-sqlite3'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../core/base/clock.ts'
import { asWriteDb } from '../../core/store/database.ts'
import { migrate } from '../../core/store/migrate.ts'
import { openStore } from '../../core/store/open.ts'
import type { StoreOptions } from '../../core/store/open.ts'
import type { Store, WriteDb } from '../../core/store/types.ts'

/** The key every test store has. */
export const TEST_KEY = new Uint8Array(32).fill(7)

/** A store in a folder of its own, as the product opens it. `closeAndRemove` in `afterEach`. */
export interface TestStore extends Store {
  readonly folder: string
  closeAndRemove(): Promise<void>
}

/** Opens a store in a new temporary folder, or in the one given. */
export async function openTestStore(options: Partial<StoreOptions> = {}): Promise<TestStore> {
  const folder = options.folder ?? mkdtempSync(join(tmpdir(), 'posthorn-store-'))
  const store = await openStore({ clock: systemClock, key: TEST_KEY, ...options, folder })
  return Object.assign(store, {
    folder,
    async closeAndRemove() {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    },
  })
}

/** A database in memory with the whole schema, for operations and queries that are called directly. */
export function openTestDb(): { readonly db: WriteDb; readonly connection: Database.Database } {
  const connection = new Database(':memory:')
  connection.pragma('foreign_keys = ON')
  migrate(connection, ':memory:')
  return { db: asWriteDb(connection), connection }
}
