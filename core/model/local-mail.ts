import type { ForwardPath, Mailbox } from './address.ts'
import type { Reply } from './reply.ts'

/** Whose mailbox: a local user's, or (both null) that of the person who runs Posthorn. */
export interface MailboxOwner {
  readonly accountId: number | null
  readonly userId: number | null
}

/** Where mail to one address of a local domain goes, aliases followed to their end. */
export interface LocalDestination {
  /** Each owner once. */
  readonly mailboxes: readonly MailboxOwner[]
  /** Addresses elsewhere that an alias names; each once. */
  readonly forwards: readonly ForwardPath[]
  /** With which words it is turned away: for now (4xx: nothing may be delivered to any of them) or for good (5xx). */
  readonly refusal?: Reply
}

/** Joint: serve and queue ← mailbox. Where mail of that size to an address of a local domain goes, as things stand now. */
export type FindLocal = (to: ForwardPath, sizeBytes?: number) => LocalDestination

/** Joint: the SMTP server ← mailbox. Whom an alias of that name or address stands for (RFC 5321 §3.5.1); undefined when there is none. */
export type Expand = (name: string) => readonly Mailbox[] | undefined
