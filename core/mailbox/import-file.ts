import { createDecipheriv } from 'node:crypto'
import { closeSync, constants, fstatSync, openSync, readSync, statSync, type Dirent } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '../base/fault.ts'

/** Where bytes lie that are imported: a file, or one of ours that holds an upload under a key of this run. */
export interface FileAt {
  readonly path: string
  readonly key?: Uint8Array
}

const BLOCK = 16

/** A file read at any place. Big files are why: nothing of it is kept. */
export class ByteFile {
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly #fd: number
  readonly #key: Uint8Array | undefined

  /** Throws what the system says, and `import.nothing` for what is no file. */
  constructor({ path, key }: FileAt) {
    // A pipe that nobody writes to would keep whoever opens it, and no thread that waits there can be ended. Windows has no such flag.
    this.#fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
    const stat = fstatSync(this.#fd)
    if (!stat.isFile()) {
      closeSync(this.#fd)
      throw new Fault('import.nothing', `read "${path}": it is no file`, { path, reason: 'it is no file' })
    }
    this.sizeBytes = stat.size
    this.modifiedMs = Math.floor(stat.mtimeMs) // whole: the store keeps integers
    this.#key = key
  }

  /** The bytes from `at` on: `length` of them, or fewer where the file ends. `into`: where they go, if they are not to be kept. */
  read(at: number, length: number, into?: Buffer): Buffer {
    const from = this.#key === undefined ? at : at - (at % BLOCK)
    const wanted = Math.max(0, Math.min(at + length, this.sizeBytes) - from)
    const bytes = into !== undefined && into.length >= wanted ? into : Buffer.allocUnsafe(wanted)
    let have = 0
    while (have < wanted) {
      const got = readSync(this.#fd, bytes, have, wanted - have, from + have)
      if (got === 0) break // it became shorter meanwhile
      have += got
    }
    const found = bytes.subarray(0, have)
    return this.#key === undefined ? found : decrypt(this.#key, found, from).subarray(at - from)
  }

  close(): void {
    closeSync(this.#fd)
  }
}

/** Whether an entry of a folder is a file, or a link to one. */
export function isFileAt(folder: string, entry: Dirent): boolean {
  if (!entry.isSymbolicLink()) return entry.isFile()
  try {
    return statSync(join(folder, entry.name)).isFile()
  } catch {
    return false // it leads nowhere, or round in a circle
  }
}

/** The text a small file begins with; '' where there is none, or it is no file. */
export function readStart(path: string, most: number): string {
  try {
    const file = new ByteFile({ path })
    try {
      return file.read(0, most).toString('utf8')
    } finally {
      file.close()
    }
  } catch {
    return ''
  }
}

/** The counter of AES-CTR at a byte of the file: a key is used for one file only, so it begins at 0. */
export function counterAt(byte: number): Buffer {
  const counter = Buffer.alloc(BLOCK)
  counter.writeBigUInt64BE(BigInt(byte / BLOCK), BLOCK - 8)
  return counter
}

function decrypt(key: Uint8Array, bytes: Buffer, from: number): Buffer {
  return createDecipheriv('aes-256-ctr', key, counterAt(from)).update(bytes)
}
