import { formatMailbox, type ReversePath } from '../model/address.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { describeRule, fitsDomain, fitsSender, type RouteRule } from '../model/route-rule.ts'

/** A smarthost as choosing needs it. */
export interface RouteServer {
  readonly id: number
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  /** Why its login was refused; null while nothing is wrong. */
  readonly trouble: string | null
}
/** Who is asked for a route. */
export interface RouteQuestion {
  readonly from: ReversePath
  readonly domain: string
  /** Tries that failed so far. */
  readonly tries: number
}
/** What there is to choose from. */
export interface RouteTable {
  readonly rules: readonly RouteRule[]
  server(routeId: number): RouteServer | undefined
  /** The smarthost that the sender's identity names; undefined where it names none or there is no such identity. */
  ofSender(from: ReversePath): number | undefined
}
type Chosen = Exclude<Route, { kind: 'local' }>

/** Where mail goes now: the first rule that fits decides, then the sender's identity, then the recipient's own server. */
export function chooseRoute({ from, domain, tries }: RouteQuestion, table: RouteTable): Chosen {
  for (const rule of table.rules) {
    if (tries < rule.afterTries || !fitsSender(rule.sender, from) || !fitsDomain(rule.recipient, domain)) continue
    const server = rule.routeId === null ? undefined : table.server(rule.routeId)
    if (rule.action === 'smarthost' && server === undefined) continue // removed since: never a reason to lose mail
    const why = `rule ${rule.id}: ${describeRule(rule, server ? nameOf(server) : '')}`
    if (rule.action === 'hold')
      return { kind: 'hold', key: `rule ${rule.id}`, cause: { at: 'rule', ruleId: rule.id, reason: why }, why }
    return server ? by(server, why) : { kind: 'direct', domain, why }
  }
  const routeId = table.ofSender(from)
  const server = routeId === undefined ? undefined : table.server(routeId)
  if (server !== undefined && from !== null)
    return by(server, `the identity ${formatMailbox(from)} sends by ${nameOf(server)}`)
  return { kind: 'direct', domain }
}

const nameOf = ({ host, port }: RouteServer) => `${host}:${port}`

/** By a smarthost, or held while its login is refused: one more try there would only bring a lockout nearer. */
function by({ id: routeId, host, port, tls, trouble }: RouteServer, why: string): Chosen {
  if (trouble === null) return { kind: 'smarthost', routeId, host, port, tls, why }
  return { kind: 'hold', key: `route ${routeId}`, cause: { at: 'login', mx: host, reason: trouble, routeId }, why }
}
