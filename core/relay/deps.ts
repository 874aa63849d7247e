import type { Clock } from '../base/clock.ts'
import type { AccessToken } from '../model/access-token.ts'
import type { OpenBody } from '../model/blob-view.ts'
import type { Dialer } from '../net/dial.ts'
import type { Resolver } from '../net/dns.ts'
import type { Settings } from '../settings.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { ClientLogin } from '../wire/smtp/client-sasl.ts'
import type { DeadHosts } from './dead-hosts.ts'
import type { Parked } from './parked.ts'
import type { OnTlsSeen, TlsPolicyFor } from './tls-policy-joint.ts'

/** How a route signs in, and what is wrong with that. */
export interface RouteSignIn {
  readonly login?: Pick<ClientLogin, 'user' | 'secret' | 'kind'>
  /** In place of a login: where its token comes from at the moment it is needed. `refused`: one the server did not take. */
  readonly by?: { readonly user: string; readonly token: (refused?: string) => Promise<AccessToken> }
  /** Its login was refused, in words: nobody signs in there until the user has mended that. */
  readonly trouble?: string
}

/** Where the rehearsal lab listens on this computer, and what its domain asks for. */
export interface LabTarget {
  readonly port: number
  /** PEM: the only authorities of its certificates. */
  readonly authorities: string
  /** As a policy of the domain would (RFC 8461). */
  readonly demandsTls: boolean
}

/** Joint: told what a server takes at most, whenever a session with it takes mail. Never throws, and nobody waits for it. */
export type OnSizeSeen = (seen: {
  readonly host: string
  readonly port: number
  /** Null: it names no limit. */
  readonly largestBytes: number | null
}) => void

/** What the relay is wired to. */
export interface RelayDeps {
  /** Asked at each delivery, for settings may change. */
  readonly settings: () => Settings
  readonly resolver: Resolver
  readonly dial: Dialer
  readonly recorder: Recorder
  readonly openBody: OpenBody
  readonly clock: Clock
  /** 0 ≤ n < 1. */
  readonly random?: () => number
  /** Whether to begin with IPv6; asked at each delivery. */
  readonly hasIpv6?: () => boolean
  /** Addresses that are left alone for a while; a memory of its own where none is handed in. */
  readonly deadHosts?: DeadHosts
  /** Where connections wait a moment for more mail; they end at once where none is handed in. */
  readonly parked?: Parked
  /** Joint: what protects a session with an MX; nothing is demanded where it is left out. */
  readonly tlsPolicyFor?: TlsPolicyFor
  /** Joint: told how sessions were protected. */
  readonly onTlsSeen?: OnTlsSeen
  readonly onSizeSeen?: OnSizeSeen
  /** Joint: how a smarthost's route signs in, at this moment. */
  readonly signInOf?: (routeId: number) => RouteSignIn
  /** Joint: a smarthost has refused the login. Resolves when nobody will try it again by itself. */
  readonly onLoginRefused?: (routeId: number, reason: string) => Promise<void>
  /** Joint: the rehearsal lab; undefined while it is switched off. */
  readonly lab?: () => LabTarget | undefined
  /** Messages from that size on go in chunks; see `CHUNK_FROM_BYTES`. */
  readonly chunkFromBytes?: number
}
