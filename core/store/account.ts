import { Fault } from '../base/fault.ts'
import type { TlsMode } from '../model/outcome.ts'
import { ensureFolder, listFoldersOfAccount, removeFolder } from './folder.ts'
import {
  addPop3,
  forgetMaildrop,
  POP3_COLUMNS,
  setPop3Rules,
  toPop3,
  type Pop3Facts,
  type Pop3Record,
  type Pop3Rules,
} from './pop3-account.ts'
import { prepared } from './prepared.ts'
import { putSecret, removeSecret } from './secret.ts'
import { dropUnusedSignIn, requireSignIn } from './sign-in.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/**
 * Mail that is fetched from a server. What it signs in with is a secret of kind `account-password` or `account-token` and the
 * id as its name, or comes from a sign-in.
 */
export interface Account {
  readonly id: number
  readonly kind: 'pop3' | 'imap'
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  readonly login: 'password' | 'token'
  /** Where its token comes from; null where it has a secret of its own. */
  readonly signInId: number | null
  /** Whether fetched messages stay on the server. */
  readonly keep: boolean
  readonly everySeconds: number
  readonly lastFetchMs: number | null
  /** What was wrong with the last fetch, in words; null when nothing was. */
  readonly lastError: string | null
  readonly nextFetchMs: number
  /** What only a POP3 account has. */
  readonly pop3: (Pop3Rules & Pop3Facts) | null
  /** What only an IMAP account has. */
  readonly imap: { readonly sentCopy: SentCopy; readonly drafts: Drafts } | null
}
/** Who puts mail that was sent into an account's Sent folder: we, or its server by itself. */
export type SentCopy = 'append' | 'server'
/** Where drafts of an account's address are kept: in its Drafts folder, too, or on this computer alone. */
export type Drafts = 'server' | 'here'
/** The kinds of an account's secret; it has one of them. */
export const ACCOUNT_PASSWORD = 'account-password'
export const ACCOUNT_TOKEN = 'account-token'
const SECRET_OF = { password: ACCOUNT_PASSWORD, token: ACCOUNT_TOKEN } as const

const COLUMNS = `a.id, a.kind, a.name, a.host, a.port, a.tls, a.login AS user, a.keep, a.every_seconds AS everySeconds,
  a.sign_in_id AS signInId,
  a.last_fetch_ms AS lastFetchMs, a.last_error AS lastError, a.next_fetch_ms AS nextFetchMs,
  EXISTS (SELECT 1 FROM secret s WHERE s.kind = '${ACCOUNT_TOKEN}' AND s.name = CAST(a.id AS TEXT)) AS hasToken,
  p.account_id IS NOT NULL AS isPop3, i.sent_copy AS sentCopy, i.drafts, ${POP3_COLUMNS}`
const FROM =
  'FROM account a LEFT JOIN pop3_account p ON p.account_id = a.id LEFT JOIN imap_account i ON i.account_id = a.id'
