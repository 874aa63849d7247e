import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault, reasonOf } from '../base/fault.ts'
import { writeDurably } from './key-file.ts'

/*
 * key.json holds the database key once for each way in, sealed with what that way knows (AES-256-GCM; bytes in base64). Entries
 * of kinds that this version does not know are kept as they are.
 */
export const KEY_BYTES = 32
const NONCE_BYTES = 12

/** The database key under seal. `of`: the bytes that the database of this key begins with; left out by older versions. */
interface Sealed {
  readonly nonce: string
  readonly sealed: string
  readonly tag: string
  readonly of?: string
}
export interface KeyFileWrap extends Sealed {
  readonly kind: 'key-file'
}
/** Sealed with what scrypt (RFC 7914) makes of a passphrase. */
export interface PassphraseWrap extends Sealed {
  readonly kind: 'passphrase'
  readonly salt: string
  readonly n: number
  readonly r: number
  readonly p: number
}
/** Sealed with what the system's keychain keeps; `guarded` is that, as the keychain alone can read it (base64). */
export interface KeychainWrap extends Sealed {
  readonly kind: 'keychain'
  readonly guarded: string
}
export type Wrap = KeyFileWrap | PassphraseWrap | KeychainWrap | { readonly kind: string }
export interface KeyBook {
  readonly version: 1
  readonly wraps: readonly Wrap[]
}

export const isKeyFileWrap = (wrap: Wrap): wrap is KeyFileWrap => wrap.kind === 'key-file'
export const isPassphraseWrap = (wrap: Wrap): wrap is PassphraseWrap =>
  wrap.kind === 'passphrase' && 'n' in wrap && 'sealed' in wrap
export const isKeychainWrap = (wrap: Wrap): wrap is KeychainWrap =>
  wrap.kind === 'keychain' && 'guarded' in wrap && 'sealed' in wrap

/** Where a data folder's key book lies. */
export const bookPath = (folder: string) => join(folder, 'key.json')

/** The key book of a data folder; undefined where there is none. Throws `vault.key-wrong` for one that can't be read. */
export function readBook(path: string): KeyBook | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw wrong(path, reasonOf(error))
  }
  return parseBook(path, text)
}

/** Puts a key book in the place of the one there is, at once and durably. `only-new`: false where there is one already. */
export function writeBook(path: string, wraps: readonly Wrap[], how: 'replace' | 'only-new'): boolean {
  const book: KeyBook = { version: 1, wraps }
  return writeDurably(path, `${JSON.stringify(book, null, 2)}\n`, how)
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

function isWrap(value: unknown): value is Wrap {
  if (typeof value !== 'object' || value === null || !('kind' in value) || typeof value.kind !== 'string') return false
  const fields = value as Readonly<Record<string, unknown>>
  const areTexts = (...names: string[]) => names.every((name) => typeof fields[name] === 'string')
  const isSealed = areTexts('nonce', 'sealed', 'tag') && (fields['of'] === undefined || areTexts('of'))
  if (value.kind === 'key-file') return isSealed
  // One of another make is one of an unknown kind.
  if (value.kind === 'keychain' && 'guarded' in value) return isSealed && areTexts('guarded')
  if (value.kind === 'passphrase' && 'salt' in value && 'n' in value)
    return isSealed && areTexts('salt') && areGoodCosts(fields['n'], fields['r'], fields['p'])
  return true
}

/** Costs of scrypt as somebody else may have written them: no more than a gigabyte of memory, no less than is safe. */
function areGoodCosts(n: unknown, r: unknown, p: unknown): boolean {
  const inRange = (value: unknown, least: number, most: number) =>
    Number.isInteger(value) && Number(value) >= least && Number(value) <= most
  return inRange(n, 2 ** 14, 2 ** 20) && (Number(n) & (Number(n) - 1)) === 0 && inRange(r, 8, 8) && inRange(p, 1, 4)
}

/** Seals a database key. The nonce is random: one wrapping key seals a handful of keys in its life. */
export function seal(key: Uint8Array, wrapping: Uint8Array, of: string, bound = ''): Sealed {
  const nonce = randomBytes(NONCE_BYTES)
  const cipher = createCipheriv('aes-256-gcm', wrapping, nonce)
  cipher.setAAD(Buffer.from(bound))
  const sealed = Buffer.concat([cipher.update(key), cipher.final()])
  const text = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  return { nonce: text(nonce), sealed: text(sealed), tag: text(cipher.getAuthTag()), of }
}

/** The database key under a seal; undefined where `wrapping` did not make it. `bound`: what was sealed along. */
export function unseal({ nonce, sealed, tag }: Sealed, wrapping: Uint8Array, bound = ''): Buffer | undefined {
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrapping, Buffer.from(nonce, 'base64'), { authTagLength: 16 })
    decipher.setAAD(Buffer.from(bound))
    decipher.setAuthTag(Buffer.from(tag, 'base64'))
    const key = Buffer.concat([decipher.update(Buffer.from(sealed, 'base64')), decipher.final()])
    return key.length === KEY_BYTES ? key : undefined
  } catch {
    return undefined
  }
}

/** The fault of a key book that can't be used. */
export const wrong = (path: string, reason: string) =>
  new Fault('vault.key-wrong', `read the database key from "${path}": ${reason}`, { path, reason })
