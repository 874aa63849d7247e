import type { Clock } from '../base/clock.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { Maildrop } from '../wire/pop3/server-terms.ts'
import type { ScramCredentials, ScramLogin } from '../wire/scram.ts'
import type { ServerTls } from './server-tls.ts'
import type { IsNameKept } from './named-login.ts'

/** A maildrop that one session has locked. */
export interface OpenMaildrop extends Maildrop {
  /** A message's bytes; `gone` when it was removed meanwhile, `damaged` when it is known to be. */
  open(number: number): OpenedMessage | 'gone' | 'damaged'
  /** Removes them for good: resolves when that is durable, rejects when some are still there. */
  remove(numbers: readonly number[]): Promise<void>
  /** Lets go of the lock. */
  close(): void
}
/** A message about to be sent. */
export interface OpenedMessage {
  /** For the transcript. */
  readonly messageId: number
  readonly chunks: AsyncIterator<Uint8Array>
}

/** What a session asks of whoever offers the service; made for one connection, it knows its client. Exceptions are `[SYS/TEMP]`. */
export interface Pop3Policy {
  login(user: string, password: string): Promise<ScramLogin | undefined>
  /** Answers for unknown users as well. */
  scramCredentials(user: string): Promise<ScramCredentials>
  /** Without it no name is kept. */
  readonly isNameKept?: IsNameKept
  /** A login by SCRAM failed; one by a password is known to `login` itself. */
  loginFailed(user: string): void
  /** False once the password that this connection signed in with has been revoked. */
  isStanding(): boolean
  openMaildrop(login: ScramLogin): Promise<OpenMaildrop | 'in-use'>
}

/** What is decided of one client before it is served. */
export interface Pop3Client {
  /** TLS comes first, before any word of POP3 (RFC 8314 §3). */
  readonly isSecureFromStart: boolean
  /** Passwords are taken without TLS, too: only where nobody else can listen. */
  readonly allowsClearLogin: boolean
}

/** What a session is served with. */
export interface Pop3ServerOptions {
  readonly tls: ServerTls | undefined
  readonly policy: Pop3Policy
  readonly recorder: Recorder
  readonly clock: Clock
}
