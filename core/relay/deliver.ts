import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { OpenBody } from '../model/blob-view.ts'
import type { Deliver, Delivery, Job, Settled } from '../model/delivery.ts'
import type { Cause, Outcome } from '../model/outcome.ts'
import { formatEndpoint, hasGlobalIpv6, isPrivate } from '../net/address.ts'
import type { Dialer } from '../net/dial.ts'
import type { Resolver } from '../net/dns.ts'
import { SmtpConnection, type Opened } from '../net/smtp-client-driver.ts'
import type { Load, SmtpTarget } from '../net/smtp-client-terms.ts'
import { clientContext } from '../net/tls.ts'
import type { Settings } from '../settings.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import type { Verdict } from '../wire/smtp/client-words.ts'
import { listCandidates, type Candidate } from './candidates.ts'
import { ownNameOf, planRoute, type RoutePlan } from './route-plan.ts'
import { Work } from './work.ts'

export interface RelayDeps {
  /** Asked at each delivery, for settings may change. */
  readonly settings: () => Settings
  readonly resolver: Resolver
  readonly dial: Dialer
  readonly recorder: Recorder
  readonly openBody: OpenBody
  readonly clock: Clock
  /** 0 ≤ n < 1. */
  readonly random?: () => number
  /** Whether to begin with IPv6; asked at each delivery. */
  readonly hasIpv6?: () => boolean
}
type Address = Extract<Candidate, { kind: 'address' }>

/**
 * The relay. One call is one route's worth of deliveries: it tries the hosts of the route in turn, keeps a connection for
 * the next job as long as it is good, and settles each recipient once. When `signal` aborts, what has no outcome yet is left
 * unsettled and the call throws the signal's reason: that attempt never happened.
 */
export function makeDeliver(deps: RelayDeps): Deliver {
  return (delivery, signal) => new Run(deps, delivery, signal).run()
}

class Run {
  readonly #deps: RelayDeps
  readonly #delivery: Delivery
  readonly #signal: AbortSignal
  readonly #settings: Settings
  /** Facts found since the last transcript was opened: they head the next one. */
  #notes: string[] = []
  #work: Work | undefined
  #lastSessionId: number | undefined
  /** Recipients whose phase `body` was committed. */
  readonly #inBody = new Set<number>()

  constructor(deps: RelayDeps, delivery: Delivery, signal: AbortSignal) {
    this.#deps = deps
    this.#delivery = delivery
    this.#signal = signal
    this.#settings = deps.settings()
    this.#work = new Work(delivery.first)
  }

