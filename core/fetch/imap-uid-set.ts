/** Numbers of messages from one to another, both included. */
export type UidRange = readonly [from: number, to: number]

const LARGEST = 0xffff_ffff
/** A longer list of numbers costs more than to ask for all that are there. */
const LONGEST_SET = 2_000_000

/**
 * The ranges of a set of numbers (RFC 9051 §9, sequence-set) in order, none of which touch. They are not counted out: a server may
 * name all four thousand million. Undefined where it is no such set, or too long a one.
 */
export function parseUidSet(text: string): readonly UidRange[] | undefined {
  if (text.length > LONGEST_SET || !/^\d{1,10}(?::\d{1,10})?(?:,\d{1,10}(?::\d{1,10})?)*$/.test(text)) return undefined
  const ranges = text.split(',').map((one): [number, number] => {
    const [first = 0, second = first] = one.split(':').map(Number)
    return first <= second ? [first, second] : [second, first]
  })
  return ranges.some(([from, to]) => from < 1 || to > LARGEST) ? undefined : joinRanges(ranges)
}

/** The same numbers in order, in ranges that do not touch. */
export function joinRanges(ranges: readonly UidRange[]): readonly UidRange[] {
  const all: [number, number][] = []
  for (const [from, to] of ranges.toSorted(([a], [b]) => a - b)) {
    const last = all.at(-1)
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else all.push([from, to])
  }
  return all
}

/** Which of these numbers, given in order, are in ranges that are in order. */
export function uidsIn(uids: readonly number[], ranges: readonly UidRange[]): number[] {
  let at = 0
  return uids.filter((uid) => {
    while (at < ranges.length && ranges[at]![1] < uid) at++
    return at < ranges.length && ranges[at]![0] <= uid
  })
}
