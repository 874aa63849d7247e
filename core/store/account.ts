import { Fault } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { TlsMode } from '../model/outcome.ts'
import { ensureFolder, listFoldersOfAccount, removeFolder } from './folder.ts'
import { insertMessage } from './message.ts'
import { prepared } from './prepared.ts'
import { putSecret, removeSecret } from './secret.ts'
import type { Body, Operation, ReadDb, WriteDb } from './types.ts'

/** Mail that is fetched from a server. Its password is a secret of kind `account-password` and the id as its name. */
export interface Account {
  readonly id: number
  readonly kind: 'pop3'
  readonly name: string
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  /** Whether fetched messages stay on the server. */
  readonly keep: boolean
  readonly everySeconds: number
  readonly lastFetchMs: number | null
  /** What was wrong with the last fetch, in words; null when nothing was. */
  readonly lastError: string | null
  readonly nextFetchMs: number
}
/** The kind of an account's secret. */
export const ACCOUNT_PASSWORD = 'account-password'

const COLUMNS = `id, kind, name, host, port, tls, login AS user, keep, every_seconds AS everySeconds,
  last_fetch_ms AS lastFetchMs, last_error AS lastError, next_fetch_ms AS nextFetchMs`
const LIST = `SELECT ${COLUMNS} FROM account ORDER BY id LIMIT 200`
const GET = `SELECT ${COLUMNS} FROM account WHERE id = ?`
const SAME = 'SELECT id FROM account WHERE host = ? AND port = ? AND login = ?'
const ADD = `
  INSERT INTO account (kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
  VALUES ('pop3', ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const FETCHED = 'UPDATE account SET last_fetch_ms = ?, last_error = ?, next_fetch_ms = ? WHERE id = ?'
const REMOVE = 'DELETE FROM account WHERE id = ?'
const HAND_OVER = `UPDATE folder SET account_id = NULL, role = 'other', name = ? WHERE id = ?`
const SEEN_PAGE = 'SELECT uidl FROM pop3_seen WHERE account_id = ? AND uidl > ? ORDER BY uidl LIMIT ?'
const IS_SEEN = 'SELECT 1 FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const MESSAGE_OF = 'SELECT message_id AS id FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const SEE = 'INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (?, ?, ?, ?)'
const FORGET = 'DELETE FROM pop3_seen WHERE account_id = ? AND uidl = ?'

type Row = Omit<Account, 'keep'> & { readonly keep: number }
const toAccount = (row: Row): Account => ({ ...row, keep: row.keep === 1 })

/** All accounts, oldest first. */
export function listAccounts(db: ReadDb): Account[] {
  return prepared<[], Row>(db, LIST).all().map(toAccount)
}

/** The account of that id, or undefined. */
export function getAccount(db: ReadDb, id: number): Account | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toAccount(row)
}

/** Unique-ids already fetched by an account, in order, after the one given ('' to begin). */
export function listSeenUidls(db: ReadDb, accountId: number, after: string, limit: number): string[] {
  return prepared<[number, string, number], { uidl: string }>(db, SEEN_PAGE)
    .all(accountId, after, limit)
    .map((row) => row.uidl)
}

/** The message that came under a unique-id; undefined when it did not come or is gone. */
export function messageOfUidl(db: ReadDb, accountId: number, uidl: string): number | undefined {
  return prepared<[number, string], { id: number | null }>(db, MESSAGE_OF).get(accountId, uidl)?.id ?? undefined
}

/** One message that a POP3 server has given us. */
export interface Pop3Arrival {
  readonly uidl: string
  readonly body: Body
  readonly fields: MessageFields
  /** Unix ms. */
  readonly receivedMs: number
}

function requireAccount(db: ReadDb, id: number, what: string): Account {
  const account = getAccount(db, id)
  if (account === undefined)
    throw new Fault('not-found', `${what} account ${id}: there is none`, { what: 'account', id: String(id) })
  return account
}

export const accountOperations = {
  /** Adds an account with its password. Throws `conflict` when that maildrop is fetched already. */
  'account.add': (
    db: WriteDb,
    args: Pick<Account, 'name' | 'host' | 'port' | 'tls' | 'user' | 'keep' | 'everySeconds'> & {
      readonly password: Uint8Array
    },
    nowMs: number,
  ): Account => {
    if (prepared(db, SAME).get(args.host, args.port, args.user) !== undefined)
      throw new Fault('conflict', `add the account "${args.user}" at "${args.host}": it is there already`, {
        what: 'account',
        reason: 'it is there already',
      })
    const { name, host, port, tls, user, keep, everySeconds } = args
    const added = prepared(db, ADD).run(name, host, port, tls, user, keep ? 1 : 0, everySeconds, nowMs, nowMs)
    const id = Number(added.lastInsertRowid)
    putSecret(db, { kind: ACCOUNT_PASSWORD, name: String(id), value: args.password }, nowMs)
    ensureFolder(db, { accountId: id, userId: null }, 'inbox')
    return requireAccount(db, id, 'add')
  },
  /**
   * Removes an account with its password. Its mail stays, in folders of the person's own: it may be the only copy. Throws
   * `not-found`.
   */
  'account.remove': (db: WriteDb, args: { readonly id: number }): void => {
    const account = requireAccount(db, args.id, 'remove')
    for (const folder of listFoldersOfAccount(db, args.id)) {
      if (folder.total === 0) removeFolder(db, folder.id)
      else prepared(db, HAND_OVER).run(`${account.name}: ${folder.name}`, folder.id)
    }
    removeSecret(db, { kind: ACCOUNT_PASSWORD, name: String(args.id) })
    prepared(db, REMOVE).run(args.id)
  },
  /** How a fetch ended and when the next one is due. */
  'account.fetched': (
    db: WriteDb,
    args: { readonly id: number; readonly error: string | null; readonly nextFetchMs: number },
    nowMs: number,
  ): void => {
    prepared(db, FETCHED).run(nowMs, args.error, args.nextFetchMs, args.id)
  },
  /**
   * Keeps messages and remembers their unique-ids, as one: so none is fetched twice and none deleted on the server that is
   * not here. The id of each; null for one that is here already. Throws `not-found` when the account is gone.
   */
  'pop3.keep': (
    db: WriteDb,
    args: { readonly accountId: number; readonly arrivals: readonly Pop3Arrival[] },
    nowMs: number,
  ): { readonly folderId: number; readonly messageIds: (number | null)[] } => {
    requireAccount(db, args.accountId, 'keep mail of')
    const folderId = ensureFolder(db, { accountId: args.accountId, userId: null }, 'inbox')
    const messageIds = args.arrivals.map(({ uidl, body, fields, receivedMs }) => {
      if (prepared(db, IS_SEEN).get(args.accountId, uidl) !== undefined) return null
      const message = { folderId, body, prefix: '', removed: [], fields, receivedMs, seen: false }
      const messageId = insertMessage(db, message, nowMs)
      prepared(db, SEE).run(args.accountId, uidl, messageId, nowMs)
      return messageId
    })
    return { folderId, messageIds }
  },
  /** Forgets unique-ids that the server has no more. */
  'pop3.forget': (db: WriteDb, args: { readonly accountId: number; readonly uidls: readonly string[] }): void => {
    for (const uidl of args.uidls) prepared(db, FORGET).run(args.accountId, uidl)
  },
} satisfies Record<string, Operation<never, unknown>>
