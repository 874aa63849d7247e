import type { ForwardPath } from './address.ts'
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
  | { readonly at: 'feature'; readonly mx: string; readonly missing: 'SMTPUTF8' | '8BITMIME' | 'SIZE' }
  | { readonly at: 'local'; readonly reason: string; readonly reply: Reply }
  | { readonly at: 'expired'; readonly queuedMs: number; readonly last?: Cause }

/** Result of one attempt for one recipient. Expected, so returned and never thrown. */
export type Outcome =
  | { readonly kind: 'delivered'; readonly to: ForwardPath; readonly mx: string; readonly reply: Reply }
  | { readonly kind: 'deferred'; readonly to: ForwardPath; readonly why: Cause }
  | { readonly kind: 'bounced'; readonly to: ForwardPath; readonly why: Cause }
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

/** Where mail for a destination goes. Decided at each attempt, never frozen in a row. */
export type Route =
  | { readonly kind: 'local' }
  | { readonly kind: 'direct'; readonly domain: string }
  | {
      readonly kind: 'smarthost'
      readonly routeId: number
      readonly host: string
      readonly port: number
      readonly tls: TlsMode
    }

/** How a client connection is protected: from the first byte, after an upgrade command, or not at all (RFC 8314). */
export type TlsMode = 'implicit' | 'starttls' | 'none'
