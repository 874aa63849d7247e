import { reasonOf } from '../base/fault.ts'
import type { AttemptTls } from '../model/attempt-tls.ts'
import type { Deliver, Delivery, Job, Settled } from '../model/delivery.ts'
import type { Cause } from '../model/outcome.ts'
import { hasGlobalIpv6, isPrivate } from '../net/address.ts'
import type { SmtpConnection } from '../net/smtp-client-driver.ts'
import type { Load } from '../net/smtp-client-terms.ts'
import { clientContext } from '../net/tls.ts'
import type { Settings } from '../settings.ts'
import type { Transcript } from '../transcript/sink.ts'
import { listCandidates } from './candidates.ts'
import { DeadHosts } from './dead-hosts.ts'
import type { RelayDeps, RouteSignIn } from './deps.ts'
import { openSession, type Address, type OpenContext } from './open-session.ts'
import { planRoute, type HostPlan, type RoutePlan } from './route-plan.ts'
import { transactionOf } from './transaction.ts'
import { inTurn, mayGoTo, parkingOf } from './turns.ts'
import { goesElsewhere, heldAll, ours, outcomeOf } from './verdicts.ts'
import { Work } from './work.ts'

/** After so long without an outcome no other address is begun: servers that drag on each other's heels must not hold a connection for hours. */
const LONGEST_SEARCH_MS = 30 * 60_000

/**
 * The relay. One call is one route's worth of deliveries: it tries the hosts of the route in turn, keeps a connection for
 * the next job as long as it is good, and settles each recipient once. When `signal` aborts, what has no outcome yet is left
 * unsettled and the call throws the signal's reason: that attempt never happened.
 */
export function makeDeliver(deps: RelayDeps): Deliver {
  const deadHosts = deps.deadHosts ?? new DeadHosts(deps.clock)
  return (delivery, signal) => new Run(deps, deadHosts, delivery, signal).run()
}

class Run {
  readonly #deps: RelayDeps
  readonly #delivery: Delivery
  readonly #signal: AbortSignal
  readonly #settings: Settings
  readonly #deadHosts: DeadHosts
  #signIn: RouteSignIn
  /** Facts found since the last transcript was opened: they head the next one. */
  #notes: string[] = []
  #work: Work | undefined
  #transcript: Transcript | undefined
  #lastSessionId: number | undefined
  /** When the search for a server that takes the message began (monotonic). */
  #searchFromMs: number
  /** Recipients whose phase `body` was committed. */
  readonly #inBody = new Set<number>()

  constructor(deps: RelayDeps, deadHosts: DeadHosts, delivery: Delivery, signal: AbortSignal) {
    this.#deps = deps
    this.#deadHosts = deadHosts
    this.#delivery = delivery
    this.#signal = signal
    this.#settings = deps.settings()
    this.#searchFromMs = deps.clock.monotonicMs()
    this.#work = new Work(delivery.first)
    const { route } = delivery
    this.#signIn = route.kind === 'smarthost' ? (deps.signInOf?.(route.routeId) ?? {}) : {}
  }

