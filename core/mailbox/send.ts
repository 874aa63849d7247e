import type { ByteHandles } from '../base/byte-handles.ts'
import type { Clock } from '../base/clock.ts'
import { Fault, reasonOf } from '../base/fault.ts'
import { parseAddresses } from '../message/addresses.ts'
import { composeStream, headerNeedsUtf8, type NamedMailbox, type OutgoingFile } from '../message/compose.ts'
import { formatMailbox, needsUtf8, parseMailbox, type Mailbox } from '../model/address.ts'
import { LARGEST_WRITTEN_BYTES } from '../model/sent-size.ts'
import type { Accept, Submission } from '../model/submission.ts'
import { CHUNK_BYTES } from '../store/blob.ts'
import { getIdentity, listIdentities, type Identity } from '../store/identity.ts'
import { getMessage, listByMessageId } from '../store/message-list.ts'
import type { Store } from '../store/types.ts'
import { compositionOf, type Draft, type DraftFile } from './composition.ts'
import { lookAt } from './resent.ts'
import type { Uploads } from './uploads.ts'

interface Marks {
  readonly ids: readonly number[]
  readonly how: 'answered' | 'forwarded'
}

/** What sending is wired to. */
export interface SendDeps {
  readonly store: Store
  readonly clock: Clock
  readonly uploads: Uploads
  /** For attachments of a message that is passed on: their bytes go along without a way through the window. */
  readonly handles: ByteHandles
  /** Joint: the queue's one way in. It keeps the copy in Sent, in the same operation. */
  readonly accept: Accept
  /** Told of folders whose messages look different now, and of contacts that were learnt. */
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly onContacts: (ids: readonly number[]) => void
  readonly log: (words: string) => void
}

/** Longer text would hold up the window while it is encoded; as a file it goes in slices. */
const LONGEST_TEXT = 2 * 1024 * 1024
const LONGEST_HTML = 4 * 1024 * 1024
const MOST_RECIPIENTS = 1000
/** Copies of one message, in Sent and elsewhere. */
const MOST_ANSWERED = 20
const LONGEST_HEAD = 512 * 1024
/** A year: whoever names a later day meant another one. */
const LATEST_MS = 366 * 86_400_000

/**
 * Writes the message and hands it to the queue; resolves when it is durable. Throws `address.invalid`
 * for an address that can't be written to, `message.refused` and `not-found` with words for the person.
 */
export async function send(deps: SendDeps, draft: Draft): Promise<{ entryId: number; undoUntilMs: number | null }> {
  const identity = identityOf(deps.store, draft.identityId)
  const sendAtMs = draft.sendAtMs ?? 0
  const isLater = sendAtMs > deps.clock.nowMs()
  if (sendAtMs > deps.clock.nowMs() + LATEST_MS) throw refused('it was to leave in more than a year')
  const to = read(draft.to)
  const cc = read(draft.cc)
  const bcc = read(draft.bcc)
  const envelopeTo = uniqueOf([...to, ...cc, ...bcc].map((one) => one.mailbox))
  if (envelopeTo.length === 0) throw refused('nobody is named in To, Cc or Bcc')
  if (envelopeTo.length > MOST_RECIPIENTS)
    throw refused(`${envelopeTo.length} recipients; the most for one message is ${MOST_RECIPIENTS}`)
  if (draft.text.length > LONGEST_TEXT)
    throw refused(`its text has ${draft.text.length} characters; send what is longer than ${LONGEST_TEXT} as a file`)
  if ((draft.html?.length ?? 0) > LONGEST_HTML)
    throw refused(
      `its rich text has ${draft.html?.length} characters; send what is longer than ${LONGEST_HTML} as a file`,
    )
  const replyTo = read(draft.replyTo ?? identity.replyTo)
  const attached = await Promise.all(draft.attachments.map((file) => fileOf(deps, file)))
  const files = await Promise.all(attached.map((file) => asItCan(file)))
  const mail = compositionOf(draft, identity, { to, cc, replyTo }, files, deps.clock.nowMs())
  const marks = marksOf(deps.store, draft)
  const { body, head, drop } = await written(deps.store, composeStream(mail))
  const submission: Submission = {
    origin: 'window',
    from: identity.mailbox,
    to: envelopeTo,
    userId: null,
    body,
    head,
    // An address's local part may be, and a message that goes along whole; all else is written in 7 bits.
    has8bit: head.some((byte) => byte >= 0x80) || files.some((one) => one.has8bit),
    hasLongLines: files.some((one) => one.hasLongLines),
    utf8: headerNeedsUtf8(mail) || envelopeTo.some(needsUtf8),
    received: '',
    ...((isLater || draft.wantsDsn === true) && {
      options: {
        ...(isLater && { holdUntilMs: sendAtMs }),
        ...(draft.wantsDsn === true && { ret: 'headers' as const }),
      },
    }),
    ...(draft.wantsDsn === true && {
      recipientOptions: envelopeTo.map(() => ({ notify: ['success', 'failure', 'delay'] as const })), // RFC 3461 §4.1
    }),
    draft: JSON.stringify({ ...draft, marks }), // whoever takes it back takes them off
  }
  const answer = await deps.accept(submission).catch(async (error: unknown) => {
    await drop()
    throw error
  })
  if (!answer.accepted) {
    await drop()
    throw refused(answer.reply.lines.join(' '))
  }
  await letGo(deps, draft)
  await remember(deps, marks, bcc).catch((error: unknown) => deps.log(`note what was sent: ${reasonOf(error)}`))
  return { entryId: answer.entryId, undoUntilMs: answer.undoUntilMs ?? (isLater ? sendAtMs : null) }
}

