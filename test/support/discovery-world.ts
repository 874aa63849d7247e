import { createServer as createHttps } from 'node:https'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer as createTls, TLSSocket } from 'node:tls'
import type { Socket } from 'node:net'
import { systemClock, type Clock } from '../../core/base/clock.ts'
import { discover, type Discovery } from '../../core/fetch/discover.ts'
import type { TokenProvider } from '../../core/fetch/discover-rank.ts'
import { parseMailbox } from '../../core/model/address.ts'
import { makeDialer, type Dialer } from '../../core/net/dial.ts'
import { makeResolver } from '../../core/net/dns.ts'
import { makeHttpsGet } from '../../core/net/https-get.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'
import { testCertificate, type TestCertificate } from './certificate.ts'
import { startDnsServer, type DnsStub, type Zone } from './dns-server.ts'
import { listenOnLoopback, type LoopbackServer } from './loopback-server.ts'

/** How a host on the web answers. */
export type Page = (request: IncomingMessage, response: ServerResponse) => void

/** A configuration as XML. */
export const configFile =
  (servers: string, more: { readonly name?: string; readonly before?: string } = {}): Page =>
  (_, response) =>
    response
      .writeHead(200, { 'content-type': 'text/xml' })
      .end(
        `<?xml version="1.0" encoding="UTF-8"?>${more.before ?? ''}<clientConfig version="1.1"><emailProvider id="x">` +
          `<domain>x</domain><displayName>${more.name ?? 'Example Mail'}</displayName>${servers}</emailProvider></clientConfig>`,
      )

/** One server of such a configuration; what is not said is as usual. */
export function serverXml(
  kind: 'imap' | 'pop3' | 'smtp',
  host: string,
  port: number,
  more: { readonly socket?: string; readonly user?: string; readonly auth?: readonly string[] } = {},
): string {
  const { socket = 'SSL', user = '%EMAILADDRESS%', auth = ['password-cleartext'] } = more
  const element = kind === 'smtp' ? 'outgoingServer' : 'incomingServer'
  const ways = auth.map((way) => `<authentication>${way}</authentication>`).join('')
  return (
    `<${element} type="${kind}"><hostname>${host}</hostname><port>${port}</port><socketType>${socket}</socketType>` +
    `<username>${user}</username>${ways}</${element}>`
  )
}

/** Name server, web and mail servers of one test: what is asked and dialled is real, on loopback. */
export class DiscoveryWorld {
  /** What was asked of which host on the web, as `host/path?query`. */
  readonly asked: string[] = []
  /** Endpoints that were dialled, as `address:port`. */
  readonly dialled: string[] = []
  /** Lines of the protocol log. */
  readonly logged: string[] = []
  readonly pages = new Map<string, Page>()
  readonly #ports = new Map<number, number>()
  readonly #open: { close(): Promise<void> }[] = []
  readonly #dns: DnsStub
  readonly #certificate: TestCertificate
  settings: Settings
  /** How far it is. */
  step: Discovery | undefined
  clock: Clock = systemClock
  provider: (host: string) => TokenProvider | undefined = () => undefined

  /** `names`: whom the certificate of all servers is for. */
  static async start(...names: string[]): Promise<DiscoveryWorld> {
    const world = new DiscoveryWorld(await startDnsServer({}), testCertificate(...names))
    const { key, cert } = world.#certificate
    const server = createHttps({ key, cert }, (request, response) => {
      const host = request.headers.host ?? ''
      world.asked.push(`${host}${request.url}`)
      const page = world.pages.get(host) ?? world.pages.get('*')
      if (page) page(request, response)
      else response.writeHead(404).end()
    })
    await world.listen(443, (socket) => server.emit('connection', socket))
    return world
  }

  private constructor(dns: DnsStub, certificate: TestCertificate) {
    this.#dns = dns
    this.#certificate = certificate
    this.settings = {
      ...defaultSettings(),
      'discovery.ispdbUrl': 'https://ispdb.test/v1.1/',
      'discovery.allowPrivateAddresses': true,
      'relay.caFile': certificate.caFile,
    }
  }

