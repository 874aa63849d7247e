import { errnoWords, shortErrno } from '../base/errno.ts'
import type { AttemptTls, TlsDemand } from '../model/attempt-tls.ts'
import type { Cause } from '../model/outcome.ts'
import { formatEndpoint, isLoopback } from '../net/address.ts'
import { SmtpConnection, type Opened } from '../net/smtp-client-driver.ts'
import type { NotOpened, SmtpTarget } from '../net/smtp-client-terms.ts'
import type { Settings } from '../settings.ts'
import type { Transcript } from '../transcript/sink.ts'
import type { Candidate } from './candidates.ts'
import type { DeadHosts } from './dead-hosts.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { ownNameOf, type HostPlan } from './route-plan.ts'
import { noTlsPolicy, type TlsPolicy } from './tls-policy-joint.ts'

/** An address to dial. */
export type Address = Extract<Candidate, { kind: 'address' }>
/** A session that takes mail, with how it is protected; or why there is none. */
export type Session =
  | { readonly ok: true; readonly connection: SmtpConnection; readonly tls: AttemptTls }
  | { readonly ok: false; readonly why: Cause; readonly isFinal: boolean }

/** What opening a session needs besides the relay's own wiring. */
export interface OpenContext {
  readonly deps: RelayDeps
  readonly settings: Settings
  readonly deadHosts: DeadHosts
  readonly signal: AbortSignal
  readonly signIn: RouteSignIn
  /** Asks for verified TLS all the way (RFC 8689). */
  readonly requireTls: boolean
  /** Told how far a session has come, and what encrypts it. */
  readonly onPhase?: SmtpTarget['onPhase']
  /** Begins a transcript. */
  head(transcript: Transcript): void
  note(text: string): void
}

type Policy = Extract<TlsPolicy, { kind: 'go' }>
/** A host the user has named is verified without anybody's policy. */
const FIXED: Policy = { kind: 'go', require: 'none', source: 'none' }

/**
 * Opens a session with one address: as protected as can be had, then with a smaller hello, then (where no policy forbids it) in
 * clear text (RFC 7435 §3). Each on a connection of its own.
 */
export async function openSession(address: Address, plan: HostPlan, context: OpenContext): Promise<Session> {
  const { tlsPolicyFor = noTlsPolicy } = context.deps
  const question = { domain: plan.domain, mxHost: address.host, requireTls: context.requireTls }
  const own = plan.policy ?? (plan.tls === 'policy' ? undefined : FIXED)
  const policy = own ?? (await untilAborted(tlsPolicyFor(question), context.signal))
  // A policy may take a minute to come; nothing goes out without it because the program ends meanwhile.
  if (policy === undefined)
    return { ok: false, why: { at: 'connect', mx: address.host, errno: 'ABORTED' }, isFinal: false }
  for (const note of policy.notes ?? []) context.note(note)
  if (policy.kind === 'refuse') {
    context.note(`${address.host} is not dialled: ${policy.reason}`)
    return {
      ok: false,
      why: { at: 'policy', mx: address.host, ...without(policy) },
      isFinal: policy.policy === 'requiretls' && policy.mayChange !== true,
    }
  }
  const mode = plan.tls !== 'policy' ? plan.tls : policy.require === 'verified' ? 'starttls' : 'opportunistic'
  let trouble = policy.trouble ?? null
  const sessionOf = (opened: Opened): Session => {
    if (own === undefined) tell(opened, policy.source)
    if (!opened.ok) {
      const why = policyCause(opened.why, policy)
      // RFC 8689 §4.2.1: what may go over verified TLS only is returned where it cannot be had, not kept trying.
      return { ok: false, why, isFinal: opened.isFinal || (why.at === 'policy' && why.policy === 'requiretls') }
    }
    if (plan.isRehearsal !== true) {
      const largestBytes = opened.connection.largestBytes ?? null
      context.deps.onSizeSeen?.({ host: address.host, port: plan.port, largestBytes })
    }
    return {
      ok: true,
      connection: opened.connection,
      tls: { policy: policy.source, facts: opened.connection.tls, trouble },
    }
  }
  const tell = (opened: Opened, source: TlsDemand) => {
    if (!opened.ok && opened.why.at === 'connect') return
    const failure = trouble ?? (!opened.ok && opened.why.at === 'tls' ? opened.why.reason : null)
    context.deps.onTlsSeen?.({
      domain: plan.domain,
      mxHost: address.host,
      policy: source,
      facts: opened.ok ? opened.connection.tls : null,
      ...(failure === null ? {} : { failure }),
      isUsable: opened.ok,
    })
  }

  const first = await connect(address, plan, context, { tls: mode })
  if (!isWorthAnotherHello(first) || context.signal.aborted) return sessionOf(first)
  trouble = reasonOf(first)
  context.note(`TLS failed (${trouble}): the same host again with a smaller hello`)
  const second = await connect(address, plan, context, { tls: mode, hello: 'reduced' })
  if (second.ok || second.why.at !== 'tls' || mode !== 'opportunistic' || context.signal.aborted)
    return sessionOf(second)
  // Better in clear text than not at all, where no policy forbids it.
  context.note(`TLS failed (${reasonOf(second)}): the same host again without it`)
  return sessionOf(await connect(address, plan, context, { tls: 'none' }))
}

