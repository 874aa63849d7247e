import { never } from '../base/never.ts'
import type { SessionHead, Span, TranscriptEvent } from '../model/transcript.ts'

/**
 * A session as a dialogue: the format of our scripted tests, so what a user exports can be replayed. Secrets were never
 * stored and stand as `<secret>`; message content stands as its size alone.
 */
export function exportDialogue(head: SessionHead, events: readonly TranscriptEvent[]): string {
  const role = head.side === 'client' ? `to ${head.peer} (${head.address})` : `from ${head.address}`
  const lines = [`# ${head.protocol.toUpperCase()} session ${role}, ${new Date(head.startedMs).toISOString()}`]
  const ours = head.side === 'client' ? 'C' : 'S'
  /** What comes next is as long as was said before, and no dot ends it (RFC 3030 §2). */
  let isChunk = false
  events.forEach((event, index) => {
    switch (event.kind) {
      case 'line': {
        isChunk = event.from === 'C' && head.protocol === 'smtp' && /^BDAT /i.test(textOf(event.spans))
        const user = event.spans.find((span) => typeof span !== 'string')?.user
        if (user !== undefined) lines.push(`# the secret in the next line is of the user ${quotedName(user)}`)
        return lines.push(lineStep(event))
      }
      case 'content': {
        lines.push(`${event.from}~ ${event.bytes}`)
        // The lone dot belongs to the dialogue even where the recorder has folded it into the content.
        const next = events[index + 1]
        const ends = next !== undefined && next.kind !== 'closed' && !isChunk && head.protocol !== 'imap'
        if (ends && !(next.kind === 'line' && next.from === event.from && textOf(next.spans) === '.'))
          lines.push(`${event.from}: .`)
        return
      }
      case 'tls': {
        const trust = event.facts.trusted ? 'trusted' : `not trusted: ${event.facts.distrust ?? 'unknown'}`
        return lines.push(
          `# ${event.facts.version}, ${event.facts.cipher}, ${inComment(event.facts.subject)} (${inComment(trust)})`,
          'STARTTLS',
        )
      }
      case 'note':
        return lines.push(`# ${inComment(event.text)}`)
      case 'closed':
        if (event.why !== undefined) lines.push(`# ${inComment(event.why)}`)
        return lines.push(`${event.by === 'us' ? ours : event.by}!`)
      default:
        return never(event, 'transcript event')
    }
  })
  return `${lines.join('\n')}\n`
}

/** The text of spans, secrets as `<secret>`. */
export function textOf(spans: readonly Span[]): string {
  return spans.map((span) => (typeof span === 'string' ? span : '<secret>')).join('')
}

/** The same, with whom a secret names; in bytes as the rest of a line is. */
export function namedText(spans: readonly Span[]): string {
  const shown = (user: string | undefined) =>
    user === undefined ? '<secret>' : `<secret of ${Buffer.from(user, 'utf8').toString('latin1')}>`
  return spans.map((span) => (typeof span === 'string' ? span : shown(span.user))).join('')
}

/** A name as a JSON string of ASCII: whole, and harmless. */
const quotedName = (user: string) =>
  JSON.stringify(user).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** A plain line where the format can hold it, otherwise the exact bytes. */
function lineStep(event: Extract<TranscriptEvent, { kind: 'line' }>): string {
  const cut = event.spans.reduce((sum, span) => sum + (typeof span === 'string' ? span.length : 0), 0) < event.bytes
  const text = textOf(event.spans)
  // A `*` at the end, and `<secret>` that was really said, would mean something else.
  const isPlain =
    !event.odd &&
    /^[ -~]*$/.test(text) &&
    !/[ *]$/.test(text) &&
    !event.spans.some((span) => typeof span === 'string' && span.includes('<secret>'))
  if (cut) return `# the line had ${event.bytes} bytes; this is how it began\n${event.from}: ${printable(text)}*`
  if (isPlain) return text === '' ? `${event.from}:` : `${event.from}: ${text}`
  const quoted = event.spans.map((span) => (typeof span === 'string' ? escape(span) : '<secret>')).join('')
  return `${event.from}> "${quoted}${event.odd ? '' : '\\r\\n'}"`
}

const LETTERS: Readonly<Record<string, string>> = { '\r': '\\r', '\n': '\\n', '\t': '\\t', '"': '\\"', '\\': '\\\\' }
const escape = (text: string) =>
  text
    .replace(/[^ !#-[\]-~]/g, (byte) => LETTERS[byte] ?? `\\x${byte.charCodeAt(0).toString(16).padStart(2, '0')}`)
    .replaceAll('<secret>', '\\x3csecret>')

/** The part of a text the player can compare as it stands. */
const printable = (text: string) => /^[ -~]*/.exec(text)![0]

/** Text for a comment: one line, nothing a terminal or a bidi-aware editor would act on. */
const inComment = (text: string) => text.replace(/[^ -~\u00a1-\u02ff\u0370-\u03ff\u0400-\u04ff]/g, '\ufffd')
