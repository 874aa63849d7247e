import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { randomId } from '../base/random-id.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { StagedBlob, Store } from '../store/types.ts'

/** A file that has arrived whole and waits to be sent. */
export interface Uploaded {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly view: BlobView
}
interface Upload {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly staged: StagedBlob
  received: number
  /** Chunks in the order they came; the next waits for the last. */
  line: Promise<void>
  isWhole: boolean
  usedMs: number
}

/** Files that wait at once: a few composers with a few files each. */
const MOST = 200
const MOST_BYTES = 512 * 1024 * 1024
/** A composer left open over a day's end still sends; what nobody has touched for longer is let go. */
const LIFE_MS = 48 * 3_600_000

/**
 * Files on their way into a message. They are staged in the store, so that they are encrypted like everything else and
 * never held in memory, and are gone when the program ends.
 */
export class Uploads {
  readonly #store: Pick<Store, 'stage'>
  readonly #clock: Clock
  readonly #uploads = new Map<string, Upload>()

  constructor(store: Pick<Store, 'stage'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Announces a file. Throws `conflict` when too much waits already. */
  async begin(file: Pick<Upload, 'filename' | 'contentType' | 'sizeBytes'>): Promise<string> {
    await this.#dropOld()
    const waiting = [...this.#uploads.values()].reduce((sum, upload) => sum + upload.sizeBytes, 0)
    if (this.#uploads.size >= MOST || waiting + file.sizeBytes > MOST_BYTES)
      throw new Fault(
        'conflict',
        `attach "${file.filename}": too many files wait to be sent; send or drop some first`,
        {
          what: 'upload',
          reason: 'too many files wait',
        },
      )
    const staged = await this.#store.stage()
    const usedMs = this.#clock.monotonicMs()
    const upload: Upload = { ...file, staged, received: 0, line: Promise.resolve(), isWhole: false, usedMs }
    const handle = randomId()
    this.#uploads.set(handle, upload)
    if (file.sizeBytes === 0) await this.#finish(upload)
    return handle
  }

  /** Adds the next bytes; they are in order when each call waits for the last or not. Throws `not-found`, `conflict`. */
  async chunk(handle: string, bytes: Uint8Array): Promise<void> {
    const upload = this.#get(handle)
    upload.usedMs = this.#clock.monotonicMs()
    const before = upload.line
    const turn = (async () => {
      await before
      if (upload.isWhole || upload.received + bytes.length > upload.sizeBytes)
        throw new Fault(
          'conflict',
          `attach "${upload.filename}": more bytes came than the ${upload.sizeBytes} announced`,
          {
            what: 'upload',
            reason: 'longer than announced',
          },
        )
      upload.received += bytes.length
      await upload.staged.append(bytes)
      if (upload.received === upload.sizeBytes) await this.#finish(upload)
    })()
    // A chunk that failed fails its own call; the next one judges for itself.
    upload.line = turn.catch(() => {})
    await turn
  }

  async #finish(upload: Upload): Promise<void> {
    upload.isWhole = true
    await upload.staged.finish()
  }

  /** The file of that handle when all of it is here; undefined for a handle of something else. Throws `conflict`. */
  async get(handle: string): Promise<Uploaded | undefined> {
    const upload = this.#uploads.get(handle)
    if (upload === undefined) return undefined
    await upload.line
    upload.usedMs = this.#clock.monotonicMs()
    const { filename, contentType, sizeBytes, received } = upload
    if (!upload.isWhole)
      throw new Fault('conflict', `send "${filename}": ${received} of its ${sizeBytes} bytes have arrived`, {
        what: 'upload',
        reason: 'not whole',
      })
    return {
      filename,
      contentType,
      sizeBytes,
      view: { blobId: upload.staged.blobId, prefix: '', removed: [], sizeBytes },
    }
  }

  /** Lets go of a file; one that is gone already is none. */
  async drop(handle: string): Promise<void> {
    const upload = this.#uploads.get(handle)
    this.#uploads.delete(handle)
    await upload?.line
    await upload?.staged.drop()
  }

  async #dropOld(): Promise<void> {
    const oldestMs = this.#clock.monotonicMs() - LIFE_MS
    for (const [handle, upload] of this.#uploads) if (upload.usedMs < oldestMs) await this.drop(handle)
  }

  #get(handle: string): Upload {
    const upload = this.#uploads.get(handle)
    if (upload === undefined)
      throw new Fault('not-found', 'attach a file: its upload is gone; attach it again', { what: 'upload', id: handle })
    return upload
  }
}
