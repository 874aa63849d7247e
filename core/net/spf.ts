import { BlockList, isIPv6 } from 'node:net'
import { isIpAddress } from './address.ts'
import type { Lookup, Resolver } from './dns.ts'
import { leadsTo, reverseQuery } from './reverse.ts'
import { expandMacros, type MacroFacts } from './spf-macros.ts'
import { parseSpf, type SpfRecord, type SpfTerm } from './spf-record.ts'

export type SpfResult = 'none' | 'neutral' | 'pass' | 'fail' | 'softfail' | 'temperror' | 'permerror'
/** Whether an address may send for a domain, and what says so. */
export interface SpfAnswer {
  readonly result: SpfResult
  /** The term that decided, as it stands in the record; '' where none did. */
  readonly term: string
  /** What is wrong, for `temperror` and `permerror`. */
  readonly reason: string
}

/** RFC 7208 §4.6.4: terms that ask, answers without records, names of one MX or PTR. */
const MOST_ASKING = 10
const MOST_VOID = 2
const MOST_NAMES = 10

/** Whether a TXT record is one of SPF (§4.5). */
const isSpf = (record: string) => /^v=spf1(?: |$)/i.test(record)

/** Whether a domain says who may send for it; undefined where nobody can tell now. */
export async function hasSpf(domain: string, resolver: Resolver): Promise<boolean | undefined> {
  const txt = await resolver.lookup(domain, 'TXT')
  if (txt.kind === 'found') return txt.records.some(isSpf)
  return txt.kind === 'NODATA' || txt.kind === 'NXDOMAIN' ? false : undefined
}

class Trouble extends Error {
  readonly result: 'temperror' | 'permerror'
  constructor(result: 'temperror' | 'permerror', reason: string) {
    super(reason)
    this.result = result
  }
}

/**
 * Asks whether mail of `sender` may come from an address (check_host of RFC 7208 §4). `helo`: what the client calls itself.
 * Never throws. What it costs is bounded by §4.6.4, whatever the domain's records say.
 */
export async function checkSpf(
  { address, sender, helo }: { readonly address: string; readonly sender: string; readonly helo: string },
  resolver: Resolver,
): Promise<SpfAnswer> {
  const plain = address.startsWith('::ffff:') ? address.slice(7) : address
  const domain = sender.slice(sender.lastIndexOf('@') + 1).toLowerCase()
  try {
    return await new Check({ address: plain, sender, helo }, resolver).host(domain)
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    return { result: error.result, term: '', reason: error.message }
  }
}

const RESULT: Readonly<Record<string, SpfResult>> = { '+': 'pass', '-': 'fail', '~': 'softfail', '?': 'neutral' }

/** One evaluation, with what it has spent. */
class Check {
  readonly #facts: Omit<MacroFacts, 'domain' | 'validated'>
  readonly #resolver: Resolver
  #asking = 0
  #void = 0

  constructor(facts: Omit<MacroFacts, 'domain' | 'validated'>, resolver: Resolver) {
    this.#facts = facts
    this.#resolver = resolver
  }

  async host(domain: string): Promise<SpfAnswer> {
    // §4.3: no record can be there under what is no name of at least two labels.
    if (!isHostName(domain)) return { result: 'none', term: '', reason: '' }
    const found = await this.#resolver.lookup(domain, 'TXT')
    if (found.kind === 'SERVFAIL' || found.kind === 'TIMEOUT')
      throw new Trouble('temperror', `the name servers of ${domain} do not answer`)
    const records = found.kind === 'found' ? found.records.filter(isSpf) : []
    const [text, second] = records
    if (text === undefined) return { result: 'none', term: '', reason: '' }
    if (second !== undefined) throw new Trouble('permerror', `${domain} has more than one SPF record`)
    const record = parseSpf(text)
    if ('wrong' in record)
      throw new Trouble('permerror', `the SPF record of ${domain} cannot be read at "${record.wrong}"`)
    return this.#evaluate(record, domain)
  }

  async #evaluate({ terms, redirect }: SpfRecord, domain: string): Promise<SpfAnswer> {
    for (const term of terms)
      if (await this.#matches(term, domain))
        return { result: RESULT[term.qualifier] ?? 'neutral', term: term.text, reason: '' }
    if (redirect === undefined) return { result: 'neutral', term: '', reason: '' }
    this.#ask()
    const next = await this.#target(redirect, domain)
    const answer = await this.host(next)
    // §6.1: a record that leads to none is wrong.
    if (answer.result === 'none')
      throw new Trouble('permerror', `the SPF record of ${domain} leads to ${next}, which has none`)
    return answer
  }

