import type { Clock } from '../base/clock.ts'
import { errnoWords, shortErrno } from '../base/errno.ts'
import type { TlsMode } from '../model/outcome.ts'
import type { ContentRef } from '../model/transcript.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import type { Failure, ServerFacts, Want } from '../wire/pop3/client-words.ts'
import type { Dialer } from './dial.ts'
import type { FindHost } from './find-host.ts'
import type { Line } from './line-speed.ts'

/** Where a maildrop is and who opens it. */
export interface Pop3Target {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  /** What `login` says it is; a password where it says nothing. */
  readonly password: string
  readonly login?: 'password' | 'token'
  readonly allowApop?: boolean
  readonly accountId?: number
}
/** What the driver works with; all of it handed in. */
export interface Pop3Peers {
  readonly recorder: Recorder
  readonly dial: Dialer
  readonly findHost: FindHost
  readonly clock: Clock
  /** The setting relay.caFile, asked at each handshake. */
  readonly caFile: () => string
}
/** Why there is no session, or none any more. Expected, so a value. */
export type Pop3Trouble =
  | Failure
  | { readonly kind: 'host'; readonly host: string; readonly reason: string }
  | { readonly kind: 'connect'; readonly address: string; readonly errno: string }
  | { readonly kind: 'handshake'; readonly host: string; readonly reason: string }
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'lost' | 'given-up' }
/** What became of one command. */
export type Answer =
  | { readonly kind: 'granted'; readonly text: string; readonly listing?: Uint8Array }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'lost'; readonly trouble: Pop3Trouble }
/** Where opening a session stands. */
export type Pop3Step = 'connect' | 'tls' | 'login'

/** What brings a message, or its header. */
export type Retrieval = Extract<Want, { verb: 'RETR' | 'TOP' }>

/** One signed-in session. Every answer comes, as `lost` when the session ends first. */
export interface Pop3Session {
  readonly sessionId: number | undefined
  readonly transcript: Transcript
  /** What the server has said of itself. */
  readonly facts: ServerFacts
  /** What the line has given of messages so far. */
  readonly line: Line
  ask(want: Want): Promise<Answer>
  /** RETR or TOP. While `take` has a promise open, no more is read from the server; its bytes are gone once that resolves. */
  retrieve(want: Retrieval, ref: ContentRef, take: (bytes: Uint8Array) => void | Promise<void>): Promise<Answer>
  /** Says QUIT, which makes deletions real (RFC 1939 §6), and hangs up. */
  quit(): Promise<Answer>
  /** Hangs up without a word: nothing is deleted. A second call does nothing. */
  abandon(trouble: Pop3Trouble): void
}
export type OpenedPop3 =
  | { readonly ok: true; readonly session: Pop3Session }
  | { readonly ok: false; readonly trouble: Pop3Trouble; readonly sessionId: number | undefined }

/** Ends a transcript by what ended its session. */
export function closeWith(transcript: Transcript, trouble: Pop3Trouble): void {
  const word: Readonly<Record<Pop3Trouble['kind'], string>> = {
    'refused': '-ERR',
    'no-stls': 'no STLS',
    'no-way-in': 'no login',
    'unsayable': 'not sent',
    'protocol': 'protocol',
    'host': 'no host',
    'connect': 'no connection',
    'handshake': 'tls',
    'silent': 'timeout',
    'lost': 'lost',
    'given-up': 'given up',
  }
  transcript.worst(trouble.kind === 'connect' ? shortErrno(trouble.errno) : word[trouble.kind])
  const why =
    'reason' in trouble
      ? trouble.reason
      : trouble.kind === 'connect'
        ? `no connection to ${trouble.address}: ${errnoWords(trouble.errno)}`
        : trouble.kind === 'silent'
          ? `nothing came for ${trouble.seconds} s`
          : word[trouble.kind]
  transcript.close(trouble.kind === 'given-up' ? 'aborted' : 'failed', trouble.kind === 'lost' ? 'S' : 'us', why)
}
