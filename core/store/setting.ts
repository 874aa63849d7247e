import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

const ALL = 'SELECT key, value FROM setting ORDER BY key'
const PUT = 'INSERT INTO setting (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value'
const REMOVE = 'DELETE FROM setting WHERE key = ?'

/** The settings changed in the window, by key; values as they were put, not checked again. */
export function listSettings(db: ReadDb): Record<string, unknown> {
  const rows = prepared<[], { key: string; value: string }>(db, ALL).all()
  return Object.fromEntries(rows.map((row) => [row.key, JSON.parse(row.value) as unknown]))
}

export const settingOperations = {
  /** `value` is anything JSON can say. */
  'setting.put': (db: WriteDb, args: { readonly key: string; readonly value: unknown }): void => {
    prepared(db, PUT).run(args.key, JSON.stringify(args.value))
  },
  'setting.remove': (db: WriteDb, args: { readonly key: string }): void => {
    prepared(db, REMOVE).run(args.key)
  },
} satisfies Record<string, Operation<never, unknown>>
