/** One slice of the thread's time. */
const SLICE_MS = 8

/** Gives the reader thread's time away in slices. */
export class Pace {
  #sliceMs = performance.now()

  get #isOver(): boolean {
    return performance.now() - this.#sliceMs >= SLICE_MS
  }

  /** To be called between two pieces of work. */
  *rest(): Generator<undefined, void, undefined> {
    if (!this.#isOver) return
    yield undefined
    this.#sliceMs = performance.now()
  }
}
