import type { Clock } from '../base/clock.ts'
import type { TlsMode } from '../model/outcome.ts'
import type { TlsFacts } from '../model/transcript.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { AutopilotWords, ReplayStep } from './console-replay.ts'
import type { Dialer } from './dial.ts'
import type { FindHost } from './find-host.ts'

/** Where a person wants to talk to. */
export interface ConsoleTarget {
  readonly protocol: 'smtp' | 'pop3'
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  /** Said in this order before the person takes over. */
  readonly replay?: readonly ReplayStep[]
}
/** What a session works with. */
export interface ConsolePeers {
  /** Any address is dialled, of the own network and computer, too: it is the person who asks. */
  readonly findHost: FindHost
  readonly dial: Dialer
  readonly recorder: Recorder
  readonly clock: Clock
  readonly caFile: () => string
  /** The name this computer gives itself; '' for the address of the connection. */
  readonly ownName: () => string
  /** SHA-256 of the certificate that our own servers show, which no authority knows and we do. */
  readonly ownFingerprint: () => string | null
  readonly idleMs: () => number
}

/** How far a session has come. `certificate`: TLS stands, and the person has to say whether to go on. */
export type ConsoleStage = 'dialling' | 'handshake' | 'certificate' | 'open' | 'over'
/** What the certificate is worth. */
export type CertificateVerdict = 'trusted' | 'own' | 'other-name' | 'untrusted'

/** Why a session ended, as the person reads it; in the log it stands as it is. */
export const SENTENCES: Readonly<Record<string, string>> = {
  'the server closed the connection': 'The server closed the connection.',
  'the server did not close after goodbye': 'Both said goodbye.',
  'nothing was said for too long': 'Nothing was said for too long.',
  'the person hung up': 'You hung up.',
  'Posthorn is closing': 'Posthorn is closing.',
}
/** What is told of TLS that was asked for at once. */
export const UPGRADE: AutopilotWords = {
  end: 'The session is encrypted: over to you.',
  otherwise: 'The server does not encrypt: over to you.',
}

/** What a certificate is worth; `own` is the fingerprint of the one that we show. */
export function verdictOf(facts: TlsFacts, own: string | null): CertificateVerdict {
  if (facts.trusted && facts.nameFits !== false) return 'trusted'
  if (own !== null && facts.fingerprint256 === own) return 'own'
  // Where only the name is wrong, the chain itself was found good.
  return facts.nameFits === false && /ALTNAME|does not match/i.test(facts.distrust ?? '') ? 'other-name' : 'untrusted'
}
