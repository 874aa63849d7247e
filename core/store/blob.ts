import { createHash, hash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Body, Operation, Query, ReadDb, WriteDb } from './types.ts'

/** Bytes of one chunk. A body up to this size is stored in one operation, a larger one is staged. */
export const CHUNK_BYTES = 256 * 1024
/** Chunks of one blob lie side by side: id = blob id × 2¹² + n. So a blob holds at most 1 GiB. */
/** Chunks a blob may have: its ids are `blob id × CHUNKS + n`. */
export const CHUNKS = 4096
/** What is read ahead is no longer than this. */
const SMALL_BYTES = 64 * 1024
/** The largest body the store can hold. */
export const LONGEST_BODY_BYTES = CHUNK_BYTES * CHUNKS

export type BlobState = 'staged' | 'whole' | 'quarantined'

/** What is known of a blob without reading it. `sha256` is null while bytes still arrive. */
export interface BlobRow {
  readonly id: number
  readonly state: BlobState
  readonly sizeBytes: number
  readonly sha256: Uint8Array | null
}

const GET = 'SELECT id, state, size_bytes AS sizeBytes, sha256 FROM blob WHERE id = ?'
const CHUNK = 'SELECT bytes FROM blob_chunk WHERE id = ?'
const SMALL = `
  SELECT blob.id, blob.sha256, blob_chunk.bytes
  FROM json_each(?) AS wanted JOIN blob ON blob.id = wanted.value JOIN blob_chunk ON blob_chunk.id = blob.id * ${CHUNKS}
  WHERE blob.state = 'whole' AND blob.size_bytes <= ${SMALL_BYTES}`
const INSERT = 'INSERT INTO blob (state, size_bytes, sha256, created_ms) VALUES (?, ?, ?, ?)'
const INSERT_CHUNK = 'INSERT INTO blob_chunk (id, bytes) VALUES (?, ?)'
const FINISH = `UPDATE blob SET size_bytes = ?, sha256 = ? WHERE id = ? AND state = 'staged'`
const ADOPT = `UPDATE blob SET state = 'whole' WHERE id = ? AND state = 'staged' AND size_bytes = ? AND sha256 = ?`
const DROP = `DELETE FROM blob WHERE id = ? AND state = 'staged'`
const DROP_STAGED = `DELETE FROM blob WHERE state = 'staged'`
const QUARANTINE = `UPDATE blob SET state = 'quarantined' WHERE id = ? AND state = 'whole'`
// The quarantined stays: what can be read of it may be all that is left of a message.
const DROP_UNUSED = `
  DELETE FROM blob WHERE id = ? AND state = 'whole'
    AND NOT EXISTS (SELECT 1 FROM message WHERE blob_id = blob.id)
    AND NOT EXISTS (SELECT 1 FROM queue_entry WHERE blob_id = blob.id)
    AND NOT EXISTS (SELECT 1 FROM rule_send WHERE blob_id = blob.id)
    AND NOT EXISTS (SELECT 1 FROM upload WHERE blob_id = blob.id)`

/** The blob of that id, or undefined. */
export function getBlob(db: ReadDb, blobId: number): BlobRow | undefined {
  return prepared<[number], BlobRow>(db, GET).get(blobId)
}

/** Chunk `n` of a blob, or undefined past its end. */
export function getChunk(db: ReadDb, blobId: number, n: number): Uint8Array | undefined {
  return prepared<[number], { bytes: Uint8Array }>(db, CHUNK).get(blobId * CHUNKS + n)?.bytes
}

function addChunk(db: WriteDb, blobId: number, n: number, bytes: Uint8Array): void {
  if (n >= CHUNKS)
    throw new Fault('store.operation', `store a body: longer than ${LONGEST_BODY_BYTES} bytes`, {
      operation: 'blob.append',
      reason: 'too long',
    })
  prepared(db, INSERT_CHUNK).run(blobId * CHUNKS + n, bytes)
}

