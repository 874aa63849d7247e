import type { ForwardPath, ReversePath } from '../model/address.ts'
import type { MailOptions, RecipientOptions } from '../model/envelope-options.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { storeBody } from './blob.ts'
import { ensureFolder, type FolderOwner } from './folder.ts'
import { insertMessage } from './message.ts'
import { prepared } from './prepared.ts'
import { insertEntry } from './queue-change.ts'
import { listDueOfEntry, type DueRecipient } from './queue-due.ts'
import { noteArrivals, sourceOfOwner } from './rule-todo.ts'
import { getEntry } from './queue.ts'
import type { Body, Operation, WriteDb } from './types.ts'

/** A recipient of an entry that is an alias of addresses elsewhere: the message goes on to those as an entry of its own. */
export interface Forward {
  readonly entryId: number
  readonly recipientId: number
  readonly to: readonly ForwardPath[]
  /** Header lines before those of the entry, CRLF-ended, latin1. */
  readonly prefix: string
  /** What is asked of each of `to`. */
  readonly options: RecipientOptions
}

const CLAIM = 'INSERT INTO forwarded (recipient_id) VALUES (?) ON CONFLICT DO NOTHING'

/**
 * Sends on what aliases point elsewhere. Each recipient's is sent on once, whatever crashes between here and its outcome. The
 * reverse-path stays (RFC 5321 §3.9.1) and the origin with it, so what fails is told to whoever heard of the first entry.
 */
function forward(db: WriteDb, args: { readonly forwards: readonly Forward[] }, nowMs: number): DueRecipient[] {
  return args.forwards.flatMap(({ entryId, recipientId, to, prefix, options }) => {
    const entry = getEntry(db, entryId)
    if (entry === undefined || prepared(db, CLAIM).run(recipientId).changes !== 1) return []
    const { blobId, prefix: own, removed, sizeBytes } = entry.view
    const left = removed.reduce((sum, [from, end]) => sum + end - from, 0)
    const stored = insertEntry(
      db,
      {
        ...entry,
        body: { blobId, sizeBytes: sizeBytes - own.length + left },
        prefix: prefix + own,
        removed,
        to,
        recipientOptions: to.map(() => options),
        kept: [],
      },
      nowMs,
    )
    return listDueOfEntry(db, stored.entryId, nowMs)
  })
}

/** A message from another server, with all that is to become of it. */
export interface InboundDelivery {
  readonly body: Body
  readonly fields: MessageFields
  /** One for each mailbox reached. `prefix`: header lines of ours, CRLF-ended, latin1. */
  readonly mailboxes: readonly { readonly owner: FolderOwner; readonly prefix: string }[]
  /** What aliases send on elsewhere, each with lines of its own in front. */
  readonly forwards: readonly { readonly to: readonly ForwardPath[]; readonly prefix: string }[]
  readonly from: ReversePath
  /** Of what is sent on. */
  readonly options: MailOptions
  readonly is8bit: boolean
  readonly needsUtf8: boolean
}

/** Stores it whole or not at all: one blob, a message in each mailbox, an entry for each alias that leads elsewhere. */
function deliverInbound(db: WriteDb, args: InboundDelivery, nowMs: number) {
  const { blobId, sizeBytes } = storeBody(db, args.body, nowMs)
  const { fields, from, options, is8bit, needsUtf8 } = args
  const delivered = args.mailboxes.map(({ owner, prefix }) => {
    const folderId = ensureFolder(db, owner, 'inbox')
    const message = { folderId, body: { blobId }, prefix, removed: [], fields, receivedMs: nowMs, seen: false }
    const messageId = insertMessage(db, message, nowMs)
    noteArrivals(db, [messageId], sourceOfOwner(owner), nowMs)
    return { folderId, messageId }
  })
  const due = args.forwards.flatMap(({ to, prefix }) => {
    const stored = insertEntry(
      db,
      {
        body: { blobId, sizeBytes },
        prefix,
        removed: [],
        from,
        to,
        options,
        userId: null,
        origin: 'rule',
        messageId: fields.messageId,
        subject: fields.subject,
        is8bit,
        needsUtf8,
        kept: [],
      },
      nowMs,
    )
    return listDueOfEntry(db, stored.entryId, nowMs)
  })
  return { delivered, due }
}

export const forwardOperations = {
  'queue.forward': forward,
  'inbound.deliver': deliverInbound,
} satisfies Record<string, Operation<never, unknown>>
