import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, type Domain, type Mailbox } from '../model/address.ts'
import { prepared } from './prepared.ts'
import { putSecret } from './secret.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** Somebody who may submit mail here. */
export interface LocalUser {
  readonly id: number
  readonly mailbox: Mailbox
  readonly createdMs: number
  /** Null until the first login. */
  readonly lastLoginMs: number | null
}
interface Row extends Omit<LocalUser, 'mailbox'> {
  readonly local: string
  readonly domain: Domain
}

/** The kind of secret a user's password verifier is kept as; its name is the user's id. */
export const VERIFIER_KIND = 'local-user'

const COLUMNS = 'id, local, domain, created_ms AS createdMs, last_login_ms AS lastLoginMs'
const LIST = `SELECT ${COLUMNS} FROM local_user ORDER BY id LIMIT 1000`
const GET = `SELECT ${COLUMNS} FROM local_user WHERE id = ?`
const BY_ADDRESS = `SELECT ${COLUMNS} FROM local_user WHERE local = ? COLLATE NOCASE AND domain = ? LIMIT 1`
const BY_LOCAL = `SELECT ${COLUMNS} FROM local_user WHERE local = ? COLLATE NOCASE LIMIT 2`
const IDENTITIES = 'SELECT local, domain FROM identity WHERE user_id = ? ORDER BY id LIMIT 200'
const INSERT = 'INSERT INTO local_user (local, domain, created_ms) VALUES (?, ?, ?)'
const SET_QUOTA = 'UPDATE local_user SET quota_bytes = ? WHERE id = ?'

function toLocalUser({ local, domain, ...rest }: Row): LocalUser {
  return { ...rest, mailbox: { local, domain } }
}

/** All local users, oldest first. */
export function listUsers(db: ReadDb): LocalUser[] {
  return prepared<[], Row>(db, LIST).all().map(toLocalUser)
}

/** The user of that id, or undefined. */
export function getUser(db: ReadDb, id: number): LocalUser | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toLocalUser(row)
}

/** The user of that address, or undefined. The local part's case does not matter. */
export function findUser(db: ReadDb, mailbox: Mailbox): LocalUser | undefined {
  const row = prepared<[string, string], Row>(db, BY_ADDRESS).get(mailbox.local, mailbox.domain)
  return row && toLocalUser(row)
}

/**
 * Who signs in with that name: an address, or its local part where only one user has it. Undefined when there is nobody,
 * or more than one.
 */
export function findLogin(db: ReadDb, name: string): LocalUser | undefined {
  const mailbox = parseMailbox(name)
  if (mailbox !== undefined) return findUser(db, mailbox)
  const [row, another] = prepared<[string], Row>(db, BY_LOCAL).all(name)
  return row === undefined || another !== undefined ? undefined : toLocalUser(row)
}

/** The addresses a user may send as: the login's own, and those of the identities that are his. */
export function listOwnAddresses(db: ReadDb, userId: number): Mailbox[] {
  const user = getUser(db, userId)
  return user === undefined ? [] : [user.mailbox, ...prepared<[number], Mailbox>(db, IDENTITIES).all(userId)]
}

/** Adds a user and the verifier of his password. Throws `conflict` when the address has one already. */
function addUser(
  db: WriteDb,
  args: { readonly mailbox: Mailbox; readonly verifier: Uint8Array },
  nowMs: number,
): LocalUser {
  const { mailbox, verifier } = args
  if (findUser(db, mailbox) !== undefined)
    throw new Fault('conflict', `add the user "${formatMailbox(mailbox)}": there is one already`, {
      what: 'user',
      reason: 'there is one already',
    })
  const id = Number(prepared(db, INSERT).run(mailbox.local, mailbox.domain, nowMs).lastInsertRowid)
  putSecret(db, { kind: VERIFIER_KIND, name: String(id), value: verifier }, nowMs)
  return { id, mailbox: { local: mailbox.local, domain: mailbox.domain }, createdMs: nowMs, lastLoginMs: null }
}

/** Sets the most bytes a user may keep. Throws `not-found`. */
function setQuota(db: WriteDb, args: { readonly id: number; readonly quotaBytes: number | null }): LocalUser {
  prepared(db, SET_QUOTA).run(args.quotaBytes, args.id)
  const user = getUser(db, args.id)
  if (user === undefined)
    throw new Fault('not-found', `find user ${args.id}: there is none`, { what: 'user', id: String(args.id) })
  return user
}

export const userOperations = {
  'user.setQuota': setQuota,
  'user.add': addUser,
} satisfies Record<string, Operation<never, unknown>>