  async run(): Promise<void> {
    // Said before anything is dialled: authorities that cannot be read must not turn into mail in clear text.
    clientContext(this.#settings['relay.caFile'])
    const { resolver, random = Math.random } = this.#deps
    const plan = await planRoute(this.#delivery.route, this.#settings, resolver, random)
    this.#notes.push(...plan.notes)
    if (plan.kind === 'hosts') await this.#tryHosts(plan)
    else this.#work?.blame(plan.kind, plan.why)
    await this.#giveUp(plan)
  }

  async #tryHosts(plan: Extract<RoutePlan, { kind: 'hosts' }>): Promise<void> {
    const { resolver, hasIpv6 = hasGlobalIpv6 } = this.#deps
    const deps = { resolver, allowPrivate: plan.allowPrivate, hasIpv6: hasIpv6() }
    for await (const candidate of listCandidates(plan.hosts, deps)) {
      if (this.#signal.aborted) return
      this.#notes.push(...candidate.notes)
      if (candidate.kind === 'address') await this.#tryAddress(candidate, plan)
      else this.#work?.blame(plan.isFixed ? 'deferred' : candidate.kind, candidate.why)
      if (!this.#work) return
    }
  }

  /** Uses one address until it has no more to give. A session that got something done may be followed by another one. */
  async #tryAddress(candidate: Address, plan: Extract<RoutePlan, { kind: 'hosts' }>): Promise<void> {
    let hasProgressed = true
    while (this.#work && hasProgressed && !this.#signal.aborted) {
      let opened = await this.#open(candidate, plan, plan.tls)
      if (!opened.ok && opened.why.at === 'tls' && plan.tls === 'opportunistic' && !this.#signal.aborted) {
        // RFC 7435 §3: better in clear text than not at all, where no policy forbids it. On a new connection.
        this.#notes.push(`TLS failed (${opened.why.reason}): the same host again without it`)
        opened = await this.#open(candidate, plan, 'none')
      }
      if (!opened.ok) {
        this.#work.blame(opened.isFinal && !plan.isFixed ? 'bounced' : 'deferred', opened.why)
        return
      }
      this.#delivery.onConnected(isPrivate(candidate.address))
      hasProgressed = await this.#useConnection(opened.connection, candidate)
    }
  }

  async #open(
    { host, address, timeoutMs }: Address,
    plan: Extract<RoutePlan, { kind: 'hosts' }>,
    tls: SmtpTarget['tls'],
  ): Promise<Opened> {
    const { recorder, dial, clock } = this.#deps
    const endpoint = formatEndpoint(address, plan.port)
    const transcript = recorder.open({ protocol: 'smtp', side: 'client', peer: host, address: endpoint })
    this.#head(transcript)
    transcript.note(`dialling ${host} at ${endpoint}`)
    const dialled = await dial({ address, port: plan.port, timeoutMs }, this.#signal)
    if (!dialled.ok) {
      transcript.worst(CONNECT_WORDS[dialled.errno] ?? dialled.errno)
      const state = dialled.errno === 'ABORTED' ? 'aborted' : 'deferred'
      transcript.close(state, 'us', `no connection: ${dialled.errno} (${dialled.reason})`)
      return { ok: false, why: { at: 'connect', mx: host, errno: dialled.errno }, isFinal: false }
    }
    const target = { mx: host, tls, ehloName: ownNameOf(this.#settings), caFile: this.#settings['relay.caFile'] }
    // A literal's certificate, if any, is for the address and not for the brackets.
    const named = host.startsWith('[') ? { ...target, mx: address } : target
    return SmtpConnection.open(dialled.socket, named, transcript, clock, this.#signal)
  }

  /** Notes and links a transcript begins with. */
  #head(transcript: Transcript): void {
    this.#lastSessionId = transcript.sessionId
    for (const note of this.#notes.splice(0)) transcript.note(note)
    this.#link(transcript)
    this.#transcript = transcript
  }
  #transcript: Transcript | undefined

  #link(transcript: Transcript | undefined): void {
    if (!this.#work || !transcript) return
    const { entryId } = this.#work.job
    for (const { recipientId, attemptId } of this.#work.open) transcript.link({ entryId, recipientId, attemptId })
  }

  /** Sends job after job. True when at least one transaction got its answer, so that a new session is worth it. */
  async #useConnection(connection: SmtpConnection, candidate: Address): Promise<boolean> {
    let hasProgressed = false
    let hasFailedHere = false
    // Over before anything was asked of it: closed, or talking out of turn.
    if (!connection.isReady)
      this.#work?.blame('deferred', { at: 'lost', mx: candidate.host, reason: connection.endedBy })
    try {
      while (this.#work && connection.isReady && !hasFailedHere) {
        const isReused = hasProgressed
        const { settled, elsewhere } = await this.#transact(this.#work, connection, candidate)
        if (settled.length > 0) {
          await this.#delivery.onOutcome(this.#work.job, settled, connection.sessionId)
          hasProgressed = true
        }
        // Neither an outcome nor a reason to go on: a second try here would end the same way.
        hasFailedHere = elsewhere || settled.length === 0
        // A used connection may be closed under the next job; that says nothing of the host, so it is dialled anew.
        if (elsewhere && !(isReused && !connection.isReady)) hasProgressed = false
        if (this.#work.open.length > 0) continue
        this.#work = await this.#nextWork(connection)
      }
    } catch (error) {
      connection.abort()
      throw error
    }
    if (!this.#signal.aborted) await connection.quit()
    connection.abort()
    return hasProgressed
  }

  async #nextWork(connection: SmtpConnection): Promise<Work | undefined> {
    if (!connection.isReady || this.#signal.aborted) return undefined
    const job = await this.#delivery.next()
    if (!job) return undefined
    this.#work = new Work(job)
    this.#link(this.#transcript)
    return this.#work
  }

  async #transact(
    work: Work,
    connection: SmtpConnection,
    candidate: Address,
  ): Promise<{ settled: Settled[]; elsewhere: boolean }> {
    const { open, job } = work
    const verdicts = await connection.transact(this.#load(job, open))
    const settled: Settled[] = []
    let elsewhere = false
    for (const [n, recipient] of open.entries()) {
      const verdict = verdicts[n]
      if (verdict === undefined || verdict.kind === 'again') continue
      if ((verdict.kind === 'deferred' || verdict.kind === 'bounced') && goesElsewhere(verdict, candidate)) {
        work.blameOne(recipient.recipientId, verdict.kind, verdict.why)
        elsewhere = true
        continue
      }
      settled.push({ recipientId: recipient.recipientId, outcome: outcomeOf(verdict, recipient.to, candidate.host) })
    }
    work.settle(settled)
    return { settled, elsewhere }
  }

  #load(job: Job, open: Work['open']): Load {
    return {
      entryId: job.entryId,
      transaction: {
        from: job.from,
        to: open.map((recipient) => recipient.to),
        sizeBytes: job.view.sizeBytes,
        is8bit: job.is8bit,
        needsUtf8: job.needsUtf8,
      },
      body: () => this.#deps.openBody(job.view),
      beforeBody: (accepted) => {
        const ids = accepted.flatMap((n) => open[n]?.recipientId ?? [])
        for (const id of ids) this.#inBody.add(id)
        return this.#delivery.beforeBody(job, ids)
      },
      damaged: (error) => ({ kind: 'deferred', elsewhere: false, why: ours(reasonOf(error), 451, '4.3.0') }),
      unclean: {
        kind: 'bounced',
        elsewhere: false,
        why: ours('the message holds a bare CR or LF', 554, '5.6.0'),
      },
    }
  }

  /** Settles whoever is left when all hosts have been tried. */
  async #giveUp(plan: RoutePlan): Promise<void> {
    const work = this.#work
    if (!work) return
    if (this.#signal.aborted) {
      // Phase `body` is committed for these, so that silence would mean "unknown": but their final dot never went out.
      const notSent = work.giveUp().filter(({ recipientId }) => this.#inBody.has(recipientId))
      if (notSent.length > 0) await this.#delivery.onOutcome(work.job, notSent, this.#lastSessionId)
      throw this.#signal.reason
    }
    const lastSessionId = this.#lastSessionId
    if (this.#lastSessionId === undefined || this.#notes.length > 0) {
      const { route } = this.#delivery
      const peer = route.kind === 'direct' ? route.domain : route.host
      const transcript = this.#deps.recorder.open({ protocol: 'smtp', side: 'client', peer, address: '' })
      this.#head(transcript)
      transcript.worst('dns')
      transcript.close(plan.kind === 'bounced' ? 'failed' : 'deferred', 'us', 'no host could be tried')
    }
    await this.#delivery.onOutcome(work.job, work.giveUp(), lastSessionId ?? this.#lastSessionId)
  }
}

/** Errors of `connect` as lists show them. */
const CONNECT_WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'timeout',
  ECONNRESET: 'reset',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
}

const ours = (reason: string, code: number, enhanced: string): Cause => ({
  at: 'local',
  reason,
  reply: { code, enhanced, lines: [reason] },
})

/**
 * Whether another address may do better at once. A host that refuses by policy over IPv6 (no PTR, no reputation: 5.7.x) is
 * asked once more over IPv4 before the mail is returned.
 */
function goesElsewhere(verdict: Extract<Verdict, { kind: 'deferred' | 'bounced' }>, candidate: Address): boolean {
  if (verdict.elsewhere) return true
  const isPolicy = verdict.why.at === 'reply' && verdict.why.reply.enhanced?.startsWith('5.7.') === true
  return isPolicy && candidate.hasOtherFamily && candidate.address.includes(':')
}

function outcomeOf(verdict: Exclude<Verdict, { kind: 'again' }>, to: Outcome['to'], mx: string): Outcome {
  switch (verdict.kind) {
    case 'delivered':
      return { kind: 'delivered', to, mx, reply: verdict.reply }
    case 'unknown':
      return { kind: 'unknown', to, mx }
    case 'deferred':
    case 'bounced':
      return { kind: verdict.kind, to, why: verdict.why }
    default:
      return verdict satisfies never
  }
}
