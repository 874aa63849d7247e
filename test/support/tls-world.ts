import { call } from '@orpc/server'
import { createServer as createHttps } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import { systemClock, type Clock } from '../../core/base/clock.ts'
import { Changes } from '../../core/base/changes.ts'
import { makeDialer, type Dialer } from '../../core/net/dial.ts'
import { makeResolver } from '../../core/net/dns.ts'
import { makeHttpsGet } from '../../core/net/https-get.ts'
import { tlsHandlers } from '../../core/relay/tls-handlers.ts'
import { makeTlsPolicies, type TlsPolicies } from '../../core/relay/tls-policy.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { getTlsDomain, listTlsDomains } from '../../core/store/tls-domain.ts'
import { testCertificate, type TestCertificate } from './certificate.ts'
import { startDnsServer, type DnsStub, type Zone } from './dns-server.ts'
import { openInlineStore } from './inline-store.ts'
import { listenOnLoopback } from './loopback-server.ts'
import { relay, type Relayed, type TestJob } from './relay.ts'
import { startSink, type SinkOptions, type SmtpSink } from './smtp-sink.ts'
import type { TestStore } from './store.ts'

/** How the host of policies answers. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** Whether a ClientHello lists TLS 1.3 in its extension supported_versions (RFC 8446 §4.2.1). */
function offersTls13(hello: Buffer): boolean {
  for (let at = hello.indexOf('002b', 0, 'hex'); at >= 0; at = hello.indexOf('002b', at + 1, 'hex')) {
    const length = hello[at + 4] ?? 0
    if (hello[at + 3] !== length + 1) continue
    const list = hello.subarray(at + 5, at + 5 + length).toString('hex')
    if (/^(?:.{4})*0304/.test(list)) return true
  }
  return false
}

