import { prepared } from './prepared.ts'
import type { Operation, WriteDb } from './types.ts'

/** Who wants to send what to whom: a client's network, MAIL FROM and RCPT TO as text. */
export interface Greylisted {
  readonly network: string
  readonly sender: string
  readonly recipient: string
}
/** The times greylisting goes by (RFC 6647 §5). */
export interface GreylistTimes {
  /** Sooner than so long after the first try is too soon. */
  readonly waitMs: number
  /** Later than that after the first try is a first try again. */
  readonly windowMs: number
  /** So long after its last message a sender stays known. */
  readonly rememberMs: number
}
/** `known`: let through before; `passed`: come again as asked, just now; `wait`: to come again after so many ms. */
export type GreylistAnswer = { readonly kind: 'known' | 'passed' } | { readonly kind: 'wait'; readonly waitMs: number }

/** Rows a removal takes at once, so that no group of writes waits for it. */
const SOME = 1000

const GET = 'SELECT first_ms, expires_ms, is_known FROM greylist WHERE network = ? AND sender = ? AND recipient = ?'
const PUT = `
  INSERT INTO greylist (network, sender, recipient, first_ms, expires_ms, is_known) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT (network, sender, recipient) DO UPDATE SET
    first_ms = excluded.first_ms, expires_ms = excluded.expires_ms, is_known = excluded.is_known`
const EXPIRE = `
  DELETE FROM greylist WHERE (network, sender, recipient) IN (
    SELECT network, sender, recipient FROM greylist WHERE expires_ms < ? ORDER BY expires_ms LIMIT ?)` // index greylist_expires

interface Row {
  readonly first_ms: number
  readonly expires_ms: number
  readonly is_known: number
}

/** Notes one try and says what it means. */
function see(db: WriteDb, args: Greylisted & GreylistTimes, nowMs: number): GreylistAnswer {
  const { network, sender, recipient, waitMs, windowMs, rememberMs } = args
  const found = prepared<[string, string, string], Row>(db, GET).get(network, sender, recipient)
  // One whose time is over is there only until somebody clears up; a clock that was set back makes first tries.
  const row = found && found.expires_ms >= nowMs && found.first_ms <= nowMs ? found : undefined
  const put = (firstMs: number, expiresMs: number, isKnown: 0 | 1) =>
    prepared(db, PUT).run(network, sender, recipient, firstMs, expiresMs, isKnown)
  if (row === undefined) {
    put(nowMs, nowMs + windowMs, 0)
    return { kind: 'wait', waitMs }
  }
  const ageMs = nowMs - row.first_ms
  if (row.is_known === 0 && ageMs < waitMs) return { kind: 'wait', waitMs: waitMs - ageMs }
  put(row.first_ms, nowMs + rememberMs, 1)
  return { kind: row.is_known === 1 ? 'known' : 'passed' }
}

export const greylistOperations = {
  'greylist.see': see,
  /** Forgets some of those whose time is over. `more`: there may be others. */
  'greylist.expire': (db: WriteDb, _: Readonly<Record<string, never>>, nowMs: number): { readonly more: boolean } => ({
    more: prepared(db, EXPIRE).run(nowMs, SOME).changes === SOME,
  }),
} satisfies Record<string, Operation<never, unknown>>
