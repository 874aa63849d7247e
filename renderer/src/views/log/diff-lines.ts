import { visible } from '../../format/wire-text.ts'
import type { DiffLine } from '../../../../core/model/session-diff.ts'
import type { EventView } from '../../../../core/rpc/views.ts'
import { size } from '../../format/size.ts'
import { t, told } from '../../words/words.ts'
import { lineText, tlsName, verbOf } from './exchange.ts'

/** A session as lines that can be compared with those of another. */
export function diffLines(events: readonly EventView[]): DiffLine[] {
  return events.map((event): DiffLine => {
    const { seq, sinceMs } = event
    switch (event.kind) {
      case 'line': {
        const text = lineText(event)
        const shape = event.from === 'C' ? verbOf(text) : (/^(\d|\+OK|-ERR)/.exec(text)?.[0] ?? '')
        return { seq, sinceMs, from: event.from, text, shape }
      }
      case 'content':
        return {
          seq,
          sinceMs,
          from: event.from,
          text: t('{bytes} of a message', { bytes: size(event.bytes) }),
          shape: '~',
        }
      case 'tls':
        return {
          seq,
          sinceMs,
          from: null,
          text: `${tlsName(event.facts.version)}, ${event.facts.cipher}`,
          shape: 'tls',
        }
      case 'note':
        return { seq, sinceMs, from: null, text: told(visible(event.text)), shape: event.text.split(' ')[0] ?? '' }
      case 'closed':
        return { seq, sinceMs, from: null, text: told(visible(event.why ?? t('closed'))), shape: 'closed' }
    }
  })
}
