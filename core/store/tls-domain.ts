import { Fault } from '../base/fault.ts'
import type { AttemptTls } from '../model/attempt-tls.ts'
import type { KnownPolicy, TlsDomain } from '../model/tls-domain.ts'
import type { TlsFacts } from '../model/transcript.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const COLUMNS = `domain, sts_id, sts_mode, sts_mx, sts_fetched_ms, sts_expires_ms, sts_checked_ms, sts_error, verified_since_ms,
  verified_ms, last_ms, last_mx, last_tls`
const GET = `SELECT ${COLUMNS} FROM tls_domain WHERE domain = ?`
const LIST = `SELECT ${COLUMNS} FROM tls_domain WHERE domain > ? ORDER BY domain LIMIT ?`
const PUT_POLICY = `
  INSERT INTO tls_domain (domain, sts_id, sts_mode, sts_mx, sts_fetched_ms, sts_expires_ms, sts_checked_ms)
  VALUES (@domain, @id, @mode, @mx, @fetchedMs, @expiresMs, @nowMs)
  ON CONFLICT (domain) DO UPDATE SET sts_id = excluded.sts_id, sts_mode = excluded.sts_mode, sts_mx = excluded.sts_mx,
    sts_fetched_ms = excluded.sts_fetched_ms, sts_expires_ms = excluded.sts_expires_ms,
    sts_checked_ms = excluded.sts_checked_ms, sts_error = NULL`
const PUT_ERROR = `
  INSERT INTO tls_domain (domain, sts_checked_ms, sts_error) VALUES (@domain, @nowMs, @error)
  ON CONFLICT (domain) DO UPDATE SET sts_checked_ms = excluded.sts_checked_ms, sts_error = excluded.sts_error`
const SEEN = `
  INSERT INTO tls_domain (domain, last_ms, last_mx, last_tls, verified_since_ms, verified_ms)
  VALUES (@domain, @nowMs, @mx, @tls, @verifiedMs, @verifiedMs)
  ON CONFLICT (domain) DO UPDATE SET last_ms = excluded.last_ms, last_mx = excluded.last_mx, last_tls = excluded.last_tls,
    verified_since_ms = CASE WHEN verified_ms >= @ratchetFromMs THEN verified_since_ms ELSE excluded.verified_since_ms END,
    verified_ms = CASE WHEN excluded.verified_ms IS NULL AND verified_ms >= @ratchetFromMs THEN verified_ms
      ELSE excluded.verified_ms END`
const EXPIRE = `
  DELETE FROM tls_domain WHERE coalesce(last_ms, sts_checked_ms, 0) < @beforeMs AND coalesce(verified_ms, 0) < @beforeMs
    AND coalesce(sts_expires_ms, 0) < @beforeMs`
const FORGET = 'DELETE FROM tls_domain WHERE domain = ?'
const ATTEMPT_TLS = `
  SELECT id, (SELECT tls FROM attempt WHERE recipient_id = queue_recipient.id AND tls IS NOT NULL ORDER BY id DESC LIMIT 1) AS tls
  FROM queue_recipient WHERE entry_id = ?` // indexes queue_recipient_entry and attempt_recipient

interface Row {
  readonly domain: string
  readonly sts_id: string | null
  readonly sts_mode: KnownPolicy['mode'] | null
  readonly sts_mx: string | null
  readonly sts_fetched_ms: number | null
  readonly sts_expires_ms: number | null
  readonly sts_checked_ms: number | null
  readonly sts_error: string | null
  readonly verified_since_ms: number | null
  readonly verified_ms: number | null
  readonly last_ms: number | null
  readonly last_mx: string | null
  readonly last_tls: string | null
}

function toTlsDomain(row: Row): TlsDomain {
  const { sts_mode: mode, verified_since_ms: sinceMs, verified_ms: seenMs, last_ms: atMs } = row
  return {
    domain: row.domain,
    policy:
      mode === null
        ? null
        : {
            mode,
            id: row.sts_id ?? '',
            mx: JSON.parse(row.sts_mx ?? '[]') as string[],
            fetchedMs: row.sts_fetched_ms ?? 0,
            expiresMs: row.sts_expires_ms ?? 0,
          },
    checkedMs: row.sts_checked_ms,
    error: row.sts_error,
    verified: sinceMs === null || seenMs === null ? null : { sinceMs, seenMs },
    last:
      atMs === null
        ? null
        : {
            atMs,
            mx: row.last_mx ?? '',
            facts: row.last_tls === null ? null : (JSON.parse(row.last_tls) as TlsFacts),
          },
  }
}

/** What is known of a domain (lower case, A-labels); undefined where no mail went to it yet. */
export function getTlsDomain(db: ReadDb, domain: string): TlsDomain | undefined {
  const row = prepared<[string], Row>(db, GET).get(domain)
  return row && toTlsDomain(row)
}

/** Domains by name, those after `after`. */
export function listTlsDomains(db: ReadDb, after: string | null, limit: number): TlsDomain[] {
  return prepared<[string, number], Row>(db, LIST)
    .all(after ?? '', limit)
    .map(toTlsDomain)
}

/** How the last session of each recipient of an entry was protected; those that did not come to one are left out. */
export function attemptTlsOf(db: ReadDb, entryId: number): Map<number, AttemptTls> {
  const rows = prepared<[number], { id: number; tls: string | null }>(db, ATTEMPT_TLS).all(entryId)
  return new Map(rows.flatMap(({ id, tls }) => (tls === null ? [] : [[id, JSON.parse(tls) as AttemptTls] as const])))
}

export const tlsDomainOperations = {
  /** Puts a verified policy in place of the one there was. */
  'tls.putPolicy': (
    db: WriteDb,
    { domain, policy }: { readonly domain: string; readonly policy: KnownPolicy },
    nowMs: number,
  ): void => {
    prepared(db, PUT_POLICY).run({ domain, ...policy, mx: JSON.stringify(policy.mx), nowMs })
  },
  /** Remembers why a policy could not be fetched; one that is known stays. */
  'tls.putError': (
    db: WriteDb,
    args: { readonly domain: string; readonly error: string | null },
    nowMs: number,
  ): void => {
    prepared(db, PUT_ERROR).run({ ...args, nowMs })
  },
  /** Remembers how a session with a domain's server was protected. A ratchet older than `ratchetFromMs` begins anew. */
  'tls.seen': (
    db: WriteDb,
    args: {
      readonly domain: string
      readonly mx: string
      readonly facts: TlsFacts | null
      readonly isVerified: boolean
      readonly ratchetFromMs: number
    },
    nowMs: number,
  ): void => {
    const { domain, mx, facts, isVerified, ratchetFromMs } = args
    const tls = facts === null ? null : JSON.stringify(facts)
    prepared(db, SEEN).run({ domain, mx, tls, verifiedMs: isVerified ? nowMs : null, ratchetFromMs, nowMs })
  },
  /** Lets go of domains that nothing was heard of since `beforeMs`. */
  'tls.expire': (db: WriteDb, args: { readonly beforeMs: number }): void => {
    prepared(db, EXPIRE).run(args)
  },
  /** Throws `not-found`. */
  'tls.forget': (db: WriteDb, { domain }: { readonly domain: string }): void => {
    if (prepared(db, FORGET).run(domain).changes === 0)
      throw new Fault('not-found', `forget the TLS of "${domain}": nothing is known of it`, {
        what: 'domain',
        id: domain,
      })
  },
} satisfies Record<string, Operation<never, unknown>>
