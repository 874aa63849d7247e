import { adoptStaged, dropUnusedBlob } from './blob.ts'
import { prepared } from './prepared.ts'
import type { Body, Operation, ReadDb, WriteDb } from './types.ts'

/** A file that has arrived whole and waits to be sent. */
export interface KeptUpload {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly blobId: number
}

const GET = `
  SELECT upload.filename, upload.content_type AS contentType, blob.size_bytes AS sizeBytes, upload.blob_id AS blobId
  FROM upload JOIN blob ON blob.id = upload.blob_id WHERE upload.handle = ?`
const TOTAL = `
  SELECT count(*) AS files, coalesce(sum(blob.size_bytes), 0) AS bytes
  FROM upload JOIN blob ON blob.id = upload.blob_id`
const INSERT = 'INSERT INTO upload (handle, blob_id, filename, content_type, kept_ms) VALUES (?, ?, ?, ?, ?)'
const REMOVE = 'DELETE FROM upload WHERE handle = ? RETURNING blob_id AS blobId'
const EXPIRE = `
  DELETE FROM upload WHERE kept_ms < @beforeMs AND handle NOT IN (SELECT value FROM json_each(@except))
    AND handle NOT IN (
      SELECT coalesce(json_extract(file.value, '$.handle'), '')
      FROM draft, json_each(draft.content, '$.attachments') AS file WHERE json_valid(draft.content))
  RETURNING blob_id AS blobId`

interface Removed {
  readonly blobId: number
}

/** The file of that handle, or undefined. */
export function getUpload(db: ReadDb, handle: string): KeptUpload | undefined {
  return prepared<[string], KeptUpload>(db, GET).get(handle)
}

/** How many files wait, and how large they are together. */
export function totalUploads(db: ReadDb): { readonly files: number; readonly bytes: number } {
  return prepared<[], { files: number; bytes: number }>(db, TOTAL).get() ?? { files: 0, bytes: 0 }
}

function letGo(db: WriteDb, removed: readonly Removed[]): number {
  for (const { blobId } of removed) dropUnusedBlob(db, blobId)
  return removed.length
}

export const uploadOperations = {
  /** Keeps what was staged under a handle. Throws `conflict` where it is not staged any more. */
  'upload.keep': (
    db: WriteDb,
    args: {
      readonly handle: string
      readonly filename: string
      readonly contentType: string
      readonly body: Extract<Body, { stagedBlobId: number }>
    },
    nowMs: number,
  ): void => {
    const { blobId } = adoptStaged(db, args.body)
    prepared(db, INSERT).run(args.handle, blobId, args.filename, args.contentType, nowMs)
  },
  /** Removes a file; false when it was gone already. */
  'upload.drop': (db: WriteDb, { handle }: { readonly handle: string }): boolean =>
    letGo(db, prepared<[string], Removed>(db, REMOVE).all(handle)) > 0,
  /** Removes the files from before `beforeMs` that no draft names, but for `except`. Returns how many those were. */
  'upload.expire': (
    db: WriteDb,
    { beforeMs, except }: { readonly beforeMs: number; readonly except: readonly string[] },
  ): number =>
    letGo(
      db,
      prepared<[{ beforeMs: number; except: string }], Removed>(db, EXPIRE).all({
        beforeMs,
        except: JSON.stringify(except),
      }),
    ),
} satisfies Record<string, Operation<never, unknown>>
