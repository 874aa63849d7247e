import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import type { TokenOf } from '../model/access-token.ts'
import { parseMailbox, type ForwardPath, type ReversePath } from '../model/address.ts'
import type { Route, TlsMode } from '../model/outcome.ts'
import { describeRule, parseDomainPattern, parseSenderPattern, type RouteRule } from '../model/route-rule.ts'
import { isIpAddress, isLoopback } from '../net/address.ts'
import { contract } from '../rpc/contract.ts'
import type { PreflightFinding } from './preflight.ts'
import { ROUTE_PRESETS } from './presets.ts'
import type { RouteServer } from './route-rules.ts'
import type { RouteTestStep, RouteTestTarget } from './test-route.ts'

/** A smarthost as it is stored. */
export interface HandledRoute extends RouteServer {
  readonly user: string | null
  readonly login: 'none' | 'password' | 'token'
  readonly signInId: number | null
}
type NewLogin = { readonly user: string } & (
  { readonly kind: 'password' | 'token'; readonly secret: Uint8Array } | { readonly signInId: number }
)
type NewRule = Omit<RouteRule, 'id'> & { readonly id?: number }

/** What `route.*` is wired to. Secrets go in and never come out. */
export interface RouteDeps {
  readonly list: () => readonly HandledRoute[]
  readonly add: (args: {
    readonly host: string
    readonly port: number
    readonly tls: TlsMode
    readonly login?: NewLogin
  }) => Promise<HandledRoute>
  readonly setLogin: (args: { readonly routeId: number; readonly login: NewLogin | null }) => Promise<HandledRoute>
  readonly clearTrouble: (routeId: number) => Promise<void>
  readonly remove: (args: { readonly routeId: number }) => Promise<void>
  /** Joint: lets go what waits for that route, or (null) for any rule. Returns how many recipients that are. */
  readonly release: (routeId: number | null) => Promise<number>
  readonly rules: () => readonly RouteRule[]
  readonly saveRule: (rule: NewRule) => Promise<{ readonly id: number }>
  readonly removeRule: (args: { readonly id: number }) => Promise<void>
  readonly moveRule: (args: { readonly id: number; readonly to: number }) => Promise<void>
  readonly explain: (from: ReversePath, to: ForwardPath, tries: number) => Route
  /** How a stored route is tested: with the login it has. */
  readonly targetOf: (routeId: number) => RouteTestTarget | undefined
  /** Joint: a token of a sign-in. */
  readonly tokenOf: TokenOf
  readonly preflight: (from: ForwardPath, signal: AbortSignal | undefined) => AsyncIterable<PreflightFinding>
  readonly test: (target: RouteTestTarget, signal: AbortSignal | undefined) => AsyncIterable<RouteTestStep>
  readonly changes: Changes<number>
}

const HOST = /^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.(?!$)|$))+$|^[0-9a-f:.]*:[0-9a-f:.]*$/

/** Answers `route.*`. */
export function routeHandlers(deps: RouteDeps) {
  const os = implement(contract.route)
  const ok = { ok: true as const }
  const one = (id: number): HandledRoute => {
    const route = deps.list().find((known) => known.id === id)
    if (route) return route
    throw new Fault('not-found', `find route ${id}: there is none`, { what: 'route', id: String(id) })
  }
  const ruleView = (rule: RouteRule) => {
    const server = deps.list().find(({ id }) => id === rule.routeId)
    return { ...rule, text: `${describeRule(rule, server ? `${server.host}:${server.port}` : 'a smarthost')}.` }
  }
  const rules = () => deps.rules().map(ruleView)
  /** Rules have changed: what one of them held may go another way now. */
  const onRules = async (id: number) => {
    await deps.release(null)
    deps.changes.emit(id)
  }
  return {
    list: os.list.handler(() => deps.list().map(toView)),
    presets: os.presets.handler(() => ROUTE_PRESETS.map((preset) => ({ ...preset }))),
    add: os.add.handler(async ({ input }) => {
      const { login, ...server } = input
      const host = hostOf(server.host)
      if (login) checkSecure(host, server.tls)
      const added = await deps.add({ ...server, host, ...(login && { login: toLogin(login) }) })
      if (login) await deps.release(added.id)
      deps.changes.emit(added.id)
      return toView(added)
    }),
    setLogin: os.setLogin.handler(async ({ input }) => {
      const { host, tls } = one(input.id)
      if (input.login) checkSecure(host, tls)
      const route = await deps.setLogin({ routeId: input.id, login: input.login && toLogin(input.login) })
      const released = await deps.release(input.id)
      deps.changes.emit(input.id)
      return { route: toView(route), released }
    }),
    resume: os.resume.handler(async ({ input }) => {
      one(input.id)
      await deps.clearTrouble(input.id)
      const released = await deps.release(input.id)
      deps.changes.emit(input.id)
      return { route: toView(one(input.id)), released }
    }),
    remove: os.remove.handler(async ({ input }) => {
      await deps.remove({ routeId: input.id })
      // Nothing waits for what is gone: its mail is decided about anew.
      await deps.release(input.id)
      deps.changes.emit(input.id)
      return ok
    }),
    test: os.test.handler(async function* ({ input, signal }) {
      yield* deps.test('id' in input ? storedTarget(input.id, deps) : newTarget(input, deps), signal)
    }),
    preflight: os.preflight.handler(async function* ({ input, signal }) {
      yield* deps.preflight(mailboxOf(input.address, `look at the network for "${input.address}"`), signal)
    }),
    rules: os.rules.handler(rules),
    saveRule: os.saveRule.handler(async ({ input }) => {
      const { id } = await deps.saveRule(toRule(input))
      await onRules(id)
      const saved = rules().find((rule) => rule.id === id)
      if (saved) return saved
      throw new Fault('not-found', `find rule ${id}: there is none`, { what: 'rule', id: String(id) })
    }),
    removeRule: os.removeRule.handler(async ({ input }) => {
      await deps.removeRule(input)
      await onRules(input.id)
      return ok
    }),
    moveRule: os.moveRule.handler(async ({ input }) => {
      await deps.moveRule(input)
      await onRules(input.id)
      return rules()
    }),
    explain: os.explain.handler(({ input }) => {
      const from = input.from === '' || input.from === '<>' ? null : mailboxOf(input.from)
      return describeRoute(deps.explain(from, mailboxOf(input.to), input.tries))
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of deps.changes.stream(signal)) yield { ids }
    }),
  }
}