/** Stores a body, or adopts the staged blob that holds it: the one way for an operation to own bytes. */
export function storeBody(db: WriteDb, body: Body, nowMs: number): { blobId: number; sizeBytes: number } {
  if ('stagedBlobId' in body) return adoptStaged(db, body)
  const { raw } = body
  const sha256 = hash('sha256', raw, 'buffer')
  const blobId = Number(prepared(db, INSERT).run('whole', raw.length, sha256, nowMs).lastInsertRowid)
  for (let n = 0; n * CHUNK_BYTES < raw.length; n++)
    addChunk(db, blobId, n, raw.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES))
  return { blobId, sizeBytes: raw.length }
}

/** Makes a finished staged blob whole. Throws `conflict` when it is gone or holds something else. */
export function adoptStaged(
  db: WriteDb,
  body: Extract<Body, { stagedBlobId: number }>,
): { blobId: number; sizeBytes: number } {
  const { stagedBlobId: blobId, sizeBytes, sha256 } = body
  if (prepared(db, ADOPT).run(blobId, sizeBytes, sha256).changes !== 1)
    throw new Fault('conflict', `adopt staged blob ${blobId}: not there, or not what was finished`, {
      what: 'staged blob',
      reason: `blob ${blobId} of ${sizeBytes} bytes is not staged`,
    })
  return { blobId, sizeBytes }
}

/** Removes a blob no message and no queue entry refers to any more. Returns false when one does. */
export function dropUnusedBlob(db: WriteDb, blobId: number): boolean {
  return prepared(db, DROP_UNUSED).run(blobId).changes === 1
}

/** Removes what a crash left half arrived. */
export function dropStagedBlobs(db: WriteDb): number {
  return prepared(db, DROP_STAGED).run().changes
}

/** The SHA-256 of a blob's stored chunks, read anew: for checks, in the reader thread. */
function* digestOf(db: ReadDb, { blobId }: { readonly blobId: number }): Generator<undefined, string, undefined> {
  const running = createHash('sha256')
  for (let n = 0; ; n++) {
    const bytes = getChunk(db, blobId, n)
    if (bytes === undefined) return running.digest('hex')
    running.update(bytes)
    yield
  }
}

export const blobOperations = {
  'blob.stage': (db: WriteDb, _args: null, nowMs: number): { blobId: number } => ({
    blobId: Number(prepared(db, INSERT).run('staged', 0, null, nowMs).lastInsertRowid),
  }),
  'blob.append': (db: WriteDb, args: { readonly blobId: number; readonly n: number; readonly bytes: Uint8Array }) => {
    if (getBlob(db, args.blobId)?.state !== 'staged')
      throw new Fault('conflict', `add to staged blob ${args.blobId}: it is not staged any more`, {
        what: 'staged blob',
        reason: `blob ${args.blobId} is not staged`,
      })
    addChunk(db, args.blobId, args.n, args.bytes)
  },
  'blob.finish': (
    db: WriteDb,
    args: { readonly blobId: number; readonly sizeBytes: number; readonly sha256: Uint8Array },
  ): void => {
    prepared(db, FINISH).run(args.sizeBytes, args.sha256, args.blobId)
  },
  'blob.drop': (db: WriteDb, args: { readonly blobId: number }): void => {
    prepared(db, DROP).run(args.blobId)
  },
  'blob.quarantine': (db: WriteDb, args: { readonly blobId: number }): boolean =>
    prepared(db, QUARANTINE).run(args.blobId).changes === 1,
} satisfies Record<string, Operation<never, unknown>>

/** Those of the bodies that are small and whole, in one read and checked. */
function listSmall(
  db: ReadDb,
  { blobIds }: { readonly blobIds: readonly number[] },
): { id: number; bytes: Uint8Array }[] {
  const rows = prepared<[string], { id: number; sha256: Buffer; bytes: Uint8Array }>(db, SMALL)
  return rows
    .all(JSON.stringify(blobIds))
    .flatMap(({ id, sha256, bytes }) => (sha256.equals(hash('sha256', bytes, 'buffer')) ? [{ id, bytes }] : []))
}

export const blobQueries = {
  'blob.small': listSmall,
  'blob.chunk': (db: ReadDb, args: { readonly blobId: number; readonly n: number }) =>
    getChunk(db, args.blobId, args.n),
  'blob.digest': digestOf,
} satisfies Record<string, Query<never, unknown>>
