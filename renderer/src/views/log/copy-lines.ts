import type { EventView } from '../../../../core/rpc/views.ts'
import { visible } from '../../format/wire-text.ts'
import { lineText, tlsName } from './exchange.ts'

/** Events as text for the clipboard, in the notation of dialogues. Nothing in it can move a cursor or turn a line round. */
export function copiedLines(events: readonly EventView[]): string {
  return events.map((event) => `${lineOf(event)}\n`).join('')
}

function lineOf(event: EventView): string {
  switch (event.kind) {
    case 'line':
      return `${event.from}: ${lineText(event)}`
    case 'content':
      return `${event.from}~ ${event.bytes}`
    case 'tls':
      return `# ${tlsName(event.facts.version)}, ${event.facts.cipher}`
    case 'note':
      return `# ${visible(event.text)}`
    case 'closed':
      return event.why === undefined ? `${event.by === 'us' ? 'us' : event.by}!` : `# ${visible(event.why)}`
  }
}
