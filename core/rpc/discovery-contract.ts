import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id } from './views.ts'

const done = z.object({ ok: z.literal(true) })

/** Where settings are looked for, in the order in which they are believed. */
export const DiscoverySource = z.enum([
  /** https://autoconfig.DOMAIN/…: what the domain itself says. */
  'autoconfig',
  /** https://DOMAIN/.well-known/autoconfig/… */
  'well-known',
  /** SRV records of the domain (RFC 6186, RFC 8314). */
  'srv',
  /** The public list of providers at `discovery.ispdbUrl`, for the domain itself. */
  'ispdb',
  /** What the provider that receives the domain's mail says of itself. */
  'mx-autoconfig',
  /** The public list, for that provider. */
  'mx-ispdb',
  /** The usual names and ports of the domain were tried. */
  'probe',
])
export type DiscoverySource = z.infer<typeof DiscoverySource>

export const DiscoverySourceView = z.object({
  source: DiscoverySource,
  /** `skipped`: what was found elsewhere is enough. */
  state: z.enum(['waiting', 'trying', 'found', 'nothing', 'failed', 'skipped']),
  /** A sentence: what is asked of whom, what came of it, or why it failed. */
  text: z.string(),
})
export type DiscoverySourceView = z.infer<typeof DiscoverySourceView>

/** Settings that may work. Never without TLS. */
export const DiscoveredServer = z.object({
  kind: z.enum(['imap', 'pop3', 'smtp']),
  host: z.string(),
  port: z.number().int(),
  tls: z.enum(['implicit', 'starttls']),
  /** What to sign in as. */
  user: z.string(),
  /** What to sign in as where `user` is refused (RFC 6186 §4); null where nothing else is likely. */
  otherUser: z.string().nullable(),
  /** `oauth2`: sign in with `signIn.start` and that provider; no password is taken there, or only an app password. */
  auth: z.enum(['password', 'oauth2']),
  /** Of `oauth2`: id of the provider in `signIn.providers`. */
  provider: z.string().nullable(),
  source: DiscoverySource,
  /** A sentence: why this one is where it is in the list. */
  why: z.string(),
  /** The host lies outside the address's domain: nothing was sent there and nothing may be before the person agrees. */
  needsConsent: z.boolean(),
  /** What to ask the person then, as a sentence; '' where nothing is to be asked. */
  consent: z.string(),
})
export type DiscoveredServer = z.infer<typeof DiscoveredServer>

/** How far a discovery is: the whole of it in each event, so the last one is all there is to show. */
export const DiscoveryView = z.object({
  address: z.string(),
  /** What the provider calls itself, where one was found that says so; else ''. */
  providerName: z.string(),
  sources: z.array(DiscoverySourceView),
  /** Best first: IMAP before POP3. */
  incoming: z.array(DiscoveredServer),
  outgoing: z.array(DiscoveredServer),
  /** One sentence for a person: what to do with it, or what else can be done where nothing was found. */
  text: z.string(),
  ended: z.boolean(),
})
export type DiscoveryView = z.infer<typeof DiscoveryView>

/**
 * Looks for the settings of an address. No password is asked for or sent; `account.test` and `route.test` try what was found, and
 * `account.add` and `route.add` make an account and a route of it. Ends by itself, or when the caller lets go. Fails with
 * `address.invalid`.
 */
export const discoverCall = oc.input(z.object({ address: z.string().max(320) })).output(eventIterator(DiscoveryView))

/** Somebody who signs people in (OAuth 2.0, RFC 6749). */
export const SignInProviderView = z.object({
  id: z.string(),
  name: z.string(),
  /** Whether signing in can begin: a client id is set. */
  isReady: z.boolean(),
  /** The setting that wants one. */
  setting: z.string(),
  /** A sentence: what the person has to do first; '' where nothing is. */
  hint: z.string(),
})
export type SignInProviderView = z.infer<typeof SignInProviderView>

/** A person's sign-in with a provider. Accounts and routes use it; tokens never come out. */
export const SignInView = z.object({
  id: Id,
  provider: z.string(),
  providerName: z.string(),
  /** What servers are told who it is; mostly the address. */
  user: z.string(),
  signedInMs: z.number(),
  /** Why one has to sign in again; null while nothing is wrong. Mail waits meanwhile. */
  trouble: z.string().nullable(),
  accountIds: z.array(Id),
  routeIds: z.array(Id),
})
export type SignInView = z.infer<typeof SignInView>

/** Signing in by a provider's own page in the browser: authorization code with PKCE (RFC 7636) and a loopback redirect (RFC 8252). */
export const signInContract = {
  providers: oc.output(z.array(SignInProviderView)),
  list: oc.output(z.array(SignInView)),
  /**
   * Begins: `url` is to be opened in the browser, and `wait` tells how it ended. With `id` somebody signs in again. Fails with
   * `not-found`, `address.invalid`, and `conflict` for a provider without a client id or when too many are under way.
   */
  start: oc
    .input(
      z.union([z.object({ id: Id }), z.object({ provider: z.string().max(100), user: z.string().min(1).max(320) })]),
    )
    .output(z.object({ flow: z.string(), url: z.string(), untilMs: z.number() })),
  /**
   * Resolves when the person has signed in; one of the same provider and user is the same sign-in with fresh tokens. What its
   * trouble has held is let go. Fails with `sign-in.failed` in words for a person, and `not-found` for a flow that is over.
   */
  wait: oc.input(z.object({ flow: z.string().max(100) })).output(SignInView),
  /** Gives it up; `wait` then fails. */
  cancel: oc.input(z.object({ flow: z.string().max(100) })).output(done),
  /** Forgets its tokens. Fails with `conflict` while an account or a route uses it. */
  remove: oc.input(z.object({ id: Id })).output(done),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
