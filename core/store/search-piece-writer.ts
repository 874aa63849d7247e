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

/** Writes a varint of SQLite (its file format, §1.6) and returns where it ends. `value` is below 2⁵³. */
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
  // In two halves of 28 bits: shifts are of 32.
  const high = Math.floor(value / 0x10000000)
  const low = value - high * 0x10000000
  if (high === 0) {
    if (low >= 0x200000) into[at++] = (low >> 21) | 0x80
  } else {
    if (high >= 0x200000) into[at++] = (high >> 21) | 0x80
    if (high >= 0x4000) into[at++] = ((high >> 14) & 0x7f) | 0x80
    if (high >= 0x80) into[at++] = ((high >> 7) & 0x7f) | 0x80
    into[at++] = (high & 0x7f) | 0x80
    into[at++] = ((low >> 21) & 0x7f) | 0x80
  }
  into[at] = ((low >> 14) & 0x7f) | 0x80
  into[at + 1] = ((low >> 7) & 0x7f) | 0x80
  into[at + 2] = low & 0x7f
  return at + 3
}

/** Writes the leaves of a piece as FTS5 does (its documentation's appendix, and fts5_index.c). Its memory is used again for the next. */
export class PieceWriter {
  #ids: Float64Array = new Float64Array(0)
  #places = new Int32Array(0)
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

  /** Begins a piece. Returns where its places are to be put before they are written: of each which message of `ids`, and where there. */
  begin(ids: Float64Array, places: number): Int32Array {
    this.#ids = ids
    this.#places = grown(this.#places, places * 2)
    this.#used = 0
    this.#pageEnds = []
    this.#keysUsed = 0
    this.#keyEnds = [0]
    this.#keyPages = [1]
    this.#hasLast = false
    this.#lastLength = 0
    this.#beginPage()
    this.#needsId = false
    return this.#places
  }

  /** Begins the list of a word. */
  word(bytes: Uint8Array, from: number, to: number): void {
    const length = to - from + 1
    if (this.#footerAt + this.#at + length + 2 >= PAGE_BYTES && this.#at > HEADER_BYTES) this.#flush()
    this.#footerAt = putVarint(this.#footer, this.#footerAt, this.#at - this.#lastWordAt)
    this.#lastWordAt = this.#at
    const last = this.#last
    let shared = 0
    const most = Math.min(this.#lastLength, to - from)
    while (shared < most && last[shared] === bytes[from + shared]) shared++
    // Byte by byte: a view of each word would be more garbage than all else.
    for (let i = shared; i < to - from; i++) last[i] = bytes[from + i]!
    const page = this.#page
    let first = from
    let at = this.#at
    if (!this.#hasWord) {
      // A page but the first is found by as much of its first word as tells it from the last word before it.
      if (this.#pageEnds.length > 0) this.#key(bytes, from, from + Math.min(shared + 1, to - from))
      at = putVarint(page, at, length)
      page[at++] = MAIN_INDEX
    } else {
      first += shared
      at = putVarint(page, at, shared + 1)
      at = putVarint(page, at, to - first)
    }
    for (let i = first; i < to; i++) page[at++] = bytes[i]!
    this.#at = at
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
    const page = this.#page
    let at = this.#at
    let most = PAGE_BYTES - this.#footerAt
    let before = 0
    for (let first = from; first < to;) {
      if (at >= most) {
        this.#at = at
        this.#flush()
        at = this.#at
        most = PAGE_BYTES
      }
      const message = places[first * 2]!
      const id = this.#ids[message]!
      if (this.#needsId) {
        page[0] = at >> 8
        page[1] = at & 0xff
        at = putVarint(page, at, id)
        this.#needsId = false
      } else at = putVarint(page, at, id - before)
      before = id
      let end = first + 1
      while (end < to && places[end * 2] === message) end++
      if (end - first <= FEW_PLACES && at + FEW_BYTES < most) {
        const length = at
        at = putList(page, at + 1, places, first, end)
        page[length] = (at - length - 1) * 2
      } else {
        this.#list = grown(this.#list, (end - first) * 8)
        const length = putList(this.#list, 0, places, first, end)
        this.#at = putVarint(page, at, length * 2)
        this.#copy(this.#list, length)
        at = this.#at
        most = PAGE_BYTES - this.#footerAt
      }
      first = end
    }
    this.#at = at
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
    this.#beginPage()
    this.#needsId = true
  }

  #beginPage(): void {
    this.#page.fill(0, 0, HEADER_BYTES)
    this.#at = HEADER_BYTES
    this.#footerAt = 0
    this.#lastWordAt = 0
    this.#hasWord = false
  }

  finish(): Omit<SearchPiece, 'ids' | 'sizes'> {
    if (this.#hasLast && this.#at > HEADER_BYTES) this.#flush()
    return {
      pages: this.#out.slice(0, this.#used),
      pageEnds: Uint32Array.from(this.#pageEnds),
      keys: this.#keys.slice(0, this.#keysUsed),
      keyEnds: Uint32Array.from(this.#keyEnds),
      keyPages: Uint32Array.from(this.#keyPages),
    }
  }
}

/** Writes the places within one message, each as far behind the last one of its column, and returns where they end. */
function putList(into: Uint8Array, start: number, places: Int32Array, from: number, to: number): number {
  let at = start
  let column = 0
  let last = 0
  for (let i = from; i < to; i++) {
    const place = places[i * 2 + 1]!
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
