/** A line of a session as it is compared: what was said, by whom, and when. */
export interface DiffLine {
  /** Its number in its session. */
  readonly seq: number
  readonly from: 'C' | 'S' | null
  /** As it is shown; lines are the same where this and `from` are. */
  readonly text: string
  /** What kind of line it is, such as a verb or a code: of lines that differ, those of one kind stand side by side. */
  readonly shape: string
  /** Ms since the session began. */
  readonly sinceMs: number
}
/** A row of two sessions side by side; `null` where one of them has nothing. */
export interface DiffRow {
  readonly kind: 'same' | 'changed' | 'left' | 'right'
  readonly left: DiffLine | null
  readonly right: DiffLine | null
}
/** Both sessions side by side. */
export interface SessionDiff {
  readonly rows: readonly DiffRow[]
  readonly same: number
  readonly changed: number
  readonly onlyLeft: number
  readonly onlyRight: number
}

/** The table of a comparison has this many cells at most: beyond that what is left between equal ends stands one below the other. */
const MOST_CELLS = 4_000_000

const keyOf = (line: DiffLine) => `${line.from ?? ''} ${line.text}`

/** Puts two sessions side by side: as many equal lines as can stand in order next to each other do. */
export function diffSessions(left: readonly DiffLine[], right: readonly DiffLine[]): SessionDiff {
  const a = left.map(keyOf)
  const b = right.map(keyOf)
  let start = 0
  while (start < a.length && start < b.length && a[start] === b[start]) start++
  let end = 0
  while (end < a.length - start && end < b.length - start && a[a.length - 1 - end] === b[b.length - 1 - end]) end++
  const rows: DiffRow[] = []
  const put = (kind: DiffRow['kind'], l: number | null, r: number | null) =>
    rows.push({ kind, left: l === null ? null : (left[l] ?? null), right: r === null ? null : (right[r] ?? null) })
  for (let n = 0; n < start; n++) put('same', n, n)
  const pairs = common(a.slice(start, a.length - end), b.slice(start, b.length - end))
  let l = start
  let r = start
  const until = (toLeft: number, toRight: number) => {
    for (const [one, other] of besides(left.slice(l, toLeft), right.slice(r, toRight)))
      put(
        one === null ? 'right' : other === null ? 'left' : 'changed',
        one === null ? null : l + one,
        other === null ? null : r + other,
      )
    l = toLeft
    r = toRight
  }
  for (const [one, other] of pairs) {
    until(start + one, start + other)
    put('same', l++, r++)
  }
  until(a.length - end, b.length - end)
  for (let n = 0; n < end; n++) put('same', a.length - end + n, b.length - end + n)
  const count = (kind: DiffRow['kind']) => rows.filter((row) => row.kind === kind).length
  return {
    rows,
    same: count('same'),
    changed: count('changed'),
    onlyLeft: count('left'),
    onlyRight: count('right'),
  }
}

/** The longest common subsequence: places of equal lines in both, in order. */
function common(a: readonly string[], b: readonly string[]): (readonly [number, number])[] {
  const width = b.length + 1
  if (a.length === 0 || b.length === 0 || (a.length + 1) * width > MOST_CELLS) return []
  const table = new Uint16Array((a.length + 1) * width)
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--) {
      const here = i * width + j
      table[here] =
        a[i] === b[j] ? (table[here + width + 1] ?? 0) + 1 : Math.max(table[here + width] ?? 0, table[here + 1] ?? 0)
    }
  const found: (readonly [number, number])[] = []
  for (let i = 0, j = 0; i < a.length && j < b.length;) {
    if (a[i] === b[j]) found.push([i++, j++])
    else if ((table[(i + 1) * width + j] ?? 0) >= (table[i * width + j + 1] ?? 0)) i++
    else j++
  }
  return found
}

/** So far a line looks for one of its shape. */
const FARTHEST = 200

/** Lines that differ, those of one speaker and shape side by side as far as their order allows. */
function besides(left: readonly DiffLine[], right: readonly DiffLine[]): (readonly [number | null, number | null])[] {
  const rows: (readonly [number | null, number | null])[] = []
  let r = 0
  for (const [l, line] of left.entries()) {
    const near = right.slice(r, r + FARTHEST)
    const found = near.findIndex((one) => one.from === line.from && one.shape === line.shape)
    if (found < 0) {
      rows.push([l, null])
      continue
    }
    const at = r + found
    for (; r < at; r++) rows.push([null, r])
    rows.push([l, r++])
  }
  for (; r < right.length; r++) rows.push([null, r])
  return rows
}
