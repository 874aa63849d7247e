import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, type Domain, type Mailbox } from '../model/address.ts'
import { findIdentity } from './identity.ts'
import { findLogin, findUser, VERIFIER_KIND } from './local-user.ts'
import { prepared } from './prepared.ts'
import { putSecret } from './secret.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A password made for one program. Its verifier is a secret; the password itself is nowhere. */
export interface AppPassword {
  readonly id: number
  /** What the program signs in as. */
  readonly mailbox: Mailbox
  /** The local user it signs in; null for the person who runs Posthorn. */
  readonly userId: number | null
  /** What the person calls the program. */
  readonly name: string
  readonly createdMs: number
  readonly lastUsedMs: number | null
}
/** Whose an app password is: a local user's, or by an identity the person's who runs Posthorn. */
export type AppPasswordOwner = { readonly userId: number } | { readonly identityId: number }

/** The kind of secret an app password's verifier is kept as; its name is the id. */
export const APP_PASSWORD_KIND = 'app-password'
/** Each login may be checked against all of its owner's, so they are not without number. */
const MOST_OF_ONE_OWNER = 50

/** One password that a name can sign in with. */
export interface LoginKey {
  readonly secret: { readonly kind: string; readonly name: string }
  readonly mailbox: Mailbox
  /** Null: the person who runs Posthorn. */
  readonly userId: number | null
  /** Null: the user's own password. */
  readonly appPasswordId: number | null
}

const COLUMNS = `p.id, p.user_id AS userId, coalesce(u.local, i.local) AS local, coalesce(u.domain, i.domain) AS domain, p.name,
  p.created_ms AS createdMs, p.last_used_ms AS lastUsedMs`
const FROM = `app_password p LEFT JOIN local_user u ON u.id = p.user_id LEFT JOIN identity i ON i.id = p.identity_id`
const LIST = `SELECT ${COLUMNS} FROM ${FROM} ORDER BY domain, local, p.name, p.id LIMIT 1000`
const GET = `SELECT ${COLUMNS} FROM ${FROM} WHERE p.id = ?`
const EXISTS = 'SELECT 1 FROM app_password WHERE id = ?'
const OF_USER = 'SELECT id FROM app_password WHERE user_id = ? ORDER BY id LIMIT ?'
const OF_IDENTITY = 'SELECT id FROM app_password WHERE identity_id = ? ORDER BY id LIMIT ?'
const SAME_NAME = 'SELECT 1 FROM app_password WHERE (user_id = ? OR identity_id = ?) AND name = ? COLLATE NOCASE'
const INSERT = 'INSERT INTO app_password (user_id, identity_id, name, created_ms) VALUES (?, ?, ?, ?)'
const REMOVE = 'DELETE FROM app_password WHERE id = ?'
const USED = 'UPDATE app_password SET last_used_ms = max(coalesce(last_used_ms, 0), ?) WHERE id = ?'
const SIGNED_IN = 'UPDATE local_user SET last_login_ms = max(coalesce(last_login_ms, 0), ?) WHERE id = ?'
const IDENTITY_OF_LOCAL = 'SELECT local, domain FROM identity WHERE local = ? COLLATE NOCASE ORDER BY id LIMIT 2'

interface Row extends Omit<AppPassword, 'mailbox'> {
  readonly local: string
  readonly domain: Domain
}
function toAppPassword({ local, domain, ...rest }: Row): AppPassword {
  return { ...rest, mailbox: { local, domain } }
}

/** All app passwords, by address and name. */
export function listAppPasswords(db: ReadDb): AppPassword[] {
  return prepared<[], Row>(db, LIST).all().map(toAppPassword)
}

/** The app password of that id, or undefined. */
export function getAppPassword(db: ReadDb, id: number): AppPassword | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toAppPassword(row)
}

/** Whether nobody has revoked it. */
export function isAppPassword(db: ReadDb, id: number): boolean {
  return prepared(db, EXISTS).get(id) !== undefined
}

/** Whose address it is, a local user's first; undefined when it is nobody's here. */
export function ownerOf(db: ReadDb, mailbox: Mailbox): AppPasswordOwner | undefined {
  const user = findUser(db, mailbox)
  if (user !== undefined) return { userId: user.id }
  const identity = findIdentity(db, mailbox)
  return identity && { identityId: identity.id }
}

