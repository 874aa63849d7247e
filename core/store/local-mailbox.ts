import type { Mailbox } from '../model/address.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

// The exact spelling first: it goes by the index, and it is what nearly all mail has.
const EXACT = 'SELECT id FROM local_user WHERE local = ? AND domain = ?'
const ANY_CASE = 'SELECT id FROM local_user WHERE domain = ? AND local = ? COLLATE NOCASE LIMIT 1'
const USE = `
  SELECT quota_bytes AS quotaBytes, (SELECT coalesce(sum(size_bytes), 0) FROM folder WHERE user_id = u.id) AS usedBytes
  FROM local_user u WHERE id = ?` // index folder_user

/** The local user whose address this is, or undefined. The local part's case does not matter here. */
export function findUserByAddress(db: ReadDb, { local, domain }: Mailbox): number | undefined {
  const exact = prepared<[string, string], { id: number }>(db, EXACT).get(local, domain)
  return (exact ?? prepared<[string, string], { id: number }>(db, ANY_CASE).get(domain, local))?.id
}

/** Bytes a local user's mail takes, and how many it may; null where the settings say. A user who is gone has nothing. */
export function mailboxUse(
  db: ReadDb,
  userId: number,
): { readonly usedBytes: number; readonly quotaBytes: number | null } {
  type Use = { usedBytes: number; quotaBytes: number | null }
  return prepared<[number], Use>(db, USE).get(userId) ?? { usedBytes: 0, quotaBytes: null }
}
