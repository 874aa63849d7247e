/** What a session's transcript is made of: events in order, never one string. Shared by recorder, store, window and export. */

export type Protocol = 'smtp' | 'pop3' | 'imap'
/** Which side we are. `client` dials out, `server` was dialled. */
export type Side = 'client' | 'server'
export type SessionState = 'live' | 'ok' | 'deferred' | 'failed' | 'aborted'

/**
 * One piece of a wire line: text as it was (latin1: one character a byte), or a secret, of which nothing is kept but, where it was one
 * and may be told, the decoded name of whom it signs in.
 */
export type Span = string | { readonly secret: true; readonly user?: string }

/** What encrypts the rest of the session. */
export interface TlsFacts {
  readonly version: string
  readonly cipher: string
  /** Whether the chain ended at an authority that is trusted. */
  readonly trusted: boolean
  /** Why not, in OpenSSL's word, when it is not. */
  readonly distrust?: string
  readonly subject: string
  readonly fingerprint256: string
  /** Subjects of the certificates, the server's own first; left out where the other end is a client. */
  readonly chain?: readonly string[]
  /** Whether the certificate is for the name of the host, whoever issued it. */
  readonly nameFits?: boolean
  /** What it is for: host names and addresses, at most 50 of them. */
  readonly names?: readonly string[]
  /** Until when it is valid, Unix ms. */
  readonly validToMs?: number
}

/** Where message content of a transcript can be read: a view of a stored blob, or what was kept of content refused. */
export type ContentRef =
  | { readonly kind: 'entry'; readonly entryId: number }
  | { readonly kind: 'message'; readonly messageId: number }
  /** A message by its unique-id at the session's account: it is recorded before it is stored and has an id. */
  | { readonly kind: 'fetched'; readonly uidl: string }
  /** First and last bytes (latin1, ≤ 4 KiB each) of content that was refused or cut off. */
  | { readonly kind: 'kept'; readonly first: string; readonly last: string; readonly sha256: string }

interface At {
  /** Wall clock, Unix ms. */
  readonly atMs: number
  /** Monotonic ms since the session began, one decimal. */
  readonly sinceMs: number
}
export type TranscriptEvent = At &
  (
    | {
        readonly kind: 'line'
        /** Who spoke by the protocol's roles, whoever opened the connection. */
        readonly from: 'C' | 'S'
        readonly tls: boolean
        /** The line without CRLF; at most 2,048 bytes are kept, `bytes` says how many there were. */
        readonly spans: readonly Span[]
        readonly bytes: number
        /** True when it did not end in CRLF (bare LF, or cut off). */
        readonly odd?: boolean
      }
    | {
        readonly kind: 'content'
        readonly from: 'C' | 'S'
        readonly tls: boolean
        readonly bytes: number
        readonly ref: ContentRef
      }
    | { readonly kind: 'tls'; readonly facts: TlsFacts }
    /** A fact that was never on the wire: what was resolved, decided, or gone wrong. */
    | { readonly kind: 'note'; readonly text: string }
    | { readonly kind: 'closed'; readonly by: 'C' | 'S' | 'us'; readonly why?: string }
  )

/** The head of a session, as lists show it. */
export interface SessionHead {
  readonly id: number
  readonly protocol: Protocol
  readonly side: Side
  /** Host name dialled, or the client's address. */
  readonly peer: string
  /** `address:port` of the other end. */
  readonly address: string
  readonly accountId?: number
  readonly startedMs: number
  readonly endedMs?: number
  readonly state: SessionState
  /** Worst reply code or POP3 status seen, e.g. `550`, `-ERR`, `refused`. */
  readonly worst: string
  readonly tls: boolean
  readonly bytesIn: number
  readonly bytesOut: number
  /** Messages that went through whole. */
  readonly messages: number
}

/** What a session had to do with: rows of the link table, both ways. */
export interface SessionLink {
  readonly entryId?: number
  readonly recipientId?: number
  readonly attemptId?: number
  readonly messageId?: number
}
