import type { Ask } from '../core/rpc/shell-contract.ts'

const MOST_WAITING = 50

/** What is asked of one window. What comes before it listens waits for it, so nothing that was clicked is lost at a start. */
export class Asks {
  readonly #waiting: Ask[] = []
  #wake: (() => void) | undefined
  #turn = 0
  #listens = false

  /** Whether somebody listens. */
  get isHeard(): boolean {
    return this.#listens
  }

  push(ask: Ask): void {
    this.#waiting.push(ask)
    if (this.#waiting.length > MOST_WAITING) this.#waiting.shift()
    this.#wake?.()
  }

  /** Each ask once, until `signal` aborts or somebody else listens: a page that was loaded anew. */
  async *stream(signal?: AbortSignal): AsyncGenerator<Ask, void, void> {
    const mine = ++this.#turn
    this.#wake?.()
    const isOver = () => signal?.aborted === true || mine !== this.#turn
    this.#listens = true
    try {
      while (!isOver()) {
        const next = this.#waiting.shift()
        if (next !== undefined) {
          yield next
          continue
        }
        const woken = Promise.withResolvers<void>()
        this.#wake = woken.resolve
        signal?.addEventListener('abort', () => woken.resolve(), { once: true })
        await woken.promise
      }
    } finally {
      if (mine === this.#turn) this.#listens = false
    }
  }
}
