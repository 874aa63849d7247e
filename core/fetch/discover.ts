import { reasonOf } from '../base/fault.ts'
import type { Mailbox } from '../model/address.ts'
import type { FoundServer } from './discover-config.ts'
import { registeredDomain } from './discover-domain.ts'
import { rank, SOURCES, type Candidate, type Named, type Source, type TokenProvider } from './discover-rank.ts'
import {
  addressOf,
  askForConfig,
  askForSrv,
  probeUsual,
  receiverOf,
  type DiscoverDeps,
  type Looked,
} from './discover-sources.ts'

/** How far a source is. */
export interface SourceState {
  readonly source: Source
  readonly state: 'waiting' | 'trying' | 'found' | 'nothing' | 'failed' | 'skipped'
  readonly text: string
}
/** How far looking is: the whole of it. */
export interface Discovery {
  readonly address: string
  readonly providerName: string
  readonly sources: SourceState[]
  readonly incoming: Candidate[]
  readonly outgoing: Candidate[]
  readonly text: string
  readonly ended: boolean
}

/** What the domain itself says by HTTPS. */
const OWN: readonly Source[] = ['autoconfig', 'well-known']
/** All sources but the last one together, and the last one. */
const ASK_MS = 20_000
const PROBE_MS = 15_000
/** Hosts of one source that are looked up. */
const MOST_HOSTS = 10

/**
 * Looks for the settings of an address and says at each step how far that is. Whoever is asked learns the domain; only the domain itself
 * learns the address. No password is known here, and no host outside the domain is connected to but those that publish settings.
 */
export async function* discover(
  address: Mailbox,
  deps: DiscoverDeps & { readonly providerFor: (host: string) => TokenProvider | undefined },
  signal?: AbortSignal,
): AsyncGenerator<Discovery, void, void> {
  const looking = new Looking(address, deps, signal)
  const running = looking.run()
  try {
    for (let view: Discovery | undefined; view?.ended !== true;) {
      await looking.changed()
      view = looking.view()
      yield view
    }
  } finally {
    looking.giveUp()
    await running
  }
}

