/** One message of a maildrop: its number in this session and what the listing says of it. */
export interface Listed<T> {
  readonly number: number
  readonly value: T
}

/** More messages than this in one maildrop are a mistake or an attack. */
export const MOST_MESSAGES = 200_000
const LONGEST_UIDL = 1000

/** Lines of a UIDL listing (RFC 1939 §7), or undefined where one is not `number unique-id`. */
export function parseUidl(bytes: Uint8Array): Listed<string>[] | undefined {
  // RFC 1939 says 1 to 70 characters; a longer one harms nobody.
  return parseLines(bytes, (text) => (text !== '' && text.length <= LONGEST_UIDL ? text : undefined))
}

/** Lines of a LIST listing (RFC 1939 §5): sizes in octets; text after the size is allowed. */
export function parseSizes(bytes: Uint8Array): Listed<number>[] | undefined {
  return parseLines(bytes, (text) => {
    const size = /^\d{1,15}(?= |$)/.exec(text)
    return size ? Number(size[0]) : undefined
  })
}

function parseLines<T>(bytes: Uint8Array, parse: (text: string) => T | undefined): Listed<T>[] | undefined {
  const listed: Listed<T>[] = []
  const numbers = new Set<number>()
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  for (let from = 0; from < text.length;) {
    const end = text.indexOf('\r\n', from)
    const line = text.slice(from, end < 0 ? text.length : end)
    from = end < 0 ? text.length : end + 2
    const found = /^(\d{1,10})[ \t]+(.*?)[ \t]*$/.exec(line)
    const number = Number(found?.[1])
    const value = found ? parse(found[2]!) : undefined
    if (value === undefined || number < 1 || numbers.has(number) || listed.length >= MOST_MESSAGES) return undefined
    numbers.add(number)
    listed.push({ number, value })
  }
  return listed
}

/** What a server can do (RFC 2449): capability tags in upper case, each with its arguments. */
export type Capabilities = ReadonlyMap<string, readonly string[]>

/** Reads the listing of CAPA; only the first of two lines of one tag counts. */
export function parseCapabilities(bytes: Uint8Array): Capabilities {
  const lines = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.byteLength, 65_536)).toString('latin1')
  const found = new Map<string, readonly string[]>()
  for (const line of lines.split('\r\n')) {
    const [tag = '', ...rest] = line.split(/[ \t]+/)
    if (/^[!-~]+$/.test(tag) && !found.has(tag.toUpperCase())) found.set(tag.toUpperCase(), rest.filter(Boolean))
  }
  return found
}

/** The number that stands behind a tag, at most ten million; null where there is none, as with `EXPIRE NEVER`. */
export function capabilityNumber(capabilities: Capabilities, tag: string): number | null {
  const word = capabilities.get(tag)?.[0] ?? ''
  return /^\d{1,7}$/.test(word) ? Number(word) : null
}
