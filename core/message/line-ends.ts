const LF = 0x0a
const CR = 0x0d
/** Octets or characters of a text that is small. */
export const SMALL = 256 * 1024

/**
 * Octets with LF for every line end, whatever it was: in no charset but UTF-16 is a CR part of another character. For texts that
 * may have millions of lines: replacing those in a string takes many times its room.
 */
export function lineFeedsOnly(bytes: Buffer): Buffer {
  const first = bytes.indexOf(CR)
  if (first < 0) return bytes
  const out = Buffer.allocUnsafe(bytes.length)
  bytes.copy(out, 0, 0, first)
  let length = first
  for (let i = first; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0
    if (byte !== CR) out[length++] = byte
    else if (bytes[i + 1] !== LF) out[length++] = LF
  }
  return out.subarray(0, length)
}

/** The same of a text, which is faster where it is small. */
export function withLineFeeds(text: string): string {
  if (text.length <= SMALL) return text.replaceAll(/\r\n?/g, '\n')
  return text.includes('\r') ? text.split('\r\n').join('\n').split('\r').join('\n') : text
}
