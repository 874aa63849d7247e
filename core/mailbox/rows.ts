import type { MessageRow } from '../rpc/views.ts'
import type { Message } from '../store/message-list.ts'
import { tagsOf } from '../store/tag.ts'
import { threadSize } from '../store/thread.ts'
import type { ReadDb } from '../store/types.ts'

/** Messages as a window lists them, with what is known beside their own rows. */
export function toRows(db: ReadDb, messages: readonly Message[]): MessageRow[] {
  // A folder of one long conversation must not have it counted once a row.
  const sizes = new Map<number, number>()
  const sizeOf = (threadId: number) => {
    const size = sizes.get(threadId) ?? threadSize(db, threadId)
    sizes.set(threadId, size)
    return size
  }
  return messages.map((message) => {
    const { id, folderId, subject, authorName, authorAddress, addressees, preview, dateMs, attachments } = message
    const { seen, starred, answered, forwarded, threadId } = message
    const threadCount = threadId === null ? 1 : sizeOf(threadId)
    const text = { subject, authorName, authorAddress, addressees, preview }
    const flags = { seen, starred, answered, forwarded }
    return { id, folderId, ...text, dateMs, attachments, ...flags, threadId, threadCount, tags: tagsOf(db, id) }
  })
}

/** The same for one. */
export function toRow(db: ReadDb, message: Message): MessageRow {
  const [row] = toRows(db, [message])
  return row as MessageRow
}
