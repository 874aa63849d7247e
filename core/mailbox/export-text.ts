import { encodeWords } from '../message/headers.ts'
import type { Message } from '../store/message-list.ts'

/** A message as it goes into a file, and what is noted with it. */
export type Exported = Pick<Message, 'authorAddress' | 'receivedMs' | 'seen' | 'starred' | 'answered' | 'forwarded'> & {
  readonly tags: readonly string[]
}

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat']
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']
/** Bits of X-Mozilla-Status. */
const BITS = { seen: 0x1, answered: 0x2, starred: 0x4, forwarded: 0x1000 } as const

/** The line before a message in an mbox file (RFC 4155 §A): who sent it, and when it came as asctime(3) writes it, in UTC. */
export function fromLine({ authorAddress, receivedMs }: Exported): string {
  const at = new Date(receivedMs)
  const two = (n: number) => String(n).padStart(2, '0')
  const sender = /^[!-~]+@[!-~]+$/.test(authorAddress) ? authorAddress : 'MAILER-DAEMON'
  const day = `${DAYS[at.getUTCDay()]} ${MONTHS[at.getUTCMonth()]} ${String(at.getUTCDate()).padStart(2)}`
  const time = `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}`
  return `From ${sender} ${day} ${time} ${String(at.getUTCFullYear()).padStart(4, '0')}\n`
}

/** The fields that keep what we think of a message in an mbox file, as other programs know them. */
export function statusFields(message: Exported): string {
  const { seen, answered, starred, tags } = message
  const bits = Object.entries(BITS).reduce(
    (sum, [flag, bit]) => sum | (message[flag as keyof typeof BITS] ? bit : 0),
    0,
  )
  const fields = [`Status: ${seen ? 'RO' : 'O'}`]
  if (answered || starred) fields.push(`X-Status: ${answered ? 'A' : ''}${starred ? 'F' : ''}`)
  fields.push(`X-Mozilla-Status: ${bits.toString(16).padStart(4, '0')}`)
  // With a comma behind the last, so that a name may have spaces.
  if (tags.length > 0)
    fields.push(`X-Keywords: ${encodeWords(`${tags.map((tag) => tag.replaceAll(',', ' ')).join(', ')},`)}`)
  return fields.map((field) => `${field.replaceAll('\r\n', '\n')}\n`).join('')
}

const HELD = 1024
const CR = '\r'

/** Text of a message for a file: LF at each line's end, and in mbox files a `>` before what looks like their own marks. */
export class FileText {
  readonly #quotes: boolean
  #held = ''
  #startsLine = true

  /** `quotes`: for an mbox file (mboxrd). */
  constructor(quotes: boolean) {
    this.#quotes = quotes
  }

  /** The next piece; what a later piece may change waits for that. */
  push(piece: Uint8Array, isLast: boolean): Buffer {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
    const text = this.#held + bytes.toString('latin1')
    const ready = isLast ? text.length : readyUpTo(text)
    this.#held = text.slice(ready)
    const lines = text.slice(0, ready).replaceAll('\r\n', '\n')
    const out = this.#quotes ? quoted(lines, this.#startsLine) : lines
    if (lines !== '') this.#startsLine = lines.endsWith('\n')
    return Buffer.from(out, 'latin1')
  }
}

/** A piece ends behind a line; a long line without end is cut, but not between CR and LF. */
function readyUpTo(text: string): number {
  const line = text.lastIndexOf('\n') + 1
  if (text.length - line <= HELD) return line
  return text.endsWith(CR) ? text.length - 1 : text.length
}

function quoted(text: string, startsLine: boolean): string {
  if (!text.includes('From ')) return text
  const first = startsLine ? /^>*From / : /(?!)/
  return text.replace(first, '>$&').replaceAll(/(?<=\n)>*From /g, '>$&')
}
