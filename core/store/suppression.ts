import type { Domain, Mailbox } from '../model/address.ts'
import { adviceOf } from '../model/explain-reply.ts'
import type { Cause, RecipientState } from '../model/outcome.ts'
import { isAboutAddress } from '../model/reply-advice.ts'
import { prepared } from './prepared.ts'
import { getRecipient } from './queue.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** An address whose writer is warned. */
export interface Suppressed {
  readonly mailbox: Mailbox
  /** Permanent failures in a row. */
  readonly failures: number
  readonly lastReply: string | null
  readonly lastMs: number
  readonly sinceMs: number
  readonly byHand: boolean
}

/** So many permanent failures in a row, or so many times "no such mailbox", and whoever writes there is warned. */
const MOST_FAILURES = 3
const MOST_UNKNOWN = 2

const COLUMNS = `local, domain, failures, last_reply, last_ms, since_ms, by_hand`
const LIST = `SELECT ${COLUMNS} FROM suppression WHERE since_ms IS NOT NULL ORDER BY since_ms DESC, domain, local LIMIT ?`
const GET = `SELECT ${COLUMNS} FROM suppression WHERE domain = ? AND local = ? AND since_ms IS NOT NULL`
const FAILED = `
  INSERT INTO suppression (local, domain, failures, unknown_user, last_reply, last_ms, since_ms, by_hand)
  VALUES (@local, @domain, 1, @unknown, @reply, @nowMs, NULL, 0)
  ON CONFLICT (domain, local) DO UPDATE SET failures = failures + 1, unknown_user = unknown_user + @unknown, last_reply = @reply,
    last_ms = @nowMs`
const REACHED = `
  UPDATE suppression SET since_ms = @nowMs
  WHERE domain = @domain AND local = @local AND since_ms IS NULL AND (failures >= @failures OR unknown_user >= @unknowns)`
const ARRIVED = 'DELETE FROM suppression WHERE domain = ? AND local = ? AND by_hand = 0'
const ANY = 'SELECT 1 FROM suppression LIMIT 1'
const ADD = `
  INSERT INTO suppression (local, domain, failures, unknown_user, last_reply, last_ms, since_ms, by_hand)
  VALUES (@local, @domain, 0, 0, NULL, @nowMs, @nowMs, 1)
  ON CONFLICT (domain, local) DO UPDATE SET since_ms = coalesce(since_ms, @nowMs), by_hand = 1`
const REMOVE = 'DELETE FROM suppression WHERE domain = ? AND local = ?'

interface Row {
  readonly local: string
  readonly domain: string
  readonly failures: number
  readonly last_reply: string | null
  readonly last_ms: number
  readonly since_ms: number
  readonly by_hand: number
}

const toSuppressed = (row: Row): Suppressed => ({
  mailbox: { local: row.local, domain: row.domain as Domain },
  failures: row.failures,
  lastReply: row.last_reply,
  lastMs: row.last_ms,
  sinceMs: row.since_ms,
  byHand: row.by_hand === 1,
})
/** A warning may be given once too often: that Bob and bob are two people is rare (RFC 5321 §2.4). */
const keyOf = ({ local, domain }: Mailbox) => ({ local: local.toLowerCase(), domain })

/** Addresses whose writers are warned, latest first. */
export function listSuppressed(db: ReadDb, limit: number): Suppressed[] {
  return prepared<[number], Row>(db, LIST).all(limit).map(toSuppressed)
}

/** The address if its writers are warned; undefined otherwise. */
export function findSuppressed(db: ReadDb, mailbox: Mailbox): Suppressed | undefined {
  const { local, domain } = keyOf(mailbox)
  const row = prepared<[string, string], Row>(db, GET).get(domain, local)
  return row && toSuppressed(row)
}

/** Whether a failure speaks of the address: not of who writes, from where and what. */
function saysOfAddress(cause: Cause): {
  readonly counts: boolean
  readonly isUnknownUser: boolean
  readonly reply: string | null
} {
  if (cause.at === 'expired')
    return cause.last ? saysOfAddress(cause.last) : { counts: false, isUnknownUser: false, reply: null }
  if (cause.at === 'dns') {
    const counts = cause.rcode === 'NXDOMAIN' || cause.rcode === 'NODATA' || cause.rcode === 'NULLMX'
    return { counts, isUnknownUser: false, reply: null }
  }
  if (cause.at !== 'reply' && cause.at !== 'local') return { counts: false, isUnknownUser: false, reply: null }
  const { reply } = cause
  const kind = adviceOf(reply)?.kind
  const words =
    `${reply.code} ${reply.enhanced === undefined ? '' : `${reply.enhanced} `}${reply.lines.join(' ')}`.slice(0, 500)
  return {
    counts: kind !== undefined && isAboutAddress(kind),
    isUnknownUser: kind === 'unknown-user' || reply.enhanced === '5.1.1',
    reply: words,
  }
}

/** Counts how mail to a recipient's address ended; what arrives wipes out what failed before it. */
export function countFate(
  db: WriteDb,
  recipientId: number,
  state: RecipientState,
  cause: Cause | null,
  nowMs: number,
): void {
  // Most mail arrives, and most stores know of no address that ever failed.
  if (state === 'delivered' ? prepared(db, ANY).get() === undefined : state !== 'bounced' || cause === null) return
  const to = getRecipient(db, recipientId)?.to
  if (to === undefined) return
  const { local, domain } = keyOf(to)
  if (state === 'delivered' || cause === null) {
    prepared(db, ARRIVED).run(domain, local)
    return
  }
  const { counts, isUnknownUser, reply } = saysOfAddress(cause)
  if (!counts) return
  prepared(db, FAILED).run({ local, domain, unknown: isUnknownUser ? 1 : 0, reply, nowMs })
  prepared(db, REACHED).run({ local, domain, failures: MOST_FAILURES, unknowns: MOST_UNKNOWN, nowMs })
}

export const suppressionOperations = {
  /** Has writers to an address warned, by hand. */
  'suppression.add': (db: WriteDb, mailbox: Mailbox, nowMs: number): Suppressed => {
    prepared(db, ADD).run({ ...keyOf(mailbox), nowMs })
    return toSuppressed(prepared<[string, string], Row>(db, GET).get(mailbox.domain, mailbox.local.toLowerCase())!)
  },
  /** Forgets an address and its failures. False when there was nothing to forget. */
  'suppression.remove': (db: WriteDb, mailbox: Mailbox): boolean => {
    const { local, domain } = keyOf(mailbox)
    return prepared(db, REMOVE).run(domain, local).changes === 1
  },
} satisfies Record<string, Operation<never, unknown>>
