import { randomInt } from 'node:crypto'
import { letGo } from '../base/let-go.ts'
import { isLetterAt, kindOf, LEAD, LETTER } from './search-letters.ts'
import {
  COLUMN_SHIFT,
  grown,
  INDEX_COLUMNS,
  PieceWriter,
  POSITION_MASK,
  type SearchPiece,
} from './search-piece-writer.ts'

/** A longer word is left to FTS5, and so is its message. */
const LONGEST_WORD_BYTES = 500

/** Of our own: a stranger who knew it could write words that all have one hash, each looked for behind all others. */
const FACTOR = randomInt(2 ** 31) | 1

/** Of a word so many bytes are compared as one number. */
const KEY_BYTES = 6
const DIGIT_BITS = 12
const DIGITS = 2 ** DIGIT_BITS

/** Indexes of whole numbers below 2⁴⁸ in their order: four rounds of counting, without a comparison. */
function sortedByKey(keys: Float64Array): Int32Array {
  let order = Int32Array.from(keys, (_, index) => index)
  let other = new Int32Array(keys.length)
  const digits = new Uint16Array(keys.length)
  for (let divisor = 1; divisor < 2 ** (KEY_BYTES * 8); divisor *= DIGITS) {
    const counts = new Int32Array(DIGITS + 1)
    for (let i = 0; i < keys.length; i++) {
      const digit = Math.floor(keys[i]! / divisor) % DIGITS
      digits[i] = digit
      counts[digit + 1]!++
    }
    for (let digit = 0; digit < DIGITS; digit++) counts[digit + 1]! += counts[digit]!
    for (const index of order) other[counts[digits[index]!]!++] = index
    ;[order, other] = [other, order]
  }
  return order
}

/** A slot of two numbers: a word's hash, and where it begins among the bytes. */
const SLOT = 2
/** In front of each word's bytes: its length in two, its number in four. */
const HEAD_BYTES = 6

/** The words of some messages, and from them a piece of the index. */
export class PieceBuilder {
  /** Words one behind the other, each as the index has it and behind its head. */
  #bytes = new Uint8Array(256 * 1024)
  #bytesUsed = 0
  #wordFrom = new Int32Array(16_384)
  #words = 0
  /** Where words are looked up. Small, and all of a word side by side: what is not in the processor's cache is what it waits for. */
  #slots = new Int32Array(16_384 * SLOT)
  /** Every place a word stands at, in the order of the messages: the word, and its column and position. */
  #word = new Int32Array(262_144)
  #place = new Int32Array(262_144)
  #places = 0
  /** First place of each message, and of what would be the next one. */
  readonly #from: number[] = [0]
  readonly #sizes: number[] = []
  #text = new Uint8Array(64 * 1024)
  readonly #encoder = new TextEncoder()

  /** Messages in it. */
  get count(): number {
    return this.#from.length - 1
  }
  /** Words in it, counted where they stand. */
  get places(): number {
    return this.#places
  }

  /** Takes the folded text of each column; false, and nothing taken, where only FTS5 itself knows what its words are. */
  add(columns: readonly string[]): boolean {
    const before = this.#places
    const sizes: number[] = []
    for (const [column, text] of columns.entries()) {
      const words = this.#addText(column, text)
      if (words < 0) {
        this.#places = before
        return false
      }
      sizes.push(words)
    }
    this.#sizes.push(...sizes)
    this.#from.push(this.#places)
    return true
  }