const LIST = `SELECT ${COLUMNS} ${FROM} ORDER BY a.id LIMIT 200`
const GET = `SELECT ${COLUMNS} ${FROM} WHERE a.id = ?`
const SAME = 'SELECT id FROM account WHERE host = ? AND port = ? AND login = ?'
const ADD = `
  INSERT INTO account (kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const FETCHED = 'UPDATE account SET last_fetch_ms = ?, last_error = ?, next_fetch_ms = ? WHERE id = ?'
const REMOVE = 'DELETE FROM account WHERE id = ?'
const HAND_OVER = `UPDATE folder SET account_id = NULL, role = 'other', name = ? WHERE id = ?`
const FORGET_FOLDER = 'DELETE FROM imap_folder WHERE folder_id = ?'
const FORGET_CHANGES = 'DELETE FROM imap_change WHERE account_id = ?'
const ADD_IMAP = 'INSERT INTO imap_account (account_id, sent_copy, drafts) VALUES (?, ?, ?)'
const SET_IMAP =
  'UPDATE imap_account SET sent_copy = coalesce(?, sent_copy), drafts = coalesce(?, drafts) WHERE account_id = ?'
const SIGN_IN = 'UPDATE account SET sign_in_id = ? WHERE id = ?'
const CHANGE =
  'UPDATE account SET name = ?, host = ?, port = ?, tls = ?, login = ?, keep = ?, every_seconds = ?, next_fetch_ms = ? WHERE id = ?'

type Own = Omit<Account, 'keep' | 'login' | 'pop3' | 'imap'> & { readonly keep: number }
type Row = Own &
  Pop3Record & {
    readonly hasToken: number
    readonly isPop3: number
    readonly sentCopy: SentCopy | null
    readonly drafts: Drafts | null
  }

function toAccount(row: Row): Account {
  const { id, kind, name, host, port, tls, user, signInId, keep, everySeconds, lastFetchMs, lastError, nextFetchMs } =
    row
  return {
    id,
    kind,
    name,
    host,
    port,
    tls,
    user,
    login: row.hasToken === 1 || signInId !== null ? 'token' : 'password',
    signInId,
    keep: keep === 1,
    everySeconds,
    lastFetchMs,
    lastError,
    nextFetchMs,
    pop3: row.isPop3 === 1 ? toPop3(row) : null,
    imap: row.sentCopy === null || row.drafts === null ? null : { sentCopy: row.sentCopy, drafts: row.drafts },
  }
}

/** How an account signs in: with a value that goes to the vault's table, or by a sign-in. */
export type AccountSecret =
  { readonly login: Account['login']; readonly value: Uint8Array } | { readonly signInId: number }

/** Puts what an account signs in with in place of what it had, of whichever kind. Throws `not-found` for a sign-in that is none. */
export function putAccountSecret(db: WriteDb, id: number, secret: AccountSecret, nowMs: number): void {
  const before = requireAccount(db, id, 'change').signInId
  for (const kind of [ACCOUNT_PASSWORD, ACCOUNT_TOKEN]) removeSecret(db, { kind, name: String(id) })
  const signInId = 'signInId' in secret ? requireSignIn(db, secret.signInId).id : null
  prepared(db, SIGN_IN).run(signInId, id)
  if ('value' in secret) putSecret(db, { kind: SECRET_OF[secret.login], name: String(id), value: secret.value }, nowMs)
  if (before !== signInId) dropUnusedSignIn(db, before)
}

type Settable = Pick<Account, 'name' | 'host' | 'port' | 'tls' | 'user' | 'keep' | 'everySeconds'>

/** All accounts, oldest first. */
export function listAccounts(db: ReadDb): Account[] {
  return prepared<[], Row>(db, LIST).all().map(toAccount)
}

/** The account of that id, or undefined. */
export function getAccount(db: ReadDb, id: number): Account | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toAccount(row)
}

/** The account of that id. Throws `not-found`, saying `what` was to be done. */
export function requireAccount(db: ReadDb, id: number, what: string): Account {
  const account = getAccount(db, id)
  if (account === undefined)
    throw new Fault('not-found', `${what} account ${id}: there is none`, { what: 'account', id: String(id) })
  return account
}

function refuseSame(db: ReadDb, { host, port, user }: Settable, id: number | undefined, what: string): void {
  const same = prepared<[string, number, string], { id: number }>(db, SAME).get(host, port, user)
  if (same === undefined || same.id === id) return
  throw new Fault('conflict', `${what} the account "${user}" at "${host}": it is there already`, {
    what: 'account',
    reason: 'it is there already',
  })
}

/** Gives the mail of an account to the person, in folders of their own; empty ones go. */
function handOver(db: WriteDb, account: Account): void {
  for (const folder of listFoldersOfAccount(db, account.id)) {
    prepared(db, FORGET_FOLDER).run(folder.id)
    if (folder.total === 0) removeFolder(db, folder.id)
    else prepared(db, HAND_OVER).run(`${account.name}: ${folder.name}`, folder.id)
  }
}

export const accountOperations = {
  /** Adds an account with its secret. Throws `conflict` when that maildrop is fetched already. */
  'account.add': (
    db: WriteDb,
    args: Settable & {
      readonly kind?: Account['kind']
      readonly secret: AccountSecret
      readonly rules?: Partial<Pop3Rules>
      readonly sentCopy?: SentCopy
      readonly drafts?: Drafts
    },
    nowMs: number,
  ): Account => {
    refuseSame(db, args, undefined, 'add')
    const { name, host, port, tls, user, keep, everySeconds } = args
    const kind = args.kind ?? 'pop3'
    const added = prepared(db, ADD).run(kind, name, host, port, tls, user, keep ? 1 : 0, everySeconds, nowMs, nowMs)
    const id = Number(added.lastInsertRowid)
    putAccountSecret(db, id, args.secret, nowMs)
    if (kind === 'pop3') addPop3(db, id, args.rules ?? {})
    else prepared(db, ADD_IMAP).run(id, args.sentCopy ?? 'append', args.drafts ?? 'server')
    ensureFolder(db, { accountId: id, userId: null }, 'inbox')
    return requireAccount(db, id, 'add')
  },
  /**
   * Changes what is given; it is fetched anew at once when what leads to its mail was changed. Throws `not-found`, and
   * `conflict` when another account fetches that maildrop.
   */
  'account.save': (
    db: WriteDb,
    args: {
      readonly id: number
      readonly secret?: AccountSecret
      readonly rules?: Partial<Pop3Rules>
      readonly sentCopy?: SentCopy
      readonly drafts?: Drafts
      readonly settings: Partial<Settable>
    },
    nowMs: number,
  ): Account => {
    const before = requireAccount(db, args.id, 'change')
    const next: Settable = { ...before, ...args.settings }
    refuseSame(db, next, args.id, 'change')
    const isElsewhere =
      args.secret !== undefined ||
      (['host', 'port', 'tls', 'user', 'everySeconds'] as const).some((key) => next[key] !== before[key])
    const { name, host, port, tls, user, keep, everySeconds } = next
    const nextFetchMs = isElsewhere ? nowMs : before.nextFetchMs
    prepared(db, CHANGE).run(name, host, port, tls, user, keep ? 1 : 0, everySeconds, nextFetchMs, args.id)
    if (args.secret !== undefined) putAccountSecret(db, args.id, args.secret, nowMs)
    if (args.rules !== undefined && before.pop3 !== null) setPop3Rules(db, args.id, { ...before.pop3, ...args.rules })
    // Another server, or another person's: what is here is no copy of that, and may be the only one.
    if (before.kind === 'imap' && (next.host !== before.host || next.user !== before.user)) {
      handOver(db, before)
      prepared(db, FORGET_CHANGES).run(args.id)
      ensureFolder(db, { accountId: args.id, userId: null }, 'inbox')
    }
    if (before.kind === 'pop3' && (next.host !== before.host || next.user !== before.user)) forgetMaildrop(db, args.id)
    if (args.sentCopy !== undefined || args.drafts !== undefined)
      prepared(db, SET_IMAP).run(args.sentCopy ?? null, args.drafts ?? null, args.id)
    return requireAccount(db, args.id, 'change')
  },
  /**
   * Removes an account with its password. Its mail stays, in folders of the person's own: it may be the only copy. Throws
   * `not-found`.
   */
  'account.remove': (db: WriteDb, args: { readonly id: number }): void => {
    const account = requireAccount(db, args.id, 'remove')
    handOver(db, account)
    for (const kind of [ACCOUNT_PASSWORD, ACCOUNT_TOKEN]) removeSecret(db, { kind, name: String(args.id) })
    prepared(db, REMOVE).run(args.id)
    dropUnusedSignIn(db, account.signInId)
  },
  /** How a fetch ended and when the next one is due. */
  'account.fetched': (
    db: WriteDb,
    args: { readonly id: number; readonly error: string | null; readonly nextFetchMs: number },
    nowMs: number,
  ): void => {
    prepared(db, FETCHED).run(nowMs, args.error, args.nextFetchMs, args.id)
  },
} satisfies Record<string, Operation<never, unknown>>
