/**
 * Where rows of a long list stand. All are taken for as high as most are; of those that were seen to be higher or lower the difference
 * is kept, so that a list costs what was looked at of it and not what there is.
 */
export class SparseHeights {
  readonly #usual: number
  /** Rows that differ, in order; by how much; and the sum of it all before each, as far as `#summed` reaches. */
  #rows: number[] = []
  #extra: number[] = []
  #before: number[] = []
  #summed = 0

  constructor(usual: number) {
    this.#usual = usual
  }

  /** Notes the height of a row. False where it was known. */
  set(row: number, height: number): boolean {
    const at = this.#firstFrom(row)
    const extra = height - this.#usual
    const isKnown = this.#rows[at] === row
    if (extra === (isKnown ? this.#extra[at] : 0)) return false
    if (!isKnown) {
      this.#rows.splice(at, 0, row)
      this.#extra.splice(at, 0, extra)
    } else if (extra === 0) {
      this.#rows.splice(at, 1)
      this.#extra.splice(at, 1)
    } else this.#extra[at] = extra
    this.#summed = Math.min(this.#summed, at)
    return true
  }

  /** Where a row begins; of the row behind the last one, where the list ends. */
  startOf(row: number): number {
    return row * this.#usual + this.#extraBefore(this.#firstFrom(row))
  }

  /** The row that holds a place; none before the first one. */
  rowAt(place: number): number {
    // Between two rows that differ all are as usual.
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (this.startOf(this.#rows[middle] as number) <= place) low = middle + 1
      else high = middle
    }
    const last = this.#rows[low - 1]
    if (last === undefined) return Math.max(0, Math.floor(place / this.#usual))
    const behind = this.startOf(last + 1)
    return place < behind ? last : last + 1 + Math.floor((place - behind) / this.#usual)
  }

  clear(): void {
    this.#rows = []
    this.#extra = []
    this.#summed = 0
  }

  /** The first entry of a row that is not before `row`. */
  #firstFrom(row: number): number {
    let low = 0
    let high = this.#rows.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((this.#rows[middle] as number) < row) low = middle + 1
      else high = middle
    }
    return low
  }

  #extraBefore(entry: number): number {
    for (; this.#summed < entry; this.#summed++) {
      const sum = this.#summed === 0 ? 0 : (this.#before[this.#summed] as number)
      this.#before[this.#summed] = sum
      this.#before[this.#summed + 1] = sum + (this.#extra[this.#summed] as number)
    }
    return entry === 0 ? 0 : (this.#before[entry] as number)
  }
}
