import type { Answer, DecodedPacket } from 'dns-packet'
import { systemClock, type Clock } from '../base/clock.ts'
import { formatEndpoint } from './address.ts'
import { exchange, type DnsType } from './dns-exchange.ts'
import type { DnsServer } from './dns-servers.ts'

/** Rounds over the servers, and the time each question gets. */
const TRIES = 3
const TRY_TIMEOUT_MS = 5_000
const TTL_FLOOR_S = 30
const TTL_CEILING_S = 3_600
const NEGATIVE_TTL_S = 60
/** CNAMEs followed for one question (RFC 5321 §5.1 asks for the name they end at). */
const LONGEST_CHAIN = 16
const CACHE_ENTRIES = 2_000

export interface MxRecord {
  readonly preference: number
  /** Host name in lower case without the final dot; '' for the null MX (RFC 7505 §3). */
  readonly exchange: string
}
/** RFC 2782. */
export interface SrvRecord {
  readonly priority: number
  readonly weight: number
  readonly port: number
  /** Host name in lower case without the final dot; '' where the service is decidedly not there. */
  readonly target: string
}
interface RecordOf {
  readonly A: string
  readonly AAAA: string
  readonly MX: MxRecord
  readonly TXT: string
  /** Host name in lower case without the final dot. */
  readonly PTR: string
  readonly SRV: SrvRecord
}
interface Trace {
  readonly name: string
  readonly type: DnsType
  /** Name the CNAMEs ended at; `name` itself where there were none. */
  readonly canonical: string
  /** `address:port` of the server that answered; '' when none did. */
  readonly server: string
  readonly ttlSeconds: number
  readonly cached: boolean
  /** What is wrong with it, where something is. */
  readonly reason?: string
}
/** What the domain name system says: records, or one of four ways to have none. */
export type Lookup<T extends DnsType = DnsType> =
  | (Trace & { readonly kind: 'found'; readonly records: readonly RecordOf[T][] })
  | (Trace & { readonly kind: 'NXDOMAIN' | 'NODATA' | 'SERVFAIL' | 'TIMEOUT' })
/** Joint: looks up absolute names. Never throws. `isFresh`: somebody has just changed the record, so what is remembered won't do. */
export interface Resolver {
  lookup<T extends DnsType>(name: string, type: T, how?: { readonly isFresh: boolean }): Promise<Lookup<T>>
}

/** Of an answer a transcript shows so many records, and so much of a text. */
const MOST_SHOWN = 20
const LONGEST_SHOWN = 300

/** A lookup in one line, for the transcript. */
export function describeLookup(lookup: Lookup): string {
  const said =
    lookup.kind === 'found'
      ? describeRecords(lookup.records)
      : `${lookup.kind}${lookup.reason === undefined ? '' : ` (${lookup.reason})`}`
  const via = lookup.canonical === lookup.name ? '' : ` by CNAME ${lookup.canonical}`
  const from = lookup.cached ? 'remembered' : lookup.server === '' ? 'no server' : `from ${lookup.server}`
  return `DNS ${lookup.type} ${lookup.name}${via}: ${said} (${from}, ${lookup.ttlSeconds} s)`
}

function describeRecords(records: readonly (string | MxRecord | SrvRecord)[]): string {
  const shown = records.slice(0, MOST_SHOWN).map((record) => describeRecord(record))
  const more = records.length - shown.length
  return `${shown.join(', ')}${more > 0 ? `, and ${more} more` : ''}`
}

function describeRecord(record: string | MxRecord | SrvRecord): string {
  // Whoever writes the record must not write lines of the transcript with it.
  if (typeof record === 'string')
    return `${record.slice(0, LONGEST_SHOWN).replace(/[^ -~]/g, '?')}${record.length > LONGEST_SHOWN ? '…' : ''}`
  if ('target' in record)
    return `${record.priority} ${record.weight} ${record.port} ${record.target === '' ? '. (not there)' : record.target}`
  return `${record.preference} ${record.exchange === '' ? '. (null MX)' : record.exchange}`
}

interface Options {
  /** Asked at each lookup, for settings may change. */
  readonly servers: () => readonly DnsServer[]
  readonly clock?: Clock
}

/** A resolver with a bounded memory that asks each question once at a time. */
export function makeResolver({ servers, clock = systemClock }: Options): Resolver {
  const known = new Map<string, { readonly lookup: Lookup; readonly untilMs: number }>()
  const asking = new Map<string, Promise<Lookup>>()

  const remember = (key: string, lookup: Lookup) => {
    // Trouble is not remembered: the queue's own schedule says when to ask again.
    if (lookup.kind === 'SERVFAIL' || lookup.kind === 'TIMEOUT') return
    const oldest = known.keys().next()
    if (known.size >= CACHE_ENTRIES && !oldest.done) known.delete(oldest.value)
    known.set(key, { lookup, untilMs: clock.monotonicMs() + lookup.ttlSeconds * 1000 })
  }
  const recall = (key: string): Lookup | undefined => {
    const hit = known.get(key)
    if (!hit) return undefined
    const leftMs = hit.untilMs - clock.monotonicMs()
    if (leftMs > 0) return { ...hit.lookup, cached: true, ttlSeconds: Math.ceil(leftMs / 1000) }
    known.delete(key)
    return undefined
  }

  return {
    async lookup<T extends DnsType>(name: string, type: T, how = { isFresh: false }): Promise<Lookup<T>> {
      const absolute = name.replace(/\.$/, '').toLowerCase()
      if (!isName(absolute)) return { ...emptyTrace(absolute, type), kind: 'NXDOMAIN', reason: 'no domain name' }
      const key = `${type} ${absolute} ${servers().map((one) => formatEndpoint(one.address, one.port))}`
      const recalled = how.isFresh ? undefined : recall(key)
      if (recalled) return recalled as Lookup<T>
      const running =
        asking.get(key) ??
        follow(servers(), absolute, type, clock)
          .then((lookup) => {
            remember(key, lookup)
            return lookup
          })
          .finally(() => asking.delete(key))
      asking.set(key, running)
      return (await running) as Lookup<T>
    },
  }
}

