import { Fault } from '../base/fault.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A fixed next hop, as the settings page lists it. */
export type Smarthost = Extract<Route, { kind: 'smarthost' }>

const COLUMNS = 'id, host, port, tls'
const LIST = `SELECT ${COLUMNS} FROM route ORDER BY id`
const GET = `SELECT ${COLUMNS} FROM route WHERE id = ?`
const SAME = `SELECT ${COLUMNS} FROM route WHERE host = ? AND port = ? AND tls = ?`
const ADD = `INSERT INTO route (kind, host, port, tls, created_ms) VALUES ('smarthost', ?, ?, ?, ?)`
const REMOVE = 'DELETE FROM route WHERE id = ?' // identities that used it send directly from then on

interface Row {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
}
const toSmarthost = (row: Row): Smarthost => ({
  kind: 'smarthost',
  routeId: row.id,
  host: row.host,
  port: row.port,
  tls: row.tls,
})

/** All smarthosts, oldest first. */
export function listRoutes(db: ReadDb): Smarthost[] {
  return prepared<[], Row>(db, LIST).all().map(toSmarthost)
}

/** One smarthost; undefined when it is gone. */
export function getRoute(db: ReadDb, routeId: number): Smarthost | undefined {
  const row = prepared<[number], Row>(db, GET).get(routeId)
  return row && toSmarthost(row)
}

export const routeOperations = {
  /** Adds a smarthost, or finds the one there is. `host` is a domain name or an IP literal. */
  'route.add': (
    db: WriteDb,
    args: { readonly host: string; readonly port: number; readonly tls: TlsMode },
    nowMs: number,
  ): Smarthost => {
    const known = prepared<[string, number, string], Row>(db, SAME).get(args.host, args.port, args.tls)
    if (known) return toSmarthost(known)
    const { lastInsertRowid } = prepared(db, ADD).run(args.host, args.port, args.tls, nowMs)
    return { kind: 'smarthost', routeId: Number(lastInsertRowid), ...args }
  },
  /** Throws `not-found`. */
  'route.remove': (db: WriteDb, args: { readonly routeId: number }): void => {
    if (prepared(db, REMOVE).run(args.routeId).changes === 0)
      throw new Fault('not-found', `remove route ${args.routeId}: there is none`, {
        what: 'route',
        id: String(args.routeId),
      })
  },
} satisfies Record<string, Operation<never, unknown>>
