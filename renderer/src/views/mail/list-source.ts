import { keyOf, type MailRow } from './rows.ts'

/** What rows of a list are called, and what those of several messages stand for. */
export interface Range {
  readonly keys: readonly number[]
  readonly several: readonly { readonly key: number; readonly ids: readonly number[] }[]
}

/** A list of which only those rows are here that are looked at. Places count from 0. */
export interface ListSource {
  readonly count: number
  /** Undefined where the row is not here yet. */
  at(place: number): MailRow | undefined
  /** The rows that are here, in the order of their places. */
  readonly loaded: readonly { readonly place: number; readonly row: MailRow }[]
  /** Has these rows come. */
  want(from: number, to: number): void
  range(from: number, to: number): Promise<Range>
  /** The row a message is in. */
  find(id: number): Promise<Found | null>
  /** The next row with something unread. */
  unread(from: number, step: 1 | -1): Promise<Found | null>
}

export interface Found {
  readonly place: number
  readonly key: number
}

/** What rows that are here are called. */
export function rangeOf(rows: readonly MailRow[]): Range {
  return {
    keys: rows.map(keyOf),
    several: rows.flatMap((row) =>
      row.thread && row.thread.ids.length > 1 ? [{ key: keyOf(row), ids: row.thread.ids }] : [],
    ),
  }
}

/** A list all of whose rows are here, as far as it goes. `onNearEnd`: there may be more. */
export function sourceOf(rows: readonly MailRow[], onNearEnd: () => void): ListSource {
  const found = (place: number): Found | null => {
    const row = rows[place]
    return row === undefined ? null : { place, key: keyOf(row) }
  }
  return {
    count: rows.length,
    at: (place) => rows[place],
    loaded: rows.map((row, place) => ({ place, row })),
    want: (_, to) => {
      if (to >= rows.length - 20) onNearEnd()
    },
    range: (from, to) => Promise.resolve(rangeOf(rows.slice(from, to))),
    find: (id) => Promise.resolve(found(rows.findIndex((row) => row.id === id || row.thread?.ids.includes(id)))),
    unread: (from, step) => {
      for (let place = from + step; place >= 0 && place < rows.length; place += step)
        if (rows[place]?.seen === false) return Promise.resolve(found(place))
      return Promise.resolve(null)
    },
  }
}