  /** How many words the text has; -1 where that cannot be told here. */
  #addText(column: number, text: string): number {
    if (text === '') return 0
    this.#text = grown(this.#text, text.length * 3 + 1)
    const bytes = this.#text
    const { written } = this.#encoder.encodeInto(text, bytes)
    bytes[written] = 0x20
    const first = column << COLUMN_SHIFT
    let words = 0
    let from = -1
    let hash = 0
    for (let at = 0; at <= written; at++) {
      const byte = bytes[at]!
      const kind = kindOf[byte]!
      if (kind === LETTER) {
        if (from < 0) {
          from = at
          hash = 0
        }
        hash = (Math.imul(hash, FACTOR) + byte) | 0
        continue
      }
      let length = 1
      if (kind === LEAD) {
        length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2
        const isLetter = isLetterAt(bytes, at)
        if (isLetter === undefined) return -1
        if (isLetter) {
          if (from < 0) {
            from = at
            hash = 0
          }
          for (let i = 0; i < length; i++) hash = (Math.imul(hash, FACTOR) + bytes[at + i]!) | 0
          at += length - 1
          continue
        }
      }
      if (from >= 0) {
        if (at - from > LONGEST_WORD_BYTES || words > POSITION_MASK) return -1
        this.#addWord(bytes, from, at, hash, first | words++)
        from = -1
      }
      at += length - 1
    }
    return words
  }

  #addWord(bytes: Uint8Array, from: number, to: number, hash: number, place: number): void {
    if (this.#places === this.#word.length) {
      this.#word = grown(this.#word, this.#places + 1)
      this.#place = grown(this.#place, this.#places + 1)
    }
    this.#word[this.#places] = this.#find(bytes, from, to, hash)
    this.#place[this.#places++] = place
  }

  #find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots
    const known = this.#bytes
    const length = to - from
    for (let slot = slotOf(hash, slots); ; slot = slot + SLOT === slots.length ? 0 : slot + SLOT) {
      const start = slots[slot + 1]!
      if (start === 0) return this.#newWord(bytes, from, to, hash, slot)
      if (slots[slot] !== hash || known[start - HEAD_BYTES]! * 256 + known[start - HEAD_BYTES + 1]! !== length) continue
      let i = 0
      while (i < length && known[start + i] === bytes[from + i]) i++
      if (i < length) continue
      return known[start - 4]! | (known[start - 3]! << 8) | (known[start - 2]! << 16) | (known[start - 1]! << 24)
    }
  }

  #newWord(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const word = this.#words++
    const length = to - from
    this.#wordFrom = grown(this.#wordFrom, this.#words)
    this.#bytes = grown(this.#bytes, this.#bytesUsed + HEAD_BYTES + length)
    const known = this.#bytes
    known[this.#bytesUsed++] = length >> 8
    known[this.#bytesUsed++] = length & 0xff
    for (let shift = 0; shift < 32; shift += 8) known[this.#bytesUsed++] = (word >> shift) & 0xff
    this.#wordFrom[word] = this.#bytesUsed
    this.#slots[slot] = hash
    this.#slots[slot + 1] = this.#bytesUsed
    for (let i = from; i < to; i++) known[this.#bytesUsed++] = bytes[i]!
    // Three of four slots may be taken.
    if (this.#words * 4 * SLOT > this.#slots.length * 3) this.#rehash()
    return word
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2)
    for (let old = 0; old < this.#slots.length; old += SLOT) {
      if (this.#slots[old + 1] === 0) continue
      let slot = slotOf(this.#slots[old]!, slots)
      while (slots[slot + 1] !== 0) slot = slot + SLOT === slots.length ? 0 : slot + SLOT
      for (let i = 0; i < SLOT; i++) slots[slot + i] = this.#slots[old + i]!
    }
    this.#slots = slots
  }

  #lengthOf(word: number): number {
    const from = this.#wordFrom[word]!
    return this.#bytes[from - HEAD_BYTES]! * 256 + this.#bytes[from - HEAD_BYTES + 1]!
  }

  /** Words in the order of their bytes. */
  #sorted(): Int32Array {
    const bytes = this.#bytes
    const from = this.#wordFrom
    const keys = new Float64Array(this.#words)
    for (let word = 0; word < this.#words; word++) {
      let key = 0
      const end = from[word]! + this.#lengthOf(word)
      for (let i = 0, at = from[word]!; i < KEY_BYTES; i++, at++) key = key * 256 + (at < end ? bytes[at]! : 0)
      keys[word] = key
    }
    const words = sortedByKey(keys)
    const byRest = (a: number, b: number) => {
      let i = from[a]! + KEY_BYTES
      let j = from[b]! + KEY_BYTES
      const endOfA = from[a]! + this.#lengthOf(a)
      const endOfB = from[b]! + this.#lengthOf(b)
      for (; i < endOfA && j < endOfB; i++, j++) if (bytes[i] !== bytes[j]) return bytes[i]! - bytes[j]!
      return endOfA - i - (endOfB - j)
    }
    for (let at = 0; at < words.length;) {
      const key = keys[words[at]!]!
      let end = at + 1
      while (end < words.length && keys[words[end]!] === key) end++
      if (end - at > 1) words.subarray(at, end).sort(byRest)
      at = end
    }
    return words
  }

  /** The piece, for messages of these ids in the order they were taken; null leaves one out. Undefined when that leaves none. */
  finish(idOf: readonly (number | null)[]): SearchPiece | undefined {
    const order = idOf.flatMap((id, index) => (id === null ? [] : [index])).sort((a, b) => idOf[a]! - idOf[b]!)
    if (order.length === 0) return undefined
    // The places of each word side by side, in the order of the ids.
    const next = new Int32Array(this.#words + 1)
    for (let at = 0; at < this.#places; at++) next[this.#word[at]! + 1]!++
    for (let word = 0; word < this.#words; word++) next[word + 1]! += next[word]!
    const starts = next.slice()
    const sorted = new Int32Array(this.#places * 2)
    for (const [rank, message] of order.entries())
      for (let at = this.#from[message]!, end = this.#from[message + 1]!; at < end; at++) {
        const to = next[this.#word[at]!]!++
        sorted[to * 2] = rank
        sorted[to * 2 + 1] = this.#place[at]!
      }
    const ids = Float64Array.from(order, (index) => idOf[index]!)
    const writer = new PieceWriter(ids, sorted)
    for (const word of this.#sorted()) {
      const begin = starts[word]!
      const end = next[word]!
      if (begin === end) continue
      const from = this.#wordFrom[word]!
      writer.word(this.#bytes, from, from + this.#lengthOf(word))
      writer.places(begin, end)
    }
    const sizes = new Uint32Array(order.length * INDEX_COLUMNS)
    for (const [rank, index] of order.entries())
      for (let column = 0; column < INDEX_COLUMNS; column++)
        sizes[rank * INDEX_COLUMNS + column] = this.#sizes[index * INDEX_COLUMNS + column] ?? 0
    for (const array of [next, starts, sorted]) letGo(array.buffer)
    return { ...writer.finish(), ids, sizes }
  }

  /** Gives the memory back; nothing can be done with it any more. */
  drop(): void {
    for (const array of [this.#bytes, this.#wordFrom, this.#slots, this.#word, this.#place, this.#text])
      letGo(array.buffer)
  }
}

/** Where the search for a word begins: the upper bits are mixed in, for the lower ones are those of its last letters. */
const slotOf = (hash: number, slots: Int32Array) => ((hash ^ (hash >>> 15)) & (slots.length / SLOT - 1)) * SLOT
