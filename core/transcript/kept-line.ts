import type { Span } from '../model/transcript.ts'

/** Of one line at most this much is kept; the event says how long it was. */
export const KEPT_LINE_BYTES = 2048

/** Half-open byte ranges of a line. */
export type Ranges = readonly (readonly [number, number])[]

/** What is kept of a line: its spans, of which the secret ones are empty, and its length without them. */
export interface KeptLine {
  readonly spans: readonly Span[]
  readonly bytes: number
}

/**
 * The spans of a line with each secret range as a secret span, and its length without them. Ranges may overlap, be out of order or
 * run past the end. `user`: whom the first secret names.
 */
export function keptLine(line: Uint8Array | string, secrets: Ranges = [], user?: string): KeptLine {
  const view = typeof line === 'string' ? Buffer.from(line, 'latin1') : viewOf(line)
  const spans: Span[] = []
  let room = KEPT_LINE_BYTES
  let bytes = 0
  let named = false
  const whom = user === undefined ? {} : { user }
  const keep = (from: number, to: number) => {
    if (to <= from) return
    bytes += to - from
    if (room <= 0) return
    spans.push(view.toString('latin1', from, Math.min(to, from + room)))
    room -= to - from
  }
  let at = 0
  for (const [from, to] of secrets.toSorted((a, b) => a[0] - b[0])) {
    const start = Math.min(Math.max(from, at), view.length)
    keep(at, start)
    if (typeof spans.at(-1) !== 'object') spans.push(named ? { secret: true } : { secret: true, ...whom })
    named = true
    at = Math.max(at, Math.min(to, view.length))
  }
  keep(at, view.length)
  return { spans, bytes }
}

const viewOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
