import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import { logListeners, troubleText } from './engine-listeners.ts'
import { makeDeliverInbound, type InboundDeps } from './mailbox/inbound.ts'
import type { LocalMail } from './mailbox/local.ts'
import type { Resolver } from './net/dns.ts'
import { makeReverseName } from './net/reverse.ts'
import type { InboundView } from './rpc/views.ts'
import { isLoopback, networkOf } from './serve/client-network.ts'
import { startInbound, type InboundOptions, type InboundServer } from './serve/inbound.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store/types.ts'

/** What the inbound server of an engine is made from. */
export interface InboundWiring
  extends
    Pick<InboundOptions, 'settings' | 'recorder' | 'clock' | 'hasRoom' | 'tls' | 'login'>,
    Pick<InboundDeps, 'describe' | 'onFolders' | 'onForwarded'> {
  readonly store: Store
  readonly local: LocalMail
  readonly resolver: Resolver
  readonly log: (line: string) => void
  /** Something changed that a status shows. */
  readonly onStatus: () => void
}
/** The inbound server of an engine; no listener where the settings want none. */
export interface Inbound {
  readonly listener: InboundListener
  close(): Promise<void>
}

/** RFC 6647 §5: five minutes at least, four hours at most; who came again is known for 36 days from the last message on. */
const GREYLIST = { waitMs: 300_000, windowMs: 4 * 3_600_000, rememberMs: 36 * 86_400_000 }
const CLEAR_EVERY_MS = 3_600_000

/** Opens the inbound server where the settings want one. */
export async function openInbound(wiring: InboundWiring): Promise<Inbound> {
  const { settings, store, local, clock, log } = wiring
  const stopClearing = clearGreylist(clock, () => store.write('greylist.expire', {}), log)
  if (!settings()['inbound.enabled'] || settings()['inbound.port'] === null)
    return { listener: undefined, close: async () => stopClearing() }
  const tellLog = logListeners('inbound server', log)
  const onListeners = () => {
    tellLog(inboundTroubles(listener))
    wiring.onStatus()
  }
  const listener: InboundServer = await startInbound({
    ...wiring,
    isLocal: local.isLocal,
    find: local.find,
    deliver: makeDeliverInbound({ ...wiring, find: local.find }),
    greylist: (peer, sender, recipient) =>
      store.write('greylist.see', { ...GREYLIST, network: networkOf(peer, 24), sender, recipient }),
    stage: () => store.stage(),
    reverseName: makeReverseName(wiring.resolver),
    onListeners,
  })
  onListeners()
  return {
    listener,
    async close() {
      stopClearing()
      await listener.close()
    },
  }
}

/** Forgets senders whose time is over, now and every hour. Returns how to stop. */
function clearGreylist(
  clock: Clock,
  expire: () => Promise<{ readonly more: boolean }>,
  log: (line: string) => void,
): () => void {
  let cancel = () => {}
  let isStopped = false
  const run = () => {
    const again = ({ more }: { readonly more: boolean }) => {
      if (!isStopped) cancel = clock.after(more ? 1000 : CLEAR_EVERY_MS, run)
    }
    expire().then(again, (error: unknown) => {
      log(`greylist: forget old senders: ${reasonOf(error)}`)
      again({ more: false })
    })
  }
  cancel = clock.after(60_000, run)
  return () => {
    isStopped = true
    cancel()
  }
}

/** The inbound server; undefined where the settings want none. */
export type InboundListener = Pick<InboundServer, 'endpoint' | 'trouble'> | undefined

/** Why mail from other servers cannot come in, in words. */
export function inboundTroubles(listener: InboundListener): string[] {
  const trouble = listener?.trouble ?? null
  if (trouble === null) return []
  return [troubleText('Mail from other servers cannot be received', trouble, 'inbound.host', 'inbound.port')]
}

type InboundSettings = Pick<Settings, 'inbound.enabled' | 'inbound.host' | 'inbound.port' | 'local.domains'>

/** Whether mail can be received and from where, for the window and the command line. */
export function inboundView(listener: InboundListener, settings: InboundSettings): InboundView {
  const { 'inbound.host': host, 'inbound.port': port, 'local.domains': domains } = settings
  if (listener === undefined) {
    const isOn = settings['inbound.enabled'] && port !== null
    const text = isOn
      ? 'Mail from other servers cannot be received before Posthorn has been started again.'
      : 'Mail from other servers is not received: the inbound server is switched off (inbound.enabled).'
    return { state: 'off', host, port, reach: null, text }
  }
  const { endpoint } = listener
  if (endpoint === null) {
    const [text = 'Mail from other servers cannot be received: the inbound server is being closed.'] =
      inboundTroubles(listener)
    return { state: 'failed', host, port, reach: null, text }
  }
  const reach = isLoopback(endpoint.host) ? 'this-computer' : 'other-computers'
  return {
    state: 'listening',
    host: endpoint.host,
    port: endpoint.port,
    reach,
    text: sentence(endpoint, reach, domains),
  }
}

function sentence(
  { host, port }: { readonly host: string; readonly port: number },
  reach: 'this-computer' | 'other-computers',
  domains: readonly string[],
): string {
  const place = `${host.includes(':') ? `[${host}]` : host}:${port}`
  if (domains.length === 0)
    return `The inbound server listens on ${place} and takes nothing: there is no local domain yet (local.domains).`
  const names =
    domains.length > 5 ? `${domains.slice(0, 5).join(', ')} and ${domains.length - 5} more` : domains.join(', ')
  if (reach === 'this-computer')
    return `Mail for ${names} is received on ${place}, from programs on this computer only: inbound.host is a loopback address.`
  const who = isAnyAddress(host) ? 'from every computer that reaches this one' : `from computers that reach ${host}`
  const other = port === 25 ? '' : ` Other servers deliver to port 25: something has to pass it on to port ${port}.`
  return `Mail for ${names} is received on ${place}, ${who}.${other}`
}

const isAnyAddress = (host: string) => host === '0.0.0.0' || host === '::'
