/** What is known of a stored message without opening it: what lists show and what search finds. */
export interface MessageFields {
  /** With its angle brackets; '' where there is none. */
  readonly messageId: string
  readonly inReplyTo: string
  readonly references: string
  readonly subject: string
  readonly authorName: string
  readonly authorAddress: string
  /** To and Cc as one line for people. */
  readonly addressees: string
  /** Cc alone, in the same manner. */
  readonly cc?: string
  /** The first words of the body, at most 200 characters. */
  readonly preview: string
  /** The Date field, Unix ms; null where there is none that can be read. */
  readonly dateMs: number | null
  readonly attachments: number
  /** Text for the full-text index; drawn from HTML where there is nothing else. */
  readonly body: string
  /** Whom it is written to, by name and address; at most 100. */
  readonly people?: readonly { readonly name: string; readonly address: string }[]
  /** What is attached, in the order of its attachments; at most 100. `sizeBytes` as the encoding says, without decoding. */
  readonly parts?: readonly { readonly filename: string; readonly contentType: string; readonly sizeBytes: number }[]
  /** A report of another mail system on mail that was sent (RFC 3464). */
  readonly isReport?: true
}
