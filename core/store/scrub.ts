import type { WriteDb } from './types.ts'

/**
 * Runs a removal so that the bytes are overwritten in the file, not only unlinked from it. Costs a write of every page that
 * is freed, so mail in transit does not pay it.
 */
export function scrubbing<T>(db: WriteDb, remove: () => T): T {
  // Not from the statement cache: this pragma does its work while it is compiled.
  db.prepare('PRAGMA secure_delete = ON').get()
  try {
    return remove()
  } finally {
    db.prepare('PRAGMA secure_delete = OFF').get()
  }
}
