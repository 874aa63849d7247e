import { Changes } from './base/changes.ts'
import type { TokenOf } from './model/access-token.ts'
import type { ForwardPath, ReversePath } from './model/address.ts'
import type { Route } from './model/outcome.ts'
import type { Queue } from './queue/queue.ts'
import type { RelayDeps, RouteSignIn } from './relay/deps.ts'
import { routeHandlers } from './relay/handlers.ts'
import { preflight } from './relay/preflight.ts'
import { chooseRoute, type RouteTable } from './relay/route-rules.ts'
import { testRoute } from './relay/test-route.ts'
import type { Settings } from './settings.ts'
import { findIdentity } from './store/identity.ts'
import { listRoutes, ROUTE_LOGIN, type StoredRoute } from './store/route.ts'
import { listRules } from './store/route-rule.ts'
import { getSecret } from './store/secret.ts'
import type { Store } from './store/types.ts'

/** What the routes are wired to. */
export interface RoutesContext {
  readonly store: Store
  readonly isLocal: (domain: ForwardPath['domain']) => boolean
  /** Joint: goes before all rules. */
  readonly labRouteOf?: (domain: string) => Extract<Route, { kind: 'lab' }> | undefined
  readonly signIns: {
    readonly tokenOf: TokenOf
    /** Why somebody has to sign in again; null where nothing is wrong. */
    readonly troubleOf: (signInId: number) => string | null
  }
}

/** Routes, their logins and the rules among them, as the queue, the relay and the window each need them. */
export interface Routes {
  /** Where mail goes that leaves this computer. Asked for each recipient at each try. */
  readonly routeFor: (from: ReversePath, domain: string, tries: number) => Exclude<Route, { kind: 'local' }>
  /** One smarthost as a route, whatever the rules say; undefined when it is gone. */
  readonly byServer: (routeId: number, why: string) => Exclude<Route, { kind: 'local' }> | undefined
  readonly signInOf: (routeId: number) => RouteSignIn
  readonly onLoginRefused: (routeId: number, reason: string) => Promise<void>
  /** What a person should know of, in words. */
  readonly troubles: () => string[]
  readonly changes: Changes<number>
  /** Their sign-in works again: nothing is wrong with them any more. */
  readonly onSignedIn: (routeIds: readonly number[]) => void
  /** Answers `route.*`. `release` lets go what waits for a route, or (null) for any rule. */
  readonly handlers: (
    relay: RelayDeps,
    release: (routeId: number | null) => Promise<number>,
  ) => ReturnType<typeof routeHandlers>
}

