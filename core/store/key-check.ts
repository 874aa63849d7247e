import { createHmac } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/*
 * SQLite says the same of a wrong key and of a damaged first page. The file begins with bytes that only its key makes, so one
 * look tells which it is, and a person is told to find his key or his backup, not both.
 */
const SALT_BYTES = 16
const LEAST_BYTES = 4096

/** The bytes a database of that key begins with. They tell nothing of the key. */
export function saltOf(key: Uint8Array): Buffer {
  return createHmac('sha256', key).update('posthorn database').digest().subarray(0, SALT_BYTES)
}

/** False when the database was not made with that key. True for a file of less than a page. */
export function isKeyOf(path: string, key: Uint8Array): boolean {
  return beginningOf(path)?.equals(saltOf(key)) ?? true
}

/** The bytes that tell which key a database has; undefined for a file that is not there or has less than a page. */
export function beginningOf(path: string): Buffer | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
  try {
    const page = Buffer.alloc(LEAST_BYTES)
    if (readSync(file, page, 0, LEAST_BYTES, 0) < LEAST_BYTES) return undefined
    return page.subarray(0, SALT_BYTES)
  } finally {
    closeSync(file)
  }
}
