import { isCommandId, keysOf, type CommandId } from '../../../core/model/command-table.ts'
import { shared } from '../state/store.ts'
import { chordOf, showChord } from './chord.ts'

/** The keys of each command now. */
export const bindings = shared(keysOf('posthorn', []))

/** The command a chord stands for; the key 3 is `tag-3`, and 0 takes all tags off. */
export function commandAt(chord: string): CommandId | `tag-${number}` | undefined {
  for (const [id, chords] of bindings.get()) if (chords.includes(chord)) return id
  return /^[0-9]$/.test(chord) ? `tag-${Number(chord)}` : undefined
}

/** The command that a pressed key stands for by itself, without one pressed before it. */
export function commandOf(event: Parameters<typeof chordOf>[0]): CommandId | `tag-${number}` | undefined {
  const chord = chordOf(event)
  return chord === undefined ? undefined : commandAt(chord)
}

/** True where a chord is the first of two. */
export function isPrefix(chord: string): boolean {
  return [...bindings.get().values()].some((chords) => chords.some((one) => one.startsWith(`${chord} `)))
}

/** A command's first key as it stands on the keys, or undefined where it has none. */
export function keyOf(id: string): string | undefined {
  const chord = isCommandId(id) ? bindings.get().get(id)?.[0] : undefined
  return chord === undefined ? undefined : showChord(chord)
}
