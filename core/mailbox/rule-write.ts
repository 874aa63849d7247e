import type { Clock } from '../base/clock.ts'
import { randomId } from '../base/random-id.ts'
import { formatDate } from '../message/dsn-text.ts'
import { compose } from '../message/compose.ts'
import { decodeHeaderText } from '../message/charset.ts'
import { encodeWords, firstValue, readHeader, valueOf } from '../message/headers.ts'
import { formatMailbox, needsUtf8, type Mailbox } from '../model/address.ts'
import type { BlobView } from '../model/blob-view.ts'
import type { RuleJob } from '../model/rule-plan.ts'
import type { Submission } from '../model/submission.ts'
import { CHUNK_BYTES } from '../store/blob.ts'
import type { Store } from '../store/types.ts'
import { lookAt, LONGEST_HEAD, newId, part, person, safe, withCrlf, type Seen } from './resent.ts'
import { byRuleOf } from './rule-answer.ts'

type WriteStore = Pick<Store, 'openBody' | 'stage'>
/** A message ready to be handed in, and how to let go of its bytes when it is not taken. */
export interface WrittenByRule {
  readonly submission: Omit<Submission, 'rule'>
  readonly author: Mailbox | null
  readonly drop: () => Promise<void>
}

/** Earlier X-Loop fields that go along with a new message. */
const MOST_LOOPS = 30

/** Writes what a rule sends because of the message in that view. Throws `blob.damaged`, and the store's faults. */
export async function writeForRule(
  job: RuleJob,
  view: BlobView,
  ruleName: string,
  { store, clock }: { readonly store: WriteStore; readonly clock: Pick<Clock, 'nowMs'> },
): Promise<WrittenByRule> {
  const nowMs = clock.nowMs()
  if (job.kind === 'reply') return answer(job, nowMs)
  const seen = await lookAt(store.openBody(view))
  const made =
    job.kind === 'redirect' ? redirected(job, seen, nowMs) : forwarded(job, seen, { ruleName, nowMs, view, store })
  const { body, head, drop } = await written(store, made.start, withCrlf(part(store, view, made.from)), made.end)
  const utf8 = [job.by, ...job.to].some(needsUtf8)
  return {
    author: job.kind === 'redirect' ? null : job.by,
    drop,
    submission: {
      origin: 'rule',
      from: job.kind === 'redirect' ? job.from : job.by,
      to: job.to,
      userId: job.userId,
      body,
      head,
      has8bit: seen.has8bit || utf8,
      hasLongLines: seen.hasLongLines,
      utf8,
      received: '',
    },
  }
}

/** RFC 3834 §3: to the sender alone, with the null reverse-path, marked as what it is, and tied to what it answers. */
async function answer(job: Extract<RuleJob, { kind: 'reply' }>, nowMs: number): Promise<WrittenByRule> {
  const { by, to, name, subject, text, inReplyTo, references, userId } = job
  const mail = await compose({
    from: { name, mailbox: by },
    to: [{ name: '', mailbox: to }],
    cc: [],
    subject,
    text,
    attachments: [],
    inReplyTo,
    references,
    dateMs: nowMs,
    messageId: newId(by),
  })
  const raw = Buffer.concat([Buffer.from('Auto-Submitted: auto-replied\r\n'), mail])
  const utf8 = [by, to].some(needsUtf8)
  return {
    author: by,
    drop: async () => {},
    submission: {
      origin: 'rule',
      from: null,
      to: [to],
      recipientOptions: [{ notify: 'never' }],
      userId,
      body: { raw },
      head: headOf(raw),
      has8bit: utf8,
      utf8,
      received: '',
    },
  }
}

/** What goes before and behind the message's bytes, from that one on. */
interface Made {
  readonly start: string
  readonly from: number
  readonly end: string
}

/** RFC 5322 §3.6.6: the fields of one resending stand together at the top; nothing of the message is changed. */
function redirected(job: Extract<RuleJob, { kind: 'redirect' }>, _seen: Seen, nowMs: number): Made {
  const { by, name, to } = job
  const received = `Received: ${byRuleOf(by)} by ${by.domain}; ${formatDate(nowMs)}\r\n`
  const resent = [
    `Resent-From: ${person(name, by)}`,
    `Resent-To: ${to.map((one) => formatMailbox(one)).join(',\r\n ')}`,
    `Resent-Date: ${formatDate(nowMs)}`,
    `Resent-Message-ID: ${newId(by)}`,
    `X-Loop: ${formatMailbox(by)}`,
  ]
  return { start: `${received}${resent.join('\r\n')}\r\n`, from: 0, end: '' }
}

