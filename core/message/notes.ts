import { CAPS } from './reading-caps.ts'

/** One thing that is odd about a message, in words. */
export interface Note {
  readonly text: string
  /** True when something of the message is not shown because of it. */
  readonly isCut: boolean
}

/** What there is to say of a message while it is read: each thing once, and not without end. */
export class Notes {
  readonly #seen = new Set<string>()
  readonly #list: Note[] = []

  get list(): readonly Note[] {
    return this.#list
  }

  /** Something is left out. */
  cut(text: string): void {
    this.#add({ text, isCut: true })
  }
  /** Something breaks a rule, and is shown all the same. */
  odd(text: string): void {
    this.#add({ text, isCut: false })
  }

  #add(note: Note): void {
    // What is cut is always said, however much else there was to say.
    if (this.#seen.has(note.text) || (this.#list.length >= CAPS.notes && !note.isCut)) return
    if (this.#list.length >= 2 * CAPS.notes) return
    this.#seen.add(note.text)
    this.#list.push(note)
  }
}

/** All that was left out, in words; null when nothing was. */
export function cutOf(notes: readonly Note[]): string | null {
  const cuts = notes.filter((note) => note.isCut).map((note) => note.text)
  return cuts.length === 0 ? null : cuts.slice(0, 10).join('; ')
}
