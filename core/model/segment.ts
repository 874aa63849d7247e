import type { Protocol, TranscriptEvent } from './transcript.ts'

/*
 * Transcripts as they are handed over and stored: the events of many sessions one behind the other, as they came, in segments.
 * Objects, or JSON an event, would cost a server under load more than the mail does. Wire lines stand in a segment byte for byte,
 * so that what is looked for can be looked for in the bytes.
 *
 *   segment  format (1), wall clock of its first event (8 bytes, float), records
 *   record   length of what follows (3), session, kind and flags (1), wall clock since the segment's (zigzag), tenths of ms since
 *            the session began, then by kind: a line's bytes, or its spans (the length and one; 0 for a secret, 1 for one that names
 *            somebody); content's size and where it is; text; links
 * All numbers without a given size are varints: seven bits a byte, the lowest first.
 */

/** A segment with what it holds of whom. */
export interface Segment {
  readonly protocol: Protocol
  readonly bytes: Uint8Array
  readonly parts: readonly SegmentPart[]
}
/** What a segment holds of one session: `count` events from number `seq` on. None where there are only links. */
export interface SegmentPart {
  readonly sessionId: number
  readonly seq: number
  readonly count: number
}
/** When an event was: Unix ms, and ms since its session began. */
export interface Moment {
  readonly atMs: number
  readonly sinceMs: number
}
type Written<E> = E extends unknown ? Omit<E, 'atMs' | 'sinceMs'> : never
/** An event without its moment. */
export type Said = Written<TranscriptEvent>

/** First byte of a segment. */
export const FORMAT = 1
/** Bytes of a segment before its first record. */
export const HEAD_BYTES = 9
/** Bytes that say how long a record is. */
export const LENGTH_BYTES = 3

/** What a record is. */
export const KIND = { line: 0, content: 1, tls: 2, note: 3, closed: 4, link: 5 } as const
/** Bits beside the kind. `more`: a line in spans, because something of it was left out; an end that says why. */
export const FLAG = { kind: 0x07, fromServer: 0x08, tls: 0x10, odd: 0x20, more: 0x40 } as const

/** Where content can be read, and who ended a session, by their numbers. */
export const REFS = ['entry', 'message', 'fetched', 'kept'] as const
export const SPEAKERS = ['C', 'S', 'us'] as const

/** Reads numbers of a buffer one after the other; never past its end. */
export class Numbers {
  readonly bytes: Uint8Array
  at: number

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes
    this.at = at
  }

  next(): number {
    let value = 0
    for (let scale = 1; this.at < this.bytes.length && scale < 2 ** 53; scale *= 128) {
      const byte = this.bytes[this.at++] as number
      value += (byte & 0x7f) * scale
      if (byte < 0x80) break
    }
    return value
  }
}

/** What stands before a record's content. */
export interface RecordHead {
  readonly sessionId: number
  readonly flags: number
  readonly atMs: number
  readonly sinceTenths: number
  /** Where its content begins. */
  readonly at: number
}

/** Reads it from just behind the length. */
export function readHead(bytes: Uint8Array, from: number, baseMs: number): RecordHead {
  const numbers = new Numbers(bytes, from)
  const sessionId = numbers.next()
  const flags = bytes[numbers.at++] ?? 0
  const away = numbers.next()
  const atMs = baseMs + (away % 2 === 0 ? away / 2 : -(away + 1) / 2)
  return { sessionId, flags, atMs, sinceTenths: numbers.next(), at: numbers.at }
}

/** Who is in a segment, as it is stored beside it: read where the segment itself need not be. */
export function packParts(parts: readonly SegmentPart[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = []
  const number = (value: number) => {
    let left = value
    for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80)
    bytes.push(left)
  }
  for (const { sessionId, seq, count } of parts) for (const value of [sessionId, seq, count]) number(value)
  return Uint8Array.from(bytes)
}

/** What `packParts` has packed. */
export function readParts(bytes: Uint8Array): SegmentPart[] {
  const numbers = new Numbers(bytes)
  const parts: SegmentPart[] = []
  while (numbers.at < bytes.length)
    parts.push({ sessionId: numbers.next(), seq: numbers.next(), count: numbers.next() })
  return parts
}
