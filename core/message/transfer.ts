const LF = 0x0a
const CR = 0x0d
const SPACE = 0x20
const TAB = 0x09
const EQUALS = 0x3d

const PAD = 64
const JUNK = 65
/** What each octet stands for: 0 to 63, a pad, or nothing. */
const SEXTETS = new Uint8Array(256).fill(JUNK)
for (const [value, character] of [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'].entries())
  SEXTETS[character.charCodeAt(0)] = value
SEXTETS[EQUALS] = PAD

/**
 * Octets of base64; what is no base64 is passed over. Some mailers pad every line: what follows a pad begins anew. One pass
 * without strings, for an attachment may be as large as mail can be.
 */
export function decodeBase64(body: Uint8Array): Buffer {
  const out = Buffer.allocUnsafe(Math.ceil(body.length / 4) * 3)
  let length = 0
  let bits = 0
  let count = 0
  const end = () => {
    if (count > 1) out[length++] = (bits >> (count === 2 ? 4 : 10)) & 255
    if (count > 2) out[length++] = (bits >> 2) & 255
    bits = 0
    count = 0
  }
  for (let i = 0; i < body.length; i++) {
    if (count === 0 && i + 3 < body.length) {
      const a = SEXTETS[body[i] ?? 0] ?? JUNK
      const b = SEXTETS[body[i + 1] ?? 0] ?? JUNK
      const c = SEXTETS[body[i + 2] ?? 0] ?? JUNK
      const d = SEXTETS[body[i + 3] ?? 0] ?? JUNK
      if ((a | b | c | d) < PAD) {
        out[length] = (a << 2) | (b >> 4)
        out[length + 1] = ((b & 15) << 4) | (c >> 2)
        out[length + 2] = ((c & 3) << 6) | d
        length += 3
        i += 3
        continue
      }
    }
    const value = SEXTETS[body[i] ?? 0] ?? JUNK
    if (value === PAD) end()
    if (value >= PAD) continue
    bits = ((bits << 6) | value) & 0xffffff
    if (++count < 4) continue
    out[length] = bits >> 16
    out[length + 1] = (bits >> 8) & 255
    out[length + 2] = bits & 255
    length += 3
    bits = 0
    count = 0
  }
  end()
  return out.subarray(0, length)
}

/** How many octets `decodeBase64` would give, without giving them. */
export function base64Length(body: Uint8Array): number {
  let length = 0
  let count = 0
  for (let i = 0; i < body.length; i++) {
    const value = SEXTETS[body[i] ?? 0] ?? JUNK
    if (value < PAD) count++
    else if (value === PAD) {
      length += Math.floor((count * 3) / 4)
      count = 0
    }
  }
  return length + Math.floor((count * 3) / 4)
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
