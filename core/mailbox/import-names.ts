import { oneLine } from '../message/one-line.ts'

/** Folders of folders that an import makes; what lies deeper goes into the last of them. */
const DEEPEST = 10
const LONGEST_PART = 100

/** A folder's whole name from the names on the way to it. */
export function folderName(parts: readonly string[]): string {
  const clean = parts.map((part) => oneLine(part.replaceAll('/', '-'), LONGEST_PART)).filter((part) => part !== '')
  return clean.slice(0, DEEPEST).join('/') || 'Imported'
}

/** A folder's name from that of a file: without what only says how it is kept. */
export function nameOfFile(file: string): string {
  return file.replace(/\.(?:mbox|mbx|mboxrd|mboxo|txt|eml)$/i, '')
}

/** A name in IMAP's own UTF-7 (RFC 3501 §5.1.3), as Maildir++ keeps names; as it stands where it is none. */
export function decodeImapUtf7(name: string): string {
  const decoded = name.replaceAll(/&([A-Za-z0-9+,]*)-/g, (whole, letters: string) => {
    if (letters === '') return '&'
    const bytes = Buffer.from(letters.replaceAll(',', '/'), 'base64')
    return bytes.length === 0 || bytes.length % 2 !== 0 ? whole : bytes.swap16().toString('utf16le')
  })
  return decoded.isWellFormed() ? decoded : name
}
