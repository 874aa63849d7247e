import type Database from 'better-sqlite3'
import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import { INDEX_COLUMNS, putVarint, type SearchPiece } from './search-piece-writer.ts'
import type { WriteDb } from './types.ts'

/*
 * Puts a piece that was made outside SQLite into the full-text index, as what FTS5 calls a segment: leaves, the words that lead to
 * them, and the records that say what the index consists of. FTS5 keeps these in tables of its own, in a form that later versions
 * have to read (its documentation, "FTS5 Data Structures"). It remembers what it has read of them, and forgets that when a savepoint is
 * rolled back; so this is one, before and after.
 */

const AVERAGES = 1
const STRUCTURE = 10
/** FTS5 refuses an index of more. */
const MOST_SEGMENTS = 2000
const PAGES_A_SEGMENT = 2 ** 37
/** What the record of an index with `contentless_delete` has behind the cookie. */
const VERSION_2 = Buffer.from([0xff, 0, 0, 1])

const READ = 'SELECT block FROM message_text_data WHERE id = ?'
const PUT = 'INSERT INTO message_text_data (id, block) VALUES (?, ?)'
const REPLACE = 'UPDATE message_text_data SET block = ? WHERE id = ?'
const PUT_KEY = 'INSERT INTO message_text_idx (segid, term, pgno) VALUES (?, ?, ?)'
const PUT_SIZE = 'INSERT INTO message_text_docsize (id, sz, origin) VALUES (?, ?, ?)'
// Removes nothing: FTS5 takes part in the transaction from here on, and hears of its savepoints.
const TAKE_PART = 'DELETE FROM message_text WHERE rowid = -1'

/** FTS5 writes out what it holds in memory, and forgets what it knows of its tables. */
function forget(db: WriteDb): void {
  prepared(db, TAKE_PART).run()
  prepared(db, 'SAVEPOINT search_piece').run()
  prepared(db, 'ROLLBACK TO search_piece').run()
  prepared(db, 'RELEASE search_piece').run()
}

/** Numbers of a record of FTS5, one after the other. */
function* numbersIn(block: Uint8Array, from: number): Generator<number, void, void> {
  for (let at = from; at < block.length;) {
    let value = 0
    for (let i = 0; ; i++) {
      const byte = block[at++] ?? 0
      if (i === 8) {
        value = value * 256 + byte
        break
      }
      value = value * 128 + (byte & 0x7f)
      if (byte < 0x80) break
    }
    yield value
  }
}

function record(head: ArrayLike<number>, numbers: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(head.length + numbers.length * 9)
  bytes.set(head)
  let at = head.length
  for (const one of numbers) at = putVarint(bytes, at, one)
  return bytes.slice(0, at)
}

interface Structure {
  readonly head: Uint8Array
  readonly writes: number
  readonly levels: { merging: number; readonly segments: number[][] }[]
}

/** Numbers FTS5 keeps of a segment: id, first and last leaf, first and last origin, tombstone pages, tombstones, messages. */
const SEGMENT_NUMBERS = 8
const LAST_ORIGIN = 4

function blockOf(db: WriteDb, id: number): Buffer {
  const row = prepared<[number], { block: Buffer }>(db, READ).get(id)
  if (row === undefined) throw broken('one of its records is missing')
  return row.block
}

function readStructure(db: WriteDb): Structure {
  const block = blockOf(db, STRUCTURE)
  const isNew = block.subarray(4, 8).equals(VERSION_2)
  const numbers = numbersIn(block, isNew ? 8 : 4)
  const next = () => {
    const { value } = numbers.next()
    if (value === undefined) throw broken('its structure ends too early')
    return value
  }
  const [levelCount, segmentCount, writes] = [next(), next(), next()]
  if (!isNew && segmentCount > 0) throw broken('its structure is of an older kind')
  const levels = Array.from({ length: levelCount }, () => {
    const merging = next()
    const segments = next()
    return { merging, segments: Array.from({ length: segments }, () => Array.from({ length: SEGMENT_NUMBERS }, next)) }
  })
  return { head: Buffer.concat([block.subarray(0, 4), VERSION_2]), writes, levels }
}

function writeStructure(db: WriteDb, { head, writes, levels }: Structure): void {
  const segments = levels.reduce((sum, level) => sum + level.segments.length, 0)
  const numbers = [levels.length, segments, writes]
  for (const { merging, segments: ones } of levels) numbers.push(merging, ones.length, ...ones.flat())
  prepared(db, REPLACE).run(record(head, numbers), STRUCTURE)
}

const broken = (reason: string) =>
  new Fault('store.operation', `add to the search index: ${reason}`, { operation: 'search.adopt', reason })

/** Puts the piece into the index. None of its messages may be in there. */
export function adoptPiece(db: WriteDb, piece: SearchPiece): void {
  const connection = db as unknown as Database.Database
  // SQLite lets nobody but FTS5 write these tables unless it is told to.
  connection.unsafeMode(true)
  try {
    forget(db)
    addSegment(db, piece)
    forget(db)
  } finally {
    connection.unsafeMode(false)
  }
}

function addSegment(db: WriteDb, piece: SearchPiece): void {
  const structure = readStructure(db)
  const segments = structure.levels.flatMap((level) => level.segments)
  const taken = new Set(segments.map(([id]) => id))
  let id = 1
  while (taken.has(id)) id++
  if (id > MOST_SEGMENTS) throw broken('it is in too many pieces')
  const origin = Math.max(0, ...segments.map((one) => one[LAST_ORIGIN] ?? 0)) + 1

  let from = 0
  for (const [n, end] of piece.pageEnds.entries()) {
    prepared(db, PUT).run(id * PAGES_A_SEGMENT + n + 1, piece.pages.subarray(from, end))
    from = end
  }
  from = 0
  for (const [n, end] of piece.keyEnds.entries()) {
    // The lowest bit would say that a long list has an index of its own; lists are read without one.
    prepared(db, PUT_KEY).run(id, piece.keys.subarray(from, end), 2 * (piece.keyPages[n] ?? 0))
    from = end
  }
  const counts = [...numbersIn(blockOf(db, AVERAGES), 0)]
  while (counts.length <= INDEX_COLUMNS) counts.push(0)
  counts[0]! += piece.ids.length
  for (const [n, messageId] of piece.ids.entries()) {
    const sizes = [...piece.sizes.subarray(n * INDEX_COLUMNS, (n + 1) * INDEX_COLUMNS)]
    for (const [column, size] of sizes.entries()) counts[column + 1]! += size
    prepared(db, PUT_SIZE).run(messageId, record([], sizes), origin)
  }
  prepared(db, REPLACE).run(record([], counts), AVERAGES)

  place(structure.levels, [id, 1, piece.pageEnds.length, origin, origin, 0, 0, piece.ids.length])
  writeStructure(db, structure)
}

/**
 * The levels of FTS5's merges, from the newest and smallest segments on; in each the oldest is first. What it writes itself begins at
 * the lowest, and when that has sixteen it merges them at once, however long that takes; pieces are large, so they go one higher
 * with all that is older than they. Not while the lowest is being merged: what comes of that grows at the end of the next.
 */
function place(levels: Structure['levels'], added: number[]): void {
  while (levels.length < 2) levels.push({ merging: 0, segments: [] })
  const [lowest, next] = levels
  if (lowest!.merging > 0) lowest!.segments.push(added)
  else next!.segments.push(...lowest!.segments.splice(0), added)
}