/** What follows a message that is safe in the queue. Nothing here may make a person send it twice: failures are told. */
async function letGo(deps: SendDeps, draft: Draft): Promise<void> {
  for (const file of draft.attachments)
    await deps.uploads
      .drop(file.handle)
      .catch((error: unknown) => deps.log(`let go of a sent file: ${reasonOf(error)}`))
}

/** What is marked when this is sent, and is not yet. */
function marksOf({ read }: Store, { about, inReplyTo }: Draft): Marks {
  const answered = about !== undefined || inReplyTo === '' ? [] : listByMessageId(read, inReplyTo, MOST_ANSWERED)
  const how = about?.how ?? 'answered'
  const named = about === undefined ? undefined : getMessage(read, about.id)
  return { how, ids: [...answered, ...(named ? [named] : [])].filter((one) => !one[how]).map(({ id }) => id) }
}

/** Marks what was answered or sent on. Of those it went to, the copy in Sent names all but the blind ones. */
async function remember({ store, clock, onFolders, onContacts }: SendDeps, marks: Marks, bcc: readonly NamedMailbox[]) {
  if (marks.ids.length > 0) onFolders(await store.write('message.answered', marks))
  const people = bcc.map(({ name, mailbox }) => ({ name, address: formatMailbox(mailbox) }))
  onContacts(people.length === 0 ? [] : await store.write('contact.learn', { people, atMs: clock.nowMs() }))
}

/** Who writes. Throws `message.refused` where there is nobody, `not-found` where that one is gone. */
export function identityOf(store: Pick<Store, 'read'>, id: number | null): Identity {
  const identity = id === null ? listIdentities(store.read)[0] : getIdentity(store.read, id)
  if (identity !== undefined) return identity
  if (id === null) throw refused('there is no identity to write as; make one first')
  throw new Fault('not-found', `send the message: identity ${id} is gone`, { what: 'identity', id: String(id) })
}

/** The addresses of a line. Throws `address.invalid` for one that can't be written to. */
export function read(text: string): NamedMailbox[] {
  return parseAddresses(text).map((one) => {
    const mailbox = one.address === null ? undefined : parseMailbox(one.address)
    if (mailbox !== undefined) return { name: one.name, mailbox }
    const reason = one.problem ?? `"${one.text}" is no address`
    throw new Fault('address.invalid', `send the message: ${reason}`, { value: one.text, reason })
  })
}

/** Each mailbox once. Only the receiving host knows whether case matters in a local part (RFC 5321 §2.4), so it counts here. */
export function uniqueOf(mailboxes: readonly Mailbox[]): Mailbox[] {
  return [...new Map(mailboxes.map((mailbox) => [formatMailbox(mailbox), mailbox])).values()]
}

/** A file that is attached, to be read from where it waits. Throws `not-found`, and `conflict` while it arrives. */
export async function fileOf(
  deps: Pick<SendDeps, 'store' | 'uploads' | 'handles'>,
  file: DraftFile,
): Promise<OutgoingFile> {
  const { filename, contentType, contentId, isMessage } = file
  const uploaded = await deps.uploads.get(file.handle)
  if (uploaded !== undefined) {
    const { view } = uploaded
    return { filename, contentType, contentId, isMessage, open: () => deps.store.openBody(view) }
  }
  const given = deps.handles.open(file.handle)
  if (given !== undefined) return { filename, contentType, contentId, isMessage, open: () => given.bytes() }
  throw new Fault('not-found', `send the message: the file "${filename}" is not here any more; attach it again`, {
    what: 'attachment',
    id: filename,
  })
}

/** A file with what its bytes ask for: a message goes along as one only where it can, and may need more than 7 bits. */
async function asItCan(file: OutgoingFile) {
  if (file.isMessage !== true) return { ...file, has8bit: false, hasLongLines: false }
  const { has8bit, hasLongLines, hasNul } = await lookAt(file.open())
  return hasNul
    ? { ...file, isMessage: false, has8bit: false, hasLongLines: false }
    : { ...file, has8bit, hasLongLines, is8bit: has8bit }
}

interface Written {
  readonly body: Submission['body']
  readonly head: Uint8Array
  /** Lets go of the bytes when the queue has not taken them. */
  readonly drop: () => Promise<void>
}

/** Takes the message as it is written: small ones in memory, larger ones staged. */
export async function written(store: Pick<Store, 'stage'>, stream: AsyncIterable<Uint8Array>): Promise<Written> {
  const start: Uint8Array[] = []
  let sizeBytes = 0
  let startBytes = 0
  let staged: Awaited<ReturnType<Store['stage']>> | undefined
  try {
    for await (const chunk of stream) {
      sizeBytes += chunk.length
      if (sizeBytes > LARGEST_WRITTEN_BYTES)
        throw refused(`it is larger than ${LARGEST_WRITTEN_BYTES / 1024 / 1024} MiB`)
      if (startBytes < LONGEST_HEAD) {
        start.push(chunk)
        startBytes += chunk.length
      }
      if (staged !== undefined) await staged.append(chunk)
      else if (sizeBytes > CHUNK_BYTES) {
        staged = await store.stage()
        for (const first of start) await staged.append(first)
      }
    }
    const known = Buffer.concat(start)
    const end = known.indexOf('\r\n\r\n')
    const head = known.subarray(0, end < 0 ? known.length : end + 4)
    if (staged === undefined) return { body: { raw: known }, head, drop: async () => {} }
    const blob = staged
    return { body: await blob.finish(), head, drop: () => blob.drop() }
  } catch (error) {
    await staged?.drop()
    throw error
  }
}

/** What is said where a message can't be sent. */
export function refused(reason: string): Fault<'message.refused'> {
  return new Fault('message.refused', `send the message: ${reason}`, { reason })
}
