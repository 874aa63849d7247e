/** One row of bytes: where it begins, the bytes in hexadecimal, and as characters with a dot for what is none. */
export interface HexRow {
  readonly offset: string
  readonly hex: string
  readonly text: string
}

const WIDTH = 16

/** Bytes kept as latin1 (one character a byte), as rows of sixteen. `from`: how many bytes came before. */
export function hexRows(latin1: string, from = 0): HexRow[] {
  const rows: HexRow[] = []
  for (let at = 0; at < latin1.length; at += WIDTH) {
    const bytes = Array.from(latin1.slice(at, at + WIDTH), (character) => character.charCodeAt(0) & 0xff)
    const hex = bytes.map((byte) => byte.toString(16).padStart(2, '0'))
    rows.push({
      offset: (from + at).toString(16).padStart(4, '0'),
      hex: `${hex.slice(0, 8).join(' ')}${hex.length > 8 ? '  ' : ''}${hex.slice(8).join(' ')}`,
      text: bytes.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '·')).join(''),
    })
  }
  return rows
}
