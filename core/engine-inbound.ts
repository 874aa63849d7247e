import { isIP } from 'node:net'
import type { Settings } from './settings.ts'
import type { InboundView } from './rpc/views.ts'

/** What came of opening the inbound server; `error` says why nothing listens. */
export type InboundListener = { readonly host: string; readonly port: number } | { readonly error: string } | undefined

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
  if ('error' in listener) {
    const text = `Mail from other servers cannot be received: ${listener.error}.`
    return { state: 'failed', host, port, reach: null, text }
  }
  const reach = isLoopback(listener.host) ? 'this-computer' : 'other-computers'
  return {
    state: 'listening',
    host: listener.host,
    port: listener.port,
    reach,
    text: sentence(listener, reach, domains),
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

/** True for addresses that only this computer can reach (RFC 1122 §3.2.1.3, RFC 4291 §2.5.3). */
function isLoopback(host: string): boolean {
  const plain = host.startsWith('::ffff:') ? host.slice(7) : host
  return plain === '::1' || (isIP(plain) === 4 && plain.startsWith('127.'))
}
const isAnyAddress = (host: string) => host === '0.0.0.0' || host === '::'
