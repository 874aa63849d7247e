import { randomBytes } from 'node:crypto'
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { Fault, reasonOf } from '../base/fault.ts'

const KEY_BYTES = 32
const FIRST_LINE = 'posthorn key file 1'

/**
 * Reads a key file: 32 bytes. Throws `vault.key-missing`, `vault.key-exposed` when others of this computer may read it
 * (POSIX), or `vault.key-wrong` when it is none.
 */
export function readKeyFile(path: string): Buffer {
  let text: string
  try {
    refuseExposed(path)
    text = readFileSync(path, 'latin1')
  } catch (error) {
    if (error instanceof Fault) throw error
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new Fault('vault.key-wrong', `read the key file "${path}": ${reasonOf(error)}`, {
        path,
        reason: reasonOf(error),
      })
    throw new Fault(
      'vault.key-missing',
      `read the key file "${path}": it is not there; the stored mail can't be read without it, so put the file back from your backup or name its place with --key-file`,
      { path },
      error,
    )
  }
  const [first, key] = text.split('\n')
  const bytes = Buffer.from(key ?? '', 'base64')
  if (first !== FIRST_LINE || bytes.length !== KEY_BYTES)
    throw new Fault('vault.key-wrong', `read the key file "${path}": it is not a Posthorn key file`, {
      path,
      reason: 'not a key file',
    })
  return bytes
}

/** Makes a new key file (0600), or reads the one that is there already: two hosts may be started at once. */
export function createKeyFile(path: string): Buffer {
  const key = randomBytes(KEY_BYTES)
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  if (writeDurably(path, `${FIRST_LINE}\n${key.toString('base64')}\n`, 'only-new')) return key
  return readKeyFile(path)
}

/** Group and others have no business with it. Windows keeps a profile's files to its owner by itself. */
function refuseExposed(path: string): void {
  if (process.platform === 'win32') return
  const mode = statSync(path).mode & 0o777
  if ((mode & 0o077) === 0) return
  const octal = `0${mode.toString(8)}`
  throw new Fault(
    'vault.key-exposed',
    `read the key file "${path}": mode ${octal} lets other users of this computer read it; say: chmod 600 "${path}"`,
    { path, mode: octal },
  )
}

/**
 * Writes a small file (0600) so that at a crash or power cut it is there whole or not at all. `only-new` leaves a file that
 * is there alone and returns false.
 */
export function writeDurably(path: string, text: string, how: 'replace' | 'only-new'): boolean {
  const fresh = `${path}.${process.pid}.${randomBytes(4).toString('hex')}.new`
  const file = openSync(fresh, 'wx', 0o600)
  try {
    writeSync(file, text)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  try {
    if (how === 'replace') renameSync(fresh, path)
    else linkSync(fresh, path) // unlike rename it refuses to put itself in another's place
  } catch (error) {
    if (how === 'only-new' && error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(fresh, { force: true })
  }
  syncFolder(dirname(path))
  return true
}

/** Makes the name itself durable. Windows allows no fsync of a folder; there the rename is written through. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return
  const handle = openSync(folder, 'r')
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
