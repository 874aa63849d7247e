/** Tells listeners that things changed, many at a time: what is emitted within `gatherMs` is told once. */
export class Changes<T> {
  readonly #listeners = new Set<(changed: readonly T[]) => void>()
  readonly #gatherMs: number
  #waiting = new Set<T>()
  #timer: NodeJS.Timeout | undefined

  constructor(gatherMs = 50) {
    this.#gatherMs = gatherMs
  }

  emit(...changed: readonly T[]): void {
    if (this.#listeners.size === 0) return
    for (const one of changed) this.#waiting.add(one)
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined
      const told = [...this.#waiting]
      this.#waiting = new Set()
      for (const listener of this.#listeners) listener(told)
    }, this.#gatherMs).unref()
  }

  /** Returns how to stop listening. */
  watch(listener: (changed: readonly T[]) => void): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  /** Every change from now on until `signal` aborts; what gathers while the reader is busy comes as one. */
  async *stream(signal?: AbortSignal): AsyncGenerator<T[], void, void> {
    let gathered = new Set<T>()
    let wake = () => {}
    const stop = this.watch((changed) => {
      for (const one of changed) gathered.add(one)
      wake()
    })
    const onAbort = () => wake()
    signal?.addEventListener('abort', onAbort)
    try {
      while (!signal?.aborted) {
        if (gathered.size === 0) await new Promise<void>((resolve) => (wake = resolve))
        if (gathered.size === 0) continue
        const told = [...gathered]
        gathered = new Set()
        yield told
      }
    } finally {
      stop()
      signal?.removeEventListener('abort', onAbort)
    }
  }
}
