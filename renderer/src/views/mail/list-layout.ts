import { dayHeading } from '../../format/time.ts'
import type { ListSource } from './list-source.ts'

/** Where each row of a list lies: all are of one height, and some have a heading above them. */
export interface Layout {
  readonly totalPx: number
  readonly headings: ReadonlyMap<number, string>
  /** Top of a row and of the heading above it. */
  topOf(place: number): number
  /** The row at a distance from the top. */
  placeAt(px: number): number
}

/** Lays out a list; `nowMs` where days have headings. Of rows that are not here nobody knows whether they begin a day: they have none. */
export function layoutOf(
  { count, loaded }: Pick<ListSource, 'count' | 'loaded'>,
  rowPx: number,
  headingPx: number,
  nowMs: number | undefined,
): Layout {
  const headings = new Map<number, string>()
  let before: { readonly place: number; readonly heading: string } | undefined
  if (nowMs !== undefined)
    for (const { place, row } of loaded) {
      // A message below its conversation's row belongs to that one's day.
      const heading =
        row.isBelow && before?.place === place - 1 ? before.heading : dayHeading(row.listMs ?? row.dateMs, nowMs)
      if (place === 0 || (before?.place === place - 1 && before.heading !== heading)) headings.set(place, heading)
      before = { place, heading }
    }
  const places = [...headings.keys()]
  /** Headings above the row of that place, its own left out. */
  const above = (place: number) => {
    let [from, to] = [0, places.length]
    while (from < to) {
      const middle = (from + to) >> 1
      if ((places[middle] ?? 0) < place) from = middle + 1
      else to = middle
    }
    return from
  }
  const topOf = (place: number) => place * rowPx + above(place) * headingPx
  return {
    totalPx: count * rowPx + places.length * headingPx,
    headings,
    topOf,
    placeAt(px) {
      let [from, to] = [0, count]
      while (from < to) {
        const middle = (from + to) >> 1
        if (topOf(middle + 1) <= px) from = middle + 1
        else to = middle
      }
      return Math.max(0, Math.min(count - 1, from))
    },
  }
}
