import type { ForwardPath, ReversePath } from '../../model/address.ts'
import type { Cause } from '../../model/outcome.ts'
import type { Reply } from '../../model/reply.ts'
import type { ClientCommand } from './encode-command.ts'

/** What a client wants of its session. */
export interface ClientOptions {
  /** Host name that stands in every cause. */
  readonly mx: string
  /** Own name, or the literal of the own address (RFC 5321 §4.1.4). */
  readonly ehloName: string
  /** `opportunistic`: STARTTLS where it is offered (RFC 7435); `required`: nothing without it; `none`: never. */
  readonly tls: 'opportunistic' | 'required' | 'none'
  /** True when the connection was inside TLS from its first byte (RFC 8314 §3). */
  readonly isSecured: boolean
}

/** What the server offers in its reply to EHLO; all absent after HELO. */
export interface Features {
  readonly pipelining: boolean
  readonly eightBitMime: boolean
  readonly smtpUtf8: boolean
  readonly startTls: boolean
  /** Offers SIZE (RFC 1870). */
  readonly size: boolean
  /** Largest message in octets; undefined where none is named. */
  readonly largestBytes?: number
  /** Recipients in one transaction (RFC 9422 §4.2). */
  readonly mostRecipients?: number
}

/** One message for some recipients, as the wire sees it. */
export interface Transaction {
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
  readonly sizeBytes: number
  readonly is8bit: boolean
  readonly needsUtf8: boolean
}

/** What the session says of one recipient. `elsewhere`: another address or MX may do better at once. */
export type Verdict =
  | { readonly kind: 'delivered'; readonly reply: Reply }
  | { readonly kind: 'deferred' | 'bounced'; readonly why: Cause; readonly elsewhere: boolean }
  /** Its turn comes in a transaction of its own: the server takes no more recipients in this one. */
  | { readonly kind: 'again' }
  /** The final dot went out and no reply came. */
  | { readonly kind: 'unknown' }

/** What the driver does next, in order. */
export type Effect =
  /** A line of the server, for the transcript. `echo`: it only follows from a refusal before it, as 554 to DATA after 450 to RCPT. */
  | { readonly do: 'heard'; readonly bytes: Uint8Array; readonly odd: boolean; readonly echo: boolean }
  /** Commands in one write. */
  | { readonly do: 'send'; readonly commands: readonly ClientCommand[] }
  /** Handshake now; come back through `onSecured` or `onLost`. */
  | { readonly do: 'start-tls' }
  /** A transaction may begin. */
  | { readonly do: 'ready' }
  /** Send the message; call `onDot` right before its final dot. `accepted`: places in the transaction's `to`. */
  | { readonly do: 'send-body'; readonly accepted: readonly number[] }
  /** A final dot and no message: everybody was refused, yet the server waits for data (RFC 2920 §3.1). */
  | { readonly do: 'send-empty' }
  /** The transaction is over: one verdict for each of its recipients. */
  | { readonly do: 'settle'; readonly verdicts: readonly Verdict[] }
  /** No transaction can be had of this session. `isFinal`: the server refused for good. */
  | { readonly do: 'fail'; readonly why: Cause; readonly isFinal: boolean }
  | { readonly do: 'hang-up'; readonly why: string }

/** Reads the offers of an EHLO reply (RFC 5321 §4.1.1.1). Keywords count in any case; what is malformed is not offered. */
export function parseFeatures(reply: Reply): Features {
  const offers = new Map<string, string[]>()
  for (const line of reply.lines.slice(1)) {
    const [keyword = '', ...parameters] = line.trim().split(/[ \t]+/)
    offers.set(keyword.toUpperCase(), parameters)
  }
  const size = offers.get('SIZE')?.[0]
  // RFC 1870 §3: 0 says that no fixed maximum is in force.
  const largest = size !== undefined && /^\d{1,15}$/.test(size) && Number(size) > 0 ? Number(size) : undefined
  const limit = offers
    .get('LIMITS')
    ?.map((one) => /^RCPTMAX=(\d{1,6})$/i.exec(one)?.[1])
    .find((one) => one !== undefined && Number(one) > 0)
  return {
    pipelining: offers.has('PIPELINING'),
    eightBitMime: offers.has('8BITMIME'),
    smtpUtf8: offers.has('SMTPUTF8'),
    startTls: offers.has('STARTTLS'),
    size: offers.has('SIZE'),
    ...(largest === undefined ? {} : { largestBytes: largest }),
    ...(limit === undefined ? {} : { mostRecipients: Number(limit) }),
  }
}

/** What a server offers that knows only HELO. */
export const NO_FEATURES: Features = {
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  startTls: false,
  size: false,
}
