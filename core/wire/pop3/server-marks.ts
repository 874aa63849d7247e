import type { Maildrop } from './server-terms.ts'

/** The messages of one session that are marked as deleted: one bit each, and nothing else until QUIT. */
export class Marks {
  readonly #drop: Maildrop
  readonly #bits: Uint8Array
  /** How many are marked, and what they hold. */
  count = 0
  bytes = 0

  constructor(drop: Maildrop) {
    this.#drop = drop
    this.#bits = new Uint8Array(Math.ceil((drop.count + 1) / 8))
  }

  /** Whether it is there and not marked. */
  isLeft(number: number): boolean {
    return number >= 1 && number <= this.#drop.count && ((this.#bits[number >> 3] ?? 0) & (1 << (number & 7))) === 0
  }

  /** Marks one that is left. */
  add(number: number): void {
    this.#bits[number >> 3] = (this.#bits[number >> 3] ?? 0) | (1 << (number & 7))
    this.count++
    this.bytes += this.#drop.sizeOf(number)
  }

  clear(): void {
    this.#bits.fill(0)
    this.count = this.bytes = 0
  }

  /** Those that are marked, in order. */
  numbers(): number[] {
    const marked: number[] = []
    for (let number = 1; number <= this.#drop.count && marked.length < this.count; number++)
      if (!this.isLeft(number)) marked.push(number)
    return marked
  }
}
