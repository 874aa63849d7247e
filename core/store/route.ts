import { Fault } from '../base/fault.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { prepared } from './prepared.ts'
import { putSecret, removeSecret } from './secret.ts'
import { dropUnusedSignIn, requireSignIn } from './sign-in.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A fixed next hop, as the queue and the relay know it. */
export type Smarthost = Extract<Route, { kind: 'smarthost' }>
/** The same with its login, whose secret is kept elsewhere, and what is wrong with that. */
export interface StoredRoute {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  /** Null where nobody signs in. */
  readonly user: string | null
  readonly login: 'none' | 'password' | 'token'
  /** Where its token comes from; null where it has a secret of its own, or none. */
  readonly signInId: number | null
  /** Why its login was refused; null while nothing is wrong. */
  readonly trouble: string | null
}
/** A login as it is stored: the secret goes into the table of secrets, or a sign-in has it. */
export type NewRouteLogin = { readonly user: string } & (
  { readonly kind: 'password' | 'token'; readonly secret: Uint8Array } | { readonly signInId: number }
)

/** The kind of a route's secret; its name is the route's id. */
export const ROUTE_LOGIN = 'route-login'

const COLUMNS = `id, host, port, tls, login_user AS user, coalesce(login_kind, 'none') AS login, sign_in_id AS signInId, trouble`
const LIST = `SELECT ${COLUMNS} FROM route ORDER BY id LIMIT 1000`
const GET = `SELECT ${COLUMNS} FROM route WHERE id = ?`
const SAME = `SELECT ${COLUMNS} FROM route WHERE host = ? AND port = ? AND tls = ? AND login_user IS ?`
const BARE = `SELECT ${COLUMNS} FROM route WHERE host = ? AND port = ? AND tls = ? ORDER BY id LIMIT 1`
const ADD = `INSERT INTO route (kind, host, port, tls, created_ms) VALUES ('smarthost', ?, ?, ?, ?)`
const LOGIN =
  'UPDATE route SET login_user = ?, login_kind = ?, sign_in_id = ?, trouble = NULL, trouble_ms = NULL WHERE id = ?'
const TROUBLE = 'UPDATE route SET trouble = ?, trouble_ms = ? WHERE id = ?'
const REMOVE = 'DELETE FROM route WHERE id = ?' // identities that used it send directly from then on
const RULED = 'SELECT count(*) AS n FROM route_rule WHERE route_id = ?'

/** All smarthosts, oldest first. */
export function listRoutes(db: ReadDb): StoredRoute[] {
  return prepared<[], StoredRoute>(db, LIST).all()
}

/** One smarthost; undefined when it is gone. */
export function getRoute(db: ReadDb, routeId: number): StoredRoute | undefined {
  return prepared<[number], StoredRoute>(db, GET).get(routeId)
}

function giveLogin(db: WriteDb, id: number, login: NewRouteLogin | null, nowMs: number): void {
  const name = String(id)
  const before = known(db, id).signInId
  const signInId = login !== null && 'signInId' in login ? requireSignIn(db, login.signInId).id : null
  const kind = login === null ? null : 'kind' in login ? login.kind : 'token'
  prepared(db, LOGIN).run(login?.user ?? null, kind, signInId, id)
  if (login !== null && 'secret' in login) putSecret(db, { kind: ROUTE_LOGIN, name, value: login.secret }, nowMs)
  else removeSecret(db, { kind: ROUTE_LOGIN, name })
  if (before !== signInId) dropUnusedSignIn(db, before)
}

function known(db: WriteDb, id: number): StoredRoute {
  const route = getRoute(db, id)
  if (route !== undefined) return route
  throw new Fault('not-found', `find route ${id}: there is none`, { what: 'route', id: String(id) })
}

export const routeOperations = {
  /**
   * Adds a smarthost, or finds the one there is with that user and gives it this login. `host` is a domain name or an IP
   * literal.
   */
  'route.add': (
    db: WriteDb,
    args: { readonly host: string; readonly port: number; readonly tls: TlsMode; readonly login?: NewRouteLogin },
    nowMs: number,
  ): StoredRoute => {
    const { host, port, tls, login } = args
    const where = [host, port, tls] as const
    const there =
      login === undefined
        ? prepared<[string, number, string], StoredRoute>(db, BARE).get(...where)
        : prepared<[string, number, string, string], StoredRoute>(db, SAME).get(...where, login.user)
    const id = there?.id ?? Number(prepared(db, ADD).run(...where, nowMs).lastInsertRowid)
    if (login !== undefined) giveLogin(db, id, login, nowMs)
    return known(db, id)
  },
  /** Another login, or none; whatever was wrong with the last one is forgotten. Throws `not-found`. */
  'route.setLogin': (
    db: WriteDb,
    args: { readonly routeId: number; readonly login: NewRouteLogin | null },
    nowMs: number,
  ): StoredRoute => {
    known(db, args.routeId)
    giveLogin(db, args.routeId, args.login, nowMs)
    return known(db, args.routeId)
  },
  /** Notes that its login was refused, and why; or that it may be tried again. */
  'route.setTrouble': (
    db: WriteDb,
    args: { readonly routeId: number; readonly trouble: string | null },
    nowMs: number,
  ): void => {
    prepared(db, TROUBLE).run(args.trouble, args.trouble === null ? null : nowMs, args.routeId)
  },
  /** Throws `not-found`, and `conflict` while a rule names it: its mail would go another way without a word. */
  'route.remove': (db: WriteDb, args: { readonly routeId: number }): void => {
    const rules = prepared<[number], { n: number }>(db, RULED).get(args.routeId)?.n ?? 0
    if (rules > 0)
      throw new Fault('conflict', `remove route ${args.routeId}: ${rules} of the rules send by it`, {
        what: 'route',
        reason: 'a rule names it',
      })
    removeSecret(db, { kind: ROUTE_LOGIN, name: String(args.routeId) })
    const signInId = getRoute(db, args.routeId)?.signInId ?? null
    if (prepared(db, REMOVE).run(args.routeId).changes === 0)
      throw new Fault('not-found', `remove route ${args.routeId}: there is none`, {
        what: 'route',
        id: String(args.routeId),
      })
    dropUnusedSignIn(db, signInId)
  },
} satisfies Record<string, Operation<never, unknown>>
