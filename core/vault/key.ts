import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, statSync } from 'node:fs'
import { Fault } from '../base/fault.ts'
import { databasePath } from '../store/database.ts'
import { beginningOf, saltOf } from '../store/key-check.ts'
import { dropCopy } from '../store/rekey.ts'
import {
  bookPath,
  isKeychainWrap,
  isKeyFileWrap,
  isPassphraseWrap,
  KEY_BYTES,
  readBook,
  seal,
  unseal,
  writeBook,
  wrong,
  type KeyBook,
  type Wrap,
} from './key-book.ts'
import { createKeyFile, readKeyFile } from './key-file.ts'
import { unwrapWithPassphrase } from './passphrase.ts'

export interface VaultPlace {
  /** The data folder. */
  readonly folder: string
  readonly keyFile: string
  /** Makes folder, key file and database key where there is none yet. */
  readonly create: boolean
}

/** What a database of that key begins with, as key books write it. */
export const markOf = (key: Uint8Array) => saltOf(key).toString('base64')

/**
 * The database key of a data folder, 32 bytes, by its key file. The caller holds the folder's lock. Throws
 * `vault.passphrase-needed` where only a passphrase opens it, else `vault.key-missing`, `vault.key-wrong` or `vault.key-exposed`;
 * nothing that is there is ever changed.
 */
export function openVault({ folder, keyFile, create }: VaultPlace): Buffer {
  const path = bookPath(folder)
  const book = readBook(path)
  if (book !== undefined) return unwrap(folder, book, keyFile)
  if (!create || existsMail(folder)) throw missing(folder, path)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  if (process.platform !== 'win32') chmodSync(folder, 0o700)
  const key = randomBytes(KEY_BYTES)
  writeBook(path, [{ kind: 'key-file', ...seal(key, createKeyFile(keyFile), markOf(key)) }], 'only-new')
  // Read back: what later starts depend on is what lies on the disk.
  const written = readBook(path)
  if (written === undefined)
    throw new Fault('vault.key-missing', `make a key for "${folder}": "${path}" was written and is not there`, { path })
  return unwrap(folder, written, keyFile)
}

/** The same by a passphrase. Throws `vault.passphrase-wrong`, and `conflict` where there is no passphrase. */
export async function openWithPassphrase(folder: string, passphrase: string): Promise<Buffer> {
  const path = bookPath(folder)
  const wraps = fittingWraps(folder, readBook(path)?.wraps ?? []).filter(isPassphraseWrap)
  if (wraps.length === 0)
    throw new Fault('conflict', `unlock "${folder}": it has no passphrase`, {
      what: 'passphrase',
      reason: 'none is set',
    })
  for (const wrap of wraps) {
    const key = await unwrapWithPassphrase(wrap, passphrase)
    if (key !== undefined) return key
  }
  throw new Fault('vault.passphrase-wrong', `open "${folder}" with the passphrase: it is wrong`, { path })
}

/** Whether a passphrase opens the folder. False also for a key book that can't be read. */
export function hasPassphrase(folder: string): boolean {
  try {
    return fittingWraps(folder, readBook(bookPath(folder))?.wraps ?? []).some(isPassphraseWrap)
  } catch {
    return false
  }
}

/**
 * The wraps of the key that the database has. Of another key are those that a rekey which was cut off left behind; older
 * versions did not write whose they are.
 */
export function fittingWraps(folder: string, wraps: readonly Wrap[]): Wrap[] {
  const mark = beginningOf(databasePath(folder))?.toString('base64')
  const fitting = wraps.filter((wrap) => !('of' in wrap) || wrap.of === undefined || wrap.of === mark)
  // Where none fits the database is damaged, and whoever opens it will say so.
  const isUsable = fitting.some((wrap) => [isKeyFileWrap, isKeychainWrap, isPassphraseWrap].some((is) => is(wrap)))
  return mark === undefined || !isUsable ? [...wraps] : fitting
}

/** Removes what a rekey left behind that was cut off: its copy, and the ways in to the key it did not come to, or had left. */
export function tidyVault(folder: string): void {
  dropCopy(folder)
  const wraps = readBook(bookPath(folder))?.wraps ?? []
  const fitting = fittingWraps(folder, wraps)
  if (fitting.length < wraps.length) writeBook(bookPath(folder), fitting, 'replace')
}

/** Mail without its key.json: a new key would be the wrong one. An empty file is a first start that was cut off. */
function existsMail(folder: string): boolean {
  try {
    return statSync(databasePath(folder)).size > 0
  } catch {
    return false
  }
}

function unwrap(folder: string, book: KeyBook, keyFile: string): Buffer {
  const path = bookPath(folder)
  const fitting = fittingWraps(folder, book.wraps)
  const wraps = fitting.filter(isKeyFileWrap)
  if (wraps.length === 0 && fitting.some(isPassphraseWrap))
    throw new Fault(
      'vault.passphrase-needed',
      `open the data folder "${folder}": it is locked; its passphrase opens it, in the window or by posthorn unlock`,
      { path },
    )
  if (wraps.length === 0) throw wrong(path, 'no key file opens it')
  const wrapping = readKeyFile(keyFile)
  for (const wrap of wraps) {
    const key = unseal(wrap, wrapping)
    if (key !== undefined) return key
  }
  throw new Fault(
    'vault.key-wrong',
    `open the data folder with the key file "${keyFile}": it is the key of another data folder, or "${path}" is damaged`,
    { path: keyFile, reason: 'it does not open the database key' },
  )
}

const missing = (folder: string, path: string) =>
  new Fault(
    'vault.key-missing',
    `open the data folder "${folder}": "${path}" is not there; without it the stored mail can't be read, so put it back from your backup`,
    { path },
  )
