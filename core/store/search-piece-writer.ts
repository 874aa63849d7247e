import { letGo } from '../base/let-go.ts'

/** Columns of message_text. */
export const INDEX_COLUMNS = 6
/** FTS5's own size of a leaf, beyond which it begins the next. */
const PAGE_BYTES = 4050
const HEADER_BYTES = 4
/** What a word of the main index begins with; FTS5 has other ones for prefix indexes, of which there are none. */
const MAIN_INDEX = 0x30
/** A place in a message: its column above, its position below. */
export const COLUMN_SHIFT = 24
export const POSITION_MASK = 2 ** COLUMN_SHIFT - 1
/** So many places take no more than 63 bytes, so that their length is a number of one byte. */
const FEW_PLACES = 10
const FEW_BYTES = 80

/** A piece of the full-text index, ready to be put into the database by `search.adopt`. Survives a structured clone. */
export interface SearchPiece {
  /** Leaves of the piece, one behind the other, and where each of them ends. */
  readonly pages: Uint8Array
  readonly pageEnds: Uint32Array
  /** Beginnings of words that lead to leaves, one behind the other: where each ends, and the leaf's number. */
  readonly keys: Uint8Array
  readonly keyEnds: Uint32Array
  readonly keyPages: Uint32Array
  /** Messages in it, ids ascending, and how many words each has in each column. */
  readonly ids: Float64Array
  readonly sizes: Uint32Array
}

/** The same array, or a longer one with what it holds. */
export function grown<T extends Uint8Array | Int32Array>(array: T, needed: number): T {
  if (needed <= array.length) return array
  const Kind = array.constructor as new (length: number) => T
  const longer = new Kind(Math.max(needed, array.length * 2))
  longer.set(array)
  letGo(array.buffer as ArrayBuffer)
  return longer
}

/** Writes a varint of SQLite (its file format, §1.6) and returns where it ends. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  if (value < 0x80) {
    into[at] = value
    return at + 1
  }
  if (value < 0x4000) {
    into[at] = (value >> 7) | 0x80
    into[at + 1] = value & 0x7f
    return at + 2
  }
  let length = 3
  for (let rest = Math.floor(value / 0x200000); rest > 0; rest = Math.floor(rest / 128)) length++
  let left = value
  for (let i = length - 1; i >= 0; i--) {
    into[at + i] = (left % 128) | (i === length - 1 ? 0 : 0x80)
    left = Math.floor(left / 128)
  }
  return at + length
}

/** Writes the leaves of a piece as FTS5 does (its documentation's appendix, and fts5_index.c). */
export class PieceWriter {
  readonly #ids: Float64Array
  /** Of each place which message of `ids` it is in, and where there. */
  readonly #places: Int32Array
  #out = new Uint8Array(1024 * 1024)
  #used = 0
  #pageEnds: number[] = []
  #keys = new Uint8Array(16 * 1024)
  #keysUsed = 0
  #keyEnds: number[] = [0]
  #keyPages: number[] = [1]
  #page = new Uint8Array(16 * 1024)
  #at = HEADER_BYTES
  /** Where the words of the page begin, each as far behind the last one; written behind its content. */
  #footer = new Uint8Array(16 * 1024)
  #footerAt = 0
  #lastWordAt = 0
  #hasWord = false
  #needsId = false
  /** The last word that was written, without what all begin with. */
  #last = new Uint8Array(1024)
  #lastLength = 0
  #hasLast = false
  #list = new Uint8Array(4096)

  constructor(ids: Float64Array, places: Int32Array) {
    this.#ids = ids
    this.#places = places
  }

