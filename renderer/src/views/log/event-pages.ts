import type { EventView } from '../../../../core/rpc/views.ts'

/** Events of one page, and how many pages are kept at once: what is scrolled past is read again. */
export const PAGE = 200
const MOST_PAGES = 100

/**
 * The events of a session that is too long to be held whole: pages of them, those looked at last. A transcript only ever grows, so
 * a full page stays as it is.
 */
export class EventPages {
  readonly #pages = new Map<number, readonly EventView[]>()
  readonly #asked = new Set<number>()

  /** The event of that number, or undefined while it is not here. */
  get(seq: number): EventView | undefined {
    const page = Math.floor(seq / PAGE)
    const events = this.#pages.get(page)
    const first = events?.[0]?.seq
    // Some that found no room were never numbered: then a page holds fewer.
    const at = first === undefined ? -1 : seq - first
    const event = events?.[at]
    return event?.seq === seq ? event : events?.find((one) => one.seq === seq)
  }

  /** Pages between two numbers that are not here, or have grown since, of `total` events in all; each is named once until it came. */
  missing(fromSeq: number, toSeq: number, total: number): number[] {
    const found: number[] = []
    const last = Math.floor(Math.max(0, Math.min(toSeq, total - 1)) / PAGE)
    for (let page = Math.floor(Math.max(0, fromSeq) / PAGE); page <= last; page++) {
      const known = this.#pages.get(page)
      if (known !== undefined) {
        // What is looked at is dropped last.
        this.#pages.delete(page)
        this.#pages.set(page, known)
      }
      const wanted = Math.min(total - page * PAGE, PAGE)
      const has = known === undefined ? 0 : (known.at(-1)?.seq ?? page * PAGE - 1) + 1 - page * PAGE
      if (has >= wanted || this.#asked.has(page)) continue
      this.#asked.add(page)
      found.push(page)
    }
    return found
  }

  put(page: number, events: readonly EventView[]): void {
    this.#asked.delete(page)
    this.#pages.delete(page)
    this.#pages.set(page, events)
    for (const old of this.#pages.keys()) {
      if (this.#pages.size <= MOST_PAGES) return
      this.#pages.delete(old)
    }
  }

  /** A page could not be read: it may be asked for again. */
  failed(page: number): void {
    this.#asked.delete(page)
  }
}
