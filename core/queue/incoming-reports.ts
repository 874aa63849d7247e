import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { IncomingReport, ReportedRecipient } from '../message/dsn-read.ts'
import { formatMailbox, sameMailbox, type Mailbox } from '../model/address.ts'
import { entriesOfEnvid, entriesOfMessageId, listIncomingReports, type ReportNote } from '../store/incoming-report.ts'
import { getMessage, type Message } from '../store/message-list.ts'
import { listRecipients, type QueueEntry, type QueueRecipient } from '../store/queue.ts'
import type { Store } from '../store/types.ts'

/** A report says all it has to say before it returns the message; more of it is not read. */
const LOOKED_AT_BYTES = 1024 * 1024
/** Reports looked at before others have their turn. */
const AT_ONCE = 20
/** After a failure, such as a full disk, it is tried again then. */
const AGAIN_MS = 60_000

/** What looking at reports is wired to. */
export interface IncomingReportsContext {
  readonly store: Store
  readonly clock: Clock
  /** Joint: reads a report where it does not hold up the window; undefined for what is none. */
  readonly readReport: (raw: Uint8Array | readonly Uint8Array[]) => Promise<IncomingReport | undefined>
  /** Ids of entries that changed. */
  readonly changes: Changes<number>
  /** Folders that changed: mail may have come. */
  readonly mail: Changes<number>
  readonly log: (words: string) => void
}

/** Looks at delivery reports once they are stored, whichever way they came. */
export interface IncomingReports {
  /** Resolves when every report that had come has been looked at. */
  idle(): Promise<void>
  close(): Promise<void>
}

/** Starts looking at reports: those that a crash left behind, and each that comes. */
export function watchIncomingReports(context: IncomingReportsContext): IncomingReports {
  const { store, clock, mail, log } = context
  let looking: Promise<void> | undefined
  let isAgain = false
  let isClosed = false
  let cancelTimer = () => {}
  const look = () => {
    if (isClosed) return
    isAgain = true
    looking ??= lookAtAll().finally(() => (looking = undefined))
  }
  const lookAtAll = async () => {
    try {
      while (isAgain && !isClosed) {
        isAgain = false
        for (let ids = pending(); ids.length > 0 && !isClosed; ids = pending())
          for (const id of ids) await lookAt(id, context)
      }
    } catch (error) {
      log(`look at a delivery report: ${reasonOf(error)}`)
      cancelTimer = clock.after(AGAIN_MS, look)
    }
  }
  const pending = () => listIncomingReports(store.read, AT_ONCE)
  const unwatch = mail.watch(look)
  look()
  return {
    idle: async () => {
      while (looking) await looking
    },
    close: async () => {
      isClosed = true
      unwatch()
      cancelTimer()
      await looking
    },
  }
}

async function lookAt(messageId: number, context: IncomingReportsContext): Promise<void> {
  const { store, changes } = context
  const message = getMessage(store.read, messageId)
  const report = message && (await readStored(message, context))
  if (report?.messageId !== undefined) await nameAll(context)
  const matched = report && message ? match(report, message, store) : []
  await store.write('report.note', { messageId, notes: matched.map(({ note }) => note) })
  if (matched.length > 0) changes.emit(...new Set(matched.map(({ entryId }) => entryId)))
}

/** Makes all entries to be found by their Message-ID. */
async function nameAll({ store }: IncomingReportsContext): Promise<void> {
  while ((await store.write('queue.name', null)).more);
}

async function readStored(message: Message, context: IncomingReportsContext): Promise<IncomingReport | undefined> {
  const { store, readReport, log } = context
  const chunks: Uint8Array[] = []
  let total = 0
  try {
    for await (const chunk of store.openBody(message.view)) {
      chunks.push(chunk)
      total += chunk.length
      if (total >= LOOKED_AT_BYTES) break
    }
    return await readReport(chunks)
  } catch (error) {
    // Damaged, or made to be unreadable: it is mail to be read by a person, and says nothing to us.
    log(`read the delivery report ${message.id}: ${reasonOf(error)}`)
    return undefined
  }
}

/**
 * Recipients a report speaks of. It must name a message of ours, by its Message-ID or by what the sender called the transaction, and
 * an address that message was sent to and taken for; else it changes nothing.
 */
function match(
  report: IncomingReport,
  message: Message,
  store: Pick<Store, 'read'>,
): { readonly entryId: number; readonly note: ReportNote }[] {
  for (const entry of entriesOf(report, store)) {
    const sent = listRecipients(store.read, entry.id)
    const taken = sent.filter(({ state }) => state === 'delivered' || state === 'unknown')
    const notes = report.recipients.flatMap((one) => {
      const recipient = meantOf(taken, one) ?? (sent.length === 1 ? onlyOne(taken) : undefined)
      return recipient ? [{ entryId: entry.id, note: toNote(recipient, one, report, message) }] : []
    })
    if (notes.length > 0) return notes
  }
  return []
}

function entriesOf({ envid, messageId }: IncomingReport, { read }: Pick<Store, 'read'>): QueueEntry[] {
  const found = [
    ...(envid === undefined ? [] : [envid, decodeXtext(envid)].flatMap((one) => entriesOfEnvid(read, one))),
    ...(messageId === undefined ? [] : entriesOfMessageId(read, messageId)),
  ]
  return found.filter((entry) => entry.origin !== 'report')
}

/** Whom a report means: whom the sender wrote to says more than where the mail had gone since. */
function meantOf(taken: readonly QueueRecipient[], { final, original }: ReportedRecipient): QueueRecipient | undefined {
  const named = (address: Mailbox | undefined) =>
    address &&
    taken.find(({ to, firstTo }) => sameMailbox(address, to) || (firstTo !== null && sameMailbox(address, firstTo)))
  return named(original) ?? named(final)
}

/** Mail that was passed on fails under another address: with one recipient there is no doubt whose it was. */
const onlyOne = (taken: readonly QueueRecipient[]) => (taken.length === 1 ? taken[0] : undefined)

function toNote(
  recipient: QueueRecipient,
  { final, action, status, diagnostic, remoteMta }: ReportedRecipient,
  { reporter }: IncomingReport,
  message: Message,
): ReportNote {
  const isElsewhere = final !== undefined && !sameMailbox(final, recipient.to)
  return {
    recipientId: recipient.id,
    report: {
      action,
      status,
      reporter: reporter === '' ? remoteMta : reporter,
      diagnostic,
      finalAddress: isElsewhere ? formatMailbox(final) : null,
      atMs: message.receivedMs,
      messageId: message.id,
    },
  }
}

/** What RFC 3464 §2.2.1 has decoded, some systems write as it stood in MAIL (RFC 3461 §4). */
function decodeXtext(text: string): string {
  return text.replace(/\+([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)))
}
