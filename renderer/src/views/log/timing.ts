import type { EventView } from '../../../../core/rpc/views.ts'
import { exchangesOf, lineText, tlsName } from './exchange.ts'
import { visible } from '../../format/wire-text.ts'
import { t } from '../../words/words.ts'

/** One stretch of a session: what was waited for, from when to when, ms since it began. */
export interface Step {
  readonly key: string
  readonly kind: 'dns' | 'connect' | 'tls' | 'reply' | 'content'
  readonly label: string
  readonly fromMs: number
  readonly toMs: number
  /** The line it ended with, to open it; null where none did. */
  readonly seq: number | null
  /** The reply's code; '' where this is none. */
  readonly code: string
}

/** Where the time of a session went: names, connection, TLS, greeting, and each command until its answer. */
export function stepsOf(events: readonly EventView[]): Step[] {
  const steps: Step[] = []
  let lastMs = 0
  let tlsFromMs: number | null = null
  /** When somebody was dialled, where nothing says when they answered. */
  let dialledMs: number | null = null
  for (const event of events) {
    if (event.kind === 'note') {
      if (/^diall/i.test(event.text)) dialledMs = event.sinceMs
      const kind = /^DNS\b/i.test(event.text) ? 'dns' : /^connect/i.test(event.text) ? 'connect' : undefined
      if (kind !== undefined) {
        const label = kind === 'dns' ? event.text.replace(/^DNS\s*/i, '').split(':')[0]! : 'connect'
        steps.push({
          key: `${event.seq}`,
          kind,
          label: visible(label),
          fromMs: lastMs,
          toMs: event.sinceMs,
          seq: event.seq,
          code: '',
        })
      }
      lastMs = event.sinceMs
    } else if (event.kind === 'tls') {
      steps.push({
        key: `${event.seq}`,
        kind: 'tls',
        label: tlsName(event.facts.version),
        fromMs: tlsFromMs ?? lastMs,
        toMs: event.sinceMs,
        seq: event.seq,
        code: '',
      })
      lastMs = event.sinceMs
    } else if (event.kind === 'line') {
      lastMs = event.sinceMs
      tlsFromMs = event.sinceMs
    }
  }
  const connectedMs = steps.findLast(({ kind }) => kind === 'connect')?.toMs
  const greetedMs = connectedMs ?? dialledMs ?? 0
  for (const { asked, verb, reply, code, waitMs } of exchangesOf(events)) {
    const last = reply.at(-1)
    if (last === undefined) continue
    const fromMs = asked === undefined ? Math.min(greetedMs, last.sinceMs) : last.sinceMs - Math.max(0, waitMs)
    steps.push({
      key: `${last.seq}`,
      kind: verb === 'content' ? 'content' : 'reply',
      label:
        asked?.kind === 'line'
          ? shorten(lineText(asked))
          : verb === 'content'
            ? t('the message')
            : connectedMs === undefined && dialledMs !== null
              ? t('connect, greeting')
              : t('greeting'),
      fromMs,
      toMs: last.sinceMs,
      seq: last.seq,
      code,
    })
  }
  return steps.toSorted((a, b) => a.fromMs - b.fromMs || a.toMs - b.toMs)
}

const shorten = (text: string) => (text.length > 60 ? `${text.slice(0, 59)}…` : text)

/** The longest ones first, at most `most`, and none that took no time. */
export function slowest(steps: readonly Step[], most: number): Step[] {
  return steps
    .filter((step) => step.toMs > step.fromMs)
    .toSorted((a, b) => b.toMs - b.fromMs - (a.toMs - a.fromMs))
    .slice(0, most)
}
