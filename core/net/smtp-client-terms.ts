import type { ClientState } from '../wire/smtp/client.ts'
import type { Transaction, Verdict } from '../wire/smtp/client-words.ts'
import { HANDSHAKE_TIMEOUT_MS } from './tls.ts'

const MINUTE_MS = 60_000
/** What we wait for, by phase. RFC 5321 §4.5.3.2 in the same order: 5, 5, 5, 2, 3 and 10 minutes. */
export const DEADLINE_MS: Readonly<Record<ClientState['at'] | 'data', number>> = {
  greeting: 5 * MINUTE_MS,
  ehlo: 5 * MINUTE_MS,
  helo: 5 * MINUTE_MS,
  starttls: 5 * MINUTE_MS,
  handshake: HANDSHAKE_TIMEOUT_MS,
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

/** Bytes of one write, each with the deadline of a data block. */
export const WRITE_BYTES = 64 * 1024
/** Phase `body` is committed while the last of the message is still on its way: the final dot then waits less. */
export const EARLY_BYTES = 256 * 1024

export interface SmtpTarget {
  readonly mx: string
  readonly tls: 'opportunistic' | 'starttls' | 'implicit' | 'none'
  /** '' for the address of the connection as a literal. */
  readonly ehloName: string
  readonly caFile: string
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
