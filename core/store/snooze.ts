import { nextCounter } from './counter.ts'
import { countFolder, ensureFolder, getFolder } from './folder.ts'
import { endSnooze, moveMessages, setSeen } from './message.ts'
import { COLUMNS, getMessage, toMessage, type Message, type MessageRecord } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/*
 * A message that is snoozed stays where it is, also on its server: lists and counts of its folder do without it until its time
 * comes. Then it is unread in the Inbox, as if it had just come.
 */

const SNOOZE = 'UPDATE message SET snoozed_ms = ?, change = ? WHERE id = ?'
const WAKE = 'UPDATE message SET woken_ms = ?, change = ? WHERE id = ?'
const NEXT = 'SELECT min(snoozed_ms) AS ms FROM message WHERE snoozed_ms IS NOT NULL' // index message_snoozed
const DUE = `SELECT ${COLUMNS} FROM message WHERE snoozed_ms IS NOT NULL AND snoozed_ms <= ? ORDER BY snoozed_ms, id LIMIT ?`
const LIST = `
  SELECT ${COLUMNS} FROM message WHERE snoozed_ms IS NOT NULL AND (snoozed_ms, id) > (?, ?) ORDER BY snoozed_ms, id LIMIT ?`
const COUNT = 'SELECT count(*) AS n FROM message WHERE snoozed_ms IS NOT NULL'
/** Woken in one operation. */
const SOME = 200

/** When the next one wakes, Unix ms; undefined where none is snoozed. */
export function nextWakeMs(db: ReadDb): number | undefined {
  return prepared<[], { ms: number | null }>(db, NEXT).get()?.ms ?? undefined
}

/** How many are snoozed. */
export function countSnoozed(db: ReadDb): number {
  return prepared<[], { n: number }>(db, COUNT).get()?.n ?? 0
}

/** A page of what is snoozed, in the order it wakes, behind the message named. */
export function listSnoozed(
  db: ReadDb,
  after: { readonly snoozedMs: number; readonly id: number } | null,
  limit: number,
): { rows: Message[]; total: number; more: boolean } {
  const from = after ?? { snoozedMs: Number.MIN_SAFE_INTEGER, id: 0 }
  const rows = prepared<[number, number, number], MessageRecord>(db, LIST).all(from.snoozedMs, from.id, limit + 1)
  return { rows: rows.slice(0, limit).map(toMessage), total: countSnoozed(db), more: rows.length > limit }
}

/** Snoozes messages until then, or ends that (`untilMs` null). Returns the folders that changed. */
function snooze(
  db: WriteDb,
  { ids, untilMs }: { readonly ids: readonly number[]; readonly untilMs: number | null },
): number[] {
  const touched = new Set<number>()
  for (const id of new Set(ids)) {
    const row = getMessage(db, id)
    if (row === undefined || row.snoozedMs === untilMs) continue
    if (untilMs === null) endSnooze(db, row)
    else {
      if (row.snoozedMs === null) countFolder(db, row.folderId, -1, row.seen ? 0 : -1)
      prepared(db, SNOOZE).run(untilMs, nextCounter(db, 'change'), id)
    }
    touched.add(row.folderId)
  }
  return [...touched]
}

/** Brings back what is due: unread, and in the Inbox of whoever has it. `more`: there is more than one operation does. */
function wake(db: WriteDb, _args: null, nowMs: number): { folderIds: number[]; more: boolean } {
  const due = prepared<[number, number], MessageRecord>(db, DUE).all(nowMs, SOME).map(toMessage)
  const touched = new Set<number>()
  for (const row of due) {
    endSnooze(db, row)
    const folder = getFolder(db, row.folderId)
    touched.add(row.folderId)
    if (folder !== undefined && folder.role !== 'inbox')
      for (const id of moveMessages(db, [row.id], { folderId: ensureFolder(db, folder, 'inbox') })) touched.add(id)
    setSeen(db, [row.id], false)
    prepared(db, WAKE).run(nowMs, nextCounter(db, 'change'), row.id)
  }
  return { folderIds: [...touched], more: due.length === SOME }
}

export const snoozeOperations = {
  'message.snooze': snooze,
  'message.wake': wake,
} satisfies Record<string, Operation<never, unknown>>
