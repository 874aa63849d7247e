/**
 * The addresses of an envelope (RFC 5321 §4.1.2). Text becomes a Path once, in the parser of this room; later code never
 * looks at the text again, so no two readers can disagree about who is meant.
 */

/** A domain in lower case with A-labels, or an address literal with its brackets. Made only by `parseDomain`. */
export type Domain = string & { readonly __brand: 'Domain' }

/** `local@domain` as two parts. `local` is unquoted and keeps its case (RFC 5321 §2.4). */
export interface Mailbox {
  readonly local: string
  readonly domain: Domain
}
/** RCPT TO (RFC 5321 §4.1.1.3). */
export type ForwardPath = Mailbox
/** MAIL FROM; null is the null reverse-path `<>` (RFC 5321 §4.5.5). */
export type ReversePath = Mailbox | null

/** Reverse-path and forward-paths of one transaction (RFC 5321 §2.3.1). */
export interface Envelope {
  readonly from: ReversePath
  readonly to: readonly ForwardPath[]
}
