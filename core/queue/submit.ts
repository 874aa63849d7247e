import type { Clock } from '../base/clock.ts'
import { randomId } from '../base/random-id.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { formatDate } from '../message/dsn-text.ts'
import {
  countAddresses,
  fieldsNamed,
  firstValue,
  readHeader,
  valueOf,
  type Header,
  type HeaderField,
} from '../message/headers.ts'
import { isClean, LONGEST_LINE } from '../message/seven-bit.ts'
import { formatMailbox, needsUtf8, parseDomain, type ForwardPath } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { RecipientOptions } from '../model/envelope-options.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { OnStep } from '../model/step.ts'
import type { Accept, Submission } from '../model/submission.ts'
import { PERSON } from '../store/folder.ts'
import type { Kept } from '../store/queue-change.ts'
import type { DueRecipient } from '../store/queue-due.ts'
import type { Body, Store } from '../store/types.ts'
import { toLatin1 } from './local.ts'
import { Refused } from './refused.ts'
import { makeSevenBit, tooLong } from './seven-bit-body.ts'
import { tracedWrite } from './steps.ts'
import { bodyOf, finalHead, signingDomain, type SignatureMade, type SignerFor } from './sign.ts'

/** RFC 5321 §6.3: more Received fields than this are a loop. */
const MOST_HOPS = 50
const LONGEST_HEADER_BYTES = 100 * 1024
/** RFC 6409 §8.1 has Bcc go; Return-Path is written at the end only (RFC 5321 §4.4), and a length would be wrong now. */
const TAKEN_OUT = ['bcc', 'resent-bcc', 'return-path', 'content-length']

/** What accepting a message needs. */
export interface SubmitContext {
  readonly store: Pick<Store, 'write' | 'query' | 'stage' | 'openBody'>
  readonly clock: Clock
  /** What is known of a message by its bytes, for the copy in Sent. */
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  /** How mail is signed; left out where none is. */
  readonly signerFor?: SignerFor
  /** New work for the queue, after its commit. */
  readonly onAccepted: (due: readonly DueRecipient[]) => void
  /** Folders that got a copy. */
  readonly onFolders: (folderIds: readonly number[]) => void
  /** How long mail of the window can be taken back (ms). */
  readonly undoMs?: () => number
  /** Told of each step, and waited for: a tracing hook. */
  readonly onStep?: OnStep
}

/**
 * The only way into the queue: completes the header (RFC 6409 §8), makes the message 7-bit where that is allowed, and resolves
 * when all of it is committed. A message that can't be sent as it is comes back with its reply; faults of the store are thrown.
 */
export function makeSubmit(plain: SubmitContext): Accept {
  const { onStep, store } = plain
  const context = onStep ? { ...plain, store: { ...store, write: tracedWrite(store.write, onStep) } } : plain
  return async (submission) => {
    try {
      if (onStep) await onStep('submit.received')
      return { accepted: true, ...(await accept(submission, context)) }
    } catch (error) {
      if (error instanceof Refused) return { accepted: false, reply: error.reply }
      throw error
    }
  }
}

async function accept(
  submission: Submission,
  context: SubmitContext,
): Promise<{ readonly entryId: number; readonly undoUntilMs?: number }> {
  const { from } = submission
  const to = withoutDuplicates(submission)
  if (to.length === 0) throw new Refused(554, '5.5.1', 'no valid recipients')
  const header = readHeader(submission.head, headerAt(submission))
  check(submission.head, header)
  const found = finalBytes(submission, header, context)
  const bytes = found instanceof Promise ? await found : found
  const accepted = await commit(submission, to, bytes, context).catch((error: unknown) => {
    // What was converted is nobody's now; the door drops what it staged itself.
    if ('stagedBlobId' in bytes.body && bytes.body !== submission.body) drop(bytes.body.stagedBlobId, context)
    throw error
  })
  // Only now is the blob it came in without an owner for good.
  if (bytes.replacedBlobId !== undefined) drop(bytes.replacedBlobId, context)
  const { entryId, dueMs, recipientIds, folderIds, undoUntilMs } = accepted
  const due = to.map(({ path: { domain } }, i) => ({
    id: recipientIds[i] ?? 0,
    entryId,
    domain,
    from,
    attempts: 0,
    way: { kind: 'automatic' } as const,
    nextAttemptMs: dueMs,
  }))
  try {
    context.onAccepted(due)
    if (folderIds.length > 0) context.onFolders(folderIds)
  } catch {
    // It is committed, and the queue looks at all it has every few minutes: a refusal now would have it sent twice.
  }
  if (context.onStep) await context.onStep('schedule.taken')
  return { entryId, ...(undoUntilMs !== null && { undoUntilMs }) }
}