  async #matches(term: SpfTerm, domain: string): Promise<boolean> {
    const { address } = this.#facts
    const isSix = isIPv6(address)
    switch (term.kind) {
      case 'all':
        return true
      case 'ip4':
        return !isSix && isWithin(address, term.value, term.bits4)
      case 'ip6':
        return isSix && isWithin(address, term.value, term.bits6)
      case 'include': {
        this.#ask()
        const target = await this.#target(term.value, domain)
        const { result } = await this.host(target)
        if (result === 'none') throw new Trouble('permerror', `${target}, which ${domain} includes, has no SPF record`)
        return result === 'pass'
      }
      case 'exists': {
        this.#ask()
        return (await this.#look(await this.#target(term.value, domain), 'A')).length > 0
      }
      case 'a': {
        this.#ask()
        const target = await this.#target(term.value, domain)
        return this.#hasAddress(target, term, true)
      }
      case 'mx': {
        this.#ask()
        const hosts = await this.#look(await this.#target(term.value, domain), 'MX')
        if (hosts.length > MOST_NAMES)
          throw new Trouble('permerror', `${domain} has more than ${MOST_NAMES} mail servers`)
        for (const { exchange } of hosts)
          if (exchange !== '' && (await this.#hasAddress(exchange, term, false))) return true
        return false
      }
      case 'ptr': {
        this.#ask()
        const target = await this.#target(term.value, domain)
        return (await this.#names()).some((name) => name === target || name.endsWith(`.${target}`))
      }
      default:
        return term.kind satisfies never
    }
  }

  async #hasAddress(name: string, { bits4, bits6 }: SpfTerm, counts: boolean): Promise<boolean> {
    const { address } = this.#facts
    const isSix = isIPv6(address)
    const found = isSix ? await this.#look(name, 'AAAA', counts) : await this.#look(name, 'A', counts)
    return found.some((one) => isWithin(address, one, isSix ? bits6 : bits4))
  }

  /** Records of a name; one that has none is counted (§4.6.4), one that can't be asked for ends it all. */
  async #look<T extends 'A' | 'AAAA' | 'MX'>(name: string, type: T, counts = true): Promise<RecordsOf<T>> {
    const found = await this.#resolver.lookup(name, type)
    if (found.kind === 'found') return found.records as RecordsOf<T>
    if (found.kind === 'SERVFAIL' || found.kind === 'TIMEOUT')
      throw new Trouble('temperror', `the name servers of ${name} do not answer`)
    if (counts) this.#nothing()
    return []
  }

  #nothing(): void {
    if (++this.#void > MOST_VOID)
      throw new Trouble('permerror', `more than ${MOST_VOID} names of the record have nothing behind them`)
  }

  #ask(): void {
    if (++this.#asking > MOST_ASKING)
      throw new Trouble('permerror', `the record asks for more than ${MOST_ASKING} others`)
  }

  async #target(spec: string, domain: string): Promise<string> {
    const validated = /%\{p/i.test(spec) ? await this.#names() : []
    return expandMacros(spec, { ...this.#facts, domain, validated }) || domain
  }

  /** The names of the client's address that lead back to it (§5.5). Trouble means none. */
  async #names(): Promise<readonly string[]> {
    const { address } = this.#facts
    const found = await this.#resolver.lookup(reverseQuery(address), 'PTR')
    if (found.kind === 'NODATA' || found.kind === 'NXDOMAIN') this.#nothing()
    if (found.kind !== 'found') return []
    const back = await Promise.all(
      found.records
        .slice(0, MOST_NAMES)
        .map(async (name) => ((await leadsTo(name, address, this.#resolver)) ? name : undefined)),
    )
    return back.filter((name) => name !== undefined)
  }
}
type RecordsOf<T extends 'A' | 'AAAA' | 'MX'> = Extract<Lookup<T>, { kind: 'found' }>['records']

const isHostName = (name: string) =>
  name.length <= 253 && name.includes('.') && name.split('.').every((label) => /^[\x21-\x7e]{1,63}$/.test(label))

function isWithin(address: string, network: string, bits: number): boolean {
  if (!isIpAddress(network)) return false
  const kind = isIPv6(network) ? 'ipv6' : 'ipv4'
  if ((kind === 'ipv6') !== isIPv6(address)) return false
  const list = new BlockList()
  list.addSubnet(network, bits, kind)
  return list.check(address, kind)
}
