import { bodies, contentOf } from './body.ts'
import { decodeContent, decodedLength, exactLength, isKnownEncoding } from './content.ts'
import { withLineFeeds } from './line-ends.ts'
import { givenName } from './file-name.ts'
import { Notes } from './notes.ts'
import { CAPS } from './reading-caps.ts'
import { readStructure, type Part, type Structure } from './structure.ts'
import { readTnef } from './tnef.ts'

/** One file of a message: a part of it, or what was packed into a part. */
export interface AttachedFile {
  /** As the sender wrote it, decoded; null where there is none. */
  readonly name: string | null
  readonly type: string
  /** Without angle brackets; '' where there is none. */
  readonly contentId: string
  /** The part it is, or is in; undefined for one that was written into the text. */
  readonly part: Part | undefined
  /** Octets as the encoding says; nothing is decoded for it. */
  readonly sizeBytes: number
  readonly bytes: () => Buffer
  /** How many those are. */
  readonly exactBytes: () => number
}
/** What a message says and brings along. */
export interface Reading {
  readonly root: Part
  readonly text: string | null
  readonly html: string | null
  /** In the order of the parts, then what was written into the text. */
  readonly files: readonly AttachedFile[]
  readonly notes: Notes
}

/** Reads a message: its parts, its text in both forms, its files. Never throws. */
export function readContent(raw: Uint8Array, structure: Structure = readStructure(raw)): Reading {
  const notes = new Notes()
  for (const { text, isCut } of structure.notes) if (isCut) notes.cut(text)
  const { pieces, attachments } = contentOf(structure.root)
  for (const { text, html } of pieces)
    for (const part of new Set([...text, ...html]))
      if (part.bodyTo - part.bodyFrom > CAPS.textBytes)
        notes.cut(`of a text part of ${part.bodyTo - part.bodyFrom} bytes the first ${CAPS.textBytes} were read`)
  const body = bodies(raw, pieces, notes)
  const packed = { text: null as string | null, html: null as string | null }
  const files = attachments.flatMap((part): AttachedFile[] => {
    const file = toFile(raw, part)
    if (!isTnef(part)) return [file]
    // What Outlook packed its own text into: used where there is no other.
    const isOnlyText = body.text === null && body.html === null && packed.text === null && packed.html === null
    const { found, ...rest } = unpack(file, part, isOnlyText, notes)
    if (isOnlyText) Object.assign(packed, rest)
    return found
  })
  if (body.files.length >= CAPS.inlineFiles)
    notes.cut(`only the first ${CAPS.inlineFiles} files in the text were taken out of it`)
  for (const { name, bytes } of body.files) {
    const type = 'application/octet-stream'
    files.push({
      name,
      type,
      contentId: '',
      part: undefined,
      sizeBytes: bytes.length,
      bytes: () => bytes,
      exactBytes: () => bytes.length,
    })
  }
  for (const part of attachments)
    if (!isKnownEncoding(part))
      notes.odd(`encoding "${part.encoding.slice(0, 60)}" is not known; octets are as they came`)
  return { root: structure.root, text: body.text ?? packed.text, html: body.html ?? packed.html, files, notes }
}

const isTnef = (part: Part) =>
  /^application\/(?:vnd\.)?ms-tnef$/.test(part.type) ||
  (part.type === 'application/octet-stream' && givenName(part)?.toLowerCase() === 'winmail.dat')

function toFile(raw: Uint8Array, part: Part): AttachedFile {
  return {
    name: givenName(part),
    type: part.type,
    contentId: part.contentId,
    part,
    sizeBytes: decodedLength(raw, part),
    bytes: () => decodeContent(raw, part),
    exactBytes: () => exactLength(raw, part),
  }
}

/** The files in a TNEF part, and its text; the part itself where it holds neither or can't be read. */
function unpack(
  file: AttachedFile,
  part: Part,
  isOnlyText: boolean,
  notes: Notes,
): { found: AttachedFile[]; text: string | null; html: string | null } {
  const none = { found: [file], text: null, html: null }
  if (part.bodyTo - part.bodyFrom > CAPS.tnefBytes) {
    notes.cut(`a TNEF part of ${part.bodyTo - part.bodyFrom} bytes was not unpacked`)
    return none
  }
  const tnef = readTnef(file.bytes())
  if (tnef === undefined) {
    notes.odd('a TNEF part can’t be read; it stays a file')
    return none
  }
  if (!tnef.isWhole) notes.cut('a TNEF part is not whole; what is there was unpacked')
  const { text, html } = tnef
  if (tnef.files.length === 0 && !(isOnlyText && (text !== null || html !== null))) return none
  const found = tnef.files.map(({ name, type, contentId, bytes }) => ({
    name,
    type,
    contentId,
    part,
    sizeBytes: bytes.length,
    bytes: () => bytes,
    exactBytes: () => bytes.length,
  }))
  return { found, text: text === null ? null : withLineFeeds(text) || null, html: html || null }
}
