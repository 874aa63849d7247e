import { randomBytes } from 'node:crypto'
import { troubleTexts, type ListenerView } from './engine-listeners.ts'
import type { Pop3ServerView } from './rpc/views.ts'
import { isLoopback } from './serve/client-network.ts'
import type { ListeningServer } from './serve/connect.ts'
import { startPop3, type Pop3Options } from './serve/pop3.ts'
import type { Endpoint } from './serve/listen-again.ts'
import type { Settings } from './settings.ts'
import type { Vault } from './vault/vault.ts'

/** The POP3 server; undefined where the settings want none. */
export type Pop3Listener = ListenerView | undefined

/** What the POP3 server of an engine is made from. */
export interface Pop3Wiring extends Omit<Pop3Options, 'uidlKey'> {
  readonly vault: Pick<Vault, 'getSecret' | 'putSecret'>
  readonly settings: Pop3Options['settings'] & Pick<Settings, 'pop3.enabled'>
}

const UIDL_KEY = ['pop3-uidl', 'key'] as const

/** Opens the POP3 server where the settings want one. */
export async function openPop3(
  wiring: Pop3Wiring,
): Promise<{ readonly listener: Pop3Listener; close(): Promise<void> }> {
  const { settings, vault } = wiring
  const nothing = async () => {}
  if (!settings['pop3.enabled'] || (settings['pop3.port'] === null && settings['pop3.tlsPort'] === null))
    return { listener: undefined, close: nothing }
  let key: Promise<Uint8Array> | undefined
  const server = await startPop3({ ...wiring, uidlKey: () => (key ??= uidlKey(vault)) })
  return { listener: server, close: () => server.close() }
}

const KEYS = { host: 'pop3.host', plain: 'pop3.port', tls: 'pop3.tlsPort' }

/** Why programs cannot read mail where they should, in words. */
export function pop3Troubles(listener: Pop3Listener): string[] {
  return listener === undefined ? [] : troubleTexts('Other programs cannot read mail here', listener, KEYS)
}

/** Made once: programs fetch everything again where unique-ids change. */
async function uidlKey(vault: Pop3Wiring['vault']): Promise<Uint8Array> {
  const kept = vault.getSecret(...UIDL_KEY)
  if (kept !== undefined) return Buffer.from(kept, 'base64')
  const fresh = randomBytes(32)
  await vault.putSecret(...UIDL_KEY, fresh.toString('base64'))
  return fresh
}

type Pop3Settings = Pick<Settings, 'pop3.enabled' | 'pop3.host' | 'pop3.port' | 'pop3.tlsPort'>

/** Whether other programs can read mail here and from where, for the window and the command line. */
export function pop3View(listener: Pop3Listener, settings: Pop3Settings): Pop3ServerView {
  const { 'pop3.host': host, 'pop3.port': port, 'pop3.tlsPort': tlsPort } = settings
  const planned = { host, port, tlsPort, reach: null }
  if (listener === undefined) {
    const isOn = settings['pop3.enabled'] && (port !== null || tlsPort !== null)
    const text = isOn
      ? 'Other programs cannot read mail here before Posthorn has been started again.'
      : 'Other programs cannot read mail here: the POP3 server is switched off (pop3.enabled).'
    return { ...planned, state: 'off', text }
  }
  if (listener.plain === null && listener.tls === null)
    return { ...planned, state: 'failed', text: pop3Troubles(listener).join(' ') }
  const places = [listener.tls, listener.plain].filter((one) => one !== null)
  const reach = places.every((one) => isLoopback(one.host)) ? 'this-computer' : 'other-computers'
  const where = [
    ...(listener.tls === null ? [] : [`${placeOf(listener.tls)} (TLS)`]),
    ...(listener.plain === null ? [] : [`${placeOf(listener.plain)} (STLS)`]),
  ].join(' and ')
  const who = reach === 'this-computer' ? 'on this computer' : 'on every computer that reaches this one'
  return {
    state: 'listening',
    host: places[0]?.host ?? host,
    port: listener.plain?.port ?? null,
    tlsPort: listener.tls?.port ?? null,
    reach,
    text: `Programs ${who} read mail by POP3 on ${where}.`,
  }
}

const placeOf = ({ host, port }: Endpoint) => `${host.includes(':') ? `[${host}]` : host}:${port}`

/** Where programs read mail; with nothing running, where they will. TLS from the first byte comes first. */
export function receivingServers(listener: Pop3Listener, settings: Pop3Settings): ListeningServer[] {
  if (!settings['pop3.enabled']) return []
  const host = settings['pop3.host'] === 'localhost' ? '127.0.0.1' : settings['pop3.host']
  const planned = (port: number | null) => (port === null || port === 0 ? null : { host, port })
  const { plain, tls } = listener ?? { plain: planned(settings['pop3.port']), tls: planned(settings['pop3.tlsPort']) }
  return [
    ...(tls === null ? [] : [{ ...tls, security: 'implicit' as const }]),
    ...(plain === null ? [] : [{ ...plain, security: 'starttls' as const }]),
  ]
}
