import type { Message } from '../store/message-list.ts'
import { tagsOf, tagsOfAll } from '../store/tag.ts'
import { threadSize, threadSizes } from '../store/thread.ts'
import type { ReadDb } from '../store/types.ts'

/** Messages as a window lists them, with what is known beside their own rows. */
export function toRows(db: ReadDb, messages: readonly Message[]) {
  const sizes = threadSizes(
    db,
    messages.flatMap(({ threadId }) => (threadId === null ? [] : [threadId])),
  )
  const tags = tagsOfAll(
    db,
    messages.map(({ id }) => id),
  )
  return messages.map((one) => rowOf(one, sizes.get(one.threadId ?? 0) ?? 1, [...(tags.get(one.id) ?? [])]))
}

/** The same for one. */
export function toRow(db: ReadDb, message: Message) {
  const size = message.threadId === null ? 1 : threadSize(db, message.threadId)
  return rowOf(message, size, tagsOf(db, message.id))
}

function rowOf(message: Message, threadCount: number, tags: number[]) {
  const { id, folderId, subject, authorName, authorAddress, addressees, preview, dateMs, attachments } = message
  const { seen, starred, answered, forwarded, threadId } = message
  const text = { subject, authorName, authorAddress, addressees, preview }
  const flags = { seen, starred, answered, forwarded }
  return { id, folderId, ...text, dateMs, attachments, ...flags, threadId, threadCount, tags }
}
