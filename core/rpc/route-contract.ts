import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id, RouteView, Tls } from './views.ts'

const done = z.object({ ok: z.literal(true) })

/** How Posthorn signs in at a smarthost. A secret goes in and never comes out again. */
export const RouteLogin = z.object({
  user: z.string().min(1).max(320),
  /** `token`: an OAuth 2.0 access token for XOAUTH2 or OAUTHBEARER (RFC 7628). */
  kind: z.enum(['password', 'token']),
  secret: z.string().min(1).max(16_384),
})
/** The same by a sign-in (`signIn.list`), which makes tokens as they are needed. */
export const RouteLoginBySignIn = z.object({ user: z.string().min(1).max(320), signInId: Id })
const AnyLogin = z.union([RouteLogin, RouteLoginBySignIn])
const RouteServer = z.object({
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535),
  tls: Tls,
})

/** One rule for where mail goes. The first one that fits decides; where none does, the sender's identity says. */
export const RouteRuleView = z.object({
  id: Id,
  /** Whose mail: an address, a domain, `*.domain` for all below it, `<>` for reports; '' for everybody's. */
  sender: z.string(),
  /** To whom: a domain, or `*.domain` for all below it; '' for everybody. */
  recipient: z.string(),
  /** Only after so many tries have failed. */
  afterTries: z.number().int(),
  action: z.enum(['direct', 'smarthost', 'hold']),
  routeId: Id.nullable(),
  /** The rule as a sentence. */
  text: z.string(),
})

/** A relay service many people use: what its help pages say, so that nobody has to look it up. */
export const RoutePresetView = z.object({
  id: z.string(),
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
  /** What to give as the user; where it is the same for everybody, `user` is it. */
  userHint: z.string(),
  user: z.string().nullable(),
  secretHint: z.string(),
  kind: z.enum(['password', 'token']),
})

/** Smarthosts, their logins, and the rules that choose among them. */
export const routeContract = {
  list: oc.output(z.array(RouteView)),
  /** Adds a smarthost, or finds the one there is and gives it this login. Fails with `route.insecure` for a login in the clear. */
  add: oc.input(RouteServer.extend({ login: AnyLogin.optional() })).output(RouteView),
  /** A new login, or none; what its failing has held is let go. */
  setLogin: oc
    .input(z.object({ id: Id, login: AnyLogin.nullable() }))
    .output(z.object({ route: RouteView, released: z.number().int() })),
  /** Tries again with the login it has: lets go what was held. */
  resume: oc.input(z.object({ id: Id })).output(z.object({ route: RouteView, released: z.number().int() })),
  /** Fails with `conflict` while a rule names it. */
  remove: oc.input(z.object({ id: Id })).output(done),
  presets: oc.output(z.array(RoutePresetView)),
  /** Dials, secures and signs in, and says step by step how that went; no mail is sent and nothing is stored. */
  test: oc.input(z.union([z.object({ id: Id }), RouteServer.extend({ login: AnyLogin.optional() })])).output(
    eventIterator(
      z.object({
        step: z.enum(['connect', 'tls', 'hello', 'login']),
        state: z.enum(['trying', 'ok', 'failed']),
        text: z.string(),
        sessionId: Id.nullable(),
      }),
    ),
  ),
  /**
   * Looks whether mail can go straight from this network: dials the servers of the address's own domain and asks the DNS. No mail is
   * sent and nothing is stored. Fails with `address.invalid`.
   */
  preflight: oc.input(z.object({ address: z.string().max(320) })).output(
    eventIterator(
      z.object({
        check: z.enum(['port', 'name', 'spf', 'blocklist']),
        state: z.enum(['trying', 'ok', 'warning', 'failed', 'unknown']),
        text: z.string(),
        sessionId: Id.nullable(),
      }),
    ),
  ),
  rules: oc.output(z.array(RouteRuleView)),
  /** Makes a rule at the end, or changes the one of that id where it stands. Fails with `address.invalid` and `not-found`. */
  saveRule: oc
    .input(
      z.object({
        id: Id.optional(),
        sender: z.string().max(320),
        recipient: z.string().max(320),
        afterTries: z.number().int().min(0).max(1000),
        action: z.enum(['direct', 'smarthost', 'hold']),
        routeId: Id.nullable(),
      }),
    )
    .output(RouteRuleView),
  removeRule: oc.input(z.object({ id: Id })).output(done),
  /** Puts a rule at that place, counted from 0. */
  moveRule: oc.input(z.object({ id: Id, to: z.number().int().min(0) })).output(z.array(RouteRuleView)),
  /** Where mail would go now, and why. `from` is '' for a report. Fails with `address.invalid`. */
  explain: oc
    .input(z.object({ from: z.string().max(320), to: z.string().max(320), tries: z.number().int().min(0).max(1000) }))
    .output(
      z.object({ kind: z.enum(['local', 'direct', 'smarthost', 'lab', 'hold']), to: z.string(), why: z.string() }),
    ),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
