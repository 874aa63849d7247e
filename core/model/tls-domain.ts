import type { TlsFacts } from './transcript.ts'

/** An MTA-STS policy as it was fetched (RFC 8461 §3.2). */
export interface KnownPolicy {
  readonly mode: 'enforce' | 'testing' | 'none'
  /** The id that the TXT record had when it was fetched. */
  readonly id: string
  readonly mx: readonly string[]
  readonly fetchedMs: number
  readonly expiresMs: number
}
/** What is known of the TLS of one domain. */
export interface TlsDomain {
  readonly domain: string
  readonly policy: KnownPolicy | null
  /** When DNS or the policy's host was asked last, and why that failed, where it did. */
  readonly checkedMs: number | null
  readonly error: string | null
  /** Verified TLS was seen first and last. */
  readonly verified: { readonly sinceMs: number; readonly seenMs: number } | null
  readonly last: { readonly atMs: number; readonly mx: string; readonly facts: TlsFacts | null } | null
}
