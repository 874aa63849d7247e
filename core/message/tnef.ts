import { ByteReader } from './byte-reader.ts'
import { decodeBytes } from './charset.ts'
import { codepageName, PROPERTY, readProperties, textProperty, type Properties } from './mapi.ts'
import { CAPS } from './reading-caps.ts'
import { decompressRtf, readRtf } from './rtf.ts'

/** One file in a TNEF part. */
export interface TnefFile {
  readonly name: string | null
  readonly type: string
  readonly contentId: string
  /** A view of the part's octets. */
  readonly bytes: Buffer
}
/** What Outlook packed into `winmail.dat` (MS-OXTNEF). */
export interface Tnef {
  readonly text: string | null
  readonly html: string | null
  readonly files: readonly TnefFile[]
  /** False where it ends too early, or holds more than is read. */
  readonly isWhole: boolean
}

const SIGNATURE = 0x223e9f78
const ATTRIBUTE = {
  attachData: 0x0006800f,
  attachTitle: 0x00018010,
  attachRendering: 0x00069002,
  attachProperties: 0x00069005,
  messageProperties: 0x00069003,
  body: 0x0002800c,
  codepage: 0x00069007,
} as const
/** PR_ATTACH_DATA_OBJ begins with the interface it is for: that of a message means TNEF within TNEF. */
const MESSAGE_INTERFACE = Buffer.from('0703020000000000c000000000000046', 'hex')
const OBJECT = 0x0d

/** An attachment while its attributes are read. */
interface Growing {
  title: string
  data: Buffer | undefined
  properties: Properties | undefined
}

/** Reads a TNEF part; undefined for what is none. Nothing is copied, and nothing here throws. */
export function readTnef(bytes: Uint8Array, depth = 0): Tnef | undefined {
  const reader = new ByteReader(bytes)
  if (reader.u32() !== SIGNATURE) return undefined
  reader.u16() // a key that nobody uses
  let charset = 'windows-1252'
  let plain: string | null = null
  let message: Properties | undefined
  const attached: Growing[] = []
  let isWhole = true
  while (reader.left >= 11) {
    reader.u8() // of the message or of an attachment: the attribute says it, too
    const attribute = reader.u32()
    const value = reader.bytes(reader.u32())
    reader.u16() // a checksum: wrong ones are common, and harm nobody
    if (reader.isShort) isWhole = false
    const last = attached.at(-1)
    if (attribute === ATTRIBUTE.codepage && value.length >= 4) charset = codepageName(value.readUInt32LE())
    else if (attribute === ATTRIBUTE.body) plain = withoutZeros(decodeBytes(value, charset))
    else if (attribute === ATTRIBUTE.messageProperties) message ??= readProperties(value)
    else if (attribute === ATTRIBUTE.attachRendering) {
      if (attached.length >= CAPS.tnefFiles) {
        isWhole = false
        break
      }
      attached.push({ title: '', data: undefined, properties: undefined })
    } else if (last === undefined) continue
    else if (attribute === ATTRIBUTE.attachTitle) last.title = withoutZeros(decodeBytes(value, charset))
    else if (attribute === ATTRIBUTE.attachData) last.data = value
    else if (attribute === ATTRIBUTE.attachProperties) last.properties = readProperties(value)
  }
  const files: TnefFile[] = []
  for (const one of attached) {
    const found = filesOf(one, charset, depth)
    if (!found.isWhole) isWhole = false
    files.push(...found.files)
  }
  if (files.length > CAPS.tnefFiles) isWhole = false
  return { ...bodyOf(message, plain, charset), files: files.slice(0, CAPS.tnefFiles), isWhole }
}

const withoutZeros = (text: string) => text.replace(/\0[\s\S]*$/, '')

function bodyOf(
  message: Properties | undefined,
  plain: string | null,
  charset: string,
): { text: string | null; html: string | null } {
  if (message === undefined) return { text: plain, html: null }
  const own = message.get(PROPERTY.codepage)?.bytes
  const htmlCharset = own !== undefined && own.length >= 4 ? codepageName(own.readUInt32LE()) : charset
  const text = textProperty(message, PROPERTY.body, charset) ?? plain
  const html = textProperty(message, PROPERTY.html, htmlCharset) ?? null
  const packed = message.get(PROPERTY.rtf)
  // RTF is looked at only where there is nothing plainer.
  const rtf = html === null && packed !== undefined ? decompressRtf(packed.bytes) : undefined
  if (rtf === undefined) return { text, html }
  const read = readRtf(rtf)
  return read.kind === 'html' ? { text, html: read.text } : { text: text ?? read.text, html: null }
}

/** One file, or all files and the text of a message that is attached. */
function filesOf(one: Growing, charset: string, depth: number): Pick<Tnef, 'files' | 'isWhole'> {
  const { properties = new Map() as Properties } = one
  const word = (id: number) => textProperty(properties, id, charset)?.trim() || undefined
  const name =
    word(PROPERTY.attachLongFile) ?? word(PROPERTY.attachFile) ?? (one.title || undefined) ?? word(PROPERTY.displayName)
  const held = properties.get(PROPERTY.attachData)
  const isMessage = held?.type === OBJECT && held.bytes.subarray(0, 16).equals(MESSAGE_INTERFACE)
  const inner = isMessage && depth < CAPS.tnefDepth ? readTnef(held.bytes.subarray(16), depth + 1) : undefined
  if (inner !== undefined) {
    const title = name ?? 'message'
    const text = inner.html ?? inner.text
    const type = inner.html === null ? 'text/plain' : 'text/html'
    const ending = inner.html === null ? 'txt' : 'html'
    const body = text === null ? [] : [toFile(`${title}.${ending}`, type, '', Buffer.from(text))]
    return { files: [...body, ...inner.files], isWhole: inner.isWhole }
  }
  const data = one.data ?? (isMessage ? held.bytes.subarray(16) : held?.bytes)
  if (data === undefined) return { files: [], isWhole: true }
  const given = word(PROPERTY.attachType)?.toLowerCase() ?? ''
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(given) ? given : isMessage ? 'application/ms-tnef' : typeOf(name)
  const contentId = word(PROPERTY.attachContentId)?.replace(/^<|>$/g, '') ?? ''
  return { files: [toFile(name ?? null, type, contentId, data)], isWhole: true }
}

const toFile = (name: string | null, type: string, contentId: string, bytes: Buffer): TnefFile => ({
  name,
  type,
  contentId,
  bytes,
})

/** Outlook often says no type: the endings that are shown, and no other. */
const TYPES: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  pdf: 'application/pdf',
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  ics: 'text/calendar',
  vcf: 'text/vcard',
}
const typeOf = (name: string | undefined) =>
  TYPES[/\.([a-z]{3,4})$/i.exec(name ?? '')?.[1]?.toLowerCase() ?? ''] ?? 'application/octet-stream'
