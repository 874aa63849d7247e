/** Where a word means something. `sasl`: in the login of all three. */
export const EXPLAINED_IN = ['smtp', 'pop3', 'imap', 'sasl', 'tls'] as const
/** What a word is there. */
export const EXPLAINED_KINDS = ['command', 'capability', 'parameter', 'response', 'mechanism', 'term'] as const
type Where = (typeof EXPLAINED_IN)[number]
type Kind = (typeof EXPLAINED_KINDS)[number]

/** What a word of a protocol means to a person. */
export interface ExplainedWord {
  readonly word: string
  readonly protocol: Where
  readonly kind: Kind
  readonly title: string
  readonly text: string
  /** How it is written; '' where it is written alone. */
  readonly syntax: string
  /** Where it is defined; null where no RFC does. */
  readonly rfc: number | null
  readonly section: string
}

/** A row of a table: word, title, text, how it is written, RFC and section. */
type Row = readonly [word: string, title: string, text: string, syntax: string, rfc: number | null, section: string]

/** The words of a protocol from its table. */
export function wordsOf(protocol: Where, table: Readonly<Partial<Record<Kind, readonly Row[]>>>): ExplainedWord[] {
  return EXPLAINED_KINDS.flatMap((kind) =>
    (table[kind] ?? []).map(([word, title, text, syntax, rfc, section]) => ({
      word,
      protocol,
      kind,
      title,
      text,
      syntax,
      rfc,
      section,
    })),
  )
}
