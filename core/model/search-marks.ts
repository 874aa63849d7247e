import { foldedWords, type FoldedWord } from './search-fold.ts'
import type { SearchNode, TextField } from './search-query.ts'

/** A part of a text, `[from, to)` in UTF-16 code units. */
export type Mark = [from: number, to: number]
/** A word or phrase a query wants, as it is looked for in a text that is shown. */
export interface WantedWords {
  readonly field: TextField | null
  readonly words: readonly FoldedWord[]
  readonly isPrefix: boolean
}

/** What a query wants to be there; what it excludes is not among it. */
export function wantedWords(query: SearchNode): WantedWords[] {
  switch (query.kind) {
    case 'and':
    case 'or':
      return query.of.flatMap(wantedWords)
    case 'text':
      return [{ field: query.field, words: foldedWords(query.text), isPrefix: query.isPrefix }]
    default:
      return []
  }
}

/** Whether the words of `wanted` begin at that place. */
function isAt(text: readonly FoldedWord[], place: number, { words, isPrefix }: WantedWords): boolean {
  if (words.length === 0 || place + words.length > text.length) return false
  return words.every((word, i) => {
    const found = text[place + i]
    if (found === undefined || found.isLetter !== word.isLetter) return false
    if (i > 0 && found.isGlued !== word.isGlued) return false
    return isPrefix && i === words.length - 1 ? found.text.startsWith(word.text) : found.text === word.text
  })
}

interface Found extends WantedWords {
  readonly mark: Mark
}
function findAll(text: string, wanted: readonly WantedWords[]): Found[] {
  const words = foldedWords(text)
  const found: Found[] = []
  for (let place = 0; place < words.length; place++)
    for (const one of wanted)
      if (isAt(words, place, one)) {
        const [first, last] = [words[place], words[place + one.words.length - 1]]
        if (first && last) found.push({ ...one, mark: [first.from, last.to] })
      }
  return found
}

/** Marks in order, those that touch made one. */
function merged(marks: readonly Mark[]): Mark[] {
  const out: Mark[] = []
  for (const [from, to] of marks.toSorted((a, b) => a[0] - b[0])) {
    const last = out.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else out.push([from, to])
  }
  return out
}

/** Where the words stand in a text. */
export function marksIn(text: string, wanted: readonly WantedWords[]): Mark[] {
  return wanted.length === 0 ? [] : merged(findAll(text, wanted).map(({ mark }) => mark))
}

/** Which of the words stand nowhere in the texts. */
export function missingIn(texts: readonly string[], wanted: readonly WantedWords[]): WantedWords[] {
  const split = texts.map(foldedWords)
  return wanted.filter((one) => !split.some((words) => words.some((_, place) => isAt(words, place, one))))
}

const LONGEST = 180
const BEFORE = 50

/**
 * The part of a line that shows most of the words, with their marks, at most some 180 characters; its beginning where it holds none.
 */
export function snippetOf(line: string, wanted: readonly WantedWords[]): { text: string; marks: Mark[] } {
  const found = findAll(line, wanted)
  let best = { from: 0, words: 0 }
  for (const [i, { mark }] of found.entries()) {
    const from = Math.max(0, mark[0] - BEFORE)
    const inside = new Set<readonly FoldedWord[]>()
    for (let n = i; n < found.length && (found[n]?.mark[1] ?? 0) <= from + LONGEST; n++)
      inside.add(found[n]?.words ?? [])
    if (inside.size > best.words) best = { from, words: inside.size }
  }
  // Whole words at both ends, where words have spaces.
  const space = best.from === 0 ? -1 : line.indexOf(' ', best.from)
  const from = space >= 0 && space < best.from + 20 ? space + 1 : wholeCharacter(line, best.from)
  let to = Math.min(line.length, from + LONGEST)
  if (to < line.length) {
    const last = line.lastIndexOf(' ', to)
    to = last > to - 20 && last > from ? last : wholeCharacter(line, to)
  }
  const [before, behind] = [from > 0 ? '… ' : '', to < line.length ? ' …' : '']
  const shift = before.length - from
  const marks = merged(found.map(({ mark }) => mark))
    .filter(([start, end]) => end > from && start < to)
    .map(([start, end]): Mark => [Math.max(start, from) + shift, Math.min(end, to) + shift])
  return { text: before + line.slice(from, to) + behind, marks }
}

/** Not between the halves of a surrogate pair. */
function wholeCharacter(line: string, at: number): number {
  return /[\udc00-\udfff]/.test(line[at] ?? '') && at > 0 ? at - 1 : at
}
