import type { TlsFacts } from './transcript.ts'

/** What demanded TLS of a session, the strongest that did. `mta-sts-testing` demands nothing and is only told of. */
export type TlsDemand = 'none' | 'mta-sts' | 'mta-sts-testing' | 'ratchet' | 'requiretls'

/** How the session of a try was protected. */
export interface AttemptTls {
  readonly policy: TlsDemand
  /** Null: clear text. */
  readonly facts: TlsFacts | null
  /** What went wrong on the way, or would have under a policy that only tests; null where nothing did. */
  readonly trouble: string | null
}
