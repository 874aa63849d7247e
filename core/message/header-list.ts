import { decodeHeaderText } from './charset.ts'
import { readHeader } from './headers.ts'

/** One field of a header as it stands there, and as it reads. */
export interface ShownField {
  /** As it is written, upper and lower case. */
  readonly name: string
  /** Unfolded, with its encoded words decoded. */
  readonly value: string
  /** The whole field as it came, line ends as LF. */
  readonly raw: string
}

const MOST_FIELDS = 2000
const LONGEST_VALUE = 16_384

/** The fields of a message's header, in order. `isCut`: there are more, or one is longer than what is told. */
export function listFields(raw: Uint8Array): { readonly fields: ShownField[]; readonly isCut: boolean } {
  const header = readHeader(raw)
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  let isCut = header.fields.length > MOST_FIELDS
  const fields = header.fields.slice(0, MOST_FIELDS).map(({ name, at, valueAt, end }) => {
    if (end - at > LONGEST_VALUE) isCut = true
    const to = Math.min(end, at + LONGEST_VALUE)
    return {
      name: bytes.toString('latin1', at, at + name.length),
      value: decodeHeaderText(bytes.toString('latin1', Math.min(valueAt, to), to).replaceAll(/\r?\n/g, '').trim()),
      raw: decodeOctetsOf(bytes.subarray(at, to)).replaceAll('\r\n', '\n').replace(/\n$/, ''),
    }
  })
  return { fields, isCut }
}

const decodeOctetsOf = (bytes: Uint8Array) => new TextDecoder('utf-8').decode(bytes)
