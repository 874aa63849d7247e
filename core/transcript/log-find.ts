import { Fault } from '../base/fault.ts'
import { inBytes } from '../model/log-match.ts'
import { parseLogQuery, wantedTexts, type LogNode } from '../model/log-query.ts'
import type { SessionHead, TranscriptEvent } from '../model/transcript.ts'
import { namedText } from './export.ts'

/** A place that a query found. */
export interface Place {
  readonly seq: number
  readonly event: TranscriptEvent
  readonly verb: string
  readonly code: string
  readonly ms: number | null
}
/** A session that it found. */
export interface Found {
  readonly head: SessionHead
  readonly places: readonly Place[]
  readonly matches: number
}
/** Joint: a page of what a query finds in the store, newest first; `before` continues, null at the end. */
export type FindSessions = (
  args: {
    readonly query: LogNode
    readonly before: number | null
    readonly limit: number
    readonly nowMs: number
    readonly ids?: readonly number[]
  },
  signal?: AbortSignal,
) => Promise<{
  readonly found: readonly Found[]
  readonly before: number | null
  readonly searchedToMs: number | null
}>

/** Of a place so much is shown; where what was looked for stands later, from a little before it. */
const SHOWN = 300
const LEAD = 60

/** Parses a query. Throws `search.invalid`. */
export function parseLog(text: string): LogNode | null {
  const { query, error } = parseLogQuery(text)
  if (error === null) return query
  const { offset, length, reason } = error
  const part = text.slice(offset, offset + Math.min(length, 60))
  throw new Fault('search.invalid', `search the log, at character ${offset + 1} ("${part}"): ${reason}`, error)
}

/** An event as one line. */
function shownText(event: TranscriptEvent): string {
  switch (event.kind) {
    case 'line':
      return namedText(event.spans)
    case 'content':
      return event.ref.kind === 'kept' ? event.ref.first : ''
    case 'tls':
      return `${event.facts.version} ${event.facts.cipher} ${event.facts.subject}`
    case 'note':
      return event.text
    case 'closed':
      return event.why ?? ''
  }
}

/** Where texts stand in a line, none over another, in order. */
function marksIn(line: string, texts: readonly string[], isWire: boolean): [number, number][] {
  const lower = line.toLowerCase()
  const all = texts.flatMap((text) => {
    const wanted = isWire ? inBytes(text) : text.toLowerCase()
    const found: [number, number][] = []
    for (let at = lower.indexOf(wanted); at >= 0; at = lower.indexOf(wanted, at + wanted.length))
      found.push([at, at + wanted.length])
    return found
  })
  let end = 0
  return all
    .toSorted((a, b) => a[0] - b[0] || b[1] - a[1])
    .filter(([from, to]) => {
      if (from < end) return false
      end = to
      return true
    })
}

/** A place as the contract has it. */
export function toLine({ seq, event, verb, code, ms }: Place, query: LogNode) {
  const isWire = event.kind === 'line' || event.kind === 'content'
  const whole = shownText(event)
  const marks = marksIn(whole, wantedTexts(query), isWire)
  const first = marks[0]?.[1] ?? 0
  const from = first > SHOWN ? Math.max(0, (marks[0]?.[0] ?? 0) - LEAD) : 0
  const text = whole.slice(from, from + SHOWN)
  const shown = marks
    .map(([start, end]): [number, number] => [start - from, Math.min(end - from, text.length)])
    .filter(([start, end]) => start >= 0 && end > start)
  return { seq, from: isWire ? event.from : null, text, marks: shown, verb, code, ms }
}