class Looking {
  ended = false
  readonly #address: Mailbox
  readonly #deps: DiscoverDeps & { readonly providerFor: (host: string) => TokenProvider | undefined }
  readonly #gone = new AbortController()
  readonly #states = new Map<Source, SourceState>(
    SOURCES.map((source) => [source, { source, state: 'waiting', text: '' }]),
  )
  readonly #named: Named[] = []
  #providerName = ''
  #isDirty = false
  #wake = () => {}

  constructor(
    address: Mailbox,
    deps: DiscoverDeps & { readonly providerFor: (host: string) => TokenProvider | undefined },
    signal: AbortSignal | undefined,
  ) {
    this.#address = address
    this.#deps = deps
    if (signal?.aborted) this.giveUp()
    signal?.addEventListener('abort', () => this.giveUp(), { once: true, signal: this.#gone.signal })
  }

  giveUp(): void {
    this.#gone.abort()
  }

  /** Resolves when there is something new to show. */
  async changed(): Promise<void> {
    if (!this.#isDirty) await new Promise<void>((resolve) => (this.#wake = resolve))
    this.#isDirty = false
  }

  view(): Discovery {
    const { incoming, outgoing } = rank(this.#named, this.#address, this.#deps.providerFor)
    return {
      address: `${this.#address.local}@${this.#address.domain}`,
      providerName: this.#providerName,
      sources: [...this.#states.values()],
      incoming,
      outgoing,
      text: this.#text(incoming, outgoing),
      ended: this.ended,
    }
  }

  #text(incoming: readonly Candidate[], outgoing: readonly Candidate[]): string {
    const { domain } = this.#address
    if (!this.ended) return `Looking for the mail servers of ${domain}.`
    if (incoming.length === 0 && outgoing.length === 0)
      return `Nobody names the mail servers of ${domain}. Give them by hand: the help pages of your provider say what they are.`
    if (incoming.length === 0)
      return `A server for sending was found, and none that mail is fetched from: give that by hand.`
    if (outgoing.length === 0)
      return `A server that mail is fetched from was found, and none for sending: give one by hand, or let Posthorn deliver by itself.`
    return incoming[0]?.needsConsent || outgoing[0]?.needsConsent
      ? `Found. Nothing was sent to these servers yet: look at whose they are, and agree before your password goes there.`
      : `Found. No password was sent yet.`
  }

  async run(): Promise<void> {
    const { domain, local } = this.#address
    const cancel = this.#deps.clock.after(ASK_MS + PROBE_MS, () => this.giveUp())
    const asking = new AbortController()
    const late = this.#deps.clock.after(ASK_MS, () => asking.abort())
    this.#gone.signal.addEventListener('abort', () => asking.abort(), { once: true })
    if (this.#gone.signal.aborted) asking.abort()
    const { signal } = asking
    const ask = (source: Source, text: string, work: () => Promise<Looked>) => this.#look(source, text, work, signal)
    const who = encodeURIComponent(`${local}@${domain}`)
    const ispdb = this.#deps.settings()['discovery.ispdbUrl']
    const config = (url: string) => askForConfig(url, this.#address, this.#deps, signal)
    try {
      const own = [
        ask('autoconfig', `Asking autoconfig.${domain} about ${local}@${domain}.`, () =>
          config(`https://autoconfig.${domain}/mail/config-v1.1.xml?emailaddress=${who}`),
        ),
        ask('well-known', `Asking ${domain} how its mail is set up.`, () =>
          config(`https://${domain}/.well-known/autoconfig/mail/config-v1.1.xml`),
        ),
      ]
      const others = [
        ask('srv', `Asking the name servers for SRV records of ${domain}.`, () => askForSrv(domain, this.#deps)),
        this.#list('ispdb', domain, ispdb, config, signal),
        this.#receiver(domain, ispdb, config, signal),
      ]
      // What the domain itself says by HTTPS is enough, first of all at the name that is for it; else all that is known goes together.
      const enough = (sources: readonly Source[]) => this.#missing(sources).length === 0 && asking.abort()
      const first = own[0]?.then(() => enough(['autoconfig']))
      await Promise.all([first, Promise.all(own).then(() => enough(OWN)), ...others])
      late()
      const kinds = this.#missing()
      if (kinds.length === 0) this.#say('probe', 'skipped', 'What was found is enough.')
      else
        await this.#look(
          'probe',
          `Trying the usual names of ${domain}: ${kinds.join(', ')}.`,
          () => probeUsual(domain, kinds, this.#deps, this.#gone.signal),
          this.#gone.signal,
        )
    } finally {
      late()
      cancel()
      this.#gone.abort()
      this.ended = true
      this.#tell()
    }
  }

  /** The list of providers, where there is one to ask. */
  async #list(
    source: 'ispdb' | 'mx-ispdb',
    domain: string,
    base: string,
    config: (url: string) => Promise<Looked>,
    signal: AbortSignal,
  ): Promise<void> {
    if (base === '') return this.#say(source, 'skipped', 'No list of providers is asked, as the settings have it.')
    const { hostname } = new URL(base)
    await this.#look(source, `Asking ${hostname} about ${domain}.`, () => config(`${base}${domain}`), signal)
  }

  /** Whoever receives the domain's mail most likely keeps it, too. */
  async #receiver(
    domain: string,
    ispdb: string,
    config: (url: string) => Promise<Looked>,
    signal: AbortSignal,
  ): Promise<void> {
    this.#say('mx-autoconfig', 'trying', `Asking the name servers who receives the mail of ${domain}.`)
    const receiver = await orGone(receiverOf(domain, this.#deps), signal)
    const end = (state: 'nothing' | 'failed' | 'skipped', text: string) => {
      for (const source of ['mx-autoconfig', 'mx-ispdb'] as const) this.#say(source, state, text)
    }
    if (receiver === undefined) return end('skipped', this.#whyStopped())
    if ('text' in receiver) return end(receiver.isFailed ? 'failed' : 'nothing', receiver.text)
    const provider = registeredDomain(receiver.host)
    if (provider === undefined || provider === domain || provider === registeredDomain(domain))
      return end('nothing', `${receiver.host} receives the mail of ${domain}: nobody else is to be asked.`)
    await Promise.all([
      // Without the address: it is none of theirs until the person says so.
      this.#look(
        'mx-autoconfig',
        `Asking autoconfig.${provider}, whose provider receives the mail of ${domain}.`,
        () => config(`https://autoconfig.${provider}/mail/config-v1.1.xml`),
        signal,
      ),
      this.#list('mx-ispdb', provider, ispdb, config, signal),
    ])
  }

  async #look(source: Source, text: string, work: () => Promise<Looked>, signal: AbortSignal): Promise<void> {
    this.#say(source, 'trying', text)
    let looked: Looked | undefined
    try {
      looked = await orGone(
        work().then((found) => this.#judge(found)),
        signal,
      )
    } catch (error) {
      looked = { state: 'failed', text: `${reasonOf(error)}.` }
    }
    if (looked === undefined || (signal.aborted && looked.state !== 'found'))
      return this.#say(source, this.#isComplete() ? 'skipped' : 'failed', this.#whyStopped())
    if (looked.state !== 'found') return this.#say(source, looked.state, looked.text)
    const { servers, by, name, passedOver } = looked
    this.#named.push({ source, by, servers })
    if (this.#providerName === '') this.#providerName = name
    const list = servers.map(({ kind, host, port }) => `${kind.toUpperCase()} at ${host}:${port}`).join(', ')
    const unused = passedOver.length === 0 ? '' : ` Not used: ${passedOver.join('; ')}.`
    this.#say(source, 'found', `It names ${list}.${unused}`)
  }

  /** Hosts that are not there, or are in a network of the person's own, are no servers for mail. */
  async #judge(looked: Looked): Promise<Looked> {
    if (looked.state !== 'found') return looked
    const hosts = [...new Set(looked.servers.map(({ host }) => host))].slice(0, MOST_HOSTS)
    const judged = await Promise.all(hosts.map(async (host) => [host, await addressOf(host, this.#deps)] as const))
    const refused = judged.flatMap(([, at]) => (typeof at === 'string' ? [at] : []))
    const good = new Set(judged.flatMap(([host, at]) => (typeof at === 'string' ? [] : [host])))
    const servers = looked.servers.filter(({ host }) => good.has(host))
    if (servers.length === 0)
      return { state: 'nothing', text: `It names no server that can be used: ${refused.join('; ')}.` }
    return { ...looked, servers, passedOver: [...looked.passedOver, ...refused] }
  }

  /** Kinds of servers that none of these sources has named. */
  #missing(sources: readonly Source[] = SOURCES): FoundServer['kind'][] {
    const named = this.#named.filter(({ source }) => sources.includes(source))
    const kinds = new Set(named.flatMap(({ servers }) => servers.map(({ kind }) => kind)))
    return [
      ...(kinds.has('imap') || kinds.has('pop3') ? [] : (['imap', 'pop3'] as const)),
      ...(kinds.has('smtp') ? [] : (['smtp'] as const)),
    ]
  }

  #isComplete(): boolean {
    return this.#missing().length === 0
  }

  #whyStopped(): string {
    return this.#isComplete() ? 'What was found is enough.' : 'No answer in time.'
  }

  #say(source: Source, state: SourceState['state'], text: string): void {
    this.#states.set(source, { source, state, text })
    this.#tell()
  }

  #tell(): void {
    this.#isDirty = true
    this.#wake()
  }
}

/** What comes of the work, or undefined once it is given up: a look-up goes on by itself, and nobody waits for it. */
function orGone<T>(work: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  return new Promise((resolve, reject) => {
    const leave = () => resolve(undefined)
    if (signal.aborted) leave()
    signal.addEventListener('abort', leave, { once: true })
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave))
  })
}
