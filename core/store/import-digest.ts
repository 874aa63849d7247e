import { hash } from 'node:crypto'

/*
 * What makes two copies of a message the same. Programs that kept one left their marks on it: fields that say whether it was read,
 * `>` before "From " at the beginning of a line, blank lines at its end. None of this counts.
 */

const LF = 0x0a
const CR = 0x0d
const LONGEST_HEADER = 256 * 1024
const NOTES =
  /^(?:status|x-status|x-keywords|x-uid|x-imap|x-imapbase|content-length|x-mozilla-(?:status2?|keys)|x-account-key|x-uidl)[ \t]*:.*\r\n(?:[ \t].*\r\n)*/gim
const MAY_HAVE_NOTES = /^(?:status|x-|content-length)/im
const QUOTED = /^>+(?=From )/gm

/** A hash of a message as it is stored, with CRLF at each line's end. */
export function digestOf(raw: Uint8Array): Buffer {
  const bytes = Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength)
  const blank = bytes.indexOf('\r\n\r\n')
  const headerEnd = Math.min(blank < 0 ? bytes.length : blank + 2, LONGEST_HEADER)
  const header = bytes.toString('latin1', 0, headerEnd)
  if (!MAY_HAVE_NOTES.test(header) && bytes.indexOf('>From ') < 0) return hashOf(bytes)
  const text = header.replaceAll(NOTES, '') + bytes.toString('latin1', headerEnd).replaceAll(QUOTED, '')
  return hashOf(Buffer.from(text, 'latin1'))
}

function hashOf(bytes: Buffer): Buffer {
  let end = bytes.length
  while (bytes[end - 1] === LF && bytes[end - 2] === CR) end -= 2
  return hash('sha256', bytes.subarray(0, end), 'buffer')
}

/** The same in the eight bytes that SQLite's integers have. */
export function shortDigest(digest: Uint8Array): bigint {
  return Buffer.from(digest.buffer, digest.byteOffset, digest.byteLength).readBigInt64BE(0)
}
