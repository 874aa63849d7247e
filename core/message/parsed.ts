import { createHash } from 'node:crypto'
import { readContent, type Reading } from './attached.ts'
import { decodeHeaderText, decodeOctets } from './charset.ts'
import { parseDate } from './date.ts'
import { addressesOf } from './header-addresses.ts'
import { readStructure, type Part } from './structure.ts'
import { readTree, type PartNode } from './tree.ts'
import { warningsOf } from './warnings.ts'

/** What `posthorn parse` prints of a message on standard input. */
export interface ParsedForCli {
  readonly subject: string | null
  readonly from: string[]
  readonly to: string[]
  readonly cc: string[]
  readonly date: string | null
  readonly messageId: string | null
  readonly text: string | null
  readonly html: string | null
  readonly attachments: { filename: string | null; contentType: string; size: number; sha256: string }[]
}
/** What it prints of a file: the same, the tree of its parts, and what is odd about it. */
export interface ParsedFile extends ParsedForCli {
  readonly tree: PartNode
  readonly warnings: string[]
}

const first = (part: Part, name: string) => part.fields.find((one) => one.name === name)?.value

/** The object `posthorn parse` prints: names as they were sent, texts to the caps of reading. */
export function parseForCli(raw: Uint8Array): ParsedForCli {
  return toParsed(readContent(raw))
}

/** The same with its parts and warnings. */
export function parseFile(raw: Uint8Array): ParsedFile {
  const structure = readStructure(raw)
  const reading = readContent(raw, structure)
  return { ...toParsed(reading), tree: readTree(raw, structure), warnings: warningsOf(raw, structure, reading) }
}

function toParsed({ root, text, html, files }: Reading): ParsedForCli {
  const emails = (name: string) =>
    addressesOf(root.fields, name)
      .map((one) => one.address)
      .filter((address) => address !== '')
  const subject = first(root, 'subject')
  const dateMs = parseDate(decodeOctets(first(root, 'date') ?? ''))
  const messageId = decodeOctets(first(root, 'message-id') ?? '')
  return {
    subject: subject === undefined ? null : decodeHeaderText(subject),
    from: emails('from'),
    to: emails('to'),
    cc: emails('cc'),
    date: dateMs === null ? null : new Date(dateMs).toISOString(),
    messageId: /<[^<>\s]{1,998}>/.exec(messageId)?.[0] ?? (messageId.trim() || null),
    text,
    html,
    attachments: files.map((file) => {
      const bytes = file.bytes()
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      return { filename: file.name, contentType: file.type, size: bytes.length, sha256 }
    }),
  }
}