/**
 * Every password that signs in under a name, the user's own first: an address, or its local part where only one user, or
 * without a user only one identity, has it. Empty when there is nobody, or more than one.
 */
export function listLoginKeys(db: ReadDb, name: string): LoginKey[] {
  const mailbox = parseMailbox(name) ?? findLogin(db, name)?.mailbox ?? identityOfLocal(db, name)
  if (mailbox === undefined) return []
  const keys: LoginKey[] = []
  const add = (appPasswordId: number, of: Mailbox, userId: number | null) =>
    keys.push({ secret: { kind: APP_PASSWORD_KIND, name: String(appPasswordId) }, mailbox: of, userId, appPasswordId })
  const user = findUser(db, mailbox)
  if (user !== undefined) {
    const own = { kind: VERIFIER_KIND, name: String(user.id) }
    keys.push({ secret: own, mailbox: user.mailbox, userId: user.id, appPasswordId: null })
    for (const id of idsOf(db, OF_USER, user.id)) add(id, user.mailbox, user.id)
  }
  // The person may have had passwords for the address before it became a user's, too.
  const identity = findIdentity(db, mailbox)
  if (identity !== undefined) for (const id of idsOf(db, OF_IDENTITY, identity.id)) add(id, identity.mailbox, null)
  return keys
}

function idsOf(db: ReadDb, sql: string, ownerId: number): number[] {
  return prepared<[number, number], { id: number }>(db, sql)
    .all(ownerId, MOST_OF_ONE_OWNER)
    .map(({ id }) => id)
}

function identityOfLocal(db: ReadDb, name: string): Mailbox | undefined {
  const [one, another] = prepared<[string], Mailbox>(db, IDENTITY_OF_LOCAL).all(name)
  return another === undefined ? one : undefined
}

/** Adds one with its verifier. Throws `conflict` for a name its owner has used, or when there are too many. */
function addAppPassword(
  db: WriteDb,
  args: { readonly owner: AppPasswordOwner; readonly name: string; readonly verifier: Uint8Array },
  nowMs: number,
): AppPassword {
  const { owner, name, verifier } = args
  const userId = 'userId' in owner ? owner.userId : null
  const identityId = 'identityId' in owner ? owner.identityId : null
  const refuse = (reason: string) =>
    new Fault('conflict', `make a password for "${name}": ${reason}`, { what: 'app password', reason })
  if (prepared(db, SAME_NAME).get(userId, identityId, name) !== undefined)
    throw refuse('there is one of that name already; revoke it, or take another name')
  const sql = userId === null ? OF_IDENTITY : OF_USER
  if (idsOf(db, sql, userId ?? identityId ?? 0).length >= MOST_OF_ONE_OWNER)
    throw refuse(`there are ${MOST_OF_ONE_OWNER} already; revoke one that is not used`)
  const id = Number(prepared(db, INSERT).run(userId, identityId, name, nowMs).lastInsertRowid)
  putSecret(db, { kind: APP_PASSWORD_KIND, name: String(id), value: verifier }, nowMs)
  const made = getAppPassword(db, id)
  if (made === undefined) throw new Error(`app password ${id} is gone in the transaction that made it`)
  return made
}

/** When passwords were last used, by id; Unix ms. */
export interface LastUses {
  readonly users: readonly (readonly [id: number, atMs: number])[]
  readonly appPasswords: readonly (readonly [id: number, atMs: number])[]
}

export const appPasswordOperations = {
  'app-password.add': addAppPassword,
  /** Its verifier goes with it. Returns false when there was none. */
  'app-password.remove': (db: WriteDb, args: { readonly id: number }): boolean =>
    prepared(db, REMOVE).run(args.id).changes === 1,
  /** Notes who has signed in, many at a time. */
  'login.used': (db: WriteDb, args: LastUses): void => {
    for (const [id, atMs] of args.users) prepared(db, SIGNED_IN).run(atMs, id)
    for (const [id, atMs] of args.appPasswords) prepared(db, USED).run(atMs, id)
  },
} satisfies Record<string, Operation<never, unknown>>

/** The words for an owner who can't be found. */
export function nobodyHas(mailbox: Mailbox): Fault<'not-found'> {
  const address = formatMailbox(mailbox)
  return new Fault(
    'not-found',
    `find who signs in as "${address}": it is neither an identity nor the address of a local user; add it as one of them first`,
    { what: 'address', id: address },
  )
}
