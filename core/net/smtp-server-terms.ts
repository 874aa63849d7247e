import type { Clock } from '../base/clock.ts'
import type { ForwardPath, Mailbox, ReversePath } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import type { Submission } from '../model/submission.ts'
import type { Recorder } from '../transcript/sink.ts'
import type { ScramCredentials } from '../wire/scram.ts'
import type { DataLimits } from '../wire/smtp/data-reader.ts'
import type { AnswerCommand, Incoming, Terms } from '../wire/smtp/server-terms.ts'
import type { ServerTls } from './server-tls.ts'
import type { Staging } from './smtp-content.ts'
import type { IsNameKept } from './named-login.ts'

/**
 * What a session asks of whoever offers the service. A reply refuses; an exception is a fault of ours: `451`. It may be made
 * for one connection, and know its client.
 */
export interface SmtpPolicy {
  login(user: string, password: string): Promise<{ readonly userId: number; readonly address: string } | undefined>
  /** Without it SCRAM is not offered. Answers for unknown users as well. */
  scramCredentials?(user: string): Promise<ScramCredentials>
  /** Without it no name is kept. */
  readonly isNameKept?: IsNameKept
  /** A login by SCRAM failed; one by a password is known to `login` itself. */
  loginFailed?(user: string): void
  /** The members of a list of that user, undefined when there is none of the name. Without it there is no EXPN. */
  expand?(list: string, userId: number): Promise<readonly Mailbox[] | undefined>
  /** `sizeBytes` is what the client said, if it did. */
  sender(
    from: ReversePath,
    userId: number | undefined,
    sizeBytes: number | undefined,
  ): Reply | undefined | Promise<Reply | undefined>
  recipient(
    to: ForwardPath | 'postmaster',
    from: ReversePath,
    userId: number | undefined,
  ): ForwardPath | Reply | Promise<ForwardPath | Reply>
  /** `body` and `head` are there until it has answered: what is to be kept of them for longer is copied. */
  accept(
    message: Incoming,
    body: Submission['body'],
    head: Uint8Array,
  ): Promise<Accepted | { readonly accepted: false; readonly reply: Reply }>
  stage(): Promise<Staging>
}

/** Where a message went that was taken: into the queue, or into local mailboxes and, by aliases, into the queue. */
export type Accepted = { readonly accepted: true } & (
  { readonly entryId: number } | { readonly messageIds: readonly number[]; readonly entryIds: readonly number[] }
)

/** What a service offers, the same to all its clients. What is left out is as a submission server has it. */
export type ServiceTerms = Pick<Terms, 'name' | 'messageBytes' | 'recipients'> &
  Partial<Pick<Terms, 'kind' | 'transactions' | 'requiresLogin' | 'offersLogin' | 'longestHoldSeconds'>>

/** What is decided of one client before it is served. */
export interface ServedClient {
  /** Its network is trusted: no login needed. */
  readonly isTrusted: boolean
  /** TLS comes first, before any word of SMTP (RFC 8314 §3). */
  readonly isSecureFromStart?: boolean
  /** Passwords are taken without TLS, too: only where nobody else can listen. */
  readonly allowsClearLogin?: boolean
  /** It waits so long for our greeting; whoever speaks earlier is sent away. */
  readonly greetingDelayMs?: number
}

/** What all sessions of one service have in common. */
export interface SmtpServerOptions {
  readonly terms: ServiceTerms
  readonly limits: DataLimits
  readonly tls: ServerTls | undefined
  readonly policy: SmtpPolicy
  /** Who answers the commands, where that is not the machine itself. */
  readonly answer?: AnswerCommand
  readonly recorder: Recorder
  readonly clock: Clock
}
/** One session that is being served. */
export interface ServedSession {
  /** Says goodbye at the next command boundary, and keeps nobody waiting who has nothing under way. */
  drain(): void
  /** Ends it now. */
  destroy(why: string): void
  /** Writes a fact into its transcript that was never on the wire; nothing once it has ended. */
  note(text: string): void
}

/** The terms of one session. */
export function termsOf(options: SmtpServerOptions, client: ServedClient): Terms {
  const { terms, tls, policy, clock } = options
  const kind = terms.kind ?? 'submission'
  return {
    transactions: undefined,
    requiresLogin: kind === 'submission',
    offersLogin: kind === 'submission',
    longestHoldSeconds: kind === 'submission' ? LONGEST_HOLD_SECONDS : 0,
    ...terms,
    kind,
    isSecure: false,
    offersTls: tls !== undefined,
    isTrusted: client.isTrusted,
    allowsClearLogin: client.allowsClearLogin ?? false,
    greetingDelayMs: client.greetingDelayMs ?? 0,
    offersScram: policy.scramCredentials !== undefined,
    offersLists: policy.expand !== undefined,
    bindings: [],
    nowMs: () => clock.nowMs(),
  }
}

/** FUTURERELEASE takes a year and a day: who plans further has a calendar. */
const LONGEST_HOLD_SECONDS = 366 * 24 * 3600
