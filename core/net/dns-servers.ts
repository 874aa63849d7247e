import { Resolver } from 'node:dns'
import { isIP } from 'node:net'

/** A name server to ask. */
export interface DnsServer {
  readonly address: string
  readonly port: number
}

/** `a`, `a:port`, `v6`, `[v6]` or `[v6]:port` as a server; undefined when it is none of these. */
export function parseDnsServer(text: string): DnsServer | undefined {
  const split = isIP(text) !== 0 ? [text, undefined] : (/^\[?([^\]]*?)\]?(?::(\d{1,5}))?$/.exec(text)?.slice(1) ?? [])
  const [address = '', port = '53'] = split
  return isIP(address.split('%')[0] ?? '') !== 0 && Number(port) >= 1 && Number(port) <= 65535
    ? { address, port: Number(port) }
    : undefined
}

/** The servers of the setting, or the system's when it names none. */
export function dnsServers(setting: readonly string[]): DnsServer[] {
  // A new resolver reads them anew, in some 30 µs; the process as a whole remembers those of its start for ever.
  const named = setting.length > 0 ? setting : new Resolver().getServers()
  return named.flatMap((text) => parseDnsServer(text) ?? [])
}
