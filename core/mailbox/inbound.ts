import { OneAtATime } from '../base/one-at-a-time.ts'
import { readHeader, valueOf } from '../message/headers.ts'
import { sampleOf } from '../message/sample.ts'
import { formatMailbox, formatPath, needsUtf8, parseMailbox, sameMailbox, type ForwardPath } from '../model/address.ts'
import type { DeliverInbound, InboundMail } from '../model/inbound-mail.ts'
import type { FindLocal, MailboxOwner } from '../model/local-mail.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Reply } from '../model/reply.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { Store } from '../store/types.ts'

const LOOP: Reply = { code: 554, enhanced: '5.4.6', lines: ['the message has been delivered to this address before'] }

/** What delivering mail from other servers needs. */
export interface InboundDeps {
  readonly store: Pick<Store, 'write' | 'openBody'>
  readonly find: FindLocal
  /** What is known of a message by its bytes. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  /** Folders that got a message. */
  readonly onFolders: (folderIds: readonly number[]) => void
  /** New work for the queue: what aliases send on. */
  readonly onForwarded: (due: readonly DueRecipient[]) => void
}

/** Where one message goes: mailboxes with the addresses that led there, and what aliases send on. */
interface Destinations {
  readonly mailboxes: readonly { readonly owner: MailboxOwner; readonly to: readonly ForwardPath[] }[]
  readonly forwards: readonly { readonly by: ForwardPath; readonly to: readonly ForwardPath[] }[]
}

/**
 * Puts mail from other servers into local mailboxes: whole and in one commit, or not at all. A mailbox that several recipients
 * lead to gets it once. RFC 5321 §4.4 puts Return-Path in front; Delivered-To says by which address, and finds loops.
 */
export function makeDeliverInbound(deps: InboundDeps): DeliverInbound {
  return async (mail) => {
    if (wasHere(mail)) return { accepted: false, reply: LOOP }
    // Asked again: while the message came, a mailbox may have gone or filled up, and only now its size is known. Then its sender
    // keeps it.
    const found = destinationsOf(mail, deps.find)
    if ('code' in found) return { accepted: false, reply: found }
    const fields = await describe(mail.body, deps)
    const returnPath = toLatin1(`Return-Path: ${formatPath(mail.from)}\r\n`)
    const { delivered, due } = await deps.store.write('inbound.deliver', {
      body: mail.body,
      fields,
      mailboxes: found.mailboxes.map(({ owner, to }) => ({
        owner,
        prefix: returnPath + deliveredTo(to) + mail.received,
      })),
      forwards: found.forwards.map(({ by, to }) => ({ to, prefix: deliveredTo([by]) + mail.received })),
      from: mail.from,
      options: mail.options,
      is8bit: mail.has8bit,
      needsUtf8: mail.utf8 || [...mail.to, ...(mail.from ? [mail.from] : [])].some(needsUtf8),
    })
    try {
      deps.onFolders(delivered.map(({ folderId }) => folderId))
      if (due.length > 0) deps.onForwarded(due)
    } catch {
      // It is committed, and windows and queue look again by themselves: a refusal now would have it come twice.
    }
    const entryIds = [...new Set(due.map(({ entryId }) => entryId))]
    return { accepted: true, messageIds: delivered.map(({ messageId }) => messageId), entryIds }
  }
}

function destinationsOf({ to: recipients, body }: InboundMail, find: FindLocal): Destinations | Reply {
  const sizeBytes = 'raw' in body ? body.raw.length : body.sizeBytes
  const mailboxes = new Map<number | null, { owner: MailboxOwner; to: ForwardPath[] }>()
  const forwards: { by: ForwardPath; to: readonly ForwardPath[] }[] = []
  for (const by of recipients) {
    const { mailboxes: owners, forwards: to, refusal } = find(by, sizeBytes)
    if (refusal !== undefined) return refusal
    for (const owner of owners) {
      const known = mailboxes.get(owner.userId)
      if (known === undefined) mailboxes.set(owner.userId, { owner, to: [by] })
      else known.to.push(by)
    }
    if (to.length > 0) forwards.push({ by, to })
  }
  return { mailboxes: [...mailboxes.values()], forwards }
}

/** Whether one of its recipients has had this message already: an alias sent it out, and it has come back. */
function wasHere({ head, to }: InboundMail): boolean {
  const header = readHeader(head)
  return header.fields.some((field) => {
    if (field.name !== 'delivered-to') return false
    const address = parseMailbox(Buffer.from(valueOf(head, field), 'latin1').toString('utf8').trim())
    return address !== undefined && to.some((one) => sameMailbox(one, address))
  })
}

/**
 * What is known of the message. Of a staged one its beginning and its parts' are looked at, and one after the other: anybody may
 * send twenty of 50 MiB at once.
 */
async function describe(body: InboundMail['body'], { store, describe: read }: InboundDeps): Promise<MessageFields> {
  if ('raw' in body) return read(body.raw)
  const view = { blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes }
  return large.run(async () => read(await sampleOf(store.openBody(view))))
}
const large = new OneAtATime()

const deliveredTo = (to: readonly ForwardPath[]) =>
  toLatin1(to.map((one) => `Delivered-To: ${formatMailbox(one)}\r\n`).join(''))

/** UTF-8 bytes, one character a byte: that is how a view keeps its prefix. */
const toLatin1 = (text: string) => Buffer.from(text).toString('latin1')