  async run(): Promise<void> {
    const { route } = this.#delivery
    if (route.kind === 'hold') return this.#holdAll(route.cause)
    if (route.kind === 'smarthost' && this.#signIn.trouble !== undefined)
      return this.#holdAll({ at: 'login', mx: route.host, reason: this.#signIn.trouble, routeId: route.routeId })
    // Said before anything is dialled: authorities that cannot be read must not turn into mail in clear text.
    clientContext(this.#settings['relay.caFile'])
    const { resolver, random = Math.random } = this.#deps
    const why = this.#work?.job.recipients[0]?.routeWhy
    if (why !== undefined) this.#notes.push(`route: ${why}`)
    await this.#useParked()
    if (!this.#work) return
    const token = await this.#getToken()
    if (token !== 'ready') return 'why' in token ? this.#giveUp(token) : undefined
    const plan = await planRoute(route, this.#settings, resolver, random, this.#deps.lab)
    this.#notes.push(...plan.notes)
    if (plan.kind === 'hosts') while (await this.#tryHosts(plan));
    else this.#work?.blame(plan.kind, plan.why)
    await this.#giveUp(plan)
  }

  /** Gets the token of a route that signs in by one, another one than `refused`. Where there is none, all is held or waits. */
  async #getToken(refused?: string): Promise<'ready' | { readonly kind: 'held' } | Extract<RoutePlan, { why: Cause }>> {
    const { by } = this.#signIn
    const { route } = this.#delivery
    if (by === undefined || route.kind !== 'smarthost') return 'ready'
    const got = await by.token(refused)
    if (got.ok) {
      this.#signIn = { ...this.#signIn, login: { user: by.user, kind: 'token', secret: got.token } }
      return 'ready'
    }
    if (got.needsPerson) {
      await this.#holdAll({ at: 'login', mx: route.host, reason: got.reason, routeId: route.routeId })
      return { kind: 'held' }
    }
    const why = ours(got.reason, 451, '4.7.0')
    this.#notes.push(got.reason)
    this.#work?.blame('deferred', why)
    return { kind: 'deferred', why, notes: [] }
  }

  /** Nothing of this goes anywhere until its user has done something. */
  async #holdAll(why: Cause): Promise<void> {
    while (this.#work && !this.#signal.aborted) {
      await this.#settle(this.#work, heldAll(this.#work.open, why), this.#lastSessionId)
      const job = await this.#delivery.next()
      this.#work = job && new Work(job)
    }
    this.#signal.throwIfAborted()
  }

  /** Goes through the hosts. True when the work at hand then is to begin with them anew: it is bound to one of those passed. */
  async #tryHosts(plan: HostPlan): Promise<boolean> {
    const begun = this.#work
    const { resolver, hasIpv6 = hasGlobalIpv6 } = this.#deps
    const family = this.#settings['relay.family']
    const deps = { resolver, family, hasIpv6: family === 'ipv6' || hasIpv6(), deadHosts: this.#deadHosts }
    for await (const candidate of listCandidates({ ...plan, hosts: inTurn(plan.hosts, begun) }, deps)) {
      if (this.#signal.aborted) return false
      this.#notes.push(...candidate.notes)
      if (this.#deps.clock.monotonicMs() - this.#searchFromMs > LONGEST_SEARCH_MS) {
        this.#notes.push('half an hour is over: the other hosts are left for the next try')
        return false
      }
      if (candidate.kind !== 'address') this.#work?.blame(plan.isFixed ? 'deferred' : candidate.kind, candidate.why)
      else if (mayGoTo(candidate.host, plan, this.#work)) await this.#tryAddress(candidate, plan)
      if (!this.#work) return false
      if (candidate.kind === 'address' && this.#work !== begun && !mayGoTo(candidate.host, plan, this.#work))
        return true
    }
    return false
  }

  /** Uses one address until it has no more to give. A session that got something done may be followed by another one. */
  async #tryAddress(address: Address, plan: HostPlan): Promise<void> {
    let hasProgressed = true
    while (this.#work && hasProgressed && !this.#signal.aborted && mayGoTo(address.host, plan, this.#work)) {
      let opened = await openSession(address, plan, this.#openContext(this.#work))
      const refused = this.#signIn.login?.secret
      // A token may end before its hour: once another one is tried.
      if (!opened.ok && opened.why.at === 'login' && opened.why.reply && this.#signIn.by && !this.#signal.aborted) {
        if ((await this.#getToken(refused)) !== 'ready' || !this.#work) return
        if (this.#signIn.login?.secret !== refused)
          opened = await openSession(address, plan, this.#openContext(this.#work))
      }
      if (!opened.ok) {
        if (opened.why.at === 'login') return this.#holdForLogin(opened.why)
        this.#work.blame(opened.isFinal && !plan.isFixed ? 'bounced' : 'deferred', opened.why)
        return
      }
      this.#delivery.onConnected(isPrivate(address.address))
      hasProgressed = await this.#useConnection(opened.connection, opened.tls, address, plan)
    }
  }

  /** A connection that waits for mail of this route carries it on; whatever fails there is tried anew by the book. */
  async #useParked(): Promise<void> {
    const { parked } = this.#deps
    const job = this.#work?.job
    if (parked === undefined || job === undefined) return
    const idle = parked.take(parkingOf(this.#delivery.route), ({ plan, address, tls }) => {
      const isGuarded = tls.policy === 'requiretls' || !job.options?.requireTls
      return isGuarded && mayGoTo(address.host, plan, this.#work)
    })
    if (idle === undefined) return
    const { connection, tls, address, plan, transcript, uses } = idle
    this.#uses = uses + 1
    this.#head(transcript)
    this.#delivery.onConnected(isPrivate(address.address))
    await this.#useConnection(connection, tls, address, plan)
    this.#uses = 0
    this.#work?.forgive()
  }

  #park(connection: SmtpConnection, tls: AttemptTls, address: Address, plan: HostPlan): boolean {
    const { parked } = this.#deps
    const transcript = this.#transcript
    // A rehearsal begins at the greeting: what was switched since is to be seen.
    if (parked === undefined || transcript === undefined || this.#delivery.route.kind === 'lab') return false
    const route = parkingOf(this.#delivery.route)
    return parked.park(route, { connection, tls, address, plan, transcript, uses: this.#uses })
  }
  #uses = 0

  #openContext(work: Work): OpenContext {
    return {
      deps: this.#deps,
      settings: this.#settings,
      deadHosts: this.#deadHosts,
      signal: this.#signal,
      signIn: this.#signIn,
      requireTls: work.job.options?.requireTls === true,
      head: (transcript) => this.#head(transcript),
      note: (text) => this.#notes.push(text),
    }
  }

  /** A login that fails once fails each time, and a server that has heard it too often locks its user out. */
  async #holdForLogin(why: Extract<Cause, { at: 'login' }>): Promise<void> {
    const { route } = this.#delivery
    if (route.kind !== 'smarthost') return this.#holdAll(why)
    await this.#deps.onLoginRefused?.(route.routeId, why.reply ? why.reply.lines.join(' ') || why.reason : why.reason)
    return this.#holdAll({ ...why, routeId: route.routeId })
  }

  /** Notes and links a transcript begins with. */
  #head(transcript: Transcript): void {
    this.#lastSessionId = transcript.sessionId
    for (const note of this.#notes.splice(0)) transcript.note(note)
    this.#link(transcript)
    this.#transcript = transcript
  }

  #link(transcript: Transcript | undefined): void {
    if (!this.#work || !transcript) return
    const { entryId } = this.#work.job
    for (const { recipientId, attemptId } of this.#work.open) transcript.link({ entryId, recipientId, attemptId })
  }

  /** Sends job after job. True when at least one transaction got its answer, so that a new session is worth it. */
  async #useConnection(
    connection: SmtpConnection,
    tls: AttemptTls,
    address: Address,
    plan: HostPlan,
  ): Promise<boolean> {
    let hasProgressed = false
    let hasFailedHere = false
    // Over before anything was asked of it: closed, or talking out of turn.
    if (!connection.isReady) this.#work?.blame('deferred', { at: 'lost', mx: address.host, reason: connection.endedBy })
    try {
      while (this.#work && connection.isReady && !hasFailedHere && mayGoTo(address.host, plan, this.#work)) {
        const isReused = hasProgressed
        // What was opened for others may be a host that nobody vouches for: then this one is looked at anew (RFC 8689 §4.2.1).
        if (isReused && this.#work.job.options?.requireTls && tls.policy !== 'requiretls') break
        const { settled, elsewhere } = await this.#transact(this.#work, connection, address)
        if (settled.length > 0) {
          await this.#settle(this.#work, settled, connection.sessionId, tls)
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
    if (!this.#work && !this.#signal.aborted && this.#park(connection, tls, address, plan)) return hasProgressed
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
    address: Address,
  ): Promise<{ settled: Settled[]; elsewhere: boolean }> {
    const { open, job } = work
    const verdicts = await connection.transact(this.#load(job, open, address.host))
    const settled: Settled[] = []
    let elsewhere = false
    for (const [n, recipient] of open.entries()) {
      const verdict = verdicts[n]
      if (verdict === undefined || verdict.kind === 'again') continue
      if ((verdict.kind === 'deferred' || verdict.kind === 'bounced') && goesElsewhere(verdict, address)) {
        work.blameOne(recipient.recipientId, verdict.kind, verdict.why)
        elsewhere = true
        continue
      }
      settled.push({ recipientId: recipient.recipientId, outcome: outcomeOf(verdict, recipient.to, address.host) })
    }
    return { settled, elsewhere }
  }

  #load(job: Job, open: Work['open'], mx: string): Load {
    return {
      entryId: job.entryId,
      transaction: transactionOf(job, open, this.#deps.clock.nowMs()),
      body: () => this.#deps.openBody(job.view),
      beforeBody: (accepted) => {
        const ids = accepted.flatMap((n) => open[n]?.recipientId ?? [])
        for (const id of ids) this.#inBody.add(id)
        return this.#delivery.beforeBody(job, ids, mx)
      },
      damaged: (error) => ({ kind: 'deferred', elsewhere: false, why: ours(reasonOf(error), 451, '4.3.0') }),
      unclean: {
        kind: 'bounced',
        elsewhere: false,
        why: ours('the message holds a bare CR or LF', 554, '5.6.0'),
      },
    }
  }

  /** Hands outcomes to the queue, each with how it was come by. */
  async #settle(
    work: Work,
    settled: readonly Settled[],
    sessionId: number | undefined,
    tls?: AttemptTls,
  ): Promise<void> {
    work.settle(settled)
    this.#searchFromMs = this.#deps.clock.monotonicMs()
    const withFacts = settled.map((one): Settled => {
      const route = work.whyOf(one.recipientId)
      if (route === undefined && tls === undefined) return one
      return { ...one, facts: { ...(route !== undefined && { route }), ...(tls && { tls }) } }
    })
    await this.#delivery.onOutcome(work.job, withFacts, sessionId)
  }

  /** Settles whoever is left when all hosts have been tried. */
  async #giveUp(plan: RoutePlan): Promise<void> {
    const work = this.#work
    if (!work) return
    if (this.#signal.aborted) {
      // Phase `body` is committed for these, so that silence would mean "unknown": but their final dot never went out.
      const notSent = work.giveUp().filter(({ recipientId }) => this.#inBody.has(recipientId))
      if (notSent.length > 0) await this.#settle(work, notSent, this.#lastSessionId)
      throw this.#signal.reason
    }
    const lastSessionId = this.#lastSessionId
    if (this.#transcript === undefined || this.#notes.length > 0) {
      const { route } = this.#delivery
      const peer = 'domain' in route ? route.domain : route.kind === 'smarthost' ? route.host : ''
      const transcript = this.#deps.recorder.open({ protocol: 'smtp', side: 'client', peer, address: '' })
      this.#head(transcript)
      const isLabOff = plan.kind === 'deferred' && plan.why.at === 'connect' && plan.why.errno === 'ELABOFF'
      transcript.worst(isLabOff ? 'lab off' : 'dns')
      const why = isLabOff ? 'the rehearsal lab is switched off' : 'no host could be tried'
      transcript.close(plan.kind === 'bounced' ? 'failed' : 'deferred', 'us', why)
    }
    await this.#settle(work, work.giveUp(), lastSessionId ?? this.#lastSessionId)
  }
}
