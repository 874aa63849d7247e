import type { Side } from './transcript.ts'

/** What verified TLS would have made of a session: `same`, or why nothing would have gone over it; `client`: nobody shows a certificate. */
export const STRICT_VERDICTS = ['same', 'clear', 'untrusted', 'name', 'client'] as const
export type StrictVerdict = (typeof STRICT_VERDICTS)[number]

/** RFC 8461 §4.2, RFC 8689 §4.2.1: what verified TLS takes. */
export function strictVerdict(
  side: Side,
  facts: { readonly trusted: boolean; readonly nameFits?: boolean | undefined } | null,
): StrictVerdict {
  if (facts === null) return 'clear'
  if (side === 'server') return 'client'
  if (facts.trusted) return 'same'
  return facts.nameFits === false ? 'name' : 'untrusted'
}