function forwarded(
  job: Extract<RuleJob, { kind: 'forward' }>,
  seen: Seen,
  {
    ruleName,
    nowMs,
  }: { readonly ruleName: string; readonly nowMs: number; readonly view: BlobView; readonly store: WriteStore },
): Made {
  const { by, name, to, as } = job
  const { head, header } = seen
  const value = (field: string) => decodeHeaderText(firstValue(head, header, field) ?? '').slice(0, 1000)
  const subject = value('subject')
  const encoding = seen.has8bit ? 'Content-Transfer-Encoding: 8bit\r\n' : ''
  const boundary = `posthorn-${randomId()}`
  const loops = header.fields.filter((field) => field.name === 'x-loop').slice(0, MOST_LOOPS)
  const lines = [
    `From: ${person(name, by)}`,
    `To: ${to.map((one) => formatMailbox(one)).join(',\r\n ')}`,
    `Subject: ${encodeWords(/^fwd?:/i.test(subject) ? subject : `Fwd: ${subject}`)}`,
    `Date: ${formatDate(nowMs)}`,
    `Message-ID: ${newId(by)}`,
    'Auto-Submitted: auto-generated',
    `X-Loop: ${formatMailbox(by)}`,
    // What went in a circle through others is known again by these.
    ...loops.map((field) => `X-Loop: ${safe(valueOf(head, field)).slice(0, 320)}`),
    'MIME-Version: 1.0',
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
  ]
  const told = [`Sent on by the rule “${ruleName}”.`, '']
  if (as === 'inline')
    for (const field of ['From', 'Date', 'Subject', 'To']) told.push(`${field}: ${value(field.toLowerCase())}`)
  const text = Buffer.from(`${told.join('\r\n')}\r\n`)
    .toString('base64')
    .replaceAll(/.{76}/g, '$&\r\n')
  const first = `Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n${text}\r\n`
  const start = `${lines.join('\r\n')}\r\n${encoding}\r\n--${boundary}\r\n${first}--${boundary}\r\n`
  const end = `\r\n--${boundary}--\r\n`
  if (as === 'inline') return { start: `${start}${contentFields(seen)}\r\n`, from: header.bodyAt, end }
  const attached = 'Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename="message.eml"\r\n'
  return { start: `${start}${attached}${encoding}\r\n`, from: 0, end }
}

/** The fields that say what the content is, byte for byte: below them it reads as it did in the message. */
function contentFields({ head, header }: Seen): string {
  const kept = header.fields.filter((field) => /^content-(?:type|transfer-encoding|language|id)$/.test(field.name))
  const text = kept.map((field) => Buffer.from(head.subarray(field.at, field.end)).toString('latin1')).join('')
  return text.replaceAll(/\r\n|\r|\n/g, '\r\n')
}

/** Takes a message as it is written: small ones in memory, larger ones staged. */
async function written(store: WriteStore, start: string, middle: AsyncIterable<Uint8Array>, end: string) {
  const pieces: Uint8Array[] = [Buffer.from(start, 'latin1')]
  let sizeBytes = start.length
  let staged: Awaited<ReturnType<Store['stage']>> | undefined
  const first: Uint8Array[] = []
  let firstBytes = 0
  const take = async (bytes: Uint8Array) => {
    if (firstBytes < LONGEST_HEAD) {
      first.push(Uint8Array.from(bytes.subarray(0, LONGEST_HEAD)))
      firstBytes += bytes.length
    }
    if (staged !== undefined) return staged.append(Uint8Array.from(bytes))
    pieces.push(Uint8Array.from(bytes))
    sizeBytes += bytes.length
    if (sizeBytes <= CHUNK_BYTES) return
    staged = await store.stage()
    for (const piece of pieces.splice(0)) await staged.append(piece)
  }
  first.push(Buffer.from(start, 'latin1'))
  firstBytes += start.length
  try {
    for await (const bytes of middle) await take(bytes)
    if (end !== '') await take(Buffer.from(end, 'latin1'))
    const head = headOf(Buffer.concat(first))
    if (staged === undefined) return { body: { raw: Buffer.concat(pieces) }, head, drop: async () => {} }
    const blob: NonNullable<typeof staged> = staged
    return { body: await blob.finish(), head, drop: () => blob.drop() }
  } catch (error) {
    await staged?.drop()
    throw error
  }
}

function headOf(bytes: Uint8Array): Uint8Array {
  const { bodyAt } = readHeader(bytes)
  return bytes.subarray(0, bodyAt)
}
