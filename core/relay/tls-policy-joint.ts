import type { TlsDemand } from '../model/attempt-tls.ts'
import type { TlsFacts } from '../model/transcript.ts'

/** What a session with one MX of a domain must be protected by. */
export type TlsPolicy =
  | {
      readonly kind: 'go'
      /**
       * `none`: as good as can be had, and clear text rather than nothing (RFC 7435). `verified`: TLS with a certificate that is
       * trusted and for the right name, or no mail at all.
       */
      readonly require: 'none' | 'verified'
      /** Who demands it. */
      readonly source: TlsDemand
      /** What the transcript is told of how this was found. */
      readonly notes?: readonly string[]
      /** What would have gone wrong under a policy that only tests (RFC 8461 §5). */
      readonly trouble?: string
    }
  /** This MX must not be used for the domain, as one that the domain's policy does not list. The next one may. */
  | {
      readonly kind: 'refuse'
      readonly policy: 'mta-sts' | 'ratchet' | 'requiretls'
      readonly reason: string
      readonly notes?: readonly string[]
      /** It is for want of an answer, which may come later: no reason to return mail. */
      readonly mayChange?: true
    }

/** Who asks. */
export interface TlsPolicyQuestion {
  /** The recipients' domain. */
  readonly domain: string
  /** The host that is about to be dialled. */
  readonly mxHost: string
  /** The message is for verified TLS only (RFC 8689). */
  readonly requireTls: boolean
}

/** Joint: asked before each dial to an MX; never for a host the user has named, whose TLS is verified always. Never throws. */
export type TlsPolicyFor = (question: TlsPolicyQuestion) => Promise<TlsPolicy>

/** How a session with an MX went as far as TLS. */
export interface TlsSeen {
  readonly domain: string
  readonly mxHost: string
  readonly policy: TlsDemand
  /** `facts` null: clear text. */
  readonly facts: TlsFacts | null
  /** Why a handshake or the STARTTLS before it failed, where it did. */
  readonly failure?: string
  /** It came to a session in which mail can go. */
  readonly isUsable: boolean
}

/** Joint: told after each session with an MX that got as far as its greeting. Never throws, and nobody waits for it. */
export type OnTlsSeen = (seen: TlsSeen) => void

/** No policy at all: where nobody has one to say. */
export const noTlsPolicy: TlsPolicyFor = async () => ({ kind: 'go', require: 'none', source: 'none' })
