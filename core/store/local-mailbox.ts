import type { Mailbox } from '../model/address.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

// The exact spelling first: it goes by the index, and it is what nearly all mail has.
const EXACT = 'SELECT id FROM local_user WHERE local = ? AND domain = ?'
const ANY_CASE = 'SELECT id FROM local_user WHERE domain = ? AND local = ? COLLATE NOCASE LIMIT 1'

/** The local user whose address this is, or undefined. The local part's case does not matter here. */
export function findUserByAddress(db: ReadDb, { local, domain }: Mailbox): number | undefined {
  const exact = prepared<[string, string], { id: number }>(db, EXACT).get(local, domain)
  return (exact ?? prepared<[string, string], { id: number }>(db, ANY_CASE).get(domain, local))?.id
}
