import { createCipheriv, randomBytes, type Cipheriv } from 'node:crypto'
import { mkdirSync, rmSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { randomId } from '../base/random-id.ts'
import { counterAt, type FileAt } from './import-file.ts'
import type { UploadedFile } from './import-scan.ts'

interface Upload {
  readonly filename: string
  readonly sizeBytes: number
  readonly at: Required<FileAt>
  readonly file: FileHandle
  readonly cipher: Cipheriv
  received: number
  /** A part of it could not be written, so what comes behind would be at the wrong place. */
  isBroken: boolean
  /** Chunks in the order they came; the next waits for the last. */
  line: Promise<void>
  usedMs: number
}

const MOST = 20_000
const BROKEN = 'a part of it could not be written; choose it again'
/** What nobody has touched for so long is let go. */
const LIFE_MS = 24 * 3_600_000

/**
 * Files that a browser sends in to be imported: in a folder of ours beside the store, each encrypted with a key that is only in
 * memory, so that after a crash what is left of it is noise, which the next start removes.
 */
export class ImportUploads {
  readonly #folder: string
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #hasRoom: (sizeBytes: number) => Promise<boolean>
  readonly #uploads = new Map<string, Upload>()

  /** `hasRoom`: whether the disk takes so many bytes more. */
  constructor(folder: string, clock: Pick<Clock, 'monotonicMs'>, hasRoom: (sizeBytes: number) => Promise<boolean>) {
    this.#folder = folder
    this.#clock = clock
    this.#hasRoom = hasRoom
    rmSync(folder, { recursive: true, force: true })
  }

  /** Announces a file. Throws `conflict`. */
  async begin(filename: string, sizeBytes: number): Promise<string> {
    await this.#dropOld()
    const waiting = [...this.#uploads.values()].reduce((sum, upload) => sum + upload.sizeBytes - upload.received, 0)
    if (this.#uploads.size >= MOST) throw refused(filename, 'too many files wait to be imported')
    // What is read from it goes into the store beside it.
    if (!(await this.#hasRoom(2 * sizeBytes + waiting))) throw refused(filename, 'the disk is too full')
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 })
    const handle = randomId()
    const at = { path: join(this.#folder, handle), key: randomBytes(32) }
    const file = await open(at.path, 'wx', 0o600)
    const cipher = createCipheriv('aes-256-ctr', at.key, counterAt(0))
    const usedMs = this.#clock.monotonicMs()
    this.#uploads.set(handle, {
      filename,
      sizeBytes,
      at,
      file,
      cipher,
      received: 0,
      isBroken: false,
      line: Promise.resolve(),
      usedMs,
    })
    return handle
  }

  /** Adds the next bytes; they are in order whether each call waits for the last or not. Throws `not-found`, `conflict`. */
  async chunk(handle: string, bytes: Uint8Array): Promise<void> {
    const upload = this.#get(handle)
    if (bytes.length === 0) return
    upload.usedMs = this.#clock.monotonicMs()
    const before = upload.line
    const turn = (async () => {
      await before
      if (upload.received + bytes.length > upload.sizeBytes)
        throw refused(upload.filename, `more bytes came than the ${upload.sizeBytes} announced`)
      if (upload.isBroken) throw refused(upload.filename, BROKEN)
      upload.isBroken = true
      await upload.file.writeFile(upload.cipher.update(bytes))
      upload.received += bytes.length
      if (upload.received === upload.sizeBytes) await upload.file.close()
      upload.isBroken = false
    })()
    // A chunk that is too much fails its own call; the next one judges for itself.
    upload.line = turn.catch(() => {})
    await turn
  }

  /** Files that have arrived whole, to be imported. Throws `not-found`, `conflict`. */
  async take(handles: readonly string[]): Promise<UploadedFile[]> {
    const files: UploadedFile[] = []
    const names = new Set<string>()
    for (const handle of handles) {
      const upload = this.#get(handle)
      await upload.line
      const { filename, received, sizeBytes, at, isBroken } = upload
      if (isBroken) throw refused(filename, BROKEN)
      if (received !== sizeBytes) throw refused(filename, `${received} of its ${sizeBytes} bytes have arrived`)
      let name = filename
      for (let n = 2; names.has(name); n++) name = `${filename} (${n})`
      names.add(name)
      files.push({ name, at })
    }
    return files
  }

  /** Lets go of a file; one that is gone already is none. */
  async drop(handle: string): Promise<void> {
    const upload = this.#uploads.get(handle)
    if (upload === undefined) return
    this.#uploads.delete(handle)
    await upload.line
    if (upload.received !== upload.sizeBytes) await upload.file.close()
    await rm(upload.at.path, { force: true })
  }

  async close(): Promise<void> {
    for (const handle of this.#uploads.keys()) await this.drop(handle)
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #dropOld(): Promise<void> {
    const oldestMs = this.#clock.monotonicMs() - LIFE_MS
    for (const [handle, upload] of this.#uploads) if (upload.usedMs < oldestMs) await this.drop(handle)
  }

  #get(handle: string): Upload {
    const upload = this.#uploads.get(handle)
    if (upload === undefined)
      throw new Fault('not-found', 'import a file: it is gone; choose it again', { what: 'upload', id: handle })
    return upload
  }
}

const refused = (filename: string, reason: string) =>
  new Fault('conflict', `import "${filename}": ${reason}`, { what: 'upload', reason })
