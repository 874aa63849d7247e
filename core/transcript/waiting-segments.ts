import type { Moment, Said, Segment } from '../model/segment.ts'
import { eventsIn } from '../model/segment-reader.ts'
import { SegmentWriter } from '../model/segment-writer.ts'
import type { Protocol, SessionLink, TranscriptEvent } from '../model/transcript.ts'

/** A segment that has become longer is ended, and handed over. */
const SEGMENT_BYTES = 32 * 1024

/** What a segment that is full has room for beside what the last one took. */
const SPARE_BYTES = 4096

/** A segment that is being written, and what each session has in it. */
interface Open {
  readonly writer: SegmentWriter
  readonly parts: Part[]
}
interface Part {
  readonly of: Open
  readonly sessionId: number
  readonly seq: number
  count: number
}
/** Who writes: a session, as far as segments go. */
export interface Speaker {
  readonly id: number
  readonly protocol: Protocol
  /** Number of its next event. */
  seq: number
  /** What it has in the segment it has written into last. */
  part: Part | undefined
}

/** What was said and is not handed over yet: for each protocol a segment that is being written, and those that are full. */
export class WaitingSegments {
  readonly #open = new Map<Protocol, Open>()
  #full: Segment[] = []
  /** A segment is likely to become as long as the one before it. */
  readonly #likelyBytes = new Map<Protocol, number>()

  /** A line of which nothing is left out. */
  line(of: Speaker, moment: Moment, from: 'C' | 'S', tls: boolean, line: Uint8Array | string, isOdd: boolean): void {
    const open = this.#openFor(of, moment, 1)
    open.writer.line(of.id, moment, from, tls, line, isOdd)
    if (open.writer.size >= SEGMENT_BYTES) this.#end(of.protocol, open)
  }
  event(of: Speaker, moment: Moment, said: Said): void {
    const open = this.#openFor(of, moment, 1)
    open.writer.event(of.id, moment, said)
    if (open.writer.size >= SEGMENT_BYTES) this.#end(of.protocol, open)
  }
  link(of: Speaker, moment: Moment, link: SessionLink): void {
    const open = this.#openFor(of, moment, 0)
    open.writer.link(of.id, moment, link)
    if (open.writer.size >= SEGMENT_BYTES) this.#end(of.protocol, open)
  }

  get hasFull(): boolean {
    return this.#full.length > 0
  }

  /** All that waits, which from here on is the caller's. */
  take(): Segment[] {
    for (const [protocol, open] of this.#open) this.#end(protocol, open)
    const taken = this.#full
    this.#full = []
    return taken
  }

  /** As they stand, without taking them. */
  all(): Segment[] {
    return [...this.#full, ...[...this.#open].map(([protocol, open]) => toSegment(protocol, open))]
  }

  #openFor(of: Speaker, { atMs }: Moment, count: number): Open {
    let open = this.#open.get(of.protocol)
    if (open === undefined) {
      open = { writer: new SegmentWriter(atMs, this.#likelyBytes.get(of.protocol)), parts: [] }
      this.#open.set(of.protocol, open)
    }
    if (of.part?.of !== open) open.parts.push((of.part = { of: open, sessionId: of.id, seq: of.seq, count: 0 }))
    of.part.count += count
    of.seq += count
    return open
  }

  #end(protocol: Protocol, open: Open): void {
    this.#full.push(toSegment(protocol, open))
    this.#likelyBytes.set(protocol, open.writer.size + SPARE_BYTES)
    this.#open.delete(protocol)
  }
}

function toSegment(protocol: Protocol, { writer, parts }: Open): Segment {
  return { protocol, bytes: writer.bytes, parts: parts.map(({ sessionId, seq, count }) => ({ sessionId, seq, count })) }
}

/** Events of one session in segments, with their numbers. */
export function numberedEvents(
  segments: readonly Segment[],
  sessionId: number,
): { readonly seq: number; readonly event: TranscriptEvent }[] {
  return segments.flatMap(({ bytes, parts }) => {
    const part = parts.find((one) => one.sessionId === sessionId)
    if (part === undefined) return []
    return eventsIn(bytes, sessionId).map(({ event }, n) => ({ seq: part.seq + n, event }))
  })
}
