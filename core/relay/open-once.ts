import type { Cause, Route } from '../model/outcome.ts'
import { hasGlobalIpv6 } from '../net/address.ts'
import type { SmtpConnection } from '../net/smtp-client-driver.ts'
import { listCandidates } from './candidates.ts'
import { DeadHosts } from './dead-hosts.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { openSession, type OpenContext } from './open-session.ts'
import { planRoute } from './route-plan.ts'

/** A session that was opened, for whoever asked to close; or the last reason why no address let us in. */
export type OpenedOnce = { readonly connection: SmtpConnection; readonly host: string } | { readonly why: Cause }

/**
 * Opens one session over a route as the relay does when it sends, and remembers nothing of how that went: for tests, which send no
 * mail. `note` begins each transcript; `onSession` is told of each as it begins.
 */
export async function openOnce(
  route: Extract<Route, { kind: 'direct' | 'smarthost' }>,
  deps: RelayDeps,
  {
    signal,
    onPhase,
    note,
    login,
  }: {
    readonly signal: AbortSignal
    readonly onPhase?: NonNullable<OpenContext['onPhase']>
    readonly note: string
    readonly login?: NonNullable<RouteSignIn['login']>
  },
  onSession: (sessionId: number | undefined) => void,
): Promise<OpenedOnce> {
  const settings = deps.settings()
  const deadHosts = new DeadHosts(deps.clock)
  const notes: string[] = []
  const plan = await planRoute(route, settings, deps.resolver, deps.random ?? Math.random)
  if (plan.kind !== 'hosts') return { why: plan.why }
  const context: OpenContext = {
    deps,
    settings,
    deadHosts,
    signal,
    signIn: login ? { login } : {},
    requireTls: false,
    ...(onPhase && { onPhase }),
    head(transcript) {
      onSession(transcript.sessionId)
      transcript.note(note)
      for (const one of notes.splice(0)) transcript.note(one)
    },
    note: (text) => notes.push(text),
  }
  const { 'relay.family': family } = settings
  const { resolver, hasIpv6 = hasGlobalIpv6 } = deps
  const ways = { resolver, family, hasIpv6: family === 'ipv6' || hasIpv6(), deadHosts }
  let why: Cause = { at: 'dns', rcode: 'NODATA', name: plan.domain }
  for await (const one of listCandidates(plan, ways)) {
    notes.push(...one.notes)
    if (one.kind !== 'address') {
      why = one.why
      continue
    }
    const opened = await openSession(one, plan, context)
    if (opened.ok) return { connection: opened.connection, host: one.host }
    why = opened.why
    if (why.at !== 'connect' || signal.aborted) break
  }
  return { why }
}
