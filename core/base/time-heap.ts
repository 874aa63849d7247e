/** Things by the moment they are due: the first is found at once, one is added or taken in the logarithm of their number. */
export class TimeHeap<T> {
  readonly #at: number[] = []
  readonly #what: T[] = []
  /** Nodes looked at since it was made: the cost of all that was asked of it. */
  steps = 0

  get size(): number {
    return this.#at.length
  }

  /** When the first is due; undefined when there is none. */
  get firstMs(): number | undefined {
    return this.#at[0]
  }

  get first(): T | undefined {
    return this.#what[0]
  }

  add(atMs: number, what: T): void {
    let n = this.#at.push(atMs) - 1
    this.#what.push(what)
    while (n > 0) {
      const parent = (n - 1) >> 1
      this.steps++
      if (this.#time(parent) <= this.#time(n)) return
      this.#swap(n, parent)
      n = parent
    }
  }

  /** Takes the first; undefined when there is none. */
  take(): T | undefined {
    const first = this.#what[0]
    const lastAt = this.#at.pop()
    const last = this.#what.pop()
    if (this.#at.length === 0 || lastAt === undefined) return first
    this.#at[0] = lastAt
    this.#what[0] = last as T
    for (let n = 0; ;) {
      this.steps++
      const left = 2 * n + 1
      let least = n
      if (left < this.#at.length && this.#time(left) < this.#time(least)) least = left
      if (left + 1 < this.#at.length && this.#time(left + 1) < this.#time(least)) least = left + 1
      if (least === n) return first
      this.#swap(n, least)
      n = least
    }
  }

  #time(n: number): number {
    return this.#at[n] as number
  }

  #swap(a: number, b: number): void {
    const at = this.#at[a] as number
    const what = this.#what[a] as T
    this.#at[a] = this.#at[b] as number
    this.#what[a] = this.#what[b] as T
    this.#at[b] = at
    this.#what[b] = what
  }
}
