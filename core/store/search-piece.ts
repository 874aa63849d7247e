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

/** Of a word so many bytes are compared as two numbers, half of them in each. */
const KEY_BYTES = 6
const DIGIT_BITS = 12
const DIGITS = 2 ** DIGIT_BITS

/** Indexes of pairs of whole numbers below 2²⁴ in their order, `high` before `low`: four rounds of counting, without a comparison. */
function sortedByKey(high: Int32Array, low: Int32Array): Int32Array {
  const count = high.length
  let order = new Int32Array(count)
  let other = new Int32Array(count)
  for (let i = 0; i < count; i++) order[i] = i
  const counts = new Int32Array(DIGITS + 1)
  for (const [keys, shift] of [
    [low, 0],
    [low, DIGIT_BITS],
    [high, 0],
    [high, DIGIT_BITS],
  ] as const) {
    counts.fill(0)
    for (let i = 0; i < count; i++) counts[((keys[i]! >> shift) & (DIGITS - 1)) + 1]!++
    for (let digit = 0; digit < DIGITS; digit++) counts[digit + 1]! += counts[digit]!
    for (let i = 0; i < count; i++) {
      const index = order[i]!
      other[counts[(keys[index]! >> shift) & (DIGITS - 1)]!++] = index
    }
    ;[order, other] = [other, order]
  }
  return order
}

/** A slot of two numbers: a word's hash, and where it begins among the bytes. */
const SLOT = 2
/** In front of each word's bytes its number; behind them a zero, which no word has in it. */
const HEAD_BYTES = 4
const NUMBER_BYTES = 4

/** The words of some messages, and from them a piece of the index. Its memory is used again for the next one. */
export class PieceBuilder {
  /** Words one behind the other, each as the index has it, behind its head and at a multiple of four. */
  #bytes = new Uint8Array(256 * 1024)
  /** The same memory, as numbers. */
  #numbers = new Int32Array(this.#bytes.buffer)
  #bytesUsed = 0
  #wordFrom = new Int32Array(16_384)
  #wordTo = new Int32Array(16_384)
  #words = 0
  /** Where words are looked up. Small, and all of a word side by side: what is not in the processor's cache is what it waits for. */
  #slots = new Int32Array(16_384 * SLOT)
  /** Every place a word stands at, in the order of the messages: the word, and its column and position. */
  #word = new Int32Array(262_144)
  #place = new Int32Array(262_144)
  #places = 0
  /** First place of each message, and of what would be the next one. */
  #from: number[] = [0]
  #sizes: number[] = []
  #text = new Uint8Array(64 * 1024)
  readonly #writer: PieceWriter
  readonly #encoder = new TextEncoder()

