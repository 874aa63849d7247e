import { ANSWERED, FLAGGED, SEEN } from '../store/imap-change.ts'

const NAMES: readonly (readonly [number, string])[] = [
  [SEEN, '\\Seen'],
  [FLAGGED, '\\Flagged'],
  [ANSWERED, '\\Answered'],
]

/** The flags that we keep, of those a server names. */
export function bitsOf(flags: ReadonlySet<string> | undefined): number {
  const named = new Set([...(flags ?? [])].map((flag) => flag.toLowerCase()))
  return NAMES.reduce((bits, [bit, name]) => (named.has(name.toLowerCase()) ? bits | bit : bits), 0)
}

/** The names of flags. */
export function namesOf(bits: number): string[] {
  return NAMES.flatMap(([bit, name]) => ((bits & bit) === 0 ? [] : [name]))
}
