import type { Message } from '../store/message-list.ts'
import { tagsOf } from '../store/tag.ts'
import { threadSize } from '../store/thread.ts'
import type { ReadDb } from '../store/types.ts'

/** Messages as a window lists them, with what is known beside their own rows. */
export function toRows(db: ReadDb, messages: readonly Message[]) {
  // A folder of one long conversation must not have it counted once a row.
  const sizes = new Map<number, number>()
  const sizeOf = (threadId: number) => {
    const size = sizes.get(threadId) ?? threadSize(db, threadId)
    sizes.set(threadId, size)
    return size
  }
  return messages.map((message) => rowOf(db, message, sizeOf))
}

/** The same for one. */
export function toRow(db: ReadDb, message: Message) {
  return rowOf(db, message, (threadId) => threadSize(db, threadId))
}

function rowOf(db: ReadDb, message: Message, sizeOf: (threadId: number) => number) {
  const { id, folderId, subject, authorName, authorAddress, addressees, preview, dateMs, attachments } = message
  const { seen, starred, answered, forwarded, threadId } = message
  const text = { subject, authorName, authorAddress, addressees, preview }
  const flags = { seen, starred, answered, forwarded }
  const threadCount = threadId === null ? 1 : sizeOf(threadId)
  return { id, folderId, ...text, dateMs, attachments, ...flags, threadId, threadCount, tags: tagsOf(db, id) }
}