  /** Begins the list of a word. */
  word(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from + 1
    if (this.#footerAt + this.#at + length + 2 >= PAGE_BYTES && this.#at > HEADER_BYTES) this.#flush()
    this.#footerAt = putVarint(this.#footer, this.#footerAt, this.#at - this.#lastWordAt)
    this.#lastWordAt = this.#at
    let shared = 0
    const most = Math.min(this.#lastLength, to - from)
    while (shared < most && this.#last[shared] === bytes[from + shared]) shared++
    if (!this.#hasWord) {
      // A page but the first is found by as much of its first word as tells it from the last word before it.
      if (this.#pageEnds.length > 0) this.#key(bytes, from, from + Math.min(shared + 1, to - from))
      this.#at = putVarint(this.#page, this.#at, length)
      this.#page[this.#at++] = MAIN_INDEX
      this.#page.set(bytes.subarray(from, to), this.#at)
      this.#at += to - from
    } else {
      this.#at = putVarint(this.#page, this.#at, shared + 1)
      this.#at = putVarint(this.#page, this.#at, to - from - shared)
      this.#page.set(bytes.subarray(from + shared, to), this.#at)
      this.#at += to - from - shared
    }
    this.#last.set(bytes.subarray(from, to))
    this.#lastLength = to - from
    this.#hasLast = true
    this.#hasWord = true
    this.#needsId = false
  }

  #key(bytes: Uint8Array, from: number, to: number): void {
    this.#keys = grown(this.#keys, this.#keysUsed + to - from + 1)
    this.#keys[this.#keysUsed++] = MAIN_INDEX
    this.#keys.set(bytes.subarray(from, to), this.#keysUsed)
    this.#keysUsed += to - from
    this.#keyEnds.push(this.#keysUsed)
    this.#keyPages.push(this.#pageEnds.length + 1)
  }

  /** The messages the word is in, and where: places `from` to `to`. */
  places(from: number, to: number): void {
    const places = this.#places
    let before = 0
    for (let at = from; at < to;) {
      if (this.#at + this.#footerAt >= PAGE_BYTES) this.#flush()
      const message = places[at * 2]!
      const id = this.#ids[message]!
      if (this.#needsId) {
        this.#page[0] = this.#at >> 8
        this.#page[1] = this.#at & 0xff
        this.#at = putVarint(this.#page, this.#at, id)
        this.#needsId = false
      } else this.#at = putVarint(this.#page, this.#at, id - before)
      before = id
      let end = at + 1
      while (end < to && places[end * 2] === message) end++
      if (end - at <= FEW_PLACES && this.#at + this.#footerAt + FEW_BYTES < PAGE_BYTES) {
        const length = this.#at++
        this.#at = this.#putList(this.#page, this.#at, at, end)
        this.#page[length] = (this.#at - length - 1) * 2
      } else {
        this.#list = grown(this.#list, (end - at) * 8)
        const length = this.#putList(this.#list, 0, at, end)
        this.#at = putVarint(this.#page, this.#at, length * 2)
        this.#copy(this.#list, length)
      }
      at = end
    }
  }

  /** The places within one message, each as far behind the last one of its column. */
  #putList(into: Uint8Array, start: number, from: number, to: number): number {
    let at = start
    let column = 0
    let last = 0
    for (let i = from; i < to; i++) {
      const place = this.#places[i * 2 + 1]!
      const inColumn = place >> COLUMN_SHIFT
      if (inColumn !== column) {
        into[at++] = 1
        into[at++] = column = inColumn
        last = 0
      }
      const position = place & POSITION_MASK
      at = putVarint(into, at, position - last + 2)
      last = position
    }
    return at
  }

  /** A list that is longer than its page goes on on the next one, never within a number. */
  #copy(list: Uint8Array, length: number): void {
    for (let from = 0; ;) {
      const room = PAGE_BYTES - this.#at - this.#footerAt
      let to = length
      if (length - from > room) {
        to = from
        for (;;) {
          let end = to
          while (list[end]! >= 0x80) end++
          if (end + 1 - from > room && to > from) break
          to = end + 1
          if (to - from >= room) break
        }
      }
      this.#page.set(list.subarray(from, to), this.#at)
      this.#at += to - from
      from = to
      if (this.#at + this.#footerAt >= PAGE_BYTES || from < length) this.#flush()
      if (from >= length) return
    }
  }

  #flush(): void {
    this.#page[2] = this.#at >> 8
    this.#page[3] = this.#at & 0xff
    const footer = this.#hasWord ? this.#footerAt : 0
    this.#out = grown(this.#out, this.#used + this.#at + footer)
    this.#out.set(this.#page.subarray(0, this.#at), this.#used)
    this.#used += this.#at
    this.#out.set(this.#footer.subarray(0, footer), this.#used)
    this.#used += footer
    this.#pageEnds.push(this.#used)
    this.#page.fill(0, 0, HEADER_BYTES)
    this.#at = HEADER_BYTES
    this.#footerAt = 0
    this.#lastWordAt = 0
    this.#hasWord = false
    this.#needsId = true
  }

  finish(): Omit<SearchPiece, 'ids' | 'sizes'> {
    if (this.#hasLast && this.#at > HEADER_BYTES) this.#flush()
    const pages = this.#out.slice(0, this.#used)
    letGo(this.#out.buffer)
    return {
      pages,
      pageEnds: Uint32Array.from(this.#pageEnds),
      keys: this.#keys.slice(0, this.#keysUsed),
      keyEnds: Uint32Array.from(this.#keyEnds),
      keyPages: Uint32Array.from(this.#keyPages),
    }
  }
}
