import { randomId } from '../base/random-id.ts'
import { encodeWords, readHeader, type Header } from '../message/headers.ts'
import { formatPath, type Mailbox } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { Store } from '../store/types.ts'

/** What sending a stored message on has in common, whoever does it: a rule, or a person. */
const CR = 0x0d
const LF = 0x0a
/** RFC 5321 §4.5.3.1.6 without its CRLF. */
const LONGEST_LINE = 998
/** So much of a message is kept to find its header in. */
export const LONGEST_HEAD = 128 * 1024

/** What has to be known of a message before it goes along. */
export interface Seen {
  readonly head: Uint8Array
  readonly header: Header
  readonly has8bit: boolean
  readonly hasLongLines: boolean
  /** A byte that no message may hold (RFC 5321 §4.5.2): what has one can only be a file. */
  readonly hasNul: boolean
}

/** Reads a message to its end for that. */
export async function lookAt(bytes: AsyncIterable<Uint8Array>): Promise<Seen> {
  const start: Uint8Array[] = []
  let startBytes = 0
  let has8bit = false
  let hasLongLines = false
  let hasNul = false
  let line = 0
  for await (const chunk of bytes) {
    if (startBytes < LONGEST_HEAD) {
      start.push(chunk.slice(0, LONGEST_HEAD - startBytes))
      startBytes += chunk.length
    }
    for (const byte of chunk) {
      if (byte >= 0x80) has8bit = true
      if (byte === 0) hasNul = true
      line = byte === LF || byte === CR ? 0 : line + 1
      if (line > LONGEST_LINE) hasLongLines = true
    }
  }
  const head = Buffer.concat(start)
  return { head, header: readHeader(head), has8bit, hasLongLines, hasNul }
}

/**
 * Bytes with CRLF at the end of every line. Mail that was fetched may hold a CR or an LF that stands alone, and on the wire to another
 * server that could end the message in the middle and begin another one.
 */
export async function* withCrlf(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void, void> {
  /** A CR has gone out whose LF has not come yet. */
  let isOpen = false
  for await (const chunk of bytes) {
    const out = Buffer.allocUnsafe(chunk.length * 2 + 1)
    let to = 0
    for (const byte of chunk) {
      if (byte === LF && !isOpen) out[to++] = CR
      if (byte !== LF && isOpen) out[to++] = LF
      out[to++] = byte
      isOpen = byte === CR
    }
    yield out.subarray(0, to)
  }
  if (isOpen) yield Buffer.of(LF)
}

/** The bytes of a view from that one on. */
export async function* part(
  store: Pick<Store, 'openBody'>,
  view: BlobView,
  from: number,
): AsyncGenerator<Uint8Array, void, void> {
  let skip = from
  for await (const chunk of store.openBody(view)) {
    if (skip < chunk.length) yield chunk.subarray(skip)
    skip = Math.max(0, skip - chunk.length)
  }
}

/** A new Message-ID in somebody's domain. */
export const newId = ({ domain }: Mailbox) => `<${randomId()}@${domain.replaceAll(/[[\]:]/g, '')}>`
/** Text that can stand in a field. Beyond latin1, too: written as latin1 a letter keeps its low byte alone, and U+010A would end the line. */
export const safe = (text: string) => text.replaceAll(/[^ -~]/g, '?')

/** A name and an address as a field has them (RFC 5322 §3.4), latin1. */
export function person(name: string, mailbox: Mailbox): string {
  const path = Buffer.from(formatPath(mailbox)).toString('latin1')
  if (name.trim() === '') return path.slice(1, -1)
  const words = encodeWords(name.trim())
  const phrase =
    words.startsWith('=?') || /^[\w !#$%&'*+\-/=?^`{|}~]+$/.test(words)
      ? words
      : `"${words.replaceAll(/["\\]/g, '\\$&')}"`
  return `${phrase} ${path}`
}
