import type Database from 'better-sqlite3'
import type { BlobView, OpenBody } from '../model/blob-view.ts'
import type { Operations } from './operations.ts'
import type { Queries } from './queries.ts'
import type { Batch } from './session-record.ts'

declare const readable: unique symbol
declare const writable: unique symbol

/** A connection that can only read. Point and keyset reads of at most 200 rows on the main thread. */
export type ReadDb = Pick<Database.Database, 'prepare'> & { readonly [readable]: true }
/** The one writable connection; only the writer thread makes one. */
export type WriteDb = ReadDb & { readonly [writable]: true }

/** A write operation: a plain function that runs in a savepoint of a group commit. It may run twice, so it keeps no state. */
export type Operation<Args, Result> = (db: WriteDb, args: Args, nowMs: number) => Result
/** A long read, run in the reader thread: at once, or as a generator that yields between slices of under 20 ms. */
export type Query<Args, Result> = (db: ReadDb, args: Args) => Result

export type OperationName = keyof Operations
export type OperationArgs<K extends OperationName> = Operations[K] extends Operation<infer A, infer _R> ? A : never
export type OperationResult<K extends OperationName> = Operations[K] extends Operation<infer _A, infer R> ? R : never
export type QueryName = keyof Queries
export type QueryArgs<K extends QueryName> = Queries[K] extends Query<infer A, infer _R> ? A : never
export type QueryResult<K extends QueryName> =
  Queries[K] extends Query<infer _A, infer R> ? (R extends Generator<infer _Y, infer T, infer _N> ? T : R) : never

/** Bytes that arrive before their owner exists. Dropped with its session, or at the next start, unless an operation adopts it. */
export interface StagedBlob {
  readonly blobId: number
  /** Resolves when at most 512 KiB of this blob wait for the writer: await it before reading more from the socket. */
  append(chunk: Uint8Array): Promise<void>
  /** Size and SHA-256 of all that was appended, once every chunk is committed. Still staged until an operation adopts it. */
  finish(): Promise<{ readonly stagedBlobId: number; readonly sizeBytes: number; readonly sha256: Uint8Array }>
  /** Removes it. A second call, or one after adoption, does nothing. */
  drop(): Promise<void>
}

/** Where the bytes of something to be stored are: here, or already in the store under a staged blob. */
export type Body =
  | { readonly raw: Uint8Array }
  | { readonly stagedBlobId: number; readonly sizeBytes: number; readonly sha256: Uint8Array }

export interface Store {
  /**
   * Runs an operation in the writer thread. Resolves only after its group's COMMIT has returned. Bytes of `args` are copied, but for
   * those in buffers that are `given`: these are gone here from then on.
   */
  write<K extends OperationName>(
    name: K,
    args: OperationArgs<K>,
    given?: readonly ArrayBuffer[],
  ): Promise<OperationResult<K>>
  /** Keeps what a recorder hands over, behind everything else that is written. */
  record(batch: Batch): Promise<void>
  /** For point and keyset reads on the main thread; sees all that has been committed. */
  readonly read: ReadDb
  /** Runs a query in the reader thread; `signal` lets go of it. */
  query<K extends QueryName>(name: K, args: QueryArgs<K>, signal?: AbortSignal): Promise<QueryResult<K>>
  stage(): Promise<StagedBlob>
  readonly openBody: OpenBody
  /** Tells which views are opened soon, so that small ones are at hand then. */
  readAhead(views: readonly BlobView[]): void
  /** The whole of a small view at once. Throws `blob.damaged`. */
  readBody(view: BlobView): Promise<Buffer>
  /** Waits for what was handed in, then closes threads and file. */
  close(): Promise<void>
}
