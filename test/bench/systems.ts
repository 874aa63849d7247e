import { join } from 'node:path'
import { startPostfix } from '../support/postfix.ts'
import { Home } from '../support/posthorn.ts'
import { SENDER_DOMAIN } from './load.ts'
import { serveShipped } from './shipped.ts'

/** A mail server under load. It starts with its sending side at rest. */
export interface System {
  readonly name: string
  readonly port: number
  /** How many times slower than the others it is likely to be: it gets so many times less to do. */
  readonly slowness: number
  /** Process whose tree is all of it. */
  pid(): Promise<number>
  hold(): Promise<void>
  release(): Promise<void>
  stop(): Promise<unknown>
  /** Ends it and starts it on what it had, its sending side at rest. */
  restart?(): Promise<void>
  /** 99th percentile of the main thread's delay in ms since the last call. */
  late?(): Promise<number>
}
/** What all systems of one run have in common. */
export interface SystemOptions {
  /** Scratch folder of this run, open to all users. */
  readonly work: string
  /** Port of every sink. */
  readonly sinkPort: number
  /** Over the environment of this process. */
  readonly env: Readonly<Record<string, string>>
}

/** Domains of the load and where their sinks are. */
export const sinkAddress = (n: number): string => `127.0.1.${n}`
export const domainOf = (n: number): string => `d${n}.test`
export const ONE_DOMAIN = 'one.test'

/** Postfix as Debian ships it, but for limits meant for strangers; what it accepts waits on HOLD. It asks no name server. */
export async function startPostfixPeer({ work, sinkPort, env }: SystemOptions): Promise<System> {
  const transports = Array.from(
    { length: 200 },
    (_, i) => `{${domainOf(i + 1)}=smtp:[${sinkAddress(i + 1)}]:${sinkPort}}`,
  )
  const preload = Object.entries(env).map(([name, value]) => `${name}=${value}`)
  const postfix = await startPostfix({
    parent: work,
    domain: 'unused.bench.test',
    users: [],
    extra: {
      smtpd_recipient_restrictions: 'check_client_access static:HOLD, permit_mynetworks, reject',
      smtpd_relay_restrictions: 'permit_mynetworks, reject',
      transport_maps: `inline:{${transports.join(' ')}}`,
      default_transport: `smtp:[127.0.0.1]:${sinkPort}`,
      smtp_host_lookup: 'native',
      smtp_tls_security_level: 'none',
      smtpd_tls_security_level: 'none',
      import_environment: ['MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C', ...preload].join(' '),
    },
  })
  return {
    name: 'Postfix',
    port: postfix.port,
    slowness: 1,
    pid: () => postfix.pid(),
    hold: async () => {},
    release: () => postfix.release(),
    stop: () => postfix.stop(),
  }
}

/** What is set for the bench; all else is as shipped: ports and places of this small world, a load without a login, no pace. */
export const settingsFor = (sinkPort: number, dnsPort: number) => ({
  submission: { port: 0, trustedAddresses: ['127.0.0.0/8'], maxConnections: 500, maxPerClient: 500 },
  local: { domains: [SENDER_DOMAIN] },
  relay: { port: sinkPort, allowPrivateAddresses: true, ehloName: 'posthorn.bench.test' },
  pace: { profile: 'relay' },
  dns: { servers: [`127.0.0.1:${dnsPort}`] },
})

/** Posthorn, served as a user serves it. */
export async function startPosthorn(
  name: string,
  {
    work,
    sinkPort,
    env,
    dnsPort,
    settings,
    profile,
  }: SystemOptions & {
    readonly dnsPort: number
    readonly settings?: Readonly<Record<string, unknown>>
    readonly profile?: string | undefined
  },
): Promise<System> {
  const home = new Home({ ...settingsFor(sinkPort, dnsPort), ...settings }, work)
  const profiling =
    profile === undefined ? [] : ['--cpu-prof', '--cpu-prof-dir', join(profile, name.replace(/\W+/g, '-'))]
  // What is compiled for the first time is kept, and the compiler with it until the end of that process.
  let served = await serveShipped(home, profiling, env)
  await served.stop()
  served = await serveShipped(home, profiling, env)
  // By command: what a settings file says cannot be changed while it runs.
  const pause = async (paused: boolean) => void (await home.json(['setting', 'set', 'queue.paused', String(paused)]))
  await pause(true)
  return {
    name,
    get port() {
      return served.submission.port
    },
    slowness: 1,
    pid: async () => served.ready.pid,
    hold: () => pause(true),
    release: () => pause(false),
    stop: () => served.stop(),
    async restart() {
      await pause(true)
      await served.stop()
      served = await serveShipped(home, profiling, env)
    },
    async late() {
      const { eventLoop } = await home.json<{ readonly eventLoop: { readonly p99Ms: number } }>(['status', '--reset'])
      return eventLoop.p99Ms
    },
  }
}
