import type { Reply } from '../model/reply.ts'

/** What may stand in a report of text that others wrote: servers' replies, subjects, names. */

/** Without controls, bidi marks and line ends, at most `longest` characters. */
export function harmless(text: string, longest = 1000): string {
  return text
    .slice(0, longest)
    .replace(/[\p{Cc}\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu, ' ')
    .toWellFormed()
}

/** Everything beyond printable ASCII as question marks. */
export function asciiOnly(text: string): string {
  return text.replace(/[^ -~]/g, '?')
}

/** The reply as it stood on the wire, its lines made harmless and none too long for a message. */
export function replyLines(reply: Reply): string[] {
  const last = reply.lines.length - 1
  return reply.lines.slice(0, 128).flatMap((line, i) => {
    const mark = i === last ? ' ' : '-'
    const written = `${reply.code}${mark}${reply.enhanced === undefined ? '' : `${reply.enhanced} `}${line}`
    return pieces(harmless(written).trimEnd())
  })
}

/** Lines of at most 72 characters, broken between words, and within a word that is longer than any line may be. */
export function wrap(text: string, width = 72): string[] {
  return wrapClean(harmless(text), width)
}

function wrapClean(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ').flatMap(pieces)) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line]
}

/** Pieces that stay under 998 octets (RFC 5322 §2.1.1) with four to a character. */
function pieces(text: string): string[] {
  return text.match(/.{1,240}/gu) ?? [text]
}

/** Folds a field, already harmless, between words (RFC 5322 §2.2.3). */
export function fold(field: string): string[] {
  return wrapClean(field.trimEnd(), 76).map((line, i) => (i === 0 ? line : ` ${line}`))
}

/** A date-time of RFC 5322 §3.3 in UTC: reports must not tell which time zone their reader is in. */
export function formatDate(ms: number): string {
  return new Date(ms).toUTCString().replace('GMT', '+0000')
}
