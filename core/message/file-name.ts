import { oneLine, UNSHOWABLE } from './one-line.ts'
import type { Part } from './structure.ts'

const EXTENSIONS: Readonly<Record<string, string>> = {
  'text/calendar': 'ics',
  'text/plain': 'txt',
  'text/html': 'html',
  'application/pdf': 'pdf',
  'image/jpeg': 'jpg',
  'image/png': 'png',
  'image/gif': 'gif',
}
/** Parts that never bring a name, by what a person would call them (RFC 3464, RFC 3462 §2, RFC 6533, RFC 8098). */
const TITLES: Readonly<Record<string, string>> = {
  'message/delivery-status': 'Delivery status.txt',
  'message/global-delivery-status': 'Delivery status.txt',
  'message/disposition-notification': 'Read receipt.txt',
  'message/global-disposition-notification': 'Read receipt.txt',
  'text/rfc822-headers': 'Original message, header only.txt',
  'message/global-headers': 'Original message, header only.txt',
  'message/rfc822': 'Original message.eml',
  'message/global': 'Original message.eml',
}

/** The name the sender gave a part, decoded; null where there is none. */
export function givenName(part: Part): string | null {
  return part.dispositionParameters.get('filename') ?? part.typeParameters.get('name') ?? null
}

const LONGEST_CHARACTERS = 200
/** File systems take 255 octets; a browser may put a number behind a name that is there already. */
const LONGEST_BYTES = 240

/** A name that can be shown and saved under: no folders, no marks that reorder it, no device, at most 200 characters. */
export function safeName(given: string | null, contentType: string, index: number): string {
  const clean = oneLine((given ?? '').replaceAll(UNSHOWABLE, ''), 10_000)
    .replaceAll(/[/\\:*?"<>|]/g, '_')
    .replace(/^[. ]+/, '')
    .replace(/[. ]+$/, '')
  const name = /^(?:con|prn|aux|nul|com[\d¹²³]|lpt[\d¹²³]|conin\$|conout\$) *(?:\.|$)/i.test(clean)
    ? `_${clean}`
    : clean
  if (name === '') return TITLES[contentType] ?? `part-${index + 1}.${EXTENSIONS[contentType] ?? 'bin'}`
  if (name.length <= LONGEST_CHARACTERS && Buffer.byteLength(name) <= LONGEST_BYTES) return name
  const dot = name.lastIndexOf('.')
  const ending = dot > 0 && name.length - dot <= 20 ? name.slice(dot) : ''
  let start = name.slice(0, LONGEST_CHARACTERS - ending.length)
  while (Buffer.byteLength(start + ending) > LONGEST_BYTES) start = start.slice(0, -1)
  return `${start.replace(/[\ud800-\udbff]$/, '')}${ending}`
}
