import type { Clock } from '../base/clock.ts'
import type { KnownPolicy, TlsDomain } from '../model/tls-domain.ts'
import { describeLookup, type Lookup, type Resolver } from '../net/dns.ts'
import type { HttpsGet } from '../net/https-get.ts'
import type { Settings } from '../settings.ts'
import { parseStsPolicy, parseStsRecords } from './mta-sts-policy.ts'

/** What MTA-STS is wired to. */
export interface StsDeps {
  readonly settings: () => Settings
  readonly resolver: Resolver
  readonly get: HttpsGet
  readonly clock: Clock
  /** Gives up what is being fetched, when the program ends. */
  readonly signal?: AbortSignal
  /** What is stored of a domain. */
  readonly known: (domain: string) => TlsDomain | undefined
  /** Stores a policy that was fetched. Resolves when it is durable. */
  readonly putPolicy: (domain: string, policy: KnownPolicy) => Promise<void>
  /** Stores why a policy could not be fetched. */
  readonly putError: (domain: string, error: string) => Promise<void>
}
/** The policy in force, how it was found, and what went wrong on the way. */
export interface FoundPolicy {
  /** Undefined where the domain has none that binds. */
  readonly policy?: KnownPolicy
  readonly notes: readonly string[]
  readonly trouble?: string
  /** Whether there is one could not be found out now: the answer may be another one later. */
  readonly isUnsure?: true
}

/** A policy, or why there is none, and how that was found. */
interface Fetched {
  readonly result: KnownPolicy | string
  readonly notes: readonly string[]
}

/** RFC 8461 §3.3: the time for one fetch, and the size of a policy. */
const FETCH_MS = 60_000
const MOST_BYTES = 64 * 1024
/** A fetch that failed is not repeated for so long (RFC 8461 §3.3). */
const AGAIN_AFTER_MS = 5 * 60_000
/** A policy is fetched anew before it ends, so that nobody can wait for that moment (RFC 8461 §10.2). */
const REFRESH_AFTER_MS = 86_400_000
/** Name servers that drop the question cost each session the whole patience of the resolver: they are waited for once in so long. */
const SILENT_MS = 5 * 60_000
/** While nobody waits for them they are asked that often. */
const ASK_SILENT_MS = 60_000
const MOST_SILENT = 2_000

/** A domain whose name servers say nothing to the question. Times are monotonic. */
interface Silence {
  readonly lookup: Lookup<'TXT'>
  readonly untilMs: number
  readonly askedMs: number
}

/**
 * Finds the MTA-STS policy of a domain (RFC 8461 §5.1): what DNS names, fetched by HTTPS and kept for its max_age. While a kept one
 * lasts it binds, whatever happens to DNS or to the host that has it: only a verified newer one takes its place.
 */
export class MtaSts {
  readonly #deps: StsDeps
  /** Fetches under way, by domain. */
  readonly #fetching = new Map<string, Promise<Fetched>>()
  /** Oldest first. */
  readonly #silent = new Map<string, Silence>()

  constructor(deps: StsDeps) {
    this.#deps = deps
  }

  async find(domain: string): Promise<FoundPolicy> {
    const { known, clock } = this.#deps
    const lookup = await this.#lookup(domain)
    const record = lookup.kind === 'found' ? parseStsRecords(lookup.records) : ({ kind: 'none' } as const)
    const now = clock.nowMs()
    const kept = known(domain)
    const policy = kept?.policy && kept.policy.expiresMs > now ? kept.policy : undefined
    // Most domains have none, and every transcript would say so.
    const notes = record.kind === 'none' && policy === undefined ? [] : [describeLookup(lookup)]
    if (record.kind === 'invalid') notes.push(`MTA-STS of ${domain}: ${record.reason}`)
    if (record.kind !== 'found') {
      if (policy) notes.push(`MTA-STS of ${domain}: ${words(policy)}, kept`)
      if (policy) return { policy, notes }
      if (record.kind === 'invalid') return { notes, trouble: record.reason }
      return { notes, ...((lookup.kind === 'TIMEOUT' || lookup.kind === 'SERVFAIL') && { isUnsure: true as const }) }
    }
    if (policy?.id === record.id) {
      const isOld = now - policy.fetchedMs > Math.min(REFRESH_AFTER_MS, (policy.expiresMs - policy.fetchedMs) / 2)
      // Nobody waits for it: the one that is kept binds meanwhile, and trouble is stored.
      if (isOld && !this.#hasJustFailed(kept)) void this.#fetch(domain, record.id)
      notes.push(`MTA-STS of ${domain}: ${words(policy)}, kept`)
      return { policy, notes }
    }
    const { result: fetched, notes: steps } = this.#hasJustFailed(kept)
      ? { result: kept?.error ?? '', notes: [] }
      : await this.#fetch(domain, record.id)
    notes.push(...steps)
    if (typeof fetched !== 'string') {
      notes.push(`MTA-STS of ${domain}: ${words(fetched)}, fetched`)
      return { policy: fetched, notes }
    }
    const trouble = `the MTA-STS policy of ${domain} cannot be fetched: ${fetched}`
    notes.push(policy ? `${trouble}; the one that is kept binds: ${words(policy)}` : trouble)
    return { ...(policy ? { policy } : { isUnsure: true as const }), notes, trouble }
  }

  /** What DNS says; silence of late is believed for a while, and looked into behind the scenes. */
  async #lookup(domain: string): Promise<Lookup<'TXT'>> {
    const nowMs = this.#deps.clock.monotonicMs()
    const silence = this.#silent.get(domain)
    if (silence === undefined || silence.untilMs <= nowMs) return this.#ask(domain)
    if (nowMs - silence.askedMs >= ASK_SILENT_MS) {
      this.#silent.set(domain, { ...silence, askedMs: nowMs })
      void this.#ask(domain)
    }
    return { ...silence.lookup, cached: true }
  }

