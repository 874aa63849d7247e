import { SLICE_BYTES, type Piece, type Source } from './seven-bit.ts'

/** RFC 2045 §6.7 (5), RFC 2045 §6.8. */
const LONGEST_ENCODED_LINE = 76
/** Bytes that make one full line of base64. */
const BASE64_LINE = 57
const BASE64_SLICE = BASE64_LINE * 2048
const CR = 0x0d
const LF = 0x0a
const EQUALS = 0x3d
const SOFT_BREAK = Buffer.from('=\r\n')

/** The bytes of a plan, slice by slice. What is given is good until the next is asked for. */
export async function* writeSevenBit(source: Source, pieces: readonly Piece[]): AsyncGenerator<Buffer, void, void> {
  for (const piece of pieces) {
    if ('ours' in piece) yield Buffer.from(piece.ours, 'latin1')
    else if (piece.as === 'base64') yield* base64(source, piece)
    else if (piece.as === 'quoted-printable') yield* quotedPrintable(source, piece)
    else
      for (let at = piece.from; at < piece.to; at += SLICE_BYTES)
        yield await source.read(at, Math.min(piece.to, at + SLICE_BYTES))
  }
}

interface Span {
  readonly from: number
  readonly to: number
}

/** RFC 2045 §6.8: 57 bytes a line. */
async function* base64(source: Source, { from, to }: Span): AsyncGenerator<Buffer, void, void> {
  for (let at = from; at < to; at += BASE64_SLICE) {
    const text = (await source.read(at, Math.min(to, at + BASE64_SLICE))).toString('base64')
    yield Buffer.from(text.replace(/.{76}/g, '$&\r\n'), 'latin1')
  }
  if ((to - from) % BASE64_LINE !== 0) yield Buffer.from('\r\n')
}

const HEX = Buffer.from('0123456789ABCDEF')

/** RFC 2045 §6.7. Line ends of the text stay line ends. */
async function* quotedPrintable(source: Source, { from, to }: Span): AsyncGenerator<Buffer, void, void> {
  let column = 0
  // A byte becomes three, and a soft break stands behind 73 columns at the earliest. One buffer for all slices.
  const most = Math.min(SLICE_BYTES, to - from) * 3
  const out = Buffer.allocUnsafeSlow(most + (Math.ceil(most / 70) + 1) * SOFT_BREAK.length)
  for (let at = from; at < to;) {
    const end = Math.min(to, at + SLICE_BYTES)
    // Two bytes more tell whether the line ends behind the last one.
    const bytes = await source.read(at, Math.min(to, end + 2))
    const size = end - at
    let length = 0
    let i = 0
    while (i < size) {
      const byte = bytes[i] as number
      if (byte === CR && bytes[i + 1] === LF) {
        out[length++] = CR
        out[length++] = LF
        column = 0
        i += 2
        continue
      }
      const endsLine = i + 1 >= bytes.length ? at + i + 1 >= to : bytes[i + 1] === CR && bytes[i + 2] === LF
      const isPlain = (byte > 0x20 && byte < 0x7f && byte !== EQUALS) || ((byte === 0x20 || byte === 0x09) && !endsLine)
      const width = isPlain ? 1 : 3
      // One column is kept for the `=` of a soft line break.
      if (column + width > LONGEST_ENCODED_LINE - (endsLine ? 0 : 1)) {
        length += SOFT_BREAK.copy(out, length)
        column = 0
      }
      if (isPlain) out[length++] = byte
      else {
        out[length++] = EQUALS
        out[length++] = HEX[byte >> 4] as number
        out[length++] = HEX[byte & 15] as number
      }
      column += width
      i++
    }
    at += i
    yield out.subarray(0, length)
  }
}
