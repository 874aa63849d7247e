import { createHmac, pbkdf2Sync } from 'node:crypto'
import { closeSync, openSync, readSync } from 'node:fs'

/*
 * SQLite says the same of a wrong key and of a damaged first page. Pages carry an HMAC each, so one look at some others
 * tells which it is, and a person is told to find his key or his backup, not both.
 */
const PAGE_BYTES = 4096
const SALT_BYTES = 16
const MAC_BYTES = 64
const PAGES_TRIED = 64

/** False when no page of the database (SQLCipher 4, raw key) was written with that key. True for a file of less than a page. */
export function isKeyOf(path: string, key: Uint8Array): boolean {
  const file = openSync(path, 'r')
  try {
    const page = Buffer.alloc(PAGE_BYTES)
    const salt = Buffer.alloc(SALT_BYTES)
    if (readSync(file, page, 0, PAGE_BYTES, 0) < PAGE_BYTES) return true
    page.copy(salt)
    const macKey = pbkdf2Sync(
      key,
      salt.map((byte) => byte ^ 0x3a),
      2,
      32,
      'sha512',
    )
    for (let number = 1; number <= PAGES_TRIED; number++) {
      if (readSync(file, page, 0, PAGE_BYTES, (number - 1) * PAGE_BYTES) < PAGE_BYTES) break
      const numberBytes = Buffer.alloc(4)
      numberBytes.writeUInt32LE(number)
      const covered = page.subarray(number === 1 ? SALT_BYTES : 0, PAGE_BYTES - MAC_BYTES)
      const mac = createHmac('sha512', macKey).update(covered).update(numberBytes).digest()
      if (mac.equals(page.subarray(PAGE_BYTES - MAC_BYTES))) return true
    }
    return false
  } finally {
    closeSync(file)
  }
}
