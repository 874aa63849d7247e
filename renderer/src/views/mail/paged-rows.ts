import { wordsOf } from '../../bridge/client.ts'
import type { Live } from '../../state/use-live.ts'
import type { MailRow } from './rows.ts'

/** What is here of a list. */
export interface Pages {
  readonly count: number
  readonly total: number
  readonly pages: ReadonlyMap<number, readonly MailRow[]>
}
/** Asks for rows from a place on. */
export type AskRows = (
  at: number,
  limit: number,
  signal: AbortSignal,
) => Promise<{ readonly rows: readonly MailRow[]; readonly count: number; readonly total: number }>

/** Rows that come together. */
export const PAGE_ROWS = 64
/** Pages that stay, besides those that are looked at. */
const MOST_PAGES = 24

/**
 * The rows of a list, by pages, as they are looked at. After a change those that are looked at are asked for again and the others are
 * forgotten, so that a change costs the same in a list of any length. All that belongs together changes at once: nothing jumps.
 */
export class PagedRows {
  #now: Live<Pages> = { at: 'loading' }
  #wanted: readonly number[] = [0]
  #run: { readonly stop: AbortController; readonly isAnew: boolean } | undefined
  #isStale = false
  #isStaleAgain = false
  readonly #ask: AskRows
  readonly #changed: () => void

  constructor(ask: AskRows, changed: () => void) {
    this.#ask = ask
    this.#changed = changed
  }

  now = (): Live<Pages> => this.#now

  /** Has the rows from one place to another come, and those near to them. */
  want(from: number, to: number): void {
    const last = this.#now.at === 'ready' ? Math.max(0, Math.ceil(this.#now.value.count / PAGE_ROWS) - 1) : 0
    const first = Math.max(0, Math.min(last, Math.floor((from - PAGE_ROWS / 4) / PAGE_ROWS)))
    const end = Math.max(first, Math.min(last, Math.floor((to + PAGE_ROWS / 4) / PAGE_ROWS)))
    const wanted = Array.from({ length: end - first + 1 }, (_, n) => first + n)
    if (wanted.join() === this.#wanted.join()) return
    this.#wanted = wanted
    const here = this.#now.at === 'ready' ? this.#now.value.pages : undefined
    if (here === undefined || wanted.every((page) => here.has(page))) return
    // What was on its way is for a place that nobody looks at any more.
    void this.#load()
  }

  /** Something changed. What changes while the rows are on their way makes one more question, not one for each change. */
  again = (): void => {
    if (this.#run?.isAnew === true) {
      this.#isStaleAgain = true
      return
    }
    this.#isStale = true
    void this.#load()
  }

  /** Another question about the same list. */
  askAnew = (): void => {
    this.#isStale = true
    void this.#load()
  }

  close(): void {
    this.#run?.stop.abort()
  }

  async #load(): Promise<void> {
    this.#run?.stop.abort()
    const isAnew = this.#isStale || this.#now.at !== 'ready'
    const run = new AbortController()
    this.#run = { stop: run, isAnew }
    const wanted = this.#wanted
    const before = this.#now.at === 'ready' ? this.#now.value : undefined
    const missing = isAnew ? wanted : wanted.filter((page) => before?.pages.has(page) !== true)
    try {
      const answers = await Promise.all(
        missing.map(async (page) => [page, await this.#ask(page * PAGE_ROWS, PAGE_ROWS, run.signal)] as const),
      )
      if (run.signal.aborted) return
      this.#run = undefined
      const last = answers.at(-1)?.[1]
      // Where the number of rows is another one, places have moved though no change was heard of yet.
      const keeps = !isAnew && last?.count === before?.count
      if (isAnew) [this.#isStale, this.#isStaleAgain] = [this.#isStaleAgain, false]
      const pages = new Map(keeps ? before?.pages : [])
      for (const [page, { rows }] of answers) pages.set(page, rows)
      for (const page of [...pages.keys()].slice(0, Math.max(0, pages.size - MOST_PAGES)))
        if (!this.#wanted.includes(page)) pages.delete(page)
      const count = last?.count ?? before?.count ?? 0
      this.#now = { at: 'ready', value: { count, total: last?.total ?? before?.total ?? 0, pages } }
      this.#changed()
      // It became shorter than what is looked at, or something was wanted meanwhile.
      const end = Math.max(0, Math.ceil(count / PAGE_ROWS) - 1)
      if (this.#wanted.some((page) => page > end)) this.#wanted = [end]
      if (this.#isStale || this.#wanted.some((page) => !pages.has(page))) void this.#load()
    } catch (error) {
      if (run.signal.aborted) return
      this.#run = undefined
      if (this.#now.at === 'ready') return
      this.#now = { at: 'failed', message: wordsOf(error) }
      this.#changed()
    }
  }
}
