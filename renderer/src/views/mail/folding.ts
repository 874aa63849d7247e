/** What a conversation shows: a message, or how many are left out between two. */
export type Shown =
  { readonly kind: 'message'; readonly id: number } | { readonly kind: 'more'; readonly count: number }

/** So many folded ones in a row are shown; of more, the first and the last. */
const MOST_IN_ROW = 5

/** Which messages of a conversation are shown, in order; the longest run of folded ones is left out but for its ends. */
export function folded(ids: readonly number[], open: ReadonlySet<number>, isUnrolled: boolean): Shown[] {
  const all = ids.map((id): Shown => ({ kind: 'message', id }))
  if (isUnrolled) return all
  let best = { from: 0, length: 0 }
  for (let from = 0; from < ids.length;) {
    let to = from
    while (to < ids.length && !open.has(ids[to] ?? 0)) to++
    if (to - from > best.length) best = { from, length: to - from }
    from = Math.max(to, from + 1)
  }
  if (best.length <= MOST_IN_ROW) return all
  return [
    ...all.slice(0, best.from + 1),
    { kind: 'more', count: best.length - 2 },
    ...all.slice(best.from + best.length - 1),
  ]
}

/** What a conversation is drawn of: an unfolded message, folded ones in a row, or how many are left out. */
export type Run =
  | { readonly kind: 'open'; readonly id: number }
  | { readonly kind: 'folded'; readonly ids: readonly number[]; readonly first: number }
  | { readonly kind: 'more'; readonly count: number }

/** The same as `folded`, with what is folded in runs; `first` is the place of a run's first message in the conversation. */
export function inRuns(ids: readonly number[], open: ReadonlySet<number>, isUnrolled: boolean): Run[] {
  const runs: Run[] = []
  let row: number[] | undefined
  let place = 0
  for (const one of folded(ids, open, isUnrolled)) {
    if (one.kind === 'message' && !open.has(one.id)) {
      if (row === undefined) runs.push({ kind: 'folded', ids: (row = []), first: place })
      row.push(one.id)
    } else {
      row = undefined
      runs.push(one.kind === 'more' ? one : { kind: 'open', id: one.id })
    }
    place += one.kind === 'more' ? one.count : 1
  }
  return runs
}
