import { startDnsServer, type DnsStub, type Zone } from './dns-server.ts'
import { startSink, type SinkCommand, type SinkReply, type SmtpSink } from './smtp-sink.ts'

/** How a domain of the world takes mail. */
export type DomainKind = keyof typeof BEHAVIOUR
/** What is to become of a recipient, as its domain has it. */
export type Fate = 'delivered' | 'bounced' | 'waits'

/** Answers one command; `tried`: how often this recipient (or, before RCPT, this domain) has come so far, this time included. */
type Answer = (command: SinkCommand, tried: (key: string) => number, to: readonly string[]) => SinkReply

const later = (ms: number, text: string) =>
  new Promise<string>((resolve) => setTimeout(() => resolve(text), ms).unref())
/** Whether it is one of every other two hundred recipients, by the number in its address. */
const isOdd = (address: string) => Math.floor(Number(/(\d+)@/.exec(address)?.[1]) / 200) % 2 === 1

/** Each kind of domain: what becomes of its recipients and, where there is a server, what it says besides its usual. */
const BEHAVIOUR = {
  'good': {},
  'slow greeting': { answer: ({ verb }) => (verb === 'CONNECT' ? later(1000, '220 sink.test slow') : undefined) },
  'slow dot': { answer: ({ verb }) => (verb === '.' ? later(100, '250 2.0.0 taken') : undefined) },
  'greylists': {
    answer: ({ verb, line }, tried) =>
      verb === 'RCPT' && tried(line) === 1 ? '450 4.7.1 greylisted, try again' : undefined,
  },
  'busy': { answer: ({ verb }, tried) => (verb === 'CONNECT' && tried(verb) <= 3 ? '421 4.3.2 too busy' : undefined) },
  'MAIL later': {
    answer: ({ verb }, tried) => (verb === 'MAIL' && tried(verb) <= 5 ? '451 4.3.0 not now' : undefined),
  },
  'DATA later': {
    answer: ({ verb }, tried) => (verb === 'DATA' && tried(verb) <= 5 ? '451 4.3.0 not now' : undefined),
  },
  'dot later': {
    answer: ({ verb }, tried, to) => (verb === '.' && tried(to.join()) === 1 ? '451 4.3.0 not now' : undefined),
  },
  'drops at MAIL': { answer: ({ verb }, tried) => (verb === 'MAIL' && tried(verb) % 7 === 1 ? 'drop' : undefined) },
  'drops before the dot': {
    answer: ({ verb }, tried, to) => (verb === 'DATA' && tried(to.join()) === 1 ? 'drop' : undefined),
  },
  'drops after the dot': {
    answer: ({ verb }, tried, to) => (verb === '.' && tried(to.join()) === 1 ? 'drop' : undefined),
  },
  'refuses some': {
    answer: ({ verb, line }) => (verb === 'RCPT' && isOdd(line) ? '550 5.1.1 no such user' : undefined),
  },
  'refuses greetings': {
    fate: 'bounced',
    answer: ({ verb }) => (verb === 'CONNECT' ? '554 5.3.2 no mail here' : undefined),
  },
  'refuses MAIL': { fate: 'bounced', answer: ({ verb }) => (verb === 'MAIL' ? '550 5.7.1 not from you' : undefined) },
  'refuses DATA': { fate: 'bounced', answer: ({ verb }) => (verb === 'DATA' ? '554 5.7.1 no' : undefined) },
  'refuses the dot': { fate: 'bounced', answer: ({ verb }) => (verb === '.' ? '554 5.6.0 not this' : undefined) },
  'dead': { fate: 'waits', isDeaf: true },
  'no such domain': { fate: 'bounced', zone: undefined },
  'null MX': { fate: 'bounced', zone: { MX: [{ preference: 0, exchange: '' }] } },
  'no name server': { fate: 'waits', zone: { trouble: 'servfail' } },
} as const satisfies Readonly<
  Record<string, { fate?: Fate; answer?: Answer; zone?: Zone[string] | undefined; isDeaf?: boolean }>