/** Opens the routes of a store. What is read of them serves until one of them changes; only handlers and the relay do that. */
export function openRoutes({ store, isLocal, labRouteOf, signIns }: RoutesContext): Routes {
  const changes = new Changes<number>()
  let servers: ReadonlyMap<number, StoredRoute> | undefined
  let rules: ReturnType<typeof listRules> | undefined
  const forget = <T>(done: T): T => {
    servers = rules = undefined
    return done
  }
  const known = () => (servers ??= new Map(listRoutes(store.read).map((route) => [route.id, route])))
  /** Mostly many of one sender in a row: what was found serves until the code that runs now lets go. */
  const ofSender = new Map<string, number | undefined>()
  const table: RouteTable = {
    get rules() {
      return (rules ??= listRules(store.read))
    },
    server: (routeId) => known().get(routeId),
    ofSender(from) {
      if (from === null || known().size === 0) return undefined
      const address = `${from.local}@${from.domain}`
      if (ofSender.has(address)) return ofSender.get(address)
      if (ofSender.size === 0) queueMicrotask(() => ofSender.clear())
      const routeId = findIdentity(store.read, from)?.routeId ?? undefined
      ofSender.set(address, routeId)
      return routeId
    },
  }
  const routeFor: Routes['routeFor'] = (from, domain, tries) =>
    labRouteOf?.(domain) ?? chooseRoute({ from, domain, tries }, table)
  const signInOf = (routeId: number): RouteSignIn => {
    const route = known().get(routeId)
    if (!route) return {}
    const { user, signInId } = route
    if (user !== null && signInId !== null) {
      const trouble = signIns.troubleOf(signInId) ?? route.trouble
      const by = { user, token: (refused?: string) => signIns.tokenOf(signInId, refused) }
      return { ...(trouble === null ? {} : { trouble }), by }
    }
    const secret = route.user === null ? undefined : getSecret(store.read, ROUTE_LOGIN, String(routeId))
    return {
      ...(route.trouble === null ? {} : { trouble: route.trouble }),
      ...(route.user !== null && route.login !== 'none' && secret !== undefined
        ? { login: { user: route.user, kind: route.login, secret: Buffer.from(secret).toString('utf8') } }
        : {}),
    }
  }
  return {
    routeFor,
    byServer(routeId, why) {
      const server = known().get(routeId)
      const only = { sender: '', recipient: '', afterTries: 0, action: 'smarthost', id: 0, routeId } as const
      if (server === undefined) return undefined
      return { ...chooseRoute({ from: null, domain: '', tries: 0 }, { ...table, rules: [only] }), why }
    },
    signInOf,
    async onLoginRefused(routeId, reason) {
      // Logged nowhere but in the session's own transcript and beside the route: a server may say our words back.
      forget(await store.write('route.setTrouble', { routeId, trouble: reason.slice(0, 500) }))
      changes.emit(routeId)
    },
    troubles: () =>
      [...known().values()].flatMap(({ host, port, trouble }) =>
        trouble === null
          ? []
          : [
              `The login at ${host}:${port} was refused (${trouble}). Mail that goes that way waits for a new password.`,
            ],
      ),
    changes,
    onSignedIn(routeIds) {
      forget(undefined)
      changes.emit(...routeIds)
    },
    handlers: (relay, release) =>
      routeHandlers({
        list: () => [...known().values()],
        add: async (args) => forget(await store.write('route.add', args)),
        setLogin: async (args) => forget(await store.write('route.setLogin', args)),
        clearTrouble: async (routeId) => forget(await store.write('route.setTrouble', { routeId, trouble: null })),
        remove: async (args) => forget(await store.write('route.remove', args)),
        release,
        rules: () => table.rules,
        saveRule: async (rule) => forget(await store.write('route.saveRule', rule)),
        removeRule: async (args) => forget(await store.write('route.removeRule', args)),
        moveRule: async (args) => forget(await store.write('route.moveRule', args)),
        explain: (from, to, tries) => (isLocal(to.domain) ? { kind: 'local' } : routeFor(from, to.domain, tries)),
        targetOf(routeId) {
          const route = known().get(routeId)
          const { login, by } = signInOf(routeId)
          return (
            route && { host: route.host, port: route.port, tls: route.tls, ...(login && { login }), ...(by && { by }) }
          )
        },
        tokenOf: signIns.tokenOf,
        preflight: (from, signal) => preflight(from, { ...relay, isLocal }, signal),
        test: (target, signal) => testRoute(target, relay, signal),
        changes,
      }),
  }
}

/** Lets go what is held for a route, or (null) for any rule. Returns how many recipients that were. */
export function releaseHeld(
  store: Store,
  settings: () => Settings,
  queue: Pick<Queue, 'release' | 'wake'>,
): (routeId: number | null) => Promise<number> {
  return async (routeId) => {
    if (routeId !== null) return queue.release({ routeId })
    const unknownAfterMs = settings()['retry.unknownAfterSeconds'] * 1000
    let after = { ms: 0, id: 0 }
    for (let recipients = 0; ;) {
      const slice = await store.write('route.releaseRuled', { after, unknownAfterMs })
      recipients += slice.recipients
      if (slice.next === null) {
        if (recipients > 0) queue.wake()
        return recipients
      }
      after = slice.next
    }
  }
}