const toView = ({ id, host, port, tls, user, login, signInId, trouble }: HandledRoute) => ({
  id,
  kind: 'smarthost' as const,
  host,
  port,
  tls,
  user,
  login,
  signInId,
  trouble,
})
type InputLogin = { readonly user: string } & (
  { readonly kind: 'password' | 'token'; readonly secret: string } | { readonly signInId: number }
)
const toLogin = (login: InputLogin): NewLogin =>
  'secret' in login ? { ...login, secret: Buffer.from(login.secret, 'utf8') } : login

function hostOf(text: string): string {
  const host = text.trim().toLowerCase()
  if (HOST.test(host)) return host
  throw invalid(`add the route "${text}"`, text, 'not a host name or an address')
}

function invalid(doing: string, value: string, reason: string): Fault<'address.invalid'> {
  return new Fault('address.invalid', `${doing}: ${reason}`, { value, reason })
}

/** RFC 8314 §3: a secret goes over TLS, or to this very computer. */
function checkSecure(host: string, tls: TlsMode): void {
  const isHere = host === 'localhost' || (isIpAddress(host) && isLoopback(host))
  if (tls !== 'none' || isHere) return
  const reason = 'its login would go over the network in the clear; choose implicit TLS or STARTTLS'
  throw new Fault('route.insecure', `sign in at "${host}": ${reason}`, { host, reason })
}

function storedTarget(id: number, { targetOf }: RouteDeps): RouteTestTarget {
  const target = targetOf(id)
  if (target) return target
  throw new Fault('not-found', `test route ${id}: there is none`, { what: 'route', id: String(id) })
}

function newTarget(
  input: {
    readonly host: string
    readonly port: number
    readonly tls: TlsMode
    readonly login?: InputLogin | undefined
  },
  { tokenOf }: RouteDeps,
): RouteTestTarget {
  const { login, port, tls } = input
  const host = hostOf(input.host)
  if (login) checkSecure(host, tls)
  if (login === undefined) return { host, port, tls }
  if ('secret' in login) return { host, port, tls, login }
  const { user, signInId } = login
  return { host, port, tls, by: { user, token: (refused) => tokenOf(signInId, refused) } }
}

function toRule(input: {
  readonly id?: number | undefined
  readonly sender: string
  readonly recipient: string
  readonly afterTries: number
  readonly action: RouteRule['action']
  readonly routeId: number | null
}): NewRule {
  const sender = parseSenderPattern(input.sender)
  const recipient = parseDomainPattern(input.recipient)
  const save = 'save the rule'
  if (sender === undefined) throw invalid(save, input.sender, `"${input.sender}" is no address, domain, *.domain or <>`)
  if (recipient === undefined) throw invalid(save, input.recipient, `"${input.recipient}" is no domain or *.domain`)
  const { id, afterTries, action } = input
  if (action === 'smarthost' && input.routeId === null) throw invalid(save, '', 'it names no smarthost')
  const routeId = action === 'smarthost' ? input.routeId : null
  return { ...(id === undefined ? {} : { id }), sender, recipient, afterTries, action, routeId }
}

function mailboxOf(text: string, doing = `explain the route of "${text}"`): ForwardPath {
  const mailbox = parseMailbox(text.trim())
  if (mailbox) return mailbox
  throw invalid(doing, text, 'not an address')
}

function describeRoute(route: Route) {
  switch (route.kind) {
    case 'local':
      return { kind: route.kind, to: 'a mailbox here', why: 'its domain is local' }
    case 'direct':
      return {
        kind: route.kind,
        to: `the mail servers of ${route.domain}`,
        why: route.why ?? 'no rule and no identity says otherwise',
      }
    case 'smarthost':
      return { kind: route.kind, to: `${route.host}:${route.port}`, why: route.why ?? '' }
    case 'lab':
      return { kind: route.kind, to: 'the rehearsal lab on this computer', why: route.why ?? '' }
    case 'hold': {
      const reason = route.cause.at === 'login' ? route.cause.reason : ''
      return { kind: route.kind, to: 'nowhere for now', why: [route.why, reason].filter((part) => part).join(': ') }
    }
    default:
      return route satisfies never
  }
}
