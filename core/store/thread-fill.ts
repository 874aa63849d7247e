import type { MessageFields } from '../model/message-fields.ts'
import { learnContacts } from './contact.ts'
import { getFolder } from './folder.ts'
import { getMessage } from './message-list.ts'
import { replaceParts } from './message-part.ts'
import { prepared } from './prepared.ts'
import { threadFor } from './thread.ts'
import type { Operation, WriteDb } from './types.ts'

const JOIN = 'UPDATE message SET thread_id = ? WHERE id = ?'

/** What an older version did not keep of a message. */
export interface Unthreaded extends Pick<MessageFields, 'inReplyTo' | 'references' | 'parts' | 'people'> {
  readonly id: number
}

/**
 * Puts messages of an older version into their threads, notes what is attached to them, and learns whom those in Sent were
 * written to. Those that are gone, or were looked at meanwhile, are passed over. Returns the folders they are in.
 */
export function fillThreads(db: WriteDb, args: { readonly messages: readonly Unthreaded[] }, nowMs: number): number[] {
  const touched = new Set<number>()
  for (const { id, inReplyTo, references, parts, people = [] } of args.messages) {
    const message = getMessage(db, id)
    if (message === undefined || message.threadId !== null) continue
    prepared(db, JOIN).run(threadFor(db, { ...message, inReplyTo, references }, nowMs), id)
    if (parts !== undefined) replaceParts(db, id, parts)
    const folder = getFolder(db, message.folderId)
    if (folder?.role === 'sent' && folder.userId === null) learnContacts(db, { people, atMs: message.dateMs }, nowMs)
    touched.add(message.folderId)
  }
  return [...touched]
}

export const threadOperations = {
  'thread.fill': fillThreads,
} satisfies Record<string, Operation<never, unknown>>