/** What comes of the work, or undefined when `signal` aborts before that. */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  if (signal.aborted) return Promise.resolve(undefined)
  return new Promise((resolve, reject) => {
    const leave = () => resolve(undefined)
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}

const without = ({ policy, reason }: Extract<TlsPolicy, { kind: 'refuse' }>) => ({ policy, reason })
const reasonOf = (opened: NotOpened) => (opened.why.at === 'tls' ? opened.why.reason : '')

/** A certificate that is refused is refused with every hello. */
function isWorthAnotherHello(opened: Opened): opened is NotOpened {
  return !opened.ok && opened.isHandshake && !/^(?:[A-Z_]*(?:CERT|UNABLE_TO)[A-Z_]*|Host|IP)\b/.test(reasonOf(opened))
}

/** What kept TLS from being had is the policy's doing where there is one. */
function policyCause(why: Cause, { require, source }: Policy): Cause {
  if (why.at !== 'tls' || require !== 'verified' || source === 'none' || source === 'mta-sts-testing') return why
  return { at: 'policy', mx: why.mx, policy: source, reason: why.reason }
}

async function connect(
  { host, address, timeoutMs }: Address,
  plan: HostPlan,
  context: OpenContext,
  how: Pick<SmtpTarget, 'tls' | 'hello'>,
): Promise<Opened> {
  const { deps, settings, signal, signIn, deadHosts } = context
  const endpoint = formatEndpoint(address, plan.port)
  const transcript = deps.recorder.open({ protocol: 'smtp', side: 'client', peer: host, address: endpoint })
  context.head(transcript)
  transcript.note(`dialling ${host} at ${endpoint}`)
  const dialled = await deps.dial({ address, port: plan.port, timeoutMs }, signal)
  if (!dialled.ok) {
    const why: Cause = { at: 'connect', mx: host, errno: dialled.errno }
    deadHosts.failed(endpoint, why, settings['retry.scheduleSeconds'])
    transcript.worst(shortErrno(dialled.errno))
    const state = dialled.errno === 'ABORTED' ? 'aborted' : 'deferred'
    transcript.close(state, 'us', `no connection: ${errnoWords(dialled.errno)}`)
    return { ok: false, why, isFinal: false, isHandshake: false }
  }
  const target: SmtpTarget = {
    ...how,
    // A literal's certificate, if any, is for the address and not for the brackets.
    mx: host.startsWith('[') ? address : host,
    ehloName: ownNameOf(settings),
    caFile: settings['relay.caFile'],
    ...(plan.authorities !== undefined && { authorities: plan.authorities }),
    ...(deps.chunkFromBytes === undefined ? {} : { chunkFromBytes: deps.chunkFromBytes }),
    ...(context.onPhase && { onPhase: context.onPhase }),
    ...(signIn.login && {
      login: { ...signIn.login, host, port: plan.port, allowClear: isLoopback(address) },
    }),
  }
  // What goes over the wire for it is kept from the log; who it is for need not be.
  if (signIn.login) transcript.note(`signs in as ${signIn.login.user}`)
  const opened = await SmtpConnection.open(dialled.socket, target, transcript, deps.clock, signal)
  if (opened.ok || (opened.why.at !== 'greeting' && opened.why.at !== 'connect')) deadHosts.answered(endpoint)
  else if (!signal.aborted) deadHosts.failed(endpoint, opened.why, settings['retry.scheduleSeconds'])
  return opened
}
