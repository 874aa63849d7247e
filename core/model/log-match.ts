import type { Exchange, NumberedEvent } from './log-exchange.ts'
import { isLine, type LineNode, type LogNode } from './log-query.ts'
import type { TranscriptEvent } from './transcript.ts'

/** Whether an exchange of a session is what a query asks for. */
export type Matcher = (exchange: Exchange) => boolean

/** Text as it stands in the bytes of a line: UTF-8, one character a byte. In small letters, as all that is compared. */
export function inBytes(text: string): string {
  let bytes = ''
  for (const byte of new TextEncoder().encode(text)) bytes += String.fromCharCode(byte)
  return bytes.toLowerCase()
}

/** The pieces of an event that words can stand in; of lines one character a byte. */
function textsOf(event: TranscriptEvent): readonly string[] {
  switch (event.kind) {
    case 'line':
      return event.spans.map((span) => (typeof span === 'string' ? span : inBytes(span.user ?? '')))
    case 'content':
      return event.ref.kind === 'kept' ? [event.ref.first, event.ref.last] : []
    case 'tls':
      return [event.facts.version, event.facts.cipher, event.facts.subject, event.facts.distrust ?? '']
    case 'note':
      return [event.text]
    case 'closed':
      return event.why === undefined ? [] : [event.why]
  }
}

/** Whether a text stands in an event, in large letters or small. */
export function holds(event: TranscriptEvent, text: string): boolean {
  const isWire = event.kind === 'line' || event.kind === 'content'
  const wanted = isWire ? inBytes(text) : text.toLowerCase()
  return textsOf(event).some((one) => one.toLowerCase().includes(wanted))
}

/** The enhanced codes (RFC 3463) in the answer of an exchange. */
function enhancedOf({ parts }: Exchange): string[] {
  return parts.flatMap(({ event }) => {
    if (event.kind !== 'line' || event.from !== 'S' || typeof event.spans[0] !== 'string') return []
    return /^[245]\d\d[ -]([245]\.\d{1,3}\.\d{1,3})(?![\d.])/.exec(event.spans[0])?.[1] ?? []
  })
}

function codeMatcher(code: string): Matcher {
  if (/^\d$|^[245]\./.test(code)) {
    // `5.7` and `5.7.x` are the same.
    const wanted = code.toLowerCase().split('.')
    const fits = (found: string) => {
      const numbers = found.split('.')
      return wanted.every((one, n) => one === 'x' || one === numbers[n])
    }
    return (exchange) => enhancedOf(exchange).some(fits)
  }
  const pattern = new RegExp(`^${code.replaceAll(/[+]/g, '\\+').replaceAll('X', '\\d')}$`)
  return ({ code: found }) => pattern.test(found)
}

function lineMatcher(node: LineNode): Matcher {
  switch (node.kind) {
    case 'text': {
      const { text } = node
      return ({ parts }) => parts.some(({ event }) => holds(event, text))
    }
    case 'verb':
      return ({ verb }) => verb === node.verb
    case 'code':
      return codeMatcher(node.code)
    case 'ms':
      return ({ ms }) => ms !== null && (node.than === 'over' ? ms > node.ms : ms < node.ms)
  }
}

/**
 * What a query comes to for a session: true or false where that decides it, else what its exchanges have to fit. `isHead`: whether
 * what is asked of the session is so.
 */
export function matcherFor(node: LogNode, isHead: (node: LogNode) => boolean): Matcher | boolean {
  if (node.kind === 'not') {
    const inner = matcherFor(node.of, isHead)
    return typeof inner === 'boolean' ? !inner : (exchange) => !inner(exchange)
  }
  if (node.kind === 'and' || node.kind === 'or') {
    const decides = node.kind === 'or'
    const rest: Matcher[] = []
    for (const one of node.of) {
      const inner = matcherFor(one, isHead)
      if (inner === decides) return decides
      if (typeof inner !== 'boolean') rest.push(inner)
    }
    if (rest.length === 0) return !decides
    return node.kind === 'or' ? (e) => rest.some((fits) => fits(e)) : (e) => rest.every((fits) => fits(e))
  }
  return isLine(node) ? lineMatcher(node) : isHead(node)
}

/**
 * Texts of which one stands in the bytes of every exchange that fits, in small letters, the longest that the query knows; null where
 * it knows none, so that all has to be read.
 */
export function neededBytes(node: LogNode): readonly string[] | null {
  switch (node.kind) {
    case 'text':
      // Other letters, and signs that JSON writes otherwise, do not always stand in the bytes as they are looked for.
      return /^[ -[\]-~]+$/.test(node.text) ? [node.text.toLowerCase()] : null
    case 'verb':
      return [node.verb.toLowerCase()]
    case 'code':
      return /^(\d{3}|[245]\.\d+\.\d+|[A-Z+-]{2,})$/.test(node.code) ? [node.code.toLowerCase()] : null
    case 'or': {
      const each = node.of.map(neededBytes)
      return each.some((one) => one === null) ? null : each.flatMap((one) => one ?? [])
    }
    case 'and': {
      const shortest = (texts: readonly string[]) => Math.min(...texts.map(({ length }) => length))
      const each = node.of.map(neededBytes).filter((one) => one !== null)
      return each.toSorted((a, b) => shortest(b) - shortest(a))[0] ?? null
    }
    default:
      return null
  }
}

/** The part of an exchange to show: where a text of the query stands, the answer where the query is about that, else the command. */
export function shownPart(exchange: Exchange, texts: readonly string[], isAboutAnswers: boolean): NumberedEvent | null {
  const told = exchange.parts.find(({ event }) => texts.some((text) => holds(event, text)))
  return told ?? (isAboutAnswers ? exchange.answer : null) ?? exchange.parts[0] ?? null
}
