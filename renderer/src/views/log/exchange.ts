import type { EventView } from '../../../../core/rpc/views.ts'
import { visible, wireText } from '../../format/wire-text.ts'

export type LineEvent = Extract<EventView, { kind: 'line' }>

/** The text of a wire line with its secrets named, never shown. */
export function lineText(event: LineEvent): string {
  return event.spans.map((span) => (typeof span === 'string' ? wireText(span) : secretText(span))).join('')
}

/** What stands for a secret in plain text. */
export function secretText({ user }: { readonly user?: string }): string {
  return user === undefined ? '<secret>' : `<secret of ${visible(user)}>`
}

/** `TLSv1.3` as people write it. */
export function tlsName(version: string): string {
  return version.replace(/^TLSv/, 'TLS ')
}

/** A reply of SMTP with what it answers. */
export interface Exchange {
  /** The command's line or the content answered; undefined for the greeting. */
  readonly asked: EventView | undefined
  readonly verb: string
  /** The lines of the reply; the last one carries the verdict. */
  readonly reply: readonly LineEvent[]
  readonly code: string
  /** Ms from what was asked to the first line of the answer. */
  readonly waitMs: number
}

/** The verb of a command line: `MAIL FROM:` and `RCPT TO:` are one word each. */
export function verbOf(text: string): string {
  return /^[A-Za-z]+/.exec(text)?.[0].toUpperCase() ?? ''
}

/**
 * Which reply answers which command. Commands may be sent ahead (RFC 2920), replies come in order; message content is
 * answered like a command (RFC 5321 §4.1.1.4).
 */
export function exchangesOf(events: readonly EventView[]): Exchange[] {
  const open: (EventView | undefined)[] = [undefined]
  const found: Exchange[] = []
  let reply: LineEvent[] = []
  for (const event of events) {
    if (event.kind === 'content' && event.from === 'C') open.push(event)
    if (event.kind !== 'line') continue
    const text = lineText(event)
    if (event.from === 'C') {
      // The final dot belongs to the content before it and has no answer of its own.
      if (text !== '.' || open.at(-1)?.kind !== 'content') open.push(event)
      continue
    }
    reply.push(event)
    if (/^\d{3}-/.test(text)) continue
    const asked = open.shift()
    const first = reply[0]
    found.push({
      asked,
      verb: asked === undefined ? 'greeting' : asked.kind === 'line' ? verbOf(lineText(asked)) : 'content',
      reply,
      code: /^\d{3}/.exec(text)?.[0] ?? /^[+-]\w+/.exec(text)?.[0] ?? '',
      waitMs: asked === undefined || first === undefined ? (first?.sinceMs ?? 0) : first.sinceMs - asked.sinceMs,
    })
    reply = []
  }
  return found
}
