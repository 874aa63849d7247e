import type { TlsFacts } from '../model/transcript.ts'
import type { ClientLogin } from '../wire/smtp/client-sasl.ts'
import type { ClientState } from '../wire/smtp/client.ts'
import type { Transaction, Verdict } from '../wire/smtp/client-words.ts'
import type { Cause } from '../model/outcome.ts'
import { HANDSHAKE_TIMEOUT_MS } from './tls.ts'

const MINUTE_MS = 60_000
/** What we wait for, by phase. RFC 5321 §4.5.3.2 in the same order: 5, 5, 5, 2, 3 and 10 minutes. */
export const DEADLINE_MS: Readonly<Record<ClientState['at'] | 'data', number>> = {
  greeting: 5 * MINUTE_MS,
  ehlo: 5 * MINUTE_MS,
  helo: 5 * MINUTE_MS,
  starttls: 5 * MINUTE_MS,
  handshake: HANDSHAKE_TIMEOUT_MS,
  auth: 5 * MINUTE_MS,
  envelope: 5 * MINUTE_MS,
  data: 2 * MINUTE_MS,
  body: 3 * MINUTE_MS, // for each write of at most WRITE_BYTES
  dot: 10 * MINUTE_MS,
  empty: 10 * MINUTE_MS,
  quitting: 5_000,
  ready: 5 * MINUTE_MS,
  over: 0,
}
/** One transaction takes no longer than this, and its size at 500 octets a second. */
const TRANSACTION_CAP_MS = 30 * MINUTE_MS
const SLOWEST_BYTES_PER_SECOND = 500

/** The longest one transaction may take, in ms. */
export const transactionCapMs = (sizeBytes: number): number =>
  TRANSACTION_CAP_MS + (sizeBytes / SLOWEST_BYTES_PER_SECOND) * 1000

/**
 * Bytes of one write, each with the deadline of a data block: a server that takes less than 500 octets a second is given up,
 * and one that only pauses has the three minutes of RFC 5321 §4.5.3.2.5.
 */
export const WRITE_BYTES = 90_000
/** Bytes of one BDAT chunk; after each but the last the server is heard, so that it can refuse before it has got all. */
export const CHUNK_BYTES = 1024 * 1024
/** Phase `body` is committed while the last of the message is still on its way: the final dot then waits less. */
export const EARLY_BYTES = 256 * 1024

export interface SmtpTarget {
  readonly mx: string
  readonly tls: 'opportunistic' | 'starttls' | 'implicit' | 'none'
  /** '' for the address of the connection as a literal. */
  readonly ehloName: string
  readonly caFile: string
  /** PEM: authorities in place of all others. */
  readonly authorities?: string
  /** A smaller ClientHello, for servers that break on the usual one. */
  readonly hello?: 'full' | 'reduced'
  /** Who signs in; the connection then carries no mail without it. `allowClear`: the server is on this very computer. */
  readonly login?: ClientLogin & { readonly allowClear: boolean }
  /** Told when the session comes to another phase, and what encrypts it. */
  readonly onPhase?: ((phase: ClientState['at'], tls: TlsFacts | null) => void) | undefined
  /** Messages from that size on go in chunks; see `CHUNK_FROM_BYTES`. */
  readonly chunkFromBytes?: number
}
/** Why there is no session that takes transactions. */
export interface NotOpened {
  readonly ok: false
  readonly why: Cause
  /** The server refused for good. */
  readonly isFinal: boolean
  /** It was the handshake itself that failed: another hello may fare better. */
  readonly isHandshake: boolean
}
/** One message as the connection needs it. */
export interface Load {
  readonly entryId: number
  readonly transaction: Transaction
  /** Opens the message's bytes. */
  body(): AsyncIterable<Uint8Array>
  /** Awaited before the final dot; gets the places of accepted recipients in the transaction. */
  beforeBody(accepted: readonly number[]): Promise<void>
  /** What a failure of `body` means for the recipients. */
  damaged(error: unknown): Verdict
  /** What a bare CR or LF in the message means for them. */
  readonly unclean: Verdict
}
