import { prepared } from './prepared.ts'
import type { Operation, WriteDb } from './types.ts'

/** What is to become of mail on a POP3 server, and what comes first. */
export interface Pop3Rules {
  /** Of an account that keeps its mail there: days after which a fetched message is deleted there. Null: never. */
  readonly deleteAfterDays: number | null
  /** Of such an account: deletes there what is removed here for good. */
  readonly deleteWhenRemoved: boolean
  /** Of larger messages only the header comes by itself. Null: everything comes whole. */
  readonly headersOnlyOverMb: number | null
  readonly newestFirst: boolean
  /** Whether a long fetch brings all headers first, and then the messages; `auto`: on a slow line. */
  readonly headersFirst: 'auto' | 'always' | 'never'
  readonly allowApop: boolean
}
/** What the last session with the server has shown; null where it said nothing. */
export interface Pop3Facts {
  /** How it signed in, such as `SCRAM-SHA-256` or `APOP`. */
  readonly signedInBy: string | null
  /** RFC 2449 §6.5 and §6.7. */
  readonly loginDelaySeconds: number | null
  readonly expireDays: number | null
}
/** A row of `pop3_account` as it is stored. */
export type Pop3Record = Omit<Pop3Rules, 'deleteWhenRemoved' | 'newestFirst' | 'allowApop'> &
  Pop3Facts & { readonly deleteWhenRemoved: number; readonly newestFirst: number; readonly allowApop: number }

/** What `toPop3` needs of the table, joined as `p`. */
export const POP3_COLUMNS = `p.delete_after_days AS deleteAfterDays, p.delete_when_removed AS deleteWhenRemoved,
  p.headers_only_over_mb AS headersOnlyOverMb, p.newest_first AS newestFirst, p.headers_first AS headersFirst,
  p.allow_apop AS allowApop,
  p.signed_in_by AS signedInBy, p.login_delay_seconds AS loginDelaySeconds, p.expire_days AS expireDays`
const ADD = 'INSERT INTO pop3_account (account_id) VALUES (?)'
const SET = `
  UPDATE pop3_account SET delete_after_days = ?, delete_when_removed = ?, headers_only_over_mb = ?, newest_first = ?,
    headers_first = ?, allow_apop = ?
  WHERE account_id = ?`
const LEARN = 'UPDATE pop3_account SET signed_in_by = ?, login_delay_seconds = ?, expire_days = ? WHERE account_id = ?'

const FORGET_SEEN = 'DELETE FROM pop3_seen WHERE account_id = ?'

/** The rules of an account about which nobody has said anything. */
export const USUAL_RULES: Pop3Rules = {
  deleteAfterDays: null,
  deleteWhenRemoved: false,
  headersOnlyOverMb: null,
  newestFirst: false,
  headersFirst: 'auto',
  allowApop: true,
}

/** Makes rules and facts of a stored row. */
export function toPop3(record: Pop3Record): Pop3Rules & Pop3Facts {
  const { deleteAfterDays, headersOnlyOverMb, headersFirst, signedInBy, loginDelaySeconds, expireDays } = record
  return {
    deleteAfterDays,
    deleteWhenRemoved: record.deleteWhenRemoved === 1,
    headersOnlyOverMb,
    newestFirst: record.newestFirst === 1,
    headersFirst,
    allowApop: record.allowApop === 1,
    signedInBy,
    loginDelaySeconds,
    expireDays,
  }
}

/** Sets all rules of an account. */
export function setPop3Rules(db: WriteDb, accountId: number, rules: Pop3Rules): void {
  const { deleteAfterDays, deleteWhenRemoved, headersOnlyOverMb, newestFirst, headersFirst, allowApop } = rules
  const flag = (on: boolean) => (on ? 1 : 0)
  prepared(db, SET).run(
    deleteAfterDays,
    flag(deleteWhenRemoved),
    headersOnlyOverMb,
    flag(newestFirst),
    headersFirst,
    flag(allowApop),
    accountId,
  )
}

/** Makes an account one of POP3. */
export function addPop3(db: WriteDb, accountId: number, rules: Partial<Pop3Rules>): void {
  prepared(db, ADD).run(accountId)
  setPop3Rules(db, accountId, { ...USUAL_RULES, ...rules })
}

/**
 * Forgets what was seen of an account's maildrop, and what its server said: it has another one now. By the unique-ids of the old
 * one a message of the new one could be taken for known, and deleted there.
 */
export function forgetMaildrop(db: WriteDb, accountId: number): void {
  prepared(db, FORGET_SEEN).run(accountId)
  prepared(db, LEARN).run(null, null, null, accountId)
}

export const pop3AccountOperations = {
  /** What a session has shown of its server. */
  'pop3.learn': (db: WriteDb, args: Pop3Facts & { readonly accountId: number }): void => {
    prepared(db, LEARN).run(args.signedInBy, args.loginDelaySeconds, args.expireDays, args.accountId)
  },
} satisfies Record<string, Operation<never, unknown>>
