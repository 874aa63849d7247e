import type { Span } from '../model/transcript.ts'

/** Of one line at most this much is kept; the event says how long it was. */
export const KEPT_LINE_BYTES = 2048

/** Half-open byte ranges of a line. */
export type Ranges = readonly (readonly [number, number])[]

/**
 * What an event says of a line, as the inside of its JSON object. Written at once: under load nearly all events are lines, and
 * small objects that live until their batch leaves cost more than the text does. `size` is the line's length without secrets.
 */
export function lineJson(
  from: 'C' | 'S',
  tls: boolean,
  bytes: Uint8Array | string,
  secrets: Ranges | undefined,
  odd: boolean | undefined,
): { readonly json: string; readonly size: number } {
  const hasSecrets = secrets !== undefined && secrets.length > 0
  const { spans, size } = hasSecrets ? cut(bytesOf(bytes), secrets) : { spans: kept(bytes), size: bytes.length }
  const end = odd ? ',"odd":true' : ''
  return { json: `"kind":"line","from":"${from}","tls":${tls},"spans":[${spans}],"bytes":${size}${end}`, size }
}

/** The one span of a line without secrets, as JSON. */
function kept(bytes: Uint8Array | string): string {
  if (typeof bytes === 'string') return JSON.stringify(bytes.slice(0, KEPT_LINE_BYTES))
  return JSON.stringify(viewOf(bytes).toString('latin1', 0, Math.min(bytes.length, KEPT_LINE_BYTES)))
}

/**
 * The spans of a line with each secret range as a secret span, as JSON, and its length without them. Ranges may overlap, be out
 * of order or run past the end.
 */
function cut(bytes: Buffer, secrets: Ranges): { readonly spans: string; readonly size: number } {
  const spans: Span[] = []
  let room = KEPT_LINE_BYTES
  let size = 0
  const keep = (from: number, to: number) => {
    if (to <= from) return
    size += to - from
    if (room <= 0) return
    spans.push(bytes.toString('latin1', from, Math.min(to, from + room)))
    room -= to - from
  }
  let at = 0
  for (const [from, to] of secrets.toSorted((a, b) => a[0] - b[0])) {
    const start = Math.min(Math.max(from, at), bytes.length)
    keep(at, start)
    if (typeof spans.at(-1) !== 'object') spans.push({ secret: true })
    at = Math.max(at, Math.min(to, bytes.length))
  }
  keep(at, bytes.length)
  return { spans: spans.map((span) => JSON.stringify(span)).join(), size }
}

const viewOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
const bytesOf = (line: Uint8Array | string) => (typeof line === 'string' ? Buffer.from(line, 'latin1') : viewOf(line))
