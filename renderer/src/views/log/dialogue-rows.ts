import type { EventView } from '../../../../core/rpc/views.ts'
import { lineText, verbOf, type LineEvent } from './exchange.ts'
import { t, told } from '../../words/words.ts'

/** A row of the dialogue as it is drawn. */
export type DialogueRow = {
  readonly key: string
  readonly seq: number
  readonly atMs: number
  /** Wait before this line, ms; null where a wait says nothing. */
  readonly waitMs: number | null
  readonly isSlow: boolean
  readonly tls: boolean
} & (
  | { readonly kind: 'line'; readonly event: LineEvent; readonly rest: Rest | null }
  | { readonly kind: 'content'; readonly event: Extract<EventView, { kind: 'content' }> }
  | { readonly kind: 'boundary'; readonly event: Extract<EventView, { kind: 'tls' }> }
  | { readonly kind: 'note'; readonly text: string; readonly isFault: boolean }
)

/** Lines folded behind the first one. */
export interface Rest {
  readonly id: string
  readonly count: number
  /** What is folded, in a few words. */
  readonly hint: string
  readonly open: boolean
}

/** A reply slower than this is marked: people wait for it. */
const SLOW_MS = 1000
/** So many lines of one answer stay unfolded, and so many commands of one kind. */
const FEW = 3
const FEW_COMMANDS = 6

/**
 * The rows of a dialogue. Long answers are folded behind their first line unless `open` holds their first number; in an excerpt
 * nothing is, and nothing is known of what came before it.
 */
export function dialogueRows(
  events: readonly EventView[],
  open: ReadonlySet<string>,
  kind: 'whole' | 'excerpt' = 'whole',
): DialogueRow[] {
  const rows: DialogueRow[] = []
  let tls = false
  let lastMs = kind === 'excerpt' ? (events[0]?.sinceMs ?? 0) : 0
  for (let at = 0; at < events.length; at += 1) {
    const event = events[at]
    if (event === undefined) continue
    const waited = event.sinceMs - lastMs
    lastMs = event.sinceMs
    const base = { key: `${event.seq}`, seq: event.seq, atMs: event.atMs, tls, waitMs: null, isSlow: false }
    switch (event.kind) {
      case 'line': {
        const isReply = event.from === 'S'
        const head = { ...base, tls: event.tls, waitMs: isReply ? waited : null, isSlow: isReply && waited >= SLOW_MS }
        const run = runFrom(events, at)
        if (kind === 'excerpt' || run.length - 1 < (isReply ? FEW : FEW_COMMANDS)) {
          rows.push({ ...head, kind: 'line', event, rest: null })
          break
        }
        const id = `${event.seq}`
        const rest: Rest = { id, count: run.length - 1, hint: hintOf(run), open: open.has(id) }
        rows.push({ ...head, kind: 'line', event, rest })
        for (const line of run.slice(1)) {
          lastMs = line.sinceMs
          if (rest.open)
            rows.push({
              ...base,
              key: `${line.seq}`,
              seq: line.seq,
              atMs: line.atMs,
              tls: line.tls,
              kind: 'line',
              event: line,
              rest: null,
            })
        }
        at += run.length - 1
        break
      }
      case 'content':
        rows.push({ ...base, tls: event.tls, kind: 'content', event })
        break
      case 'tls':
        tls = true
        rows.push({ ...base, tls: true, kind: 'boundary', event })
        break
      case 'note':
        rows.push({
          ...base,
          kind: 'note',
          text: told(event.text),
          isFault: /fail|refus|timed out|timeout|lost|reset|cannot|denied/i.test(event.text),
        })
        break
      case 'closed': {
        const why = event.why === undefined ? '' : `: ${told(event.why)}`
        rows.push({
          ...base,
          kind: 'note',
          text: `${event.by === 'us' ? t('Posthorn closed the connection') : event.by === 'C' ? t('The client closed the connection') : t('The server closed the connection')}${why}`,
          isFault: event.why !== undefined,
        })
        break
      }
    }
  }
  return rows
}

/** The lines of one answer from `at` on: a multi-line reply (RFC 5321 §4.2.1), or a listing of POP3 (RFC 1939 §3). */
function runFrom(events: readonly EventView[], at: number): LineEvent[] {
  const first = events[at]
  if (first?.kind !== 'line') return []
  const run = [first]
  if (first.from === 'C') {
    // Commands sent ahead, all of one kind: RETR after RETR, RCPT after RCPT.
    const verb = verbOf(lineText(first))
    for (const event of events.slice(at + 1)) {
      if (event.kind !== 'line' || event.from !== 'C' || verb === '' || verbOf(lineText(event)) !== verb) break
      run.push(event)
    }
    return run
  }
  const text = lineText(first)
  const code = /^(\d{3})-/.exec(text)?.[1]
  const isListing = /^\+OK/i.test(text)
  if (code === undefined && !isListing) return run
  for (let next = at + 1; next < events.length; next += 1) {
    const event = events[next]
    if (event?.kind !== 'line' || event.from !== 'S') break
    const said = lineText(event)
    if (code !== undefined) {
      if (!said.startsWith(code)) break
      run.push(event)
      if (!said.startsWith(`${code}-`)) break
    } else {
      if (/^(?:\+OK|-ERR)/i.test(said)) break
      run.push(event)
      if (said === '.') break
    }
  }
  return run
}

function hintOf(run: readonly LineEvent[]): string {
  if (run[0]?.from === 'C')
    return t('{count, number} more, up to {last}', { count: run.length - 1, last: lineText(run.at(-1) ?? run[0]) })
  const words = run
    .slice(1)
    .map((line) => lineText(line).replace(/^\d{3}[- ]/, ''))
    .filter((text) => text !== '.')
  const isKeywords = words.every((word) => /^[A-Z0-9-]{2,}(?:\s|=|$)/.test(word))
  if (!isKeywords) return t('{count, plural, one {# more line} other {# more lines}}', { count: words.length })
  const shown = words.slice(0, 4).map((word) => word.split(/[\s=]/)[0])
  return t('{count, number} more: {words}', {
    count: words.length,
    words: `${shown.join(', ')}${words.length > 4 ? ' …' : ''}`,
  })
}

/** How a line is taken: for colour, and for the mark `!` on what was refused or odd. */
export function toneOf(event: LineEvent): { code: string; tone: '2' | '3' | '4' | '5' | ''; isBad: boolean } {
  if (event.from === 'C') return { code: '', tone: '', isBad: event.odd === true }
  const text = lineText(event)
  const code = /^(\d{3})(?=[ -]|$)/.exec(text)?.[1] ?? /^(?:\+OK|-ERR|\+)(?=\s|$)/.exec(text)?.[0] ?? ''
  const tone =
    code === '+OK'
      ? '2'
      : code === '+'
        ? '3'
        : code === '-ERR'
          ? '5'
          : ((/^[2-5]/.exec(code)?.[0] ?? '') as '2' | '3' | '4' | '5' | '')
  return { code, tone, isBad: tone === '4' || tone === '5' || event.odd === true }
}
