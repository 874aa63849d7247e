import { formatMailbox } from '../model/address.ts'
import { readReceivedChain } from '../message/received-chain.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { SessionHead } from '../model/transcript.ts'
import type { MessageTrace, ReceivedHopView } from '../rpc/trace-contract.ts'
import { getFolder } from '../store/folder.ts'
import { entriesOfMessageId } from '../store/incoming-report.ts'
import { getMessage, listSessionsOf, type Message } from '../store/message-list.ts'
import { listRecipients, type QueueEntry } from '../store/queue.ts'
import { getSession } from '../store/session.ts'
import type { Store } from '../store/types.ts'
import { contentSeq, type TraceDeps } from './trace-recipient-handlers.ts'

/** Of a header so much is looked at, of one entry so many recipients are told of, and so many entries. */
const HEAD_BYTES = 256 * 1024
const MOST_RECIPIENTS = 200
const MOST_ENTRIES = 10

/** A session's head as the contract has it. */
export const toSessionView = ({ accountId, endedMs, ...head }: SessionHead) => ({
  ...head,
  accountId: accountId ?? null,
  endedMs: endedMs ?? null,
})

/** How a message came and where it went; undefined where it is gone. */
export async function traceMessage(messageId: number, deps: TraceDeps): Promise<MessageTrace | undefined> {
  const { store } = deps
  const message = getMessage(store.read, messageId)
  if (message === undefined) return undefined
  await deps.flushLog()
  const { hops, leftOut, dateMs } = readReceivedChain(await headOf(store, message.view))
  const entries = message.messageId === '' ? [] : entriesOfMessageId(store.read, message.messageId)
  const session = broughtBy(message, store)
  const shown = withDelays(hops, dateMs)
  const lastMs = shown.findLast(({ atMs }) => atMs !== null)?.atMs ?? null
  const role = getFolder(store.read, message.folderId)?.role
  const isHere = entries.length > 0 || role === 'sent' || role === 'drafts'
  return {
    messageId,
    subject: message.subject,
    how: session?.protocol ?? (isHere ? 'here' : 'unknown'),
    session: session === undefined ? null : toSessionView(session),
    seq: session === undefined ? null : await lineOf(message, session, deps),
    receivedMs: message.receivedMs,
    // What was read later than it came says nothing of the way.
    lastDelayMs: lastMs === null ? null : message.receivedMs - lastMs,
    dateMs,
    hops: shown,
    hopsLeftOut: leftOut,
    sent: entries.slice(0, MOST_ENTRIES).map((entry) => toSent(entry, store)),
  }
}

/** The first session that brought it: the ones after it may have put it elsewhere, or given it out. */
function broughtBy({ id }: Message, store: Store): SessionHead | undefined {
  return listSessionsOf(store.read, id)
    .flatMap((sessionId) => getSession(store.read, sessionId) ?? [])
    .find(({ protocol, side }) => side === (protocol === 'smtp' ? 'server' : 'client'))
}

function lineOf({ id }: Message, session: SessionHead, deps: TraceDeps): Promise<number | null> {
  const { accountId } = session
  return contentSeq(deps.store, session, (ref) => {
    if (ref.kind === 'message') return ref.messageId === id
    return ref.kind === 'fetched' && accountId !== undefined && deps.messageOfUidl(accountId, ref.uidl) === id
  })
}

function withDelays(hops: ReturnType<typeof readReceivedChain>['hops'], dateMs: number | null): ReceivedHopView[] {
  let before = dateMs
  return hops.map((hop) => {
    const delayMs = hop.atMs === null || before === null ? null : hop.atMs - before
    before = hop.atMs ?? before
    return { ...hop, delayMs }
  })
}

function toSent(entry: QueueEntry, store: Store): MessageTrace['sent'][number] {
  const all = listRecipients(store.read, entry.id)
  const recipients = all
    .slice(0, MOST_RECIPIENTS)
    .map(({ id, to, state }) => ({ id, address: formatMailbox(to), state }))
  return { entryId: entry.id, createdMs: entry.createdMs, recipients, more: all.length - recipients.length }
}

/** The beginning of a message, where its header is; what can be read of one that is damaged. */
async function headOf(store: Store, view: BlobView): Promise<Buffer> {
  const parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of store.openBody(view)) {
      parts.push(chunk)
      size += chunk.length
      if (size >= HEAD_BYTES || Buffer.concat(parts).includes('\r\n\r\n')) break
    }
  } catch {
    // A message that failed its checksum was told of where it is read; what came of its header is shown.
  }
  return Buffer.concat(parts).subarray(0, HEAD_BYTES)
}
