const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const EQUALS = 0x3d

/** Octets of base64; what is no base64 is passed over. Some mailers pad every line: what follows a pad begins anew. */
export function decodeBase64(body: Buffer): Buffer {
  const text = body.toString('latin1').replaceAll(/[^A-Za-z0-9+/=]+/g, '')
  const pad = text.indexOf('=')
  if (pad < 0 || pad >= text.length - 2) return Buffer.from(text, 'base64')
  const pieces = text.split(/=+/)
  return Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64')))
}

/** RFC 2045 §6.7; an `=` that begins no escape stands for itself. */
export function decodeQuotedPrintable(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(body.length)
  let length = 0
  /** Where the spaces and tabs began that may turn out to end a line: transport added them. */
  let kept = 0
  for (let i = 0; i < body.length; i++) {
    const byte = body[i] ?? 0
    if (byte === EQUALS) {
      const escape = escapeAt(body, i + 1)
      if (escape === undefined) out[length++] = byte
      else {
        i = escape.last
        if (escape.byte !== undefined) out[length++] = escape.byte
      }
      kept = length
      continue
    }
    const endsLine = byte === LF || (byte === CR && body[i + 1] === LF)
    if (endsLine) length = kept
    out[length++] = byte
    if (endsLine || (byte !== SPACE && byte !== TAB)) kept = length
  }
  return out.subarray(0, kept)
}

/** What an `=` begins: a byte, or a soft line break, which may have spaces before it ends. */
function escapeAt(body: Uint8Array, at: number): { last: number; byte?: number } | undefined {
  const high = hexOf(body[at])
  const low = hexOf(body[at + 1])
  if (high !== undefined && low !== undefined) return { last: at + 1, byte: high * 16 + low }
  let end = at
  while (body[end] === SPACE || body[end] === TAB) end++
  if (end >= body.length) return { last: end }
  if (body[end] === CR && body[end + 1] === LF) return { last: end + 1 }
  return body[end] === LF ? { last: end } : undefined
}

function hexOf(byte: number | undefined): number | undefined {
  if (byte === undefined) return undefined
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30
  const letter = byte | 0x20
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : undefined
}
