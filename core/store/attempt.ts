import type { AttemptTls } from '../model/attempt-tls.ts'
import type { Cause } from '../model/outcome.ts'
import { prepared } from './prepared.ts'
import type { ReadDb } from './types.ts'

/** One try of one recipient, as it ended; `endedMs` null while it goes on. */
export interface AttemptRow {
  readonly id: number
  readonly startedMs: number
  readonly endedMs: number | null
  /** `delivered`, `deferred`, `bounced`, `held`, `unknown`; null where it was never settled. */
  readonly outcome: string | null
  readonly cause: Cause | null
  readonly mx: string | null
  readonly sessionId: number | null
  /** What chose its route, in words. */
  readonly route: string | null
  readonly tls: AttemptTls | null
}

// Index attempt_recipient.
const OF_RECIPIENT = `
  SELECT * FROM (SELECT id, started_ms AS startedMs, ended_ms AS endedMs, outcome, cause, mx, session_id AS sessionId, route, tls
    FROM attempt WHERE recipient_id = ? ORDER BY id DESC LIMIT ?) ORDER BY id`
const GET = `
  SELECT id, started_ms AS startedMs, ended_ms AS endedMs, outcome, cause, mx, session_id AS sessionId, route, tls
  FROM attempt WHERE id = ?`
const COUNT = 'SELECT count(*) AS n FROM attempt WHERE recipient_id = ?'

type Row = Omit<AttemptRow, 'cause' | 'tls'> & { readonly cause: string | null; readonly tls: string | null }

/** The last `limit` tries of a recipient, oldest first. */
export function listAttempts(db: ReadDb, recipientId: number, limit: number): AttemptRow[] {
  return prepared<[number, number], Row>(db, OF_RECIPIENT).all(recipientId, limit).map(toAttempt)
}

/** One try, or undefined. */
export function getAttempt(db: ReadDb, id: number): AttemptRow | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row === undefined ? undefined : toAttempt(row)
}

function toAttempt({ cause, tls, ...row }: Row): AttemptRow {
  return {
    ...row,
    cause: cause === null ? null : (JSON.parse(cause) as Cause),
    tls: tls === null ? null : (JSON.parse(tls) as AttemptTls),
  }
}

/** How many tries of a recipient there were. */
export function countAttempts(db: ReadDb, recipientId: number): number {
  return prepared<[number], { n: number }>(db, COUNT).get(recipientId)?.n ?? 0
}
