import { networkInterfaces } from 'node:os'
import { makeDialer, type Dialer } from '../../core/net/dial.ts'
import { makeResolver, type Resolver } from '../../core/net/dns.ts'
import type { Clock } from '../../core/base/clock.ts'
import { systemClock } from '../../core/base/clock.ts'
import { startDnsServer, type Zone } from './dns-server.ts'
import { parseDialogue } from './dialogue.ts'
import { playAsServer } from './dialogue-socket.ts'
import { localhost } from './localhost.ts'
import { relay, type Relayed, type RelayOptions, type TestJob } from './relay.ts'
import { startSink, type SinkOptions, type SmtpSink } from './smtp-sink.ts'

/** `dest.test` with its MX at 127.0.0.1. */
export const ONE_MX: Zone = {
  'dest.test': { MX: [{ preference: 10, exchange: 'mx1.dest.test' }] },
  'mx1.dest.test': { A: ['127.0.0.1'] },
}
/** The same with a second, less preferred MX at 127.0.0.2. */
export const TWO_MX: Zone = {
  'dest.test': {
    MX: [
      { preference: 20, exchange: 'mx2.dest.test' },
      { preference: 10, exchange: 'mx1.dest.test' },
    ],
  },
  'mx1.dest.test': { A: ['127.0.0.1'] },
  'mx2.dest.test': { A: ['127.0.0.2'] },
}

interface Delivered {
  readonly zone: Zone
  readonly jobs: readonly TestJob[]
  readonly options: Partial<RelayOptions>
  readonly relayed: Relayed
}
/** What was said, by whom, and where TLS began; neither moments nor ports nor whose certificate it was. */
const spoken = (lines: readonly string[]) =>
  lines.flatMap((line) => (/^[CS]: |^\[content/.test(line) ? [line] : line.startsWith('[tls') ? ['[tls]'] : []))

/** Servers of one test, closed by `close`. */
export class Bench {
  readonly #open: { close(): Promise<void> }[] = []
  #delivered: Delivered[] = []

  /** A resolver that asks a name server with this zone. */
  async resolver(zone: Zone, clock: Clock = systemClock): Promise<Resolver> {
    const dns = await startDnsServer(zone)
    this.#open.push(dns)
    return makeResolver({ servers: () => [{ address: '127.0.0.1', port: dns.port }], clock })
  }

  async sink(options: SinkOptions = {}): Promise<SmtpSink> {
    const started = await startSink(options)
    this.#open.push(started)
    return started
  }

  /** Two sinks with one port, at 127.0.0.1 and 127.0.0.2, or where `second` says. */
  async pair(first: SinkOptions, second: SinkOptions): Promise<readonly [SmtpSink, SmtpSink]> {
    for (;;) {
      const mx1 = await startSink(first)
      try {
        const mx2 = await startSink({ host: '127.0.0.2', ...second, port: mx1.port })
        this.#open.push(mx1, mx2)
        return [mx1, mx2]
      } catch (error) {
        await mx1.close()
        if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error
      }
    }
  }

  /** Delivers over the MX of `dest.test`. */
  async deliver(
    zone: Zone,
    port: number,
    jobs: readonly TestJob[] = [{ to: ['bob@dest.test'] }],
    options: Partial<RelayOptions> = {},
  ): Promise<Relayed> {
    const resolver = options.resolver ?? (await this.resolver(zone, options.clock))
    const relayed = await relay(jobs, { ...options, resolver, settings: { 'relay.port': port, ...options.settings } })
    this.#delivered.push({ zone, jobs, options, relayed })
    return relayed
  }

  /**
   * Plays each session of the deliveries since the last call, as the protocol log exports it: the script is the server now, our client
   * has the same mail again, and every line of both, every outcome and every note of TLS must be what it was. Returns how many sessions
   * those were. What cannot be said twice is left out: a login whose challenge was a secret, a handshake that failed, a server
   * that hung up while commands were on their way to it, and one that was named by its port.
   */
  async replay(): Promise<number> {
    let sessions = 0
    for (const { zone, jobs, options, relayed } of this.#delivered.splice(0)) {
      const heads = relayed.sessions.filter(({ address }) => address !== '')
      const exports = heads.map((head) => relayed.exported(relayed.sessions.indexOf(head)))
      if (options.route !== undefined || exports.some((text) => /<secret>|TLS handshake failed|^S: 421/m.test(text)))
        continue
      sessions += heads.length
      const server = await playAsServer(parseDialogue(exports.join('---\n'), 'exported'), { tls: localhost })
      try {
        const { settings: { 'relay.port': _, ...settings } = {}, ...others } = options
        const resolver = await this.resolver(zone)
        const again = await relay(jobs, { ...others, resolver, settings: { 'relay.port': server.port, ...settings } })
        await server.done
        const all = (one: Relayed) => one.sessions.flatMap((_, n) => spoken(one.dialogue(n)))
        if (JSON.stringify([short(again), all(again)]) !== JSON.stringify([short(relayed), all(relayed)]))
          throw new Error(
            `played again it went another way:\n${all(again).join('\n')}\nand was\n${all(relayed).join('\n')}`,
          )
      } finally {
        await server.close()
      }
    }
    return sessions
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((one) => one.close()))
  }
}

