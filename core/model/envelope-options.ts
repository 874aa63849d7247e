/** What RCPT asked to be told of one recipient (RFC 3461 §4.1). */
export type Notify = 'never' | readonly ('success' | 'failure' | 'delay')[]

/** What MAIL said of the whole message beyond its reverse-path. Nothing said is undefined. */
export interface MailOptions {
  /** How much of the message a report carries (RFC 3461 §4.3). */
  readonly ret?: 'full' | 'headers'
  /** The sender's own name for this transaction, decoded from xtext (RFC 3461 §4.4). */
  readonly envid?: string
  /** Nothing leaves before this moment, Unix ms (RFC 4865 HOLDFOR and HOLDUNTIL; send later). */
  readonly holdUntilMs?: number
  /** Delivered by then, or returned or only told of (RFC 2852). */
  readonly deliverBy?: { readonly atMs: number; readonly mode: 'return' | 'notify'; readonly trace: boolean }
  /** Only over verified TLS, all the way (RFC 8689). */
  readonly requireTls?: true
}

/** What RCPT said of one recipient beyond its path. */
export interface RecipientOptions {
  readonly notify?: Notify
  /** The address the sender first wrote, decoded from xtext (RFC 3461 §4.2). */
  readonly orcpt?: { readonly type: string; readonly address: string }
}