  /** Builders that finish one after the other may share a writer. */
  constructor(writer = new PieceWriter()) {
    this.#writer = writer
  }

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
    for (const size of sizes) this.#sizes.push(size)
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
        if (this.#places === this.#word.length) {
          this.#word = grown(this.#word, this.#places + 1)
          this.#place = grown(this.#place, this.#places + 1)
        }
        this.#word[this.#places] = this.#find(bytes, from, at, hash)
        this.#place[this.#places++] = first | words++
        from = -1
      }
      at += length - 1
    }
    return words
  }

  #find(bytes: Uint8Array, from: number, to: number, hash: number): number {
    const slots = this.#slots
    const known = this.#bytes
    for (let slot = slotOf(hash, slots); ; slot = slot + SLOT === slots.length ? 0 : slot + SLOT) {
      const start = slots[slot + 1]!
      if (start === 0) return this.#newWord(bytes, from, to, hash, slot)
      if (slots[slot] !== hash) continue
      let i = from
      let j = start
      while (i < to && known[j] === bytes[i]) {
        i++
        j++
      }
      if (i === to && known[j] === 0) return this.#numbers[start / NUMBER_BYTES - 1]!
    }
  }

  #newWord(bytes: Uint8Array, from: number, to: number, hash: number, slot: number): number {
    const word = this.#words++
    const length = to - from
    if (this.#words > this.#wordFrom.length) {
      this.#wordFrom = grown(this.#wordFrom, this.#words)
      this.#wordTo = grown(this.#wordTo, this.#words)
    }
    const needed = this.#bytesUsed + HEAD_BYTES + length + 1 + NUMBER_BYTES
    if (needed > this.#bytes.length) {
      this.#bytes = grown(this.#bytes, needed)
      this.#numbers = new Int32Array(this.#bytes.buffer)
    }
    const known = this.#bytes
    const start = this.#bytesUsed + HEAD_BYTES
    this.#numbers[start / NUMBER_BYTES - 1] = word
    let at = start
    for (let i = from; i < to; i++) known[at++] = bytes[i]!
    this.#wordFrom[word] = start
    this.#wordTo[word] = at
    known[at++] = 0
    this.#bytesUsed = Math.ceil(at / NUMBER_BYTES) * NUMBER_BYTES
    this.#slots[slot] = hash
    this.#slots[slot + 1] = start
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
    letGo(this.#slots.buffer)
    this.#slots = slots
  }

  /** Words in the order of their bytes. */
  #inOrder(): Int32Array {
    const bytes = this.#bytes
    const from = this.#wordFrom
    const to = this.#wordTo
    const high = new Int32Array(this.#words)
    const low = new Int32Array(this.#words)
    for (let word = 0; word < this.#words; word++) {
      const start = from[word]!
      const end = Math.min(start + KEY_BYTES, to[word]!)
      for (let i = 0; i < KEY_BYTES; i++) {
        const keys = i < KEY_BYTES / 2 ? high : low
        keys[word] = (keys[word]! << 8) | (start + i < end ? bytes[start + i]! : 0)
      }
    }
    const words = sortedByKey(high, low)
    const byRest = (a: number, b: number) => {
      let i = from[a]! + KEY_BYTES
      let j = from[b]! + KEY_BYTES
      const endOfA = to[a]!
      const endOfB = to[b]!
      for (; i < endOfA && j < endOfB; i++, j++) if (bytes[i] !== bytes[j]) return bytes[i]! - bytes[j]!
      return endOfA - i - (endOfB - j)
    }
    for (let at = 0; at < words.length;) {
      const word = words[at]!
      let end = at + 1
      while (end < words.length && high[words[end]!] === high[word] && low[words[end]!] === low[word]) end++
      if (end - at > 1) words.subarray(at, end).sort(byRest)
      at = end
    }
    return words
  }

  /**
   * The piece, for messages of these ids in the order they were taken; null leaves one out. Undefined when that leaves none. What
   * comes next goes into another piece.
   */
  finish(idOf: readonly (number | null)[]): SearchPiece | undefined {
    const order = idOf.flatMap((id, index) => (id === null ? [] : [index])).sort((a, b) => idOf[a]! - idOf[b]!)
    const piece = order.length === 0 ? undefined : this.#finish(idOf, order)
    this.#begin()
    return piece
  }

  /** `order`: the messages by their ids. */
  #finish(idOf: readonly (number | null)[], order: readonly number[]): SearchPiece {
    const words = this.#inOrder()
    const [word, place] = [this.#word, this.#place]
    const next = new Int32Array(this.#words)
    for (const message of order)
      for (let at = this.#from[message]!, end = this.#from[message + 1]!; at < end; at++) next[word[at]!]!++
    // Words lie in their order, too, so that they are read from the beginning to the end.
    let sum = 0
    for (const one of words) {
      sum += next[one]!
      next[one] = sum - next[one]!
    }
    // The places of each word side by side, in the order of the ids.
    const ids = Float64Array.from(order, (index) => idOf[index]!)
    const sorted = this.#writer.begin(ids, this.#places)
    for (let rank = 0; rank < order.length; rank++) {
      const message = order[rank]!
      for (let at = this.#from[message]!, end = this.#from[message + 1]!; at < end; at++) {
        const to = next[word[at]!]!++ * 2
        sorted[to] = rank
        sorted[to + 1] = place[at]!
      }
    }
    let begin = 0
    for (const one of words) {
      const end = next[one]!
      if (begin === end) continue
      this.#writer.word(this.#bytes, this.#wordFrom[one]!, this.#wordTo[one]!)
      this.#writer.places(begin, end)
      begin = end
    }
    const sizes = new Uint32Array(order.length * INDEX_COLUMNS)
    for (const [rank, index] of order.entries())
      for (let column = 0; column < INDEX_COLUMNS; column++)
        sizes[rank * INDEX_COLUMNS + column] = this.#sizes[index * INDEX_COLUMNS + column] ?? 0
    return { ...this.#writer.finish(), ids, sizes }
  }

  #begin(): void {
    this.#bytesUsed = 0
    this.#words = 0
    this.#slots.fill(0)
    this.#places = 0
    this.#from = [0]
    this.#sizes = []
  }
}

/** Where the search for a word begins: the upper bits are mixed in, for the lower ones are those of its last letters. */
const slotOf = (hash: number, slots: Int32Array) => ((hash ^ (hash >>> 15)) & (slots.length / SLOT - 1)) * SLOT