/** Commits the message with all that belongs to it. */
async function commit(submission: Submission, named: readonly Named[], bytes: FinalBytes, context: SubmitContext) {
  const { from, origin, userId, options, draft } = submission
  const to = named.map(({ path }) => path)
  const undoMs = context.undoMs?.() ?? 0
  const { head, header } = bytes
  const completed = complete(submission, head, header, context.clock.nowMs())
  const removed = removedRanges(header, bytes.skip)
  const unsigned = submission.received + completed.prefix
  const signing = sign(submission, unsigned, removed, bytes, context)
  const made = signing && (await signing)
  const kept = origin === 'window' ? [await sentCopy(submission, completed, bytes, context)] : []
  return context.store.write('queue.submit', {
    body: bytes.body,
    prefix: (made?.prefix ?? '') + unsigned,
    removed,
    ...(made && { signing: made.signing }),
    from,
    to,
    userId,
    origin,
    messageId: completed.messageId,
    subject: decodeHeaderText(firstValue(head, header, 'subject') ?? '').slice(0, 500),
    is8bit: bytes.is8bit,
    needsUtf8: bytes.needsUtf8 || [...to, ...(from ? [from] : [])].some(needsUtf8),
    kept,
    ...(submission.rule && { ruleSendId: submission.rule.sendId }),
    ...(options && { options }),
    ...(submission.recipientOptions && { recipientOptions: named.map((one) => one.options) }),
    ...(draft !== undefined &&
      (undoMs > 0 || options?.holdUntilMs !== undefined) && { undo: { forMs: undoMs, draft } }),
  })
}

/** Signs what is final now; undefined where nobody signs for the author's domain. */
function sign(
  { from, origin, options, rule, author: writer }: Submission,
  prefix: string,
  removed: BlobView['removed'],
  { body, head, header, raw }: FinalBytes,
  { signerFor, store, clock }: SubmitContext,
): Promise<SignatureMade | undefined> | undefined {
  // What a rule sends on was written elsewhere, by anybody under any name.
  const author = origin === 'rule' ? (rule?.author ?? null) : (from ?? writer ?? null)
  const signer = author === null ? undefined : signerFor?.(author.domain)
  if (!signer || signingDomain(author, head, header) === undefined) return undefined
  return signer({
    head: finalHead(prefix, head, header, removed),
    body: bodyOf(body, raw, header.bodyAt, store),
    leavesByMs: options?.holdUntilMs ?? clock.nowMs(),
  })
}

/** Removes a staged blob, now or at the next start. */
function drop(blobId: number, { store: { write } }: SubmitContext): void {
  write('blob.drop', { blobId }).catch(() => {})
}

/** A recipient with what RCPT asked for it. */
interface Named {
  readonly path: ForwardPath
  readonly options: RecipientOptions | undefined
}

/** Recipients named twice get one copy. Local parts that differ in case may be two people (RFC 5321 §2.4). */
function withoutDuplicates({ to, recipientOptions }: Submission): readonly Named[] {
  const named = to.map((path, n) => ({ path, options: recipientOptions?.[n] }))
  if (named.length === 1) return named
  return [...new Map(named.map((one) => [`${one.path.local}@${one.path.domain}`, one])).values()]
}

