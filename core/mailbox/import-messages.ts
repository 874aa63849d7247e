import type { ImportProblem, ImportQuoting, ImportSource } from '../store/import-job.ts'
import type { Body } from '../store/types.ts'
import type { FileAt } from './import-file.ts'
import type { ImportFlags } from './import-header.ts'
import type { Scanned, UploadedFile } from './import-scan.ts'

/*
 * What goes between the threads of an import: one reads files and takes messages out, others read the messages, and the store's own
 * writes. What they hand on is packed by node:v8 into one buffer, so that the main thread passes it on without looking at it.
 */

/** A message as it was taken out of a file, its bytes as they are stored. */
export interface TakenMessage {
  /** Whole; or of one that went to the store while it was read, its beginning. */
  readonly bytes: Uint8Array
  readonly staged: Extract<Body, { stagedBlobId: number }> | null
  readonly flags: ImportFlags
  /** When a server took it; null where it does not say. */
  readonly arrivalMs: number | null
  /** When it was kept, for mail without any date. */
  readonly keptMs: number
}
/** What was taken out of one source, up to a place. */
export interface TakenPart {
  readonly source: Pick<ImportSource, 'id' | 'folder' | 'role'>
  readonly position: string
  readonly doneBytes: number
  readonly isDone: boolean
  readonly messages: readonly TakenMessage[]
  readonly deleted: number
  readonly problems: readonly ImportProblem[]
}

/** What the reading thread is asked. `go`: so many batches more may come. */
export type ReadRequest =
  | { readonly scan: { readonly paths: readonly string[] } | { readonly uploads: readonly UploadedFile[] } }
  | { readonly read: ReadOrder }
  | { readonly go: number }
  | { readonly staged: Extract<Body, { stagedBlobId: number }> | null }
export interface ReadOrder {
  readonly sources: readonly ImportSource[]
  readonly quoting: ImportQuoting
  /** Where sources lie that were sent in, by their path. */
  readonly uploads: Readonly<Record<string, FileAt>>
  /** What a person named: where that is gone, a disk was taken out, and nothing else can be said of what lay there. */
  readonly origin: readonly string[]
  /** Messages of one batch at most; one, where reading them has ended a thread. */
  readonly batchMessages: number
}
/** What the reading thread says. */
export type ReadAnswer =
  | { readonly scanned: Scanned }
  | { readonly failed: string }
  /** `packed`: TakenPart[]; `at`: the path that was read last. */
  | { readonly taken: Uint8Array; readonly at: string }
  | { readonly ended: true }
  | { readonly stage: StageRequest }

/** A long message on its way into the store: one at a time, and each step waits for the one before. */
export type StageRequest =
  { readonly do: 'begin' | 'finish' | 'drop' } | { readonly do: 'append'; readonly bytes: Uint8Array }

/** What a parsing thread is asked: `packed` TakenPart[], and answers ImportedPart[]. */
export interface ParseBatch {
  readonly n: number
  readonly packed: Uint8Array
  /** Reading all of it has ended a thread: only headers are read. */
  readonly isHeaderOnly: boolean
}
export type ParsedBatch =
  { readonly n: number; readonly packed: Uint8Array } | { readonly n: number; readonly reason: string }
