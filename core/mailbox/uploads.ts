import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { randomId } from '../base/random-id.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { StagedBlob, Store } from '../store/types.ts'
import { getUpload, totalUploads } from '../store/upload.ts'

/** A file that has arrived whole and waits to be sent. */
export interface Uploaded {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly view: BlobView
}
interface Arriving {
  readonly filename: string
  readonly contentType: string
  readonly sizeBytes: number
  readonly staged: StagedBlob
  received: number
  /** Chunks in the order they came; the next waits for the last. */
  line: Promise<void>
  usedMs: number
}

/** Files on their way at once: a few composers with a few files each. */
const MOST_ARRIVING = 200
const MOST_ARRIVING_BYTES = 512 * 1024 * 1024
/** All files that wait, those of drafts included: more than anybody writes at, and less than a disk. */
const MOST = 2000
const MOST_BYTES = 4 * 1024 * 1024 * 1024
/** A file that no draft names is let go after so long: its window may be about to keep the draft, or to bring it back. */
const LIFE_MS = 48 * 3_600_000

/**
 * Files on their way into a message. They are staged in the store while they arrive, so that they are encrypted like everything else
 * and never held in memory. What is here whole stays as long as a draft names it, whatever becomes of the window and the program.
 */
export class Uploads {
  readonly #store: Pick<Store, 'stage' | 'write' | 'read'>
  readonly #clock: Clock
  readonly #arriving = new Map<string, Arriving>()
  /** When each file was used that came in this run: the wall clock may have been set since. */
  readonly #used = new Map<string, number>()

  constructor(store: Pick<Store, 'stage' | 'write' | 'read'>, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** Announces a file. Throws `conflict` when too much waits already. */
  async begin(file: Pick<Arriving, 'filename' | 'contentType' | 'sizeBytes'>): Promise<string> {
    await this.expire()
    const arriving = [...this.#arriving.values()].reduce((sum, upload) => sum + upload.sizeBytes, 0)
    const kept = totalUploads(this.#store.read)
    if (
      this.#arriving.size >= MOST_ARRIVING ||
      arriving + file.sizeBytes > MOST_ARRIVING_BYTES ||
      this.#arriving.size + kept.files >= MOST ||
      arriving + kept.bytes + file.sizeBytes > MOST_BYTES
    )
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
    const upload: Arriving = { ...file, staged, received: 0, line: Promise.resolve(), usedMs }
    const handle = randomId()
    this.#arriving.set(handle, upload)
    if (file.sizeBytes === 0) await this.#keep(handle, upload)
    return handle
  }

  /** Adds the next bytes; they are in order when each call waits for the last or not. Throws `not-found`, `conflict`. */
  async chunk(handle: string, bytes: Uint8Array): Promise<void> {
    const upload = this.#arriving.get(handle)
    const kept = upload === undefined ? getUpload(this.#store.read, handle) : undefined
    if (kept !== undefined) throw tooMuch(kept)
    if (upload === undefined)
      throw new Fault('not-found', 'attach a file: its upload is gone; attach it again', { what: 'upload', id: handle })
    upload.usedMs = this.#clock.monotonicMs()
    const before = upload.line
    const turn = (async () => {
      await before
      if (upload.received + bytes.length > upload.sizeBytes || !this.#arriving.has(handle)) throw tooMuch(upload)
      upload.received += bytes.length
      await upload.staged.append(bytes)
      if (upload.received === upload.sizeBytes) await this.#keep(handle, upload)
    })()
    // A chunk that failed fails its own call; the next one judges for itself.
    upload.line = turn.catch(() => {})
    await turn
  }

  /** All of it is here: from now on it is the store's. */
  async #keep(handle: string, { filename, contentType, staged }: Arriving): Promise<void> {
    await this.#store.write('upload.keep', { handle, filename, contentType, body: await staged.finish() })
    this.#used.set(handle, this.#clock.monotonicMs())
    this.#arriving.delete(handle)
  }

  /** The file of that handle when all of it is here; undefined for a handle of something else. Throws `conflict`. */
  async get(handle: string): Promise<Uploaded | undefined> {
    await this.#arriving.get(handle)?.line
    const upload = this.#arriving.get(handle)
    if (upload !== undefined)
      throw new Fault(
        'conflict',
        `send "${upload.filename}": ${upload.received} of its ${upload.sizeBytes} bytes have arrived`,
        {
          what: 'upload',
          reason: 'not whole',
        },
      )
    const kept = getUpload(this.#store.read, handle)
    if (kept === undefined) return undefined
    this.#used.set(handle, this.#clock.monotonicMs())
    const { filename, contentType, sizeBytes, blobId } = kept
    return { filename, contentType, sizeBytes, view: { blobId, prefix: '', removed: [], sizeBytes } }
  }

  /** Lets go of a file; one that is gone already is none. */
  async drop(handle: string): Promise<void> {
    const upload = this.#arriving.get(handle)
    this.#arriving.delete(handle)
    this.#used.delete(handle)
    await upload?.line
    await upload?.staged.drop()
    if (upload === undefined || getUpload(this.#store.read, handle) !== undefined)
      await this.#store.write('upload.drop', { handle })
  }

  /** Lets go of what nobody has touched for two days and no draft names: at the start, and whenever a file comes or a draft goes. */
  async expire(): Promise<void> {
    const oldestMs = this.#clock.monotonicMs() - LIFE_MS
    for (const [handle, upload] of this.#arriving) if (upload.usedMs < oldestMs) await this.drop(handle)
    for (const [handle, usedMs] of this.#used) if (usedMs < oldestMs) this.#used.delete(handle)
    if (totalUploads(this.#store.read).files === 0) return
    await this.#store.write('upload.expire', {
      beforeMs: this.#clock.nowMs() - LIFE_MS,
      except: [...this.#used.keys()],
    })
  }
}

function tooMuch({ filename, sizeBytes }: { readonly filename: string; readonly sizeBytes: number }): Fault {
  return new Fault('conflict', `attach "${filename}": more bytes came than the ${sizeBytes} announced`, {
    what: 'upload',
    reason: 'longer than announced',
  })
}
