import type { ForwardPath, ReversePath } from '../../model/address.ts'
import type { MailOptions, RecipientOptions } from '../../model/envelope-options.ts'
import type { Cause } from '../../model/outcome.ts'
import type { Reply } from '../../model/reply.ts'
import type { ClientLogin, ClientSaslPrimitives } from './client-sasl.ts'
import type { ClientCommand } from './encode-command.ts'
import type { SecretRange } from './secrets.ts'

/** What a client wants of its session. */
export interface ClientOptions {
  /** Host name that stands in every cause. */
  readonly mx: string
  /** Own name, or the literal of the own address (RFC 5321 §4.1.4). */
  readonly ehloName: string
  /** `opportunistic`: STARTTLS where it is offered (RFC 7435); `required`: nothing without it; `none`: never. */
  readonly tls: 'opportunistic' | 'required' | 'none'
  /** True when the connection was inside TLS from its first byte (RFC 8314 §3), with a certificate that was verified. */
  readonly isSecured: boolean
  /** Who signs in before any mail goes; nobody where it is left out. */
  readonly login?: ClientLogin & {
    readonly primitives: ClientSaslPrimitives
    /** The server is this very computer, where nobody listens in. */
    readonly allowClear: boolean
  }
  /** Messages of at least so many bytes go in chunks where the server takes them (RFC 3030). */
  readonly chunkFromBytes?: number
}

/** From that size on BDAT spares the search for dots, and a refusal between two chunks the rest of the message. */
export const CHUNK_FROM_BYTES = 256 * 1024

/** What the server offers in its reply to EHLO; all absent after HELO. */
export interface Features {
  /** What its reply begins with: mostly its name, often the address it sees us under. */
  readonly hello: string
  readonly pipelining: boolean
  readonly eightBitMime: boolean
  readonly smtpUtf8: boolean
  readonly startTls: boolean
  readonly chunking: boolean
  /** Passes on what is asked of reports (RFC 3461). */
  readonly dsn: boolean
  /** Offered, and this session is inside verified TLS, without which it promises nothing (RFC 8689 §4.2.1). */
  readonly requireTls: boolean
  /** RFC 2852; `leastSeconds` where it names a least time. */
  readonly deliverBy?: { readonly leastSeconds: number }
  /** SASL mechanisms, in capitals. */
  readonly auth: readonly string[]
  /** Offers SIZE (RFC 1870). */
  readonly size: boolean
  /** Largest message in octets; undefined where none is named. */
  readonly largestBytes?: number
  /** Limits of RFC 9422 §4: recipients and domains in one transaction, transactions in one session. */
  readonly mostRecipients?: number
  readonly mostDomains?: number
  readonly mostTransactions?: number
}

/** One message for some recipients, as the wire sees it. */
export interface Transaction {
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
  readonly sizeBytes: number
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  readonly options?: Pick<MailOptions, 'ret' | 'envid' | 'requireTls'> & {
    /** Seconds from now. */
    readonly deliverBy?: { readonly seconds: number; readonly mode: 'return' | 'notify'; readonly trace: boolean }
  }
  /** Of each recipient of `to`, at the same place. */
  readonly recipientOptions?: readonly (RecipientOptions | undefined)[]
}

/** What the session says of one recipient. `elsewhere`: another address or MX may do better at once. */
export type Verdict =
  /** `dsn`: the server has been asked to report as the sender wishes. */
  | { readonly kind: 'delivered'; readonly reply: Reply; readonly dsn: boolean }
  | { readonly kind: 'deferred' | 'bounced'; readonly why: Cause; readonly elsewhere: boolean }
  /** Its turn comes in a transaction of its own: the server takes no more recipients in this one. */
  | { readonly kind: 'again' }
  /** The final dot went out and no reply came. */
  | { readonly kind: 'unknown' }