/** A policy as text/plain. */
export const policyFile =
  (mode: string, mx: readonly string[] = ['mx1.dest.test'], maxAge: number | string = 604_800): Answer =>
  (_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/plain; charset=utf-8' })
      .end(['version: STSv1', `mode: ${mode}`, ...mx.map((one) => `mx: ${one}`), `max_age: ${maxAge}`, ''].join('\r\n'))

/** Name server, host of policies, MX and relay of one test: what is asked and dialled is real, on loopback. */
export class TlsWorld {
  readonly certificate: TestCertificate
  readonly store: TestStore
  readonly settings: Settings
  readonly policies: TlsPolicies
  readonly clock: Clock
  readonly #api: ReturnType<typeof tlsHandlers>
  /** Paths asked of the host of policies, with their Host field. */
  readonly asked: string[] = []
  answer: Answer = policyFile('enforce')
  #laterMs = 0
  readonly #timers = new Set<{ readonly delayMs: number; readonly run: () => void }>()
  readonly #dns: DnsStub
  readonly #open: { close(): Promise<void> }[]

  static async start(settings: Partial<Settings> = {}): Promise<TlsWorld> {
    const dns = await startDnsServer({})
    const certificate = testCertificate('mx1.dest.test', 'mta-sts.dest.test')
    let world: TlsWorld | undefined
    const server = createHttps({ key: certificate.key, cert: certificate.cert }, (request, response) => {
      world?.asked.push(`${request.headers.host}${request.url}`)
      world?.answer(request, response)
    })
    const listening = await listenOnLoopback((socket) => server.emit('connection', socket))
    world = new TlsWorld(dns, certificate, listening.port, settings, [dns, listening])
    world.zone()
    return world
  }

  private constructor(
    dns: DnsStub,
    certificate: TestCertificate,
    httpsPort: number,
    settings: Partial<Settings>,
    open: { close(): Promise<void> }[],
  ) {
    this.#dns = dns
    this.#open = open
    this.certificate = certificate
    this.settings = {
      ...defaultSettings(),
      'relay.allowPrivateAddresses': true,
      'relay.caFile': certificate.caFile,
      ...settings,
    }
    this.clock = {
      nowMs: () => systemClock.nowMs() + this.#laterMs,
      monotonicMs: () => systemClock.monotonicMs() + this.#laterMs,
      after: (delayMs, run) => {
        const timer = { delayMs, run }
        this.#timers.add(timer)
        const cancel = systemClock.after(delayMs, run)
        return () => {
          this.#timers.delete(timer)
          cancel()
        }
      },
    }
    this.store = openInlineStore(this.clock)
    const { store, clock } = this
    const real = makeDialer(clock)
    const dial: Dialer = (target, signal) => real(target.port === 443 ? { ...target, port: httpsPort } : target, signal)
    const resolver = this.resolver
    const policies = makeTlsPolicies({
      settings: () => this.settings,
      resolver,
      get: makeHttpsGet({ resolver, dial, clock, hasIpv6: () => false }),
      clock,
      known: (domain) => getTlsDomain(store.read, domain),
      putPolicy: (domain, policy) => store.write('tls.putPolicy', { domain, policy }),
      putError: (domain, error) => store.write('tls.putError', { domain, error }),
      remember: (seen) => store.write('tls.seen', seen),
      log(line) {
        throw new Error(line)
      },
    })
    this.policies = policies
    this.#api = tlsHandlers({
      settings: () => this.settings,
      clock,
      list: (after, limit) => listTlsDomains(store.read, after, limit),
      async forget(domain) {
        await store.write('tls.forget', { domain })
        policies.forget(domain)
      },
      changes: new Changes(),
    })
  }

  /** Asks anew each time: what is remembered is the subject of other tests. */
  get resolver() {
    const servers = () => [{ address: '127.0.0.1', port: this.#dns.port }]
    return { lookup: (name: string, type: 'MX') => makeResolver({ servers }).lookup(name, type) } as ReturnType<
      typeof makeResolver
    >
  }

  /** `dest.test` with one MX and the TXT record of a policy; `more` adds and replaces. */
  zone(id: string | null = '1', more: Zone = {}): void {
    this.#dns.setZone({
      'dest.test': { MX: [{ preference: 10, exchange: 'mx1.dest.test' }] },
      'mx1.dest.test': { A: ['127.0.0.1'] },
      'mta-sts.dest.test': { A: ['127.0.0.1'] },
      ...(id === null ? {} : { '_mta-sts.dest.test': { TXT: ['v=spf1 -all', `v=STSv1; id=${id};`] } }),
      ...more,
    })
  }

  later(ms: number): void {
    this.#laterMs += ms
  }

  /** Waits of that length are over now. */
  expire(ms: number): void {
    for (const timer of this.#timers) if (timer.delayMs === ms) timer.run()
  }

  /** An MX with the good certificate, or with what is said. */
  async mx(options: SinkOptions = {}): Promise<SmtpSink> {
    const sink = await startSink({ tls: this.certificate, ...options })
    this.#open.push(sink)
    return sink
  }

  /**
   * A box before an MX that cuts every connection whose TLS hello offers TLS 1.3, as some old ones do. Counts the hellos it saw.
   */
  async boxBefore(
    mx: SmtpSink,
    most = 'TLSv1.2',
  ): Promise<{ readonly port: number; readonly hellos: readonly number[] }> {
    const hellos: number[] = []
    const listening = await listenOnLoopback((client) => {
      const inner = connect(mx.port, '127.0.0.1')
      const cut = () => {
        client.destroy()
        inner.destroy()
      }
      for (const socket of [client, inner]) socket.on('error', cut).on('close', cut)
      inner.pipe(client)
      client.on('data', (chunk: Buffer) => {
        const isHello = chunk[0] === 0x16 && chunk[5] === 0x01
        if (isHello) hellos.push(chunk.length)
        if (isHello && (most === 'none' || offersTls13(chunk))) cut()
        else inner.write(chunk)
      })
    })
    this.#open.push(listening)
    return { port: listening.port, hellos }
  }

  /** `more` follow on the same route. */
  async deliver(port: number, job: Partial<TestJob> = {}, more: readonly Partial<TestJob>[] = []): Promise<Relayed> {
    const jobs = [job, ...more].map((one) => ({ to: ['bob@dest.test'], ...one }))
    const relayed = await relay(jobs, {
      resolver: this.resolver,
      clock: this.clock,
      settings: { ...this.settings, 'relay.port': port },
      tlsPolicyFor: this.policies.policyFor,
      onTlsSeen: this.policies.onSeen,
    })
    await this.policies.settled()
    return relayed
  }

  /** What a window sees. */
  domains() {
    return call(this.#api.domains, { after: null, limit: 10 })
  }

  /** What a person does about it. */
  forget(domain: string) {
    return call(this.#api.forget, { domain })
  }

  known() {
    return getTlsDomain(this.store.read, 'dest.test')
  }

  async close(): Promise<void> {
    await this.policies.settled()
    await Promise.all(this.#open.map((one) => one.close()))
    await this.store.closeAndRemove()
    this.certificate.remove()
  }
}
