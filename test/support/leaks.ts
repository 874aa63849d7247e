import Database from 'better-sqlite3'
import { join } from 'node:path'
import { CHUNKS } from '../../core/store/blob.ts'
import { unlock } from '../../core/store/database.ts'
import { eventsIn } from '../../core/model/segment-reader.ts'
import { readKeyOf } from './key.ts'

/** A value of the store in which a secret was found. */
export interface Leak {
  readonly table: string
  readonly column: string
  readonly form: string
}

/** Every way somebody could write a secret down by accident. */
export function formsOf(secret: string, user: string): ReadonlyMap<string, Buffer> {
  const base64 = (text: string) => Buffer.from(text).toString('base64')
  // Base64 of a text inside a longer one depends on where it begins: what is equal in all three places is looked for.
  const shifted = (pad: number) => {
    const skip = Math.ceil((pad * 8) / 6)
    const whole = base64('\0'.repeat(pad) + secret).replace(/=+$/, '')
    return whole.slice(skip, whole.length - 1)
  }
  const forms: [string, string | Buffer][] = [
    ['plain', secret],
    ['base64', base64(secret).replace(/=+$/, '')],
    ['base64 at 1', shifted(1)],
    ['base64 at 2', shifted(2)],
    ['base64 of \\0user\\0password', base64(`\0${user}\0${secret}`)],
    ['hex', Buffer.from(secret).toString('hex')],
    ['upper hex', Buffer.from(secret).toString('hex').toUpperCase()],
    ['UTF-16LE', Buffer.from(secret, 'utf16le')],
    ['UTF-16BE', Buffer.from(secret, 'utf16le').swap16()],
    ['reversed', [...secret].reverse().join('')],
  ]
  return new Map(forms.map(([name, form]) => [name, Buffer.isBuffer(form) ? form : Buffer.from(form)]))
}

/** The form under which `needles` are in `haystack`, or undefined. */
export function foundIn(haystack: Buffer, needles: ReadonlyMap<string, Buffer>): string | undefined {
  for (const [name, needle] of needles) if (haystack.includes(needle)) return name
  return undefined
}

/**
 * Looks for a secret in every value of every table but `secret`: chunks of a blob joined, the events of a session joined. The
 * store must not be in use.
 */
export function findInStore(dataFolder: string, keyFile: string, needles: ReadonlyMap<string, Buffer>): Leak[] {
  const db = new Database(join(dataFolder, 'mail.db'), { readonly: true })
  try {
    unlock(db, readKeyOf(dataFolder, keyFile))
    const leaks: Leak[] = []
    const look = (table: string, column: string, value: Buffer) => {
      const form = foundIn(value, needles)
      if (form !== undefined) leaks.push({ table, column, form })
    }
    const bytesOf = (value: unknown) => (Buffer.isBuffer(value) ? value : Buffer.from(String(value ?? '')))
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%'")
      .pluck()
      .all() as string[]
    for (const table of tables.filter((name) => name !== 'secret')) {
      for (const row of db.prepare(`SELECT * FROM "${table}"`).iterate() as Iterable<Record<string, unknown>>) {
        for (const [column, value] of Object.entries(row)) look(table, column, bytesOf(value))
      }
    }
    const joined = (table: string, of: string, order: string, column: string) => {
      for (const id of db.prepare(`SELECT DISTINCT ${of} FROM ${table}`).pluck().all()) {
        const parts = db.prepare(`SELECT ${column} FROM ${table} WHERE ${of} = ? ORDER BY ${order}`).pluck().all(id)
        look(`${table} joined`, column, Buffer.concat(parts.map(bytesOf)))
      }
    }
    joined('blob_chunk', `id / ${CHUNKS}`, 'id', 'bytes')
    for (const data of db.prepare('SELECT data FROM session_segment').pluck().all() as Buffer[])
      look('session_segment read', 'data', Buffer.from(JSON.stringify(eventsIn(data))))
    return leaks
  } finally {
    db.close()
  }
}
