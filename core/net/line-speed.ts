/** What the line to a server has given, over the time it alone was waited for. */
export interface Line {
  readonly bytes: number
  /** Ms in which something that was under way already had not come, and nobody here kept it waiting. */
  readonly waitedMs: number
}

/**
 * Measures a line by what comes while more of it is under way: so neither a round trip nor our own work counts, and a far server
 * on a good line is not taken for a slow one.
 */
export class LineMeter implements Line {
  bytes = 0
  waitedMs = 0
  #sinceMs: number | undefined

  /** All that came is dealt with. `isDue`: what was asked for before it came is not all here. */
  wait(isDue: boolean, nowMs: number): void {
    this.#sinceMs = isDue ? nowMs : undefined
  }

  came(bytes: number, nowMs: number): void {
    if (this.#sinceMs === undefined) return
    this.bytes += bytes
    this.waitedMs += Math.max(0, nowMs - this.#sinceMs)
    this.#sinceMs = undefined
  }
}
