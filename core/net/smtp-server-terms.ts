import type { Clock } from '../base/clock.ts'
import type { ForwardPath, ReversePath } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import type { Submission } from '../model/submission.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { DataLimits } from '../wire/smtp/data-reader.ts'
import type { Incoming } from '../wire/smtp/server-session.ts'
import type { Terms } from '../wire/smtp/server.ts'
import type { ServerTls } from './server-tls.ts'
import type { Staging } from './smtp-content.ts'

/** What a session asks of whoever offers the service. A reply refuses; an exception is a fault of ours: `451`. */
export interface SmtpPolicy {
  login(user: string, password: string): Promise<{ readonly userId: number; readonly address: string } | undefined>
  sender(
    from: ReversePath,
    userId: number | undefined,
    sizeBytes: number | undefined,
  ): Reply | undefined | Promise<Reply | undefined>
  recipient(to: ForwardPath | 'postmaster', from: ReversePath): ForwardPath | Reply | Promise<ForwardPath | Reply>
  accept(
    message: Incoming,
    body: Submission['body'],
    head: Uint8Array,
  ): Promise<
    { readonly accepted: true; readonly entryId: number } | { readonly accepted: false; readonly reply: Reply }
  >
  stage(): Promise<Staging>
}
/** What all sessions of one service have in common. */
export interface SmtpServerOptions {
  readonly terms: Omit<Terms, 'isSecure' | 'isTrusted' | 'offersTls'>
  readonly limits: DataLimits
  readonly tls: ServerTls | undefined
  readonly policy: SmtpPolicy
  readonly recorder: Recorder
  readonly clock: Clock
}
/** One session that is being served. */
export interface ServedSession {
  /** Says goodbye at the next command boundary, and keeps nobody waiting who has nothing under way. */
  drain(): void
  /** Ends it now. */
  destroy(why: string): void
}