/** Where the header begins: after an mbox line, which programs that write to sendmail like to put first. */
function headerAt({ origin, head }: Submission): number {
  if (origin !== 'sendmail' || Buffer.from(head.subarray(0, 5)).toString('latin1') !== 'From ') return 0
  return head.indexOf(0x0a) + 1
}

function check(head: Uint8Array, header: Header): void {
  if (head.length > LONGEST_HEADER_BYTES)
    throw new Refused(552, '5.3.4', `the header is longer than ${LONGEST_HEADER_BYTES} bytes`)
  if (header.oddAt !== undefined) {
    const line = Buffer.from(head.subarray(header.oddAt, header.oddAt + 60)).toString('latin1')
    const shown = (line.split(/[\r\n]/)[0] ?? '').replace(/[^ -~]/g, '?')
    throw new Refused(550, '5.6.0', `this line of the header has no field name and no blank line before it: "${shown}"`)
  }
  if (fieldsNamed(header, 'received').length > MOST_HOPS)
    throw new Refused(554, '5.4.6', 'too many hops: the message goes in a circle')
  const authors = fieldsNamed(header, 'from')
  const several = authors.length > 1 || authors.some((field) => countAddresses(valueOf(head, field)) > 1)
  // RFC 5322 §3.6.2: somebody must have sent it; two From fields are two answers.
  if (authors.length > 1 || (several && fieldsNamed(header, 'sender').length !== 1))
    throw new Refused(550, '5.6.0', 'several authors in From, and no Sender that says which of them sent it')
}

/** The bytes as they are stored, and what is to be known of them. */
interface FinalBytes {
  readonly body: Body
  readonly head: Uint8Array
  readonly header: Header
  /** Bytes before the header that nobody sees. */
  readonly skip: number
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  /** The bytes at hand, when they are. */
  readonly raw: Uint8Array | undefined
  readonly replacedBlobId: number | undefined
}

function finalBytes(submission: Submission, header: Header, context: SubmitContext): FinalBytes | Promise<FinalBytes> {
  const { body, head } = submission
  const at = headerAt(submission)
  const raw = 'raw' in body ? body.raw : undefined
  const hasUtf8Header = !isClean(head.subarray(at, header.end), Infinity)
  const asIs = { body, head, header, skip: at, raw, replacedBlobId: undefined }
  // The door has looked already; what comes in another way is looked at here.
  const hasLongLines =
    submission.hasLongLines ?? (!submission.has8bit && raw !== undefined && !isClean(raw, LONGEST_LINE))
  const mustChange = submission.has8bit || hasLongLines
  if (hasLongLines && hasUtf8Header) throw tooLong('has a header beyond ASCII')
  if (!mustChange || hasUtf8Header) return { ...asIs, is8bit: submission.has8bit, needsUtf8: hasUtf8Header }
  return changedBytes(asIs, submission, hasLongLines, context)
}

/** The bytes made 7-bit, where that may be done. */
async function changedBytes(
  asIs: Omit<FinalBytes, 'is8bit' | 'needsUtf8'>,
  { body, has8bit }: Submission,
  hasLongLines: boolean,
  context: SubmitContext,
): Promise<FinalBytes> {
  const made = await makeSevenBit(body, asIs.skip, hasLongLines, context.store)
  if (made.kind === 'as-is') return { ...asIs, is8bit: has8bit, needsUtf8: made.why === 'utf8-headers' }
  return {
    body: made.body,
    head: made.head,
    header: readHeader(made.head),
    skip: 0,
    is8bit: false,
    needsUtf8: false,
    raw: made.raw,
    replacedBlobId: 'stagedBlobId' in body ? body.stagedBlobId : undefined,
  }
}

