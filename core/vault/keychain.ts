import { randomBytes } from 'node:crypto'
import type { Keychain } from '../model/keychain.ts'
import { bookPath, isKeychainWrap, KEY_BYTES, readBook, seal, unseal, type KeychainWrap } from './key-book.ts'
import { fittingWraps } from './key.ts'

/** Sealed along with the key, so that a seal of another kind is never taken for one of these. */
const BOUND = 'posthorn keychain'

/** Seals a database key with a secret that only the keychain keeps. `of`: the bytes its database begins with. */
export async function wrapWithKeychain(key: Uint8Array, keychain: Keychain, of: string): Promise<KeychainWrap> {
  const wrapping = randomBytes(KEY_BYTES)
  const guarded = await keychain.guard(wrapping.toString('base64'))
  return { kind: 'keychain', guarded: Buffer.from(guarded).toString('base64'), ...seal(key, wrapping, of, BOUND) }
}

/**
 * The database key by the keychain; undefined where it is no way in. Throws, in the keychain's words, where it is one and does not
 * open.
 */
export async function openWithKeychain(folder: string, keychain: Keychain): Promise<Buffer | undefined> {
  const wraps = fittingWraps(folder, readBook(bookPath(folder))?.wraps ?? []).filter(isKeychainWrap)
  if (wraps.length === 0) return undefined
  for (const wrap of wraps) {
    const wrapping = Buffer.from(await keychain.reveal(Buffer.from(wrap.guarded, 'base64')), 'base64')
    const key = wrapping.length === KEY_BYTES ? unseal(wrap, wrapping, BOUND) : undefined
    if (key !== undefined) return key
  }
  throw new Error('it gave the key of another data folder')
}

/** Whether a keychain is a way in to the folder. False also for a key book that can't be read. */
export function hasKeychain(folder: string): boolean {
  try {
    return fittingWraps(folder, readBook(bookPath(folder))?.wraps ?? []).some(isKeychainWrap)
  } catch {
    return false
  }
}
