import type { Cursor } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Query, ReadDb } from './types.ts'

const PAGE = `
  SELECT id, list_ms AS dateMs FROM message WHERE folder_id = ? AND (list_ms, id) < (?, ?)
  ORDER BY list_ms DESC, id DESC LIMIT ?` // index message_folder_list

/** Ids of a folder's messages after one, newest first. */
function listInFolder(
  db: ReadDb,
  { folderId, after, limit }: { readonly folderId: number; readonly after: Cursor | null; readonly limit: number },
): Cursor[] {
  const { dateMs, id } = after ?? { dateMs: Number.MAX_SAFE_INTEGER, id: Number.MAX_SAFE_INTEGER }
  return prepared<[number, number, number, number], Cursor>(db, PAGE).all(folderId, dateMs, id, limit)
}

export const ruleQueries = { 'rule.folder': listInFolder } satisfies Record<string, Query<never, unknown>>
