import type { Segment } from '../model/segment.ts'
import type { ContentRef, SessionHead, SessionLink, TlsFacts, TranscriptEvent } from '../model/transcript.ts'

/** What changed since the last batch: heads as they stand now, and what was said, in order. */
export interface TranscriptBatch {
  /** Of all that are new or have ended; of those that go on, some: what is live is asked of the recorder. */
  readonly heads: readonly SessionHead[]
  readonly segments: readonly Segment[]
  /** The links of the segments. */
  readonly links: readonly { readonly sessionId: number; readonly link: SessionLink }[]
  /** The events of the segments, read when somebody asks; `seq` is the number of the first in its session, from 0. */
  readonly events: readonly {
    readonly sessionId: number
    readonly seq: number
    readonly events: readonly TranscriptEvent[]
  }[]
}
/** Joint: keeps a batch. Resolves when it is committed; a failure is reported and never holds up mail. */
export type Sink = (batch: TranscriptBatch) => Promise<void>

/** One session being recorded. Nothing here throws or waits: the wire never stands still for its transcript. */
export interface Transcript {
  /** Undefined when sessions of its protocol are not recorded: then all the rest is for nobody. */
  readonly sessionId: number | undefined
  /** A wire line without CRLF, as bytes or one character a byte. `secrets`: half-open byte ranges that are never stored; `user`: whom the first of them names. */
  line(
    from: 'C' | 'S',
    bytes: Uint8Array | string,
    options?: { secrets?: readonly (readonly [number, number])[]; odd?: boolean; user?: string },
  ): void
  content(from: 'C' | 'S', bytes: number, ref: ContentRef): void
  note(text: string): void
  /** From here on the session is inside TLS. */
  secured(facts: TlsFacts): void
  link(link: SessionLink): void
  /** One more message went through whole. */
  countMessage(): void
  /** Raises the worst reply shown in lists. Numeric codes compare by number, words win over numbers. */
  worst(code: string): void
  /** Ends the transcript; a second call does nothing. */
  close(state: 'ok' | 'deferred' | 'failed' | 'aborted', by: 'C' | 'S' | 'us', why?: string): void
}

/** Opens transcripts and lets others watch them. */
export interface Recorder {
  open(head: Pick<SessionHead, 'protocol' | 'side' | 'peer' | 'address'> & { accountId?: number }): Transcript
  /** Session heads that are live now, and events not yet committed, for a reader that must not wait for the store. */
  live(): readonly SessionHead[]
  pending(sessionId: number): readonly { readonly seq: number; readonly event: TranscriptEvent }[]
  /** Calls `listen` with ids of sessions that changed, at most some 20 times a second. Returns how to stop. */
  watch(listen: (sessionIds: readonly number[]) => void): () => void
  /** Resolves when all that was recorded so far is committed or has failed. */
  flush(): Promise<void>
}
