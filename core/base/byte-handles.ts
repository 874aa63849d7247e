import type { Clock } from './clock.ts'
import { randomId } from './random-id.ts'

/** Bytes that can be given out: what they are, and how to read them. */
export interface ByteSource {
  readonly filename: string
  readonly contentType: string
  /** Undefined where only reading tells. */
  readonly sizeBytes: number | undefined
  /** So much memory is held by it until its time is over; left out where it is read from elsewhere. */
  readonly heldBytes?: number
  bytes(): AsyncIterable<Uint8Array>
}

const LIFE_MS = 10 * 60_000
const MOST = 1000
/** Memory held by all handles: some pictures of a mail, and not all that a hostile one names. */
const MOST_HELD_BYTES = 48 * 1024 * 1024

/**
 * Names for bytes that a window may fetch: 128 random bits each, good for ten minutes, in this run only. Calls carry the
 * name; the desktop serves it by its scheme, the headless host by `GET /bytes/<handle>`.
 */
export class ByteHandles {
  readonly #clock: Clock
  readonly #given = new Map<string, { source: ByteSource; untilMs: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** A new handle. The oldest go when there are a thousand, and of those that hold memory when they hold too much of it. */
  make(source: ByteSource): string {
    const nowMs = this.#clock.monotonicMs()
    // In the order they were made, which is the order they end in.
    for (const [handle, given] of this.#given) {
      if (given.untilMs > nowMs && this.#given.size < MOST) break
      this.#given.delete(handle)
    }
    const { heldBytes = 0 } = source
    if (heldBytes > 0) this.#makeRoom(heldBytes)
    const handle = randomId()
    this.#given.set(handle, { source, untilMs: nowMs + LIFE_MS })
    return handle
  }

  /** What the handle stands for; undefined when it was never given out or its time is over. */
  open(handle: string): ByteSource | undefined {
    const given = this.#given.get(handle)
    return given !== undefined && given.untilMs > this.#clock.monotonicMs() ? given.source : undefined
  }

  #makeRoom(bytes: number): void {
    let held = bytes
    for (const { source } of this.#given.values()) held += source.heldBytes ?? 0
    for (const [handle, { source }] of this.#given) {
      if (held <= MOST_HELD_BYTES) return
      if ((source.heldBytes ?? 0) === 0) continue
      held -= source.heldBytes ?? 0
      this.#given.delete(handle)
    }
  }
}