  async #ask(domain: string): Promise<Lookup<'TXT'>> {
    const { resolver, clock } = this.#deps
    const lookup = await resolver.lookup(`_mta-sts.${domain}`, 'TXT')
    this.#silent.delete(domain)
    if (lookup.kind !== 'TIMEOUT') return lookup
    const nowMs = clock.monotonicMs()
    this.#silent.set(domain, { lookup, untilMs: nowMs + SILENT_MS, askedMs: nowMs })
    const oldest = this.#silent.size > MOST_SILENT ? this.#silent.keys().next().value : undefined
    if (oldest !== undefined) this.#silent.delete(oldest)
    return lookup
  }

  /** Resolves when no fetch is under way. */
  async settled(): Promise<void> {
    await Promise.all(this.#fetching.values())
  }

  #hasJustFailed(kept: TlsDomain | undefined): boolean {
    if (!kept || kept.error === null || kept.checkedMs === null) return false
    const ageMs = this.#deps.clock.nowMs() - kept.checkedMs
    return ageMs >= 0 && ageMs < AGAIN_AFTER_MS
  }

  /** One fetch a domain at a time. Resolves with the reason where it fails; never rejects. */
  #fetch(domain: string, id: string): Promise<Fetched> {
    const running = this.#fetching.get(domain)
    if (running) return running
    const fetching = this.#fetchNow(domain, id).finally(() => this.#fetching.delete(domain))
    this.#fetching.set(domain, fetching)
    return fetching
  }

  async #fetchNow(domain: string, id: string): Promise<Fetched> {
    const { settings, get, clock, signal, putPolicy, putError } = this.#deps
    const { 'relay.caFile': caFile, 'relay.allowPrivateAddresses': allowPrivate } = settings()
    const answer = await get(`mta-sts.${domain}`, '/.well-known/mta-sts.txt', {
      caFile,
      allowPrivate,
      mostBytes: MOST_BYTES,
      timeoutMs: FETCH_MS,
      ...(signal && { signal }),
    })
    const { notes } = answer
    const failed = async (reason: string): Promise<Fetched> => {
      // Where the store is in trouble, mail goes on by what is known; what we gave up ourselves says nothing.
      if (!signal?.aborted) await putError(domain, reason).catch(() => {})
      return { result: reason, notes }
    }
    if (!answer.ok) return failed(answer.reason)
    if (answer.status !== 200) return failed(`the answer is ${answer.status}, not 200`)
    if (answer.mediaType !== 'text/plain')
      return failed(`its type is "${answer.mediaType.replace(/[^ -~]/g, '?')}", not text/plain`)
    const parsed = parseStsPolicy(answer.body.toString('latin1'))
    if (typeof parsed === 'string') return failed(`it is no policy: ${parsed}`)
    const { mode, mx, maxAgeSeconds } = parsed
    const now = clock.nowMs()
    const policy = { mode, id, mx, fetchedMs: now, expiresMs: now + maxAgeSeconds * 1000 }
    await putPolicy(domain, policy).catch(() => {})
    return { result: policy, notes }
  }
}

const words = ({ mode, mx }: KnownPolicy) => (mode === 'none' ? 'none' : `${mode}, ${mx.join(' ')}`)
