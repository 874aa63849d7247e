import type Database from 'better-sqlite3'
import { packParts } from '../../model/segment.ts'
import { SegmentWriter } from '../../model/segment-writer.ts'
import type { Protocol, TranscriptEvent } from '../../model/transcript.ts'
import type { Migration } from '../migrate.ts'

/** The protocol log in segments. */
export const migration: Migration = {
  version: 12,
  sql: `
-- What sessions said, of many of them as it came (core/model/segment.ts). parts: of which sessions, with the number of the first
-- event and how many of them; before data, so that a segment is passed over without reading it.
CREATE TABLE session_segment (
  id INTEGER PRIMARY KEY AUTOINCREMENT, protocol TEXT NOT NULL, parts BLOB NOT NULL, data BLOB NOT NULL) STRICT;
-- Segments that hold something of a session lie between these two. NULL: none does.
ALTER TABLE session ADD COLUMN first_segment INTEGER;
ALTER TABLE session ADD COLUMN last_segment INTEGER;
-- Which sessions had to do with a queue entry (recipient 0: with the whole of it) or a message. The other way round the segments say.
-- No foreign keys: rows there may come before or go before.
CREATE TABLE session_entry (
  entry_id INTEGER NOT NULL, recipient_id INTEGER NOT NULL, session_id INTEGER NOT NULL,
  PRIMARY KEY (entry_id, recipient_id, session_id)) STRICT, WITHOUT ROWID;
CREATE TABLE session_message (
  message_id INTEGER NOT NULL, session_id INTEGER NOT NULL, PRIMARY KEY (message_id, session_id)) STRICT, WITHOUT ROWID;
INSERT INTO session_entry SELECT DISTINCT entry_id, coalesce(recipient_id, 0), session_id FROM session_link
  WHERE entry_id IS NOT NULL ORDER BY 1, 2, 3;
INSERT INTO session_message SELECT DISTINCT message_id, session_id FROM session_link WHERE message_id IS NOT NULL ORDER BY 1, 2;
`,
  after(db) {
    const bytes = new Converter(db).run()
    db.exec(`
      DROP TABLE session_events;
      DROP TABLE session_link;
      ALTER TABLE session DROP COLUMN stored_bytes;`)
    db.prepare(`UPDATE counter SET value = ? WHERE name = 'transcript-bytes'`).run(bytes)
  },
}

const SEGMENT_BYTES = 32 * 1024
const ROWS_AT_ONCE = 500

interface Events {
  readonly id: number
  readonly session_id: number
  readonly protocol: Protocol
  readonly started_ms: number
  readonly seq: number
  readonly events: string
}
interface Link {
  readonly session_id: number
  readonly protocol: Protocol
  readonly started_ms: number
  readonly entryId?: number
  readonly recipientId?: number
  readonly attemptId?: number
  readonly messageId?: number
}
interface Open {
  readonly writer: SegmentWriter
  readonly parts: Map<number, { sessionId: number; seq: number; count: number }>
}

/** Writes events that were JSON into segments, in the order in which they came. */
class Converter {
  readonly #db: Database.Database
  readonly #open = new Map<Protocol, Open>()
  #bytes = 0

  constructor(db: Database.Database) {
    this.#db = db
  }

  /** Returns how many bytes all segments have. */
  run(): number {
    const rows = this.#db.prepare<[number], Events>(`
      SELECT e.id, e.session_id, e.seq, e.events, s.protocol, s.started_ms
      FROM session_events e JOIN session s ON s.id = e.session_id WHERE e.id > ? ORDER BY e.id LIMIT ${ROWS_AT_ONCE}`)
    for (let after = -1; ;) {
      const some = rows.all(after)
      for (const row of some) this.#add(row)
      if (some.length < ROWS_AT_ONCE) break
      after = some.at(-1)?.id ?? 0
    }
    this.#addLinks()
    for (const [protocol, open] of this.#open) this.#end(protocol, open)
    return this.#bytes
  }

  #add({ session_id: id, protocol, seq, events }: Events): void {
    for (const [n, event] of (JSON.parse(events) as TranscriptEvent[]).entries()) {
      const open = this.#openFor(protocol, event.atMs)
      open.writer.event(id, event, event)
      const part = open.parts.get(id)
      if (part === undefined) open.parts.set(id, { sessionId: id, seq: seq + n, count: 1 })
      else part.count++
      this.#endLong(protocol, open)
    }
  }

  #addLinks(): void {
    const rows = this.#db.prepare<[number], Link & { readonly at: number }>(`
      SELECT l.rowid AS at, l.session_id, l.entry_id AS entryId, l.recipient_id AS recipientId, l.attempt_id AS attemptId,
        l.message_id AS messageId, s.protocol, s.started_ms
      FROM session_link l JOIN session s ON s.id = l.session_id WHERE l.rowid > ? ORDER BY l.rowid LIMIT ${ROWS_AT_ONCE}`)
    for (let after = -1; ;) {
      const some = rows.all(after)
      for (const row of some) this.#addLink(row)
      if (some.length < ROWS_AT_ONCE) break
      after = some.at(-1)?.at ?? 0
    }
  }

  #addLink({ session_id: id, protocol, started_ms: atMs, ...row }: Link): void {
    const open = this.#openFor(protocol, atMs)
    const { entryId, recipientId, attemptId, messageId } = row
    const link = Object.fromEntries(
      Object.entries({ entryId, recipientId, attemptId, messageId }).filter(([, value]) => value !== null),
    )
    open.writer.link(id, { atMs, sinceMs: 0 }, link)
    if (!open.parts.has(id)) open.parts.set(id, { sessionId: id, seq: 0, count: 0 })
    this.#endLong(protocol, open)
  }

  #openFor(protocol: Protocol, atMs: number): Open {
    let open = this.#open.get(protocol)
    if (open === undefined) this.#open.set(protocol, (open = { writer: new SegmentWriter(atMs), parts: new Map() }))
    return open
  }

  #endLong(protocol: Protocol, open: Open): void {
    if (open.writer.size >= SEGMENT_BYTES) this.#end(protocol, open)
  }

  #end(protocol: Protocol, { writer, parts }: Open): void {
    this.#open.delete(protocol)
    this.#bytes += writer.size
    const { lastInsertRowid: id } = this.#db
      .prepare('INSERT INTO session_segment (protocol, parts, data) VALUES (?, ?, ?)')
      .run(protocol, packParts([...parts.values()]), writer.bytes)
    const seen = this.#db.prepare(
      'UPDATE session SET first_segment = coalesce(first_segment, @id), last_segment = @id WHERE id = @session',
    )
    for (const session of parts.keys()) seen.run({ id, session })
  }
}