/** Whether IPv6 can be tested here: some containers have no `::1`. */
export const hasIpv6Loopback = Object.values(networkInterfaces()).some((list) =>
  list?.some(({ address }) => address === '::1'),
)

/** Outcomes in short: who, what, and the reply or fact that explains it. */
export function short(relayed: Pick<Relayed, 'outcomes'>): string[] {
  return relayed.outcomes.map((outcome) => {
    const who = outcome.address.split('@')[0]
    if (outcome.kind === 'delivered') return `${who} delivered ${outcome.mx}`
    if (outcome.kind === 'unknown') return `${who} unknown ${outcome.mx}`
    const { why } = outcome
    const what = {
      reply: () => (why.at === 'reply' ? `${why.verb} ${why.reply.code} ${why.mx}` : ''),
      dns: () => (why.at === 'dns' ? `${why.rcode} ${why.name}` : ''),
      connect: () => (why.at === 'connect' ? `${why.errno} ${why.mx}` : ''),
      feature: () => (why.at === 'feature' ? `no ${why.missing} ${why.mx}` : ''),
    }[why.at as string]
    return `${who} ${outcome.kind} ${what?.() ?? why.at}`
  })
}

/**
 * A dialer to whom these addresses are closed. A port nobody listens at could be taken by another test the next moment, so
 * refusal is made here.
 */
export function refusedAt(...addresses: readonly string[]): Dialer {
  const dial = makeDialer()
  return async (target, signal) =>
    addresses.includes(target.address)
      ? { ok: false, errno: 'ECONNREFUSED', reason: `connect ECONNREFUSED ${target.address}` }
      : dial(target, signal)
}

/** A clock whose timers of exactly these lengths are over at once: silence costs no time. */
export function impatient(...lengthsMs: readonly number[]): Clock {
  return {
    ...systemClock,
    after: (delayMs, run) => systemClock.after(lengthsMs.includes(delayMs) ? 0 : delayMs, run),
  }
}

/** Holds phase `body` back until the first connection is closed at our end. */
export function heldBack(): Pick<RelayOptions, 'dial' | 'beforeBody'> {
  const closed = Promise.withResolvers<void>()
  let isFirst = true
  const dialer = makeDialer()
  const dial: Dialer = async (target, signal) => {
    const dialled = await dialer(target, signal)
    if (isFirst && dialled.ok) dialled.socket.once('close', () => closed.resolve())
    isFirst = false
    return dialled
  }
  return { dial, beforeBody: () => closed.promise }
}