async function gather(body: Body, { store }: SubmitContext): Promise<Uint8Array> {
  if ('raw' in body) return body.raw
  const view: BlobView = { blobId: body.stagedBlobId, prefix: '', removed: [], sizeBytes: body.sizeBytes }
  const whole = Buffer.allocUnsafeSlow(body.sizeBytes)
  let at = 0
  for await (const chunk of store.openBody(view)) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole.subarray(0, at)
}

/** Lines the message lacks (RFC 6409 §8, RFC 5322 §3.6). */
interface Completed {
  /** CRLF-ended, latin1. */
  readonly prefix: string
  readonly messageId: string
}

function complete(submission: Submission, head: Uint8Array, header: Header, nowMs: number): Completed {
  const has = (name: string) => header.fields.some((field) => field.name === name)
  const { from } = submission
  let prefix = ''
  let messageId = messageIdOf(firstValue(head, header, 'message-id') ?? '')
  if (!has('message-id')) {
    messageId = `<${randomId()}@${authorDomain(submission, head, header)}>`
    prefix += `Message-ID: ${messageId}\r\n`
  }
  if (!has('date')) prefix += `Date: ${formatDate(nowMs)}\r\n`
  // RFC 2045 §4: without it what Content-Type says counts for nothing. Signed mail goes as its signer left it.
  const type = firstValue(head, header, 'content-type') ?? ''
  const isSigned = () =>
    has('dkim-signature') || /^(?:multipart\/(?:signed|encrypted)|application\/(?:x-)?pkcs7-)/i.test(type)
  if (type !== '' && !has('mime-version') && !isSigned()) prefix += 'MIME-Version: 1.0\r\n'
  // Without its Bcc nobody would be named, which many servers take amiss (RFC 5322 §3.4 has the empty group).
  if (has('bcc') && !has('to') && !has('cc')) prefix += 'To: undisclosed-recipients:;\r\n'
  if (!has('from') && from) prefix += `From: ${toLatin1(formatMailbox(from))}\r\n`
  return { prefix, messageId }
}

const messageIdOf = (value: string) => /<[^<>\s]{1,990}>/.exec(value)?.[0] ?? ''

/** The domain a Message-ID is made in: the author's, never the name of this machine. */
function authorDomain({ from }: Submission, head: Uint8Array, header: Header): string {
  const author = firstValue(head, header, 'from') ?? ''
  const written = author.slice(author.lastIndexOf('@') + 1).match(/^[^\s<>(),;:"]+/)?.[0]
  const domain = (author.includes('@') && written ? parseDomain(written) : undefined) ?? from?.domain
  return domain === undefined || domain.startsWith('[') ? 'posthorn.invalid' : domain
}

/** Fields that don't leave, as ranges of the bytes; `skip` bytes before the header go, too. */
function removedRanges(header: Header, skip: number): BlobView['removed'] {
  const taken = header.fields.filter(({ name }) => TAKEN_OUT.includes(name))
  if (skip === 0 && taken.length === 0) return []
  return merge([...(skip > 0 ? [{ at: 0, end: skip }] : []), ...taken])
}

/** Neighbours become one range. */
function merge(fields: readonly Pick<HeaderField, 'at' | 'end'>[]): [number, number][] {
  const ranges: [number, number][] = []
  for (const { at, end } of fields) {
    const last = ranges.at(-1)
    if (last && last[1] === at) last[1] = end
    else ranges.push([at, end])
  }
  return ranges
}

/** What the writer sees in Sent: the same bytes, with the Bcc that nobody else sees. */
async function sentCopy(
  submission: Submission,
  { prefix }: Completed,
  bytes: FinalBytes,
  context: SubmitContext,
): Promise<Kept> {
  const raw = bytes.raw ?? (await gather(bytes.body, context))
  const fields = await context.describe(Buffer.concat([Buffer.from(prefix, 'latin1'), raw]))
  const owner = submission.userId === null ? PERSON : { accountId: null, userId: submission.userId }
  const receivedMs = context.clock.nowMs()
  return { owner, role: 'sent', message: { body: 'entry', prefix, removed: [], fields, receivedMs, seen: true } }
}
