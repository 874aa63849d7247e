/**
 * Charsets that shift with ASCII characters and that TextDecoder does not know, for browsers must not (they hide markup). Here
 * what they hide is read first and cleaned afterwards.
 */

const decodeUtf16 = (bytes: Uint8Array) => new TextDecoder('utf-16be').decode(bytes)

/** UTF-7 (RFC 2152): `+` and base64 of UTF-16 up to what is no base64; `-` after it is part of the shift. */
export function decodeUtf7(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  return text.replaceAll(/\+([A-Za-z0-9+/]*)-?/g, (whole, base64: string) => {
    if (base64 === '') return whole === '+-' ? '+' : whole
    const octets = Buffer.from(base64, 'base64')
    return decodeUtf16(octets.subarray(0, octets.length - (octets.length % 2)))
  })
}

const SHIFT_OUT = 0x0e
const SHIFT_IN = 0x0f
const TILDE = 0x7e

/** ISO-2022-KR (RFC 1557) as EUC-KR: what stands between SO and SI has its high bits set. */
export function fromIso2022Kr(bytes: Uint8Array): Uint8Array {
  const out: number[] = []
  let isShifted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 0x1b && bytes[i + 1] === 0x24 && bytes[i + 2] === 0x29 && bytes[i + 3] === 0x43) i += 3
    else if (byte === SHIFT_OUT) isShifted = true
    else if (byte === SHIFT_IN) isShifted = false
    else out.push(isShifted && byte > 0x20 ? byte | 0x80 : byte)
  }
  return Uint8Array.from(out)
}

/** HZ (RFC 1843) as GB 2312: what stands between `~{` and `~}` has its high bits set; `~~` is a tilde. */
export function fromHz(bytes: Uint8Array): Uint8Array {
  const out: number[] = []
  let isShifted = false
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    const next = bytes[i + 1]
    if (byte === TILDE && (next === 0x7b || next === 0x7d)) {
      isShifted = next === 0x7b
      i++
    } else if (byte === TILDE && !isShifted && next === TILDE) {
      out.push(TILDE)
      i++
    } else if (byte === TILDE && !isShifted && next === 0x0a) i++
    else {
      if (byte === 0x0a) isShifted = false // it ends with its line at the latest
      out.push(isShifted && byte > 0x20 ? byte | 0x80 : byte)
    }
  }
  return Uint8Array.from(out)
}
