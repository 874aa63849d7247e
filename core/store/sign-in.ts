import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import { putSecret, removeSecret } from './secret.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A person's sign-in with a provider (OAuth 2.0), used by accounts and routes. What refreshes it is a secret. */
export interface SignIn {
  readonly id: number
  readonly provider: string
  /** What servers are told who it is. */
  readonly user: string
  /** Why one has to sign in again; null while nothing is wrong. */
  readonly trouble: string | null
  readonly signedInMs: number
}
/** A sign-in with those who use it. */
export interface UsedSignIn extends SignIn {
  readonly accountIds: readonly number[]
  readonly routeIds: readonly number[]
}

/** The kind of the secret that gets new access tokens; its name is the sign-in's id. */
export const SIGN_IN_REFRESH = 'sign-in-refresh'

const COLUMNS = 'id, provider, user, trouble, signed_in_ms AS signedInMs'
const LIST = `SELECT ${COLUMNS} FROM sign_in ORDER BY id LIMIT 200`
const GET = `SELECT ${COLUMNS} FROM sign_in WHERE id = ?`
const ACCOUNTS = 'SELECT id FROM account WHERE sign_in_id = ? ORDER BY id'
const ROUTES = 'SELECT id FROM route WHERE sign_in_id = ? ORDER BY id'
const PUT = `
  INSERT INTO sign_in (provider, user, signed_in_ms) VALUES (?, ?, ?)
  ON CONFLICT (provider, user) DO UPDATE SET trouble = NULL, signed_in_ms = excluded.signed_in_ms
  RETURNING id`
const TROUBLE = 'UPDATE sign_in SET trouble = ? WHERE id = ?'
const REMOVE = 'DELETE FROM sign_in WHERE id = ?'
const ROUTE_TROUBLE = 'UPDATE route SET trouble = NULL, trouble_ms = NULL WHERE sign_in_id = ?'

const idsOf = (db: ReadDb, sql: string, id: number) =>
  prepared<[number], { id: number }>(db, sql)
    .all(id)
    .map((row) => row.id)

/** All sign-ins, oldest first. */
export function listSignIns(db: ReadDb): UsedSignIn[] {
  return prepared<[], SignIn>(db, LIST)
    .all()
    .map((one) => ({ ...one, accountIds: idsOf(db, ACCOUNTS, one.id), routeIds: idsOf(db, ROUTES, one.id) }))
}

/** The sign-in of that id; undefined when it is gone. */
export function getSignIn(db: ReadDb, id: number): SignIn | undefined {
  return prepared<[number], SignIn>(db, GET).get(id)
}

/** The sign-in of that id. Throws `not-found`. */
export function requireSignIn(db: ReadDb, id: number): SignIn {
  const found = getSignIn(db, id)
  if (found !== undefined) return found
  throw new Fault('not-found', `find sign-in ${id}: there is none`, { what: 'sign-in', id: String(id) })
}

/** Removes a sign-in with its secret when nobody uses it any more; for whoever has just stopped using it. */
export function dropUnusedSignIn(db: WriteDb, id: number | null): void {
  if (id === null || isUsed(db, id)) return
  removeSecret(db, { kind: SIGN_IN_REFRESH, name: String(id) })
  prepared(db, REMOVE).run(id)
}

const isUsed = (db: ReadDb, id: number) => idsOf(db, ACCOUNTS, id).length > 0 || idsOf(db, ROUTES, id).length > 0

export const signInOperations = {
  /** Keeps what a person's sign-in has brought; the same person with the same provider is the same sign-in, with nothing wrong. */
  'signIn.put': (
    db: WriteDb,
    args: { readonly provider: string; readonly user: string; readonly refresh: Uint8Array },
    nowMs: number,
  ): SignIn => {
    const id = Number(
      prepared<[string, string, number], { id: number }>(db, PUT).get(args.provider, args.user, nowMs)?.id,
    )
    putSecret(db, { kind: SIGN_IN_REFRESH, name: String(id), value: args.refresh }, nowMs)
    prepared(db, ROUTE_TROUBLE).run(id)
    return requireSignIn(db, id)
  },
  /** Another refresh token in place of the one it had; nothing where the sign-in is gone. */
  'signIn.renew': (db: WriteDb, args: { readonly id: number; readonly refresh: Uint8Array }, nowMs: number): void => {
    if (getSignIn(db, args.id) === undefined) return
    putSecret(db, { kind: SIGN_IN_REFRESH, name: String(args.id), value: args.refresh }, nowMs)
  },
  /** Notes why one has to sign in again. */
  'signIn.setTrouble': (db: WriteDb, args: { readonly id: number; readonly trouble: string }): void => {
    prepared(db, TROUBLE).run(args.trouble, args.id)
  },
  /** Throws `not-found`, and `conflict` while an account or a route uses it. */
  'signIn.remove': (db: WriteDb, args: { readonly id: number }): void => {
    const { user } = requireSignIn(db, args.id)
    if (isUsed(db, args.id))
      throw new Fault('conflict', `remove the sign-in of "${user}": an account or a smarthost uses it`, {
        what: 'sign-in',
        reason: 'it is used',
      })
    dropUnusedSignIn(db, args.id)
  },
} satisfies Record<string, Operation<never, unknown>>