const emptyTrace = (name: string, type: DnsType): Trace => ({
  name,
  type,
  canonical: name,
  server: '',
  ttlSeconds: 0,
  cached: false,
})

/** Underscores occur in names of TXT records; anything else would be a name no query can carry unchanged. */
const isName = (name: string) => name.length <= 253 && /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name)

/** Asks, and asks again for the target where an answer ends in a CNAME. */
async function follow(servers: readonly DnsServer[], name: string, type: DnsType, clock: Clock): Promise<Lookup> {
  let canonical = name
  let ttlSeconds = TTL_CEILING_S
  const seen = new Set([name])
  let trace = emptyTrace(name, type)
  for (;;) {
    const asked = await ask(servers, canonical, type, clock)
    trace = { ...trace, server: asked.server, canonical }
    if (asked.kind !== 'answer') return { ...trace, kind: asked.kind, reason: asked.reason }
    const answers = (asked.packet.answers ?? []).filter((one) => isAnswer(one))
    for (;;) {
      const alias = answers.find((one) => one.type === 'CNAME' && lower(one.name) === canonical)
      if (alias?.type !== 'CNAME') break
      const target = lower(alias.data)
      if (seen.has(target) || seen.size > LONGEST_CHAIN || !isName(target))
        return { ...trace, kind: 'SERVFAIL', reason: `the CNAME of ${canonical} leads nowhere` }
      seen.add(target)
      canonical = target
      ttlSeconds = Math.min(ttlSeconds, alias.ttl ?? 0)
    }
    const ours = answers.filter((one) => one.type === type && lower(one.name) === canonical)
    const moved = canonical !== trace.canonical
    trace = { ...trace, canonical }
    if (asked.rcode === 'NXDOMAIN') return { ...trace, kind: 'NXDOMAIN', ttlSeconds: NEGATIVE_TTL_S }
    if (ours.length > 0) {
      for (const one of ours) if ('ttl' in one) ttlSeconds = Math.min(ttlSeconds, one.ttl ?? 0)
      const records = ours.flatMap((one) => toRecord(one))
      const kept = Math.min(Math.max(ttlSeconds, TTL_FLOOR_S), TTL_CEILING_S)
      if (records.length > 0) return { ...trace, kind: 'found', records, ttlSeconds: kept } as Lookup
      return { ...trace, kind: 'SERVFAIL', reason: 'no record in the answer can be used' }
    }
    if (!moved) return { ...trace, kind: 'NODATA', ttlSeconds: NEGATIVE_TTL_S }
  }
}

const lower = (name: string) => name.replace(/\.$/, '').toLowerCase()
const isAnswer = (one: Answer) => !('class' in one) || one.class === undefined || one.class === 'IN'

function toRecord(one: Answer): (string | MxRecord | SrvRecord)[] {
  if (one.type === 'A' || one.type === 'AAAA') return [one.data]
  if (one.type === 'TXT') return [Buffer.concat([one.data].flat().map((part) => Buffer.from(part))).toString('latin1')]
  if (one.type === 'PTR') return isName(lower(one.data)) ? [lower(one.data)] : []
  if (one.type === 'SRV') {
    const { priority = 0, weight = 0, port } = one.data
    const target = lower(one.data.target)
    return target === '' || isName(target) ? [{ priority, weight, port, target }] : []
  }
  if (one.type !== 'MX') return []
  const exchange = lower(one.data.exchange)
  return exchange === '' || isName(exchange) ? [{ preference: one.data.preference ?? 0, exchange }] : []
}

type Asked = { readonly server: string } & (
  | { readonly kind: 'answer'; readonly packet: DecodedPacket; readonly rcode: string }
  | { readonly kind: 'SERVFAIL' | 'TIMEOUT'; readonly reason: string }
)

/** Puts one question to the servers in turn until one knows. */
async function ask(servers: readonly DnsServer[], name: string, type: DnsType, clock: Clock): Promise<Asked> {
  if (servers.length === 0) return { kind: 'TIMEOUT', server: '', reason: 'no name server is known' }
  let failed: Asked = { kind: 'TIMEOUT', server: '', reason: 'no name server answered' }
  const unwilling = new Set<DnsServer>()
  for (let tried = 0; tried < TRIES; tried += 1) {
    const willing = servers.filter((one) => !unwilling.has(one))
    const server = willing[tried % Math.max(willing.length, 1)]
    if (!server) break
    const result = await exchange(server, name, type, TRY_TIMEOUT_MS, clock)
    const label = formatEndpoint(server.address, server.port)
    if (result.ok && (result.rcode === 'NOERROR' || result.rcode === 'NXDOMAIN'))
      return { kind: 'answer', server: label, packet: result.packet, rcode: result.rcode }
    // A server that said no says it again; only silence is worth a second question.
    if (result.ok || result.why === 'refused') unwilling.add(server)
    if (result.ok) failed = { kind: 'SERVFAIL', server: label, reason: result.rcode }
    else if (failed.kind === 'TIMEOUT') failed = { kind: 'TIMEOUT', server: label, reason: result.reason }
  }
  return failed
}
