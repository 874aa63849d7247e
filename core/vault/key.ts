import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, reasonOf } from '../base/fault.ts'
import { createKeyFile, readKeyFile, writeDurably } from './key-file.ts'

/*
 * key.json holds the database key once for each way in, wrapped with what that way knows. One way is built: a key file. A
 * passphrase or the system's keychain becomes one more entry of `wraps`; entries of unknown kinds are kept as they are.
 */
const KEY_BYTES = 32
const NONCE_BYTES = 12

/** One way in. AES-256-GCM; all bytes in base64. */
interface KeyFileWrap {
  readonly kind: 'key-file'
  readonly nonce: string
  readonly sealed: string
  readonly tag: string
}
interface KeyBook {
  readonly version: 1
  readonly wraps: readonly (KeyFileWrap | { readonly kind: string })[]
}

export interface VaultPlace {
  /** The data folder. */
  readonly folder: string
  readonly keyFile: string
  /** Makes folder, key file and database key where there is none yet. */
  readonly create: boolean
}

/**
 * The database key of a data folder, 32 bytes. The caller holds the folder's lock. Throws `vault.key-missing`,
 * `vault.key-wrong` or `vault.key-exposed`; nothing that is there is ever changed.
 */
export function openVault({ folder, keyFile, create }: VaultPlace): Buffer {
  const path = join(folder, 'key.json')
  const book = readBook(path)
  if (book !== undefined) return unwrap(path, book, keyFile)
  if (!create || existsMail(folder))
    throw new Fault(
      'vault.key-missing',
      `open the data folder "${folder}": "${path}" is not there; without it the stored mail can't be read, so put it back from your backup`,
      { path },
    )
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32') chmodSync(folder, 0o700)
  const key = randomBytes(KEY_BYTES)
  const fresh: KeyBook = { version: 1, wraps: [wrapWithKeyFile(key, createKeyFile(keyFile))] }
  writeDurably(path, `${JSON.stringify(fresh, null, 2)}\n`, 'only-new')
  // Read back: what later starts depend on is what lies on the disk.
  const written = readBook(path)
  if (written === undefined)
    throw new Fault('vault.key-missing', `make a key for "${folder}": "${path}" was written and is not there`, { path })
  return unwrap(path, written, keyFile)
}

/** Mail without its key.json: a new key would be the wrong one. An empty file is a first start that was cut off. */
function existsMail(folder: string): boolean {
  try {
    return statSync(join(folder, 'mail.db')).size > 0
  } catch {
    return false
  }
}

function readBook(path: string): KeyBook | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw wrong(path, reasonOf(error))
  }
  return parseBook(path, text)
}

function parseBook(path: string, text: string): KeyBook {
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw wrong(path, 'it is damaged; put it back from your backup')
  }
  if (typeof found !== 'object' || found === null || !('version' in found) || !('wraps' in found))
    throw wrong(path, 'it is not a key book')
  if (found.version !== 1) throw wrong(path, `version ${String(found.version)} was written by a newer Posthorn`)
  if (!Array.isArray(found.wraps) || !found.wraps.every(isWrap)) throw wrong(path, 'it is not a key book')
  return { version: 1, wraps: found.wraps }
}

function isWrap(value: unknown): value is KeyBook['wraps'][number] {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') return false
  if (value.kind !== 'key-file') return true
  const isText = (name: string) => typeof (value as unknown as Record<string, unknown>)[name] === 'string'
  return isText('nonce') && isText('sealed') && isText('tag')
}

/** The nonce is random: a key file wraps a handful of keys in its life. */
function wrapWithKeyFile(key: Uint8Array, wrapping: Uint8Array): KeyFileWrap {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', wrapping, nonce)
  const sealed = Buffer.concat([cipher.update(key), cipher.final()])
  return {
    kind: 'key-file',
    nonce: nonce.toString('base64'),
    sealed: sealed.toString('base64'),
    tag: cipher.getAuthTag().toString('base64'),
  }
}

function unwrap(path: string, book: KeyBook, keyFile: string): Buffer {
  const wraps = book.wraps.filter((wrap): wrap is KeyFileWrap => wrap.kind === 'key-file')
  if (wraps.length === 0) throw wrong(path, 'no key file opens it')
  const wrapping = readKeyFile(keyFile)
  for (const { nonce, sealed, tag } of wraps) {
    try {
      const decipher = createDecipheriv('aes-256-gcm', wrapping, Buffer.from(nonce, 'base64'), { authTagLength: 16 })
      decipher.setAuthTag(Buffer.from(tag, 'base64'))
      const key = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()])
      if (key.length === KEY_BYTES) return key
    } catch {
      // not wrapped with this file; perhaps the next one is
    }
  }
  throw new Fault(
    'vault.key-wrong',
    `open the data folder with the key file "${keyFile}": it is the key of another data folder, or "${path}" is damaged`,
    { path: keyFile, reason: 'it does not open the database key' },
  )
}

const wrong = (path: string, reason: string) =>
  new Fault('vault.key-wrong', `read the database key from "${path}": ${reason}`, { path, reason })
