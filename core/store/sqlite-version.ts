import type { ReadDb } from './types.ts'

/** The version of SQLite that the store runs on. */
export function sqliteVersion(db: ReadDb): string {
  return db.prepare<[], { readonly version: string }>('SELECT sqlite_version() AS version').get()?.version ?? ''
}
