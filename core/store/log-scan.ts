import type { Statement } from 'better-sqlite3'
import { letGo } from '../base/let-go.ts'
import { holdsOneOf } from '../model/segment-search.ts'
import type { Pace } from './log-pace.ts'
import { segmentData } from './session-segment.ts'
import type { ReadDb } from './types.ts'

/** Heads looked at as one. */
export const HEADS = 1000

/** Sessions one behind the other, and the segments they lie in. */
interface Block {
  /** How many. */
  readonly count: number
  /** The oldest one. */
  readonly low: number
  readonly first: number
  readonly last: number
}

/** Heads are not made objects of: only what is asked of all of them together comes out of SQL. */
const BLOCK = (where: string) => `
  SELECT count(*) AS count, coalesce(min(id), 0) AS low, coalesce(min(first), 0) AS first, coalesce(max(last), 0) AS last FROM (
    SELECT session.id AS id, coalesce(first_segment, @newest + 1) AS first,
      CASE WHEN state = 'live' THEN @newest ELSE coalesce(last_segment, first_segment, @newest + 1) END AS last
    FROM session WHERE session.id < @before AND ${where} ORDER BY session.id DESC LIMIT @most)`

/**
 * Looks for texts in whole segments, each once. What is rare is in next to none, and then neither these have to be taken apart nor the
 * heads of their sessions to be read: a million lines without it are passed over in half the time.
 */
export class LogScan {
  readonly #db: ReadDb
  /** In small letters. */
  readonly texts: readonly string[]
  readonly #block: Statement<[object], Block>
  readonly #values: Readonly<Record<string, string | number>>
  readonly #known = new Map<number, boolean>()

  /** `where`: what the heads of sessions have to fulfil, with its `values`. */
  constructor(
    db: ReadDb,
    texts: readonly string[],
    heads: { readonly where: string; readonly values: Readonly<Record<string, string | number>> },
  ) {
    this.#db = db
    this.texts = texts
    // Put together for one query: it stays out of the cache of statements.
    this.#block = db.prepare<[object], Block>(BLOCK(heads.where))
    this.#values = heads.values
  }

  /**
   * Where the search goes on for sessions older than `from`, where none of the segments before that has a text: there, or later, for
   * time is over, or not at all.
   */
  *passOver(
    from: number,
    newest: number,
    pace: Pace,
    untilMs: number,
  ): Generator<undefined, { readonly before: number; readonly go: 'look' | 'pause' | 'end' }, undefined> {
    for (let before = from; ;) {
      const { count, low, first, last } = this.#block.get({ ...this.#values, before, newest, most: HEADS })!
      if (count === 0) return { before, go: 'end' }
      // Few sessions in many segments: it is looked up which they are in.
      if (last - first >= count) return { before, go: 'look' }
      for (let id = first; id <= last; id++) {
        if (this.#holds(id)) return { before, go: 'look' }
        yield* pace.rest()
      }
      before = low
      if (count < HEADS) return { before, go: 'end' }
      if (performance.now() > untilMs) return { before, go: 'pause' }
    }
  }

  #holds(id: number): boolean {
    let known = this.#known.get(id)
    if (known === undefined) {
      const data = segmentData(this.#db, id)
      known = data !== undefined && holdsOneOf(data, this.texts)
      if (data !== undefined) letGo(data)
      this.#known.set(id, known)
    }
    return known
  }

  /** It was looked at, and none of the texts stands in it. */
  isWithout(id: number): boolean {
    return this.#known.get(id) === false
  }
}
