import type { ForwardPath } from './address.ts'
import type { AttemptTls } from './attempt-tls.ts'
import type { Reply } from './reply.ts'

/** Why a recipient was not delivered. The remote's own words stay whole in `reply`. */
export type Cause =
  | {
      readonly at: 'dns'
      readonly rcode: 'NXDOMAIN' | 'NODATA' | 'SERVFAIL' | 'TIMEOUT' | 'NULLMX' | 'LOOP'
      readonly name: string
    }
  | { readonly at: 'connect'; readonly mx: string; readonly errno: string }
  | { readonly at: 'greeting' | 'tls' | 'protocol' | 'lost'; readonly mx: string; readonly reason: string }
  | { readonly at: 'reply'; readonly mx: string; readonly verb: string; readonly reply: Reply }
  | { readonly at: 'feature'; readonly mx: string; readonly missing: 'SMTPUTF8' | '8BITMIME' | 'SIZE' | 'DELIVERBY' }
  /** A smarthost did not take our login: the route waits for its user, and no mail is returned for that. */
  | {
      readonly at: 'login'
      readonly mx: string
      readonly reason: string
      readonly reply?: Reply
      /** The route whose login it was: what waits for it is let go when its login is mended. */
      readonly routeId?: number
    }
  /** A rule of the user's own keeps it here. */
  | { readonly at: 'rule'; readonly ruleId: number; readonly reason: string }
  /** TLS that a policy demands could not be had: MTA-STS, the ratchet of the domain, REQUIRETLS. */
  | {
      readonly at: 'policy'
      readonly mx: string
      readonly policy: 'mta-sts' | 'ratchet' | 'requiretls'
      readonly reason: string
    }
  | { readonly at: 'local'; readonly reason: string; readonly reply: Reply }
  | { readonly at: 'expired'; readonly queuedMs: number; readonly last?: Cause }

/** Result of one attempt for one recipient. Expected, so returned and never thrown. */
export type Outcome =
  | {
      readonly kind: 'delivered'
      readonly to: ForwardPath
      readonly mx: string
      readonly reply: Reply
      /** The next server does not speak DSN (RFC 3461 §5.2.2): a wish to hear of success is answered "relayed" by us. */
      readonly dsn?: 'passed-on' | 'relayed'
    }
  | { readonly kind: 'deferred'; readonly to: ForwardPath; readonly why: Cause }
  | { readonly kind: 'bounced'; readonly to: ForwardPath; readonly why: Cause }
  /** Not tried again by itself: the user has to mend something first. */
  | { readonly kind: 'held'; readonly to: ForwardPath; readonly why: Cause }
  /** The final dot was sent and no reply came: it may have arrived (RFC 1047). */
  | { readonly kind: 'unknown'; readonly to: ForwardPath; readonly mx: string }

/** Where one recipient row of the queue stands. */
export const RECIPIENT_STATES = [
  'waiting',
  'trying',
  'delivered',
  'deferred',
  'bounced',
  'held',
  'unknown',
  'cancelled',
] as const
export type RecipientState = (typeof RECIPIENT_STATES)[number]

/** How far an attempt went before a crash: `dialling` may be repeated at once, `body` may have been delivered. */
export type AttemptPhase = 'dialling' | 'body'

/** Where mail for a destination goes. Decided at each attempt, never frozen in a row. `why`: what decided it, in words. */
export type Route =
  | { readonly kind: 'local' }
  | { readonly kind: 'direct'; readonly domain: string; readonly why?: string }
  | {
      readonly kind: 'smarthost'
      readonly routeId: number
      readonly host: string
      readonly port: number
      readonly tls: TlsMode
      readonly why?: string
    }
  /** The rehearsal lab on this computer, and no other place: mail to its domain never leaves. */
  | { readonly kind: 'lab'; readonly domain: string; readonly why?: string }
  /** Nowhere for now: a rule holds it, or the login of its smarthost fails. `key` names what it waits for. */
  | { readonly kind: 'hold'; readonly key: string; readonly cause: Cause; readonly why?: string }

/** How an attempt was made, for whoever asks later: what chose its route, and the TLS its session had. */
export interface AttemptFacts {
  readonly route?: string
  readonly tls?: AttemptTls
}
/** How a client connection is protected: from the first byte, after an upgrade command, or not at all (RFC 8314). */
export type TlsMode = 'implicit' | 'starttls' | 'none'