  /** Questions the name server was asked. */
  get questions(): readonly string[] {
    return this.#dns.asked
  }

  zone(zone: Zone): void {
    this.#dns.setZone(zone)
  }

  /** Whoever dials that port of any address of this world gets there. */
  async listen(port: number, onSocket: (socket: Socket) => void): Promise<LoopbackServer> {
    const listening = await listenOnLoopback(onSocket)
    this.#ports.set(port, listening.port)
    this.#open.push(listening)
    return listening
  }

  /** A server that greets inside TLS from the first byte, and says nothing else. */
  async greeter(port: number, greeting: string): Promise<void> {
    const { key, cert } = this.#certificate
    const server = createTls({ key, cert }, (socket) => socket.on('error', () => {}).write(`${greeting}\r\n`))
    await this.listen(port, (socket) => server.emit('connection', socket))
  }

  /** A server that becomes secure on demand: what it says at first, and what it answers to each line. */
  async upgrader(port: number, greeting: string, answers: Readonly<Record<string, string>>): Promise<void> {
    const { key, cert } = this.#certificate
    await this.listen(port, (socket) => {
      socket.write(`${greeting}\r\n`)
      socket.on('data', function onData(chunk: Buffer) {
        const line = chunk.toString().trimEnd()
        const answer = answers[line] ?? answers['*'] ?? ''
        socket.write(`${answer}\r\n`)
        if (!/STARTTLS|STLS/.test(line) || answer.startsWith('-') || answer.startsWith('5')) return
        socket.off('data', onData)
        new TLSSocket(socket, { isServer: true, key, cert }).on('error', () => {}).resume()
      })
    })
  }

  get resolver() {
    return makeResolver({ servers: () => [{ address: '127.0.0.1', port: this.#dns.port }], clock: this.clock })
  }

  /** Looks for the settings of an address; every step. */
  async steps(text: string, signal?: AbortSignal): Promise<Discovery[]> {
    const real = makeDialer(this.clock)
    const dial: Dialer = (target, gone) => {
      this.dialled.push(`${target.address}:${target.port}`)
      const port = this.#ports.get(target.port)
      if (port === undefined) return Promise.resolve({ ok: false, errno: 'ECONNREFUSED', reason: 'refused' })
      return real({ ...target, address: '127.0.0.1', port }, gone)
    }
    const { resolver, clock } = this
    const recorder = createRecorder({
      clock,
      firstSessionId: 1,
      sink: async (batch) => void this.logged.push(...batch.events.map(({ events }) => JSON.stringify(events))),
    })
    const deps = {
      resolver,
      dial,
      clock,
      recorder,
      get: makeHttpsGet({ resolver, dial, clock, hasIpv6: () => false }),
      settings: () => this.settings,
      caFile: () => this.settings['relay.caFile'],
      providerFor: this.provider,
    }
    const steps: Discovery[] = []
    for await (const step of discover(parseMailbox(text)!, deps, signal)) {
      steps.push(step)
      this.step = step
    }
    await recorder.flush()
    return steps
  }

  /** What comes of it in the end. */
  async find(text: string): Promise<Discovery> {
    const last = (await this.steps(text)).at(-1)
    if (last === undefined) throw new Error('nothing was said')
    return last
  }

  async close(): Promise<void> {
    await Promise.all([this.#dns, ...this.#open].map((one) => one.close()))
    this.#certificate.remove()
  }
}

/** A server in a few words, such as `imap imap.ada.test:993`. */
export const short = (servers: Discovery['incoming']) =>
  servers.map(({ kind, host, port, tls, source }) => `${kind} ${host}:${port} ${tls} ${source}`)

/** What became of each source. */
export const states = ({ sources }: Discovery) =>
  Object.fromEntries(sources.map(({ source, state }) => [source, state]))
