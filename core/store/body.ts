import { createHash } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { BodiesAhead } from './ahead.ts'
import { CHUNK_BYTES, getBlob, getChunk } from './blob.ts'
import { toStoreFault } from './database.ts'
import type { ReadDb, Store } from './types.ts'

/** What reading a body needs of the store. */
export interface BodySource {
  readonly path: string
  readonly read: ReadDb
  readonly query: Store['query']
  readonly write: Store['write']
  readonly ahead: Pick<BodiesAhead, 'take'>
}

/**
 * The bytes of a view in chunks of at most 256 KiB. A blob of one chunk is read here and checked before any of it is given
 * out; longer ones come from the reader thread, chunk by chunk, and are checked at the end. A blob that fails its checksum
 * is quarantined, and `blob.damaged` thrown. Nothing stays open between two chunks.
 */
export async function* openBody(source: BodySource, view: BlobView): AsyncGenerator<Uint8Array, void, void> {
  const { blobId } = view
  const known = await source.ahead.take(blobId)
  if (known !== undefined) {
    yield whole(view, known)
    return
  }
  const blob = reading(source, () => getBlob(source.read, blobId))
  if (blob === undefined) throw damaged(blobId, 'it is not there')
  const running = createHash('sha256')
  const check = async (sizeBytes: number) => {
    const sha256 = running.digest()
    if (sizeBytes === blob.sizeBytes && blob.sha256 !== null && sha256.equals(blob.sha256)) return
    if (blob.state === 'whole') await source.write('blob.quarantine', { blobId })
    throw damaged(blobId, `it has ${sizeBytes} bytes with another checksum than the ${blob.sizeBytes} that were stored`)
  }
  if (blob.sizeBytes <= CHUNK_BYTES) {
    const bytes = reading(source, () => getChunk(source.read, blobId, 0)) ?? new Uint8Array()
    running.update(bytes)
    await check(bytes.length)
    yield whole(view, bytes)
    return
  }
  if (view.prefix !== '') yield Buffer.from(view.prefix, 'latin1')
  let offset = 0
  for (let n = 0; offset < blob.sizeBytes; n++) {
    const bytes = await source.query('blob.chunk', { blobId, n })
    if (bytes === undefined) break
    const { length } = bytes // whoever reads may let go of them
    running.update(bytes)
    yield* keptParts(bytes, offset, view.removed)
    offset += length
  }
  await check(offset)
}

/** The whole of a small view at once. */
export async function readBody(source: BodySource, view: BlobView): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of openBody(source, view)) parts.push(part)
  return Buffer.concat(parts)
}

/** What is left of `bytes`, which stand at `offset` of the blob, without the removed ranges. */
export function keptParts(bytes: Uint8Array, offset: number, removed: BlobView['removed']): Uint8Array[] {
  const parts: Uint8Array[] = []
  let from = 0
  for (const [first, end] of removed) {
    const cut = Math.min(Math.max(first - offset, from), bytes.length)
    if (cut > from) parts.push(bytes.subarray(from, cut))
    from = Math.max(from, Math.min(end - offset, bytes.length))
  }
  if (from < bytes.length) parts.push(bytes.subarray(from))
  return parts
}

/** A small view in one piece, so that it leaves in one packet where it can. The stored bytes are let go of. */
function whole(view: BlobView, bytes: Uint8Array): Uint8Array {
  const copy = Buffer.concat([Buffer.from(view.prefix, 'latin1'), ...keptParts(bytes, 0, view.removed)])
  letGo(bytes)
  return copy
}

function reading<T>({ path }: BodySource, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw toStoreFault(error, path, 'read from the store')
  }
}

function damaged(blobId: number, reason: string): Fault<'blob.damaged'> {
  return new Fault('blob.damaged', `read blob ${blobId}: ${reason}`, { blobId, reason })
}
