import type { DraftContent, IdentityView, MessageView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { formatAddress } from '../../format/names.ts'
import { clock, shortDay } from '../../format/time.ts'
import { act } from '../../state/act.ts'
import { compose, emptyDraft } from './composer.ts'
import { formatPart } from './part-handle.ts'

export type Manner = 'reply' | 'reply-all' | 'forward' | 'edit-as-new'

/** Opens the composer with an answer to a message. */
export async function composeFrom(manner: Manner, id: number): Promise<void> {
  const found = await act('Opening the message', async () => ({
    message: await api.mail.get({ id }),
    identities: await api.identity.list(),
  }))
  if (found === undefined) return
  const content =
    manner === 'edit-as-new'
      ? editedAsNew(found.message, found.identities)
      : answerTo(found.message, manner, found.identities, Date.now())
  compose({ kind: 'answer', content })
}

type Person = { readonly name: string; readonly address: string }
const isSame = (a: Person, b: { readonly address: string }) => a.address.toLowerCase() === b.address.toLowerCase()

/** The draft that answers `message`. It is written as the identity the message was sent to. */
export function answerTo(
  message: MessageView,
  manner: Exclude<Manner, 'edit-as-new'>,
  identities: readonly IdentityView[],
  nowMs: number,
): DraftContent {
  const addressees = [...message.to, ...message.cc]
  const mine = identities.find((identity) => addressees.some((one) => isSame(one, identity)))
  const isOwn = message.from.some((one) => identities.some((identity) => isSame(one, identity)))
  const toWriter = message.replyTo.length > 0 ? message.replyTo : message.from
  // An answer to one's own message goes on to whom it went.
  const to = manner === 'forward' ? [] : isOwn ? message.to : toWriter
  const others = addressees.filter(
    (one) => !identities.some((identity) => isSame(one, identity)) && !to.some((known) => isSame(one, known)),
  )
  const cc =
    manner !== 'reply-all'
      ? []
      : isOwn
        ? message.cc
        : others.filter((one, at) => others.findIndex((o) => isSame(o, one)) === at)
  const list = (people: readonly Person[]) => people.map(formatAddress).join(', ')
  return {
    ...emptyDraft(list(to)),
    about: { id: message.id, how: manner === 'forward' ? 'forwarded' : 'answered' },
    identityId: mine?.id ?? null,
    cc: list(cc),
    subject: prefixed(message.subject, manner === 'forward' ? 'Fwd' : 'Re'),
    attachments: manner === 'forward' ? filesOf(message) : [],
    text: manner === 'forward' ? forwarded(message, nowMs) : quoted(message, nowMs),
    ...(manner === 'forward'
      ? {}
      : {
          inReplyTo: message.messageId,
          // RFC 5322 §3.6.4: the parent's References followed by its Message-ID.
          references: [message.references || message.inReplyTo, message.messageId]
            .filter((one) => one !== '')
            .join(' '),
        }),
  }
}

/** The message once more, to be changed and sent: as its writer where that is one of the person's identities. */
export function editedAsNew(message: MessageView, identities: readonly IdentityView[]): DraftContent {
  const list = (people: readonly Person[]) => people.map(formatAddress).join(', ')
  const writer = identities.find((identity) => message.from.some((one) => isSame(one, identity)))
  return {
    ...emptyDraft(list(message.to)),
    identityId: writer?.id ?? null,
    cc: list(message.cc),
    subject: message.subject,
    text: textOf(message),
    attachments: filesOf(message),
  }
}

const filesOf = (message: MessageView): DraftContent['attachments'] =>
  message.parts.map(({ index, filename, contentType, sizeBytes }) => ({
    handle: formatPart({ messageId: message.id, index }),
    filename,
    contentType,
    sizeBytes,
  }))

/** `Re: ` once, however often it was answered. */
export function prefixed(subject: string, prefix: 'Re' | 'Fwd'): string {
  const known = prefix === 'Re' ? /^(?:re|aw|sv|antw)(?:\[\d+\])?:\s*/i : /^(?:fwd?|wg|tr):\s*/i
  let bare = subject
  while (known.test(bare)) bare = bare.replace(known, '')
  return `${prefix}: ${bare}`
}

/** The text of a message for quoting, from HTML where there is nothing else. */
export function textOf(message: Pick<MessageView, 'text' | 'html'>): string {
  if (message.text !== null) return message.text.replace(/\r\n?/g, '\n').trimEnd()
  if (message.html === null || typeof DOMParser === 'undefined') return ''
  // Parsed only, never shown: a document without a window runs and fetches nothing.
  const page = new DOMParser().parseFromString(message.html, 'text/html')
  for (const gone of page.querySelectorAll('style, script, head')) gone.remove()
  for (const line of page.querySelectorAll('br, p, div, li, tr, h1, h2, h3, blockquote')) line.append('\n')
  return page.body.textContent
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
}

function quoted(message: MessageView, nowMs: number): string {
  const author = message.from[0]
  const who = author?.name || author?.address || 'somebody'
  const lines = textOf(message)
    // The signature is not quoted (RFC 3676 §4.3).
    .split(/\n-- \n/)[0]
    ?.split('\n')
    .map((line) => (line.startsWith('>') ? `>${line}` : line === '' ? '>' : `> ${line}`))
  return `\n\nOn ${shortDay(message.dateMs, nowMs)} at ${clock(message.dateMs)}, ${who} wrote:\n${(lines ?? []).join('\n')}\n`
}

function forwarded(message: MessageView, nowMs: number): string {
  const list = (people: readonly Person[]) => people.map(formatAddress).join(', ')
  const head = [
    '---------- Forwarded message ----------',
    `From: ${list(message.from)}`,
    `Date: ${shortDay(message.dateMs, nowMs)}, ${clock(message.dateMs)}`,
    `Subject: ${message.subject}`,
    `To: ${list(message.to)}`,
    ...(message.cc.length > 0 ? [`Cc: ${list(message.cc)}`] : []),
  ]
  return `\n\n${head.join('\n')}\n\n${textOf(message)}\n`
}
