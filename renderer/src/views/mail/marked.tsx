import { visible } from '../../format/wire-text.ts'

type Marks = readonly (readonly [number, number])[]
const NONE: Marks = []

/** Pure: a text with the parts that were looked for marked. `marks` are places in it, in order. */
export function Marked({ text, marks = NONE }: { readonly text: string; readonly marks?: Marks | undefined }) {
  if (marks.length === 0) return <>{visible(text)}</>
  const parts = marks.map(([from, to], n) => ({
    before: text.slice(marks[n - 1]?.[1] ?? 0, from),
    found: text.slice(from, to),
    from,
  }))
  return (
    <>
      {parts.map(({ before, found, from }) => (
        <span key={from}>
          {visible(before)}
          <mark>{visible(found)}</mark>
        </span>
      ))}
      {visible(text.slice(marks.at(-1)?.[1] ?? 0))}
    </>
  )
}
