import { prepared } from './prepared.ts'
import type { WriteDb } from './types.ts'

// No upsert with RETURNING: such a statement opens a savepoint of its own, at which FTS5 writes out all that waits in memory.
const ADD = 'UPDATE counter SET value = value + ? WHERE name = ?'
const GET = 'SELECT value FROM counter WHERE name = ?'
const BEGIN = 'INSERT INTO counter (name, value) VALUES (?, ?)'

/** Adds `by` to a stored counter, 0 if it is new, and returns what it then holds. */
export function addToCounter(db: WriteDb, name: string, by: number): number {
  if (prepared(db, ADD).run(by, name).changes === 0) prepared(db, BEGIN).run(name, by)
  return prepared<[string], { value: number }>(db, GET).get(name)?.value ?? 0
}

/** The next number of a stored counter, from 1. It never goes back. */
export function nextCounter(db: WriteDb, name: string): number {
  return addToCounter(db, name, 1)
}

const IDS_A_SECOND = 2 ** 20
const DAY_MS = 86_400_000
const TAKEN = 'SELECT 1 FROM message WHERE id = ?'

/**
 * The id of a new message: seconds of its arrival × 2²⁰ + n, so that rowid order is date order and full-text hits need no
 * sort. n comes from a counter that never goes back. `receivedMs` is believed from 1970 to a day from `nowMs`.
 */
export function messageId(db: WriteDb, receivedMs: number, nowMs: number): number {
  const seconds = Math.floor(Math.min(Math.max(receivedMs, 0), nowMs + DAY_MS) / 1000)
  for (;;) {
    // Multiplied: a shift would cut it to 32 bits.
    const id = seconds * IDS_A_SECOND + (nextCounter(db, 'message') % IDS_A_SECOND)
    if (prepared(db, TAKEN).get(id) === undefined) return id
  }
}
