import { randomId } from '../base/random-id.ts'
import { buildDsn, type DsnRecipient } from '../message/dsn.ts'
import { firstValue, readHeader } from '../message/headers.ts'
import { readFields } from '../message/read.ts'
import type { Cause } from '../model/outcome.ts'
import type { Kept } from '../store/queue-change.ts'
import type { QueueEntry, QueueRecipient } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { duration, explain, type Explanation } from './why.ts'

/** Postfix returns as much of a message; of a larger one the header. */
const LONGEST_RETURNED_BYTES = 50_000
const LONGEST_HEADER_BYTES = 100 * 1024

/** A recipient to report about. */
export interface Reported {
  readonly recipient: QueueRecipient
  readonly why: Cause | null
  readonly retryUntilMs?: number
}

/** What a report needs besides the recipients. */
export interface ReportContext {
  readonly store: Pick<Store, 'openBody' | 'readBody'>
  readonly nowMs: number
}

/**
 * Whether anybody is told of this entry. Never of a message that has no reverse-path, RFC 5321 §4.5.5: two mail systems
 * would go on telling each other.
 */
export function isReported(entry: QueueEntry): boolean {
  return entry.from !== null && entry.origin !== 'report'
}

/** A report that recipients failed, for the sender's Inbox; it never leaves this machine. Undefined when nobody is told. */
export async function failureReport(
  entry: QueueEntry,
  failed: readonly Reported[],
  context: ReportContext,
): Promise<Kept | undefined> {
  if (!isReported(entry) || failed.length === 0) return undefined
  return report(entry, failed, 'failed', context, await originalOf(entry, context))
}

/** A report that recipients still wait. Undefined for mail that no person waits for: lists, bulk and automatic mail. */
export async function delayReport(
  entry: QueueEntry,
  waiting: readonly Reported[],
  context: ReportContext,
): Promise<Kept | undefined> {
  if (!isReported(entry) || waiting.length === 0) return undefined
  const original = await originalOf(entry, context)
  if (isAutomatic(original.bytes)) return undefined
  const header = headerOnly(original.bytes)
  return report(entry, waiting, 'delayed', context, { kind: 'headers', bytes: header })
}

/** Whether the header says that a program wrote it (RFC 3834 §5), or that it went to many (RFC 2369, RFC 2919). */
export function isAutomatic(bytes: Uint8Array): boolean {
  const header = readHeader(bytes)
  const value = (name: string) => (firstValue(bytes, header, name) ?? '').toLowerCase()
  const automatic = value('auto-submitted')
  return (
    (automatic !== '' && !automatic.startsWith('no')) ||
    /^(?:bulk|list|junk)\b/.test(value('precedence')) ||
    header.fields.some(({ name }) => name.startsWith('list-'))
  )
}

type Original = { readonly kind: 'message' | 'headers'; readonly bytes: Uint8Array }

async function originalOf(entry: QueueEntry, { store }: ReportContext): Promise<Original> {
  try {
    if (entry.view.sizeBytes <= LONGEST_RETURNED_BYTES)
      return { kind: 'message', bytes: await store.readBody(entry.view) }
    const chunks: Uint8Array[] = []
    let total = 0
    for await (const chunk of store.openBody(entry.view)) {
      chunks.push(chunk)
      total += chunk.length
      if (total >= LONGEST_HEADER_BYTES) break
    }
    return { kind: 'headers', bytes: headerOnly(Buffer.concat(chunks).subarray(0, LONGEST_HEADER_BYTES)) }
  } catch {
    // A damaged message must be reported all the more: what the rows know of it stands in for its header.
    const known = `Message-ID: ${entry.messageId}\r\n`
    return { kind: 'headers', bytes: Buffer.from(entry.messageId === '' ? '' : known) }
  }
}

function headerOnly(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, readHeader(bytes).end)
}

function report(
  entry: QueueEntry,
  about: readonly Reported[],
  action: 'failed' | 'delayed',
  { nowMs }: ReportContext,
  original: Original,
): Kept | undefined {
  const { from } = entry
  if (from === null) return undefined
  const raw = buildDsn({
    reportingDomain: from.domain,
    to: from,
    subject: entry.subject,
    messageId: entry.messageId,
    arrivalMs: entry.createdMs,
    nowMs,
    uniqueId: randomId(),
    recipients: about.map((one) => toDsnRecipient(one, action, nowMs)),
    original,
  })
  const message = { body: { raw }, prefix: '', removed: [], fields: readFields(raw), receivedMs: nowMs, seen: false }
  return { owner: 'sender', role: 'inbox', message }
}

const UNKNOWN: Explanation = {
  words: 'It was sent, and the connection broke off before the server confirmed it. It may have arrived.',
  status: '4.4.2',
}

function toDsnRecipient(
  { recipient, why, retryUntilMs }: Reported,
  action: 'failed' | 'delayed',
  nowMs: number,
): DsnRecipient {
  const { words, status, remoteMta, reply } = why === null ? UNKNOWN : explain(why, action === 'failed')
  const until = retryUntilMs === undefined ? '' : ` It is tried for ${duration(retryUntilMs - nowMs)} more.`
  const remote = remoteMta ?? recipient.mx ?? undefined
  return {
    to: recipient.to,
    action,
    status,
    words: action === 'delayed' ? `${words}${until}` : words,
    lastAttemptMs: nowMs,
    ...(remote === undefined ? {} : { remoteMta: remote }),
    ...(reply === undefined ? {} : { reply }),
    ...(retryUntilMs === undefined ? {} : { willRetryUntilMs: retryUntilMs }),
  }
}