>
const KINDS = Object.keys(BEHAVIOUR) as DomainKind[]
type Behaviour = {
  readonly fate?: Fate
  readonly answer?: Answer
  readonly zone?: Zone[string] | undefined
  readonly isDeaf?: boolean
}

/** A world of many domains, each with a server at an address of its own, that decides what becomes of all mail. */
export class MailWorld {
  readonly domains: readonly string[]
  readonly port: number
  /** How often each recipient's message has arrived. */
  readonly arrivals = new Map<string, number>()
  readonly #dns: DnsStub
  readonly #sinks: readonly SmtpSink[]

  private constructor(domains: readonly string[], port: number, dns: DnsStub, sinks: readonly SmtpSink[]) {
    this.domains = domains
    this.port = port
    this.#dns = dns
    this.#sinks = sinks
  }

  static async start(count: number): Promise<MailWorld> {
    const domains = Array.from({ length: count }, (_, n) => `d${n}.test`)
    const zone: Record<string, Zone[string]> = {}
    for (const [n, domain] of domains.entries()) {
      const behaviour = behaviourOf(n)
      zone[`mx.${domain}`] = { A: [addressOf(n)] }
      if (!('zone' in behaviour)) zone[domain] = { MX: [{ preference: 10, exchange: `mx.${domain}` }] }
      else if (behaviour.zone !== undefined) zone[domain] = behaviour.zone
    }
    const dns = await startDnsServer(zone)
    for (;;) {
      const sinks: SmtpSink[] = []
      const first = await startSink()
      const world = new MailWorld(domains, first.port, dns, sinks)
      try {
        for (const [n] of domains.entries()) {
          const behaviour = behaviourOf(n)
          if (behaviour.isDeaf || 'zone' in behaviour) continue
          const answer = world.#listener(behaviour.answer)
          sinks.push(await startSink({ host: addressOf(n), port: first.port, keep: false, answer }))
        }
        return world
      } catch (error) {
        for (const sink of sinks) await sink.close()
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      } finally {
        await first.close()
      }
    }
  }

  /** For the setting `dns.servers`. */
  get dnsServer(): string {
    return this.#dns.server
  }

  kindOf(address: string): DomainKind {
    return KINDS[Number(/@d(\d+)\./.exec(address)?.[1]) % KINDS.length] ?? 'good'
  }

  fateOf(address: string): Fate {
    const kind = this.kindOf(address)
    if (kind === 'refuses some') return isOdd(address) ? 'bounced' : 'delivered'
    return (BEHAVIOUR[kind] as Behaviour).fate ?? 'delivered'
  }

  async close(): Promise<void> {
    for (const sink of this.#sinks) await sink.close()
    await this.#dns.close()
  }

  /** What one server says, and what it has taken. */
  #listener(answer: Answer = () => undefined) {
    const counts = new Map<string, number>()
    const tried = (key: string) => {
      const count = (counts.get(key) ?? 0) + 1
      counts.set(key, count)
      return count
    }
    const accepted = new Map<number, string[]>()
    return (command: SinkCommand): SinkReply => {
      const { verb, line, connection } = command
      const to = accepted.get(connection) ?? []
      const said = answer(command, tried, to)
      if (verb === 'MAIL') accepted.set(connection, [])
      if (verb === 'RCPT' && said === undefined) to.push(/<(.*)>/.exec(line)?.[1] ?? '')
      // A server that drops after the dot has the message every other time.
      const isTaken = said === undefined || said instanceof Promise || (said === 'drop' && !isOdd(to[0] ?? ''))
      if (verb === '.' && isTaken) for (const one of to) this.arrivals.set(one, (this.arrivals.get(one) ?? 0) + 1)
      return said
    }
  }
}

const behaviourOf = (n: number): Behaviour => BEHAVIOUR[KINDS[n % KINDS.length] ?? 'good']
const addressOf = (n: number) => `127.1.${Math.floor(n / 250)}.${(n % 250) + 1}`
