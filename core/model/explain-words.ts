/** Where a word means something. `sasl`: in the login of all three. */
export const EXPLAINED_IN = ['smtp', 'pop3', 'imap', 'sasl', 'tls'] as const
/** What a word is there. */
export const EXPLAINED_KINDS = ['command', 'capability', 'parameter', 'response', 'mechanism', 'term'] as const

/** What a word of a protocol means to a person. */
export interface ExplainedWord {
  readonly word: string
  readonly protocol: (typeof EXPLAINED_IN)[number]
  readonly kind: (typeof EXPLAINED_KINDS)[number]
  readonly title: string
  readonly text: string
  /** How it is written; '' where it is written alone. */
  readonly syntax: string
  /** Where it is defined; null where no RFC does. */
  readonly rfc: number | null
  readonly section: string
}