/** What the driver does next, in order. */
export type Effect =
  /** A line of the server, for the transcript. `echo`: it only follows from a refusal before it, as 554 to DATA after 450 to RCPT. */
  | {
      readonly do: 'heard'
      readonly bytes: Uint8Array
      readonly odd: boolean
      readonly echo: boolean
      /** Where it says back what it was told to let us in. */
      readonly secrets?: readonly SecretRange[]
    }
  /** Commands in one write. */
  | { readonly do: 'send'; readonly commands: readonly ClientCommand[] }
  /** Handshake now; come back through `onSecured` or `onLost`. */
  | { readonly do: 'start-tls' }
  /** PBKDF2 with HMAC-SHA-256, 32 bytes; come back through `onDerived`. */
  | { readonly do: 'derive'; readonly password: string; readonly salt: Uint8Array; readonly rounds: number }
  /** A transaction may begin. */
  | { readonly do: 'ready' }
  /**
   * Send the message; call `onDot` right before its last bytes. `accepted`: places in the transaction's `to`. `chunked`: by BDAT,
   * with `onChunk` before each chunk that is not the last, and the next one only after its reply.
   */
  | { readonly do: 'send-body'; readonly accepted: readonly number[]; readonly chunked: boolean }
  /** The server has taken a chunk: the next one. */
  | { readonly do: 'next-chunk' }
  /** A final dot and no message: everybody was refused, yet the server waits for data (RFC 2920 §3.1). */
  | { readonly do: 'send-empty' }
  /** The transaction is over: one verdict for each of its recipients. */
  | { readonly do: 'settle'; readonly verdicts: readonly Verdict[] }
  /** No transaction can be had of this session. `isFinal`: the server refused for good. */
  | { readonly do: 'fail'; readonly why: Cause; readonly isFinal: boolean }
  | { readonly do: 'hang-up'; readonly why: string }

/** Reads the offers of an EHLO reply (RFC 5321 §4.1.1.1). Keywords count in any case; what is malformed is not offered. */
export function parseFeatures(reply: Reply, isVerified: boolean): Features {
  const offers = new Map<string, string[]>()
  for (const line of reply.lines.slice(1)) {
    // `AUTH=LOGIN PLAIN` is how it was written before it was a standard.
    const [keyword = '', ...parameters] = line
      .trim()
      .replace(/^AUTH=/i, 'AUTH ')
      .split(/[ \t]+/)
    const known = offers.get(keyword.toUpperCase()) ?? []
    offers.set(keyword.toUpperCase(), [...known, ...parameters])
  }
  const size = offers.get('SIZE')?.[0]
  // RFC 1870 §3: 0 says that no fixed maximum is in force.
  const largest = size !== undefined && /^\d{1,15}$/.test(size) && Number(size) > 0 ? Number(size) : undefined
  const limit = (name: string): number | undefined =>
    offers
      .get('LIMITS')
      ?.map((one) => new RegExp(`^${name}=([1-9]\\d{0,5})$`, 'i').exec(one)?.[1])
      .filter((one) => one !== undefined)
      .map(Number)[0]
  const [mostRecipients, mostDomains, mostTransactions] = [limit('RCPTMAX'), limit('RCPTDOMAINMAX'), limit('MAILMAX')]
  const by = offers.get('DELIVERBY')
  const least = /^\d{1,9}$/.test(by?.[0] ?? '') ? Number(by?.[0]) : 0
  return {
    hello: reply.lines[0] ?? '',
    pipelining: offers.has('PIPELINING'),
    eightBitMime: offers.has('8BITMIME'),
    smtpUtf8: offers.has('SMTPUTF8'),
    startTls: offers.has('STARTTLS'),
    chunking: offers.has('CHUNKING'),
    dsn: offers.has('DSN'),
    requireTls: isVerified && offers.has('REQUIRETLS'),
    auth: (offers.get('AUTH') ?? []).map((one) => one.toUpperCase()),
    size: offers.has('SIZE'),
    ...(by === undefined ? {} : { deliverBy: { leastSeconds: least } }),
    ...(largest === undefined ? {} : { largestBytes: largest }),
    ...(mostRecipients === undefined ? {} : { mostRecipients }),
    ...(mostDomains === undefined ? {} : { mostDomains }),
    ...(mostTransactions === undefined ? {} : { mostTransactions }),
  }
}

/** What a server offers that knows only HELO. */
export const NO_FEATURES: Features = {
  hello: '',
  pipelining: false,
  eightBitMime: false,
  smtpUtf8: false,
  startTls: false,
  chunking: false,
  dsn: false,
  requireTls: false,
  auth: [],
  size: false,
}
