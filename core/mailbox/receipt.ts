import { Fault } from '../base/fault.ts'
import { randomId } from '../base/random-id.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { addressesOf } from '../message/header-addresses.ts'
import { firstValue, readHeader, valueOf } from '../message/headers.ts'
import { buildReceipt } from '../message/mdn.ts'
import { formatMailbox, needsUtf8, parseMailbox, type Mailbox } from '../model/address.ts'
import { findIdentity, getIdentity, type Identity } from '../store/identity.ts'
import type { Message } from '../store/message-list.ts'
import { getReceiptAnswer } from '../store/receipt.ts'
import { answeringIdentity, headOf, type Behind } from './answering.ts'
import { newId, person, safe } from './resent.ts'
import { refused, type SendDeps } from './send.ts'

type Deps = Pick<SendDeps, 'store' | 'clock' | 'accept'> & { readonly behind: Behind }

/** Those who ask; more are no person but a trap for whoever answers. */
const MOST_ASKING = 5

/** A request for a read receipt, as `compose.receipt` tells it. */
export interface Asked {
  readonly to: string[]
  readonly isElsewhere: boolean
  readonly answer: 'sent' | 'declined' | null
}
interface Found extends Asked {
  readonly head: Uint8Array
  readonly mailboxes: readonly Mailbox[]
  readonly identity: Identity | undefined
}

/** Whether a message asks for a receipt, and how that was answered. One's own mail, and mail to nobody of ours, asks for none. */
export async function receiptOf(deps: Deps, message: Message): Promise<Asked> {
  const { to, isElsewhere, answer } = await find(deps, message)
  return { to, isElsewhere, answer }
}

/** Sends a receipt, or notes that none will be sent. Throws `conflict` where there is nothing to answer any more. */
export async function answerReceipt(deps: Deps, message: Message, send: boolean): Promise<Asked> {
  const { store, clock, accept } = deps
  const { head, mailboxes, identity, to, isElsewhere, answer } = await find(deps, message)
  if (identity === undefined || to.length === 0) throw nothing('nobody asks for one')
  if (answer !== null || !(await store.write('receipt.answer', { messageId: message.id, sent: send })))
    throw nothing('it was answered already')
  if (!send) return { to, isElsewhere, answer: 'declined' }
  // Noted before it goes, so that a crash in between sends none rather than two; one that did not go may be sent again.
  await handIn({ clock, accept }, { head, mailboxes, identity }).catch(async (error: unknown) => {
    await store.write('receipt.take-back', { messageId: message.id })
    throw error
  })
  return { to, isElsewhere, answer: 'sent' }
}

/** Writes a receipt and hands it to the queue. Throws `message.refused` where that takes none. */
async function handIn(
  { clock, accept }: Pick<Deps, 'clock' | 'accept'>,
  { head, mailboxes, identity }: Pick<Found, 'head' | 'mailboxes'> & { readonly identity: Identity },
): Promise<void> {
  const header = readHeader(head)
  const text = (name: string) => decodeHeaderText(firstValue(head, header, name) ?? '')
  const raw = buildReceipt({
    from: identity.mailbox,
    author: person(identity.name, identity.mailbox),
    to: mailboxes,
    subject: text('subject').slice(0, 400),
    originalId: /<[!-;=?-~]{1,900}>/.exec(text('message-id'))?.[0] ?? '',
    originalRecipient: safe(text('original-recipient')).trim().slice(0, 300),
    messageId: newId(identity.mailbox),
    nowMs: clock.nowMs(),
    uniqueId: randomId(),
  })
  const taken = await accept({
    origin: 'report',
    from: null, // RFC 8098 §3: so that nobody answers it
    author: identity.mailbox,
    to: mailboxes,
    recipientOptions: mailboxes.map(() => ({ notify: 'never' as const })),
    userId: null,
    body: { raw },
    head: raw.subarray(0, readHeader(raw).bodyAt),
    has8bit: false,
    utf8: false,
    received: '',
  })
  if (!taken.accepted) throw refused(taken.reply.lines.join(' '))
}

async function find({ store, behind }: Deps, message: Message): Promise<Found> {
  const head = await headOf(store, message)
  const header = readHeader(head)
  const people = (name: string) =>
    addressesOf(
      header.fields.filter((field) => field.name === name).map((field) => ({ name, value: valueOf(head, field) })),
      name,
    ).flatMap(({ address }) => parseMailbox(address) ?? [])
  const authors = people('from')
  const isOwn = authors.some((one) => findIdentity(store.read, one) !== undefined)
  const identityId = isOwn ? null : answeringIdentity(store.read, head, message.folderId, behind)
  const identity = identityId === null ? undefined : getIdentity(store.read, identityId)
  const asking = people('disposition-notification-to').filter((one) => !needsUtf8(one))
  const mailboxes = identity === undefined || needsUtf8(identity.mailbox) ? [] : asking.slice(0, MOST_ASKING)
  const isSame = (a: Mailbox, b: Mailbox) => formatMailbox(a).toLowerCase() === formatMailbox(b).toLowerCase()
  return {
    head,
    mailboxes,
    identity,
    to: mailboxes.map(formatMailbox),
    isElsewhere: mailboxes.length > 0 && !mailboxes.some((one) => authors.some((author) => isSame(one, author))),
    answer: getReceiptAnswer(store.read, message.id),
  }
}

const nothing = (reason: string) =>
  new Fault('conflict', `answer a request for a read receipt: ${reason}`, { what: 'receipt', reason })
