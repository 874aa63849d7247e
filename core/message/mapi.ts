import { ByteReader } from './byte-reader.ts'
import { decodeBytes } from './charset.ts'
import { CAPS } from './reading-caps.ts'

/** MAPI properties of a message or an attachment, as TNEF holds them (MS-OXTNEF §2.1.3.4): those that are asked for, by id. */
export type Properties = ReadonlyMap<number, { readonly type: number; readonly bytes: Buffer }>

export const PROPERTY = {
  subject: 0x0037,
  body: 0x1000,
  rtf: 0x1009,
  html: 0x1013,
  displayName: 0x3001,
  attachData: 0x3701,
  attachFile: 0x3704,
  attachLongFile: 0x3707,
  attachType: 0x370e,
  attachContentId: 0x3712,
  codepage: 0x3fde,
} as const
const ASKED = new Set<number>(Object.values(PROPERTY))

const MULTI = 0x1000
const STRING = 0x1e
const UNICODE = 0x1f
/** Octets each type of one fixed size has, padded to four. */
const FIXED = new Map([
  [0x01, 4],
  [0x02, 4],
  [0x03, 4],
  [0x04, 4],
  [0x05, 8],
  [0x06, 8],
  [0x07, 8],
  [0x0a, 4],
  [0x0b, 4],
  [0x14, 8],
  [0x40, 8],
  [0x48, 16],
])
const VARIABLE = new Set([0x0d, STRING, UNICODE, 0x0102])

/** Reads as many properties as can be read: what is broken ends the list. */
export function readProperties(bytes: Uint8Array): Properties {
  const found = new Map<number, { type: number; bytes: Buffer }>()
  const reader = new ByteReader(bytes)
  const count = Math.min(reader.u32(), CAPS.tnefProperties)
  for (let n = 0; n < count && reader.left > 0; n++) {
    const type = reader.u16()
    const id = reader.u16()
    if (id >= 0x8000) skipName(reader)
    const value = readValue(reader, type)
    if (value === undefined || reader.isShort) break
    if (ASKED.has(id) && !found.has(id)) found.set(id, { type, bytes: value })
  }
  return found
}

/** A property known by name has it before its value. */
function skipName(reader: ByteReader): void {
  reader.bytes(16)
  if (reader.u32() === 0) reader.u32()
  else padded(reader, reader.u32())
}

/** The first of its values; undefined for a type that is none. */
function readValue(reader: ByteReader, type: number): Buffer | undefined {
  const kind = type & ~MULTI
  const size = FIXED.get(kind)
  const isVariable = VARIABLE.has(kind)
  if (size === undefined && !isVariable) return undefined
  const values = (type & MULTI) !== 0 || isVariable ? reader.u32() : 1
  let first: Buffer | undefined
  for (let n = 0; n < values && !reader.isShort; n++) {
    const value = isVariable ? padded(reader, reader.u32()) : reader.bytes(size ?? 0)
    first ??= value
  }
  return first ?? Buffer.alloc(0)
}

function padded(reader: ByteReader, length: number): Buffer {
  const value = reader.bytes(length)
  reader.bytes(Math.min(reader.left, (4 - (length % 4)) % 4))
  return value
}

/** A property as text without the zeros at its end; undefined where there is none of it. */
export function textProperty(properties: Properties, id: number, charset: string): string | undefined {
  const found = properties.get(id)
  if (found === undefined) return undefined
  const text = found.type === UNICODE ? decodeBytes(found.bytes, 'utf-16le') : decodeBytes(found.bytes, charset)
  return text.replace(/\0[\s\S]*$/, '')
}

/** The charset of a Windows code page by its number. */
export function codepageName(number: number): string {
  if (number === 0) return 'windows-1252'
  if (number === 20127) return 'us-ascii'
  if (number === 28591) return 'iso-8859-1'
  return `cp${number}`
}
