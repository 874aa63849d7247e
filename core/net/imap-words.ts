import type { Clock } from '../base/clock.ts'
import { errnoWords, shortErrno } from '../base/errno.ts'
import type { TlsMode } from '../model/outcome.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import type { Dialer } from './dial.ts'
import type { FindHost } from './find-host.ts'

/** Where an IMAP account is and who opens it. */
export interface ImapTarget {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  /** What `secret` is. */
  readonly login: 'password' | 'token'
  readonly secret: string
  readonly accountId?: number
}
/** What connecting works with; all of it handed in. */
export interface ImapPeers {
  readonly recorder: Recorder
  readonly dial: Dialer
  readonly findHost: FindHost
  readonly clock: Clock
  /** The setting relay.caFile, asked at each handshake. */
  readonly caFile: () => string
}
/** Why there is no session, or none any more. Expected, so a value. */
export type ImapTrouble =
  | { readonly kind: 'host'; readonly host: string; readonly reason: string }
  | { readonly kind: 'connect'; readonly address: string; readonly errno: string }
  | { readonly kind: 'handshake'; readonly host: string; readonly reason: string }
  | { readonly kind: 'protocol'; readonly reason: string }
  | { readonly kind: 'no-starttls' }
  /** RFC 9051 §7.1.4: signed in without a login of ours, as we cannot say whom. */
  | { readonly kind: 'preauth' }
  | { readonly kind: 'refused'; readonly at: 'greeting' | 'tls' | 'login'; readonly reply: string }
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'lost' | 'given-up' }
/** Where opening a session stands. */
export type ImapStep = 'connect' | 'tls' | 'login'

/** Ends a transcript by what ended its session. */
export function closeImapWith(transcript: Transcript, trouble: ImapTrouble): void {
  const word: Readonly<Record<ImapTrouble['kind'], string>> = {
    'refused': 'NO',
    'no-starttls': 'no STARTTLS',
    'preauth': 'PREAUTH',
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
