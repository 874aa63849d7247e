/** What a `mailto:` address asks to be written. Text of strangers: a page or another program made it. */
export interface Mailto {
  /** Addresses as they stand there, still to be parsed; '' where none is. */
  readonly to: string
  readonly cc: string
  readonly bcc: string
  readonly subject: string
  /** Lines end in LF. */
  readonly text: string
  readonly inReplyTo: string
}

const LONGEST = 65_536
const LONGEST_LINE = 8192
const LONGEST_SUBJECT = 900
const LONGEST_TEXT = 32_768
const MOST_FIELDS = 50

/**
 * Reads a `mailto:` address (RFC 6068 §2). Undefined for another scheme and for one that is longer than any page writes. Fields
 * but those of a plain letter are ignored, `attach` above all: a link must not put a file of this computer into a message (§7).
 */
export function parseMailto(address: string): Mailto | undefined {
  if (address.length > LONGEST || !/^mailto:/i.test(address)) return undefined
  const rest = address.slice('mailto:'.length).split('#', 1)[0] ?? ''
  const question = rest.indexOf('?')
  const path = question === -1 ? rest : rest.slice(0, question)
  const found = { to: [line(path)], cc: [] as string[], bcc: [] as string[], subject: '', text: '', inReplyTo: '' }
  const fields = question === -1 ? [] : rest.slice(question + 1).split(/&(?:amp;)?/)
  for (const field of fields.slice(0, MOST_FIELDS)) {
    const equals = field.indexOf('=')
    if (equals === -1) continue
    const value = field.slice(equals + 1)
    switch (decoded(field.slice(0, equals)).toLowerCase()) {
      case 'to':
        found.to.push(line(value))
        break
      case 'cc':
        found.cc.push(line(value))
        break
      case 'bcc':
        found.bcc.push(line(value))
        break
      case 'subject':
        found.subject = line(value).slice(0, LONGEST_SUBJECT).toWellFormed()
        break
      case 'body':
        found.text = text(value)
        break
      case 'in-reply-to':
        found.inReplyTo = /^<[^<>\s]{1,990}>$/.exec(line(value))?.[0] ?? ''
        break
      default:
        break
    }
  }
  return { ...found, to: joined(found.to), cc: joined(found.cc), bcc: joined(found.bcc) }
}

/** `%` and two digits are octets of UTF-8 (§5); a plus is a plus. What is no UTF-8 is shown as such. */
function decoded(text: string): string {
  if (!text.includes('%')) return text.toWellFormed()
  const octets: number[] = []
  for (const piece of text.toWellFormed().split(/(%[0-9a-f]{2})/i)) {
    if (/^%[0-9a-f]{2}$/i.test(piece)) octets.push(Number.parseInt(piece.slice(1), 16))
    else octets.push(...new TextEncoder().encode(piece))
  }
  return new TextDecoder('utf-8').decode(Uint8Array.from(octets))
}

/** A header field's value: no line break or other control may get into a header (§5). */
function line(value: string): string {
  return decoded(value.slice(0, LONGEST_LINE * 3))
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, LONGEST_LINE)
    .toWellFormed()
}

function text(value: string): string {
  return decoded(value)
    .replaceAll(/\r\n?/g, '\n')
    .replaceAll(/[\u0000-\u0008\u000b-\u001f\u007f]/g, '')
    .slice(0, LONGEST_TEXT)
    .toWellFormed()
}

const joined = (lists: readonly string[]) =>
  lists
    .filter((one) => one !== '')
    .join(', ')
    .slice(0, LONGEST_LINE)
    .toWellFormed()
