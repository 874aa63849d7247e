import type { AnsweringView } from '../../../../core/rpc/compose-contract.ts'
import type { DraftContent, IdentityView, MessageView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { formatAddress } from '../../format/names.ts'
import { act } from '../../state/act.ts'
import { t } from '../../words/words.ts'
import { compose, emptyDraft } from './composer.ts'
import { formatMessage, formatPart } from './part-handle.ts'
import {
  beginningNote,
  forwarded,
  quoted,
  selectedInMessage,
  shortened,
  textOf,
  type Selected,
  type TwoFold,
} from './quote.ts'
import { signatureFor, signatureHtml, signatureText } from './signature.ts'
import { terms, type Terms } from './terms.ts'
import { cleanForWriting } from './clean-paste.ts'
import { htmlOfText } from './twin.ts'

export type Manner = 'reply' | 'reply-all' | 'reply-list' | 'forward' | 'forward-attached' | 'edit-as-new'

/** Opens the composer with an answer to a message. */
export async function composeFrom(manner: Manner, id: number): Promise<void> {
  const selected = selectedInMessage()
  const found = await act(t('Opening the message'), async () => ({
    message: await api.mail.get({ id }),
    identities: await api.identity.list(),
    answering: await api.compose.answering({ messageId: id }),
  }))
  if (found === undefined) return
  const { message, identities, answering } = found
  const content =
    manner === 'edit-as-new'
      ? editedAsNew(message, identities)
      : answerTo(message, manner, identities, { terms: terms.get(), answering, selected })
  compose({
    kind: 'answer',
    content,
    cursor: manner !== 'edit-as-new' && terms.get().answer === 'below' ? 'end' : 'start',
  })
}

type Person = { readonly name: string; readonly address: string }
const isSame = (a: Person, b: { readonly address: string }) => a.address.toLowerCase() === b.address.toLowerCase()
const list = (people: readonly Person[]) => people.map(formatAddress).join(', ')

interface Circumstances {
  readonly terms: Terms
  readonly answering: AnsweringView
  readonly selected?: Selected
}

/** The draft that answers `message`. It is written as the identity the message was sent to. */
export function answerTo(
  message: MessageView,
  manner: Exclude<Manner, 'edit-as-new'>,
  identities: readonly IdentityView[],
  { terms: how, answering, selected }: Circumstances,
): DraftContent {
  const isForward = manner === 'forward' || manner === 'forward-attached'
  const identity = identities.find(({ id }) => id === answering.identityId) ?? identities[0]
  const signature = signatureFor(identity, true)
  const said = isForward
    ? manner === 'forward'
      ? forwarded(message)
      : undefined
    : how.answer === 'alone' && selected === undefined
      ? undefined
      : quoted(message, selected)
  return {
    ...emptyDraft(),
    ...addresseesOf(message, manner, identities, answering),
    ...bodyOf(said, isForward ? 'above' : how.answer, signature, how.format),
    about: { id: message.id, how: isForward ? 'forwarded' : 'answered' },
    identityId: answering.identityId,
    subject: prefixed(message.subject, isForward ? 'Fwd' : 'Re'),
    attachments:
      manner === 'forward'
        ? forwardedFiles(message, how.format)
        : manner === 'forward-attached'
          ? [wholeOf(message)]
          : [],
    ...(isForward
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

function addresseesOf(
  message: MessageView,
  manner: Manner,
  identities: readonly IdentityView[],
  { listPost }: AnsweringView,
): Pick<DraftContent, 'to' | 'cc'> {
  if (manner === 'forward' || manner === 'forward-attached') return { to: '', cc: '' }
  if (manner === 'reply-list' && listPost !== null) return { to: listPost, cc: '' }
  const isMine = (one: Person) => identities.some((identity) => isSame(one, identity))
  const addressees = [...message.to, ...message.cc]
  const isOwn = message.from.some(isMine)
  // An answer to one's own message goes on to whom it went.
  const to = isOwn ? message.to : message.replyTo.length > 0 ? message.replyTo : message.from
  if (manner !== 'reply-all') return { to: list(to), cc: '' }
  const others = addressees.filter((one) => !isMine(one) && !to.some((known) => isSame(one, known)))
  const cc = isOwn ? message.cc : others.filter((one, at) => others.findIndex((o) => isSame(o, one)) === at)
  return { to: list(to), cc: list(cc) }
}

/** The text an answer begins with: room to write, what is quoted, the signature. */
function bodyOf(
  said: TwoFold | undefined,
  place: Terms['answer'],
  signature: string,
  format: Terms['format'],
): Pick<DraftContent, 'text' | 'html' | 'format'> {
  const text = said === undefined ? '\n' : place === 'below' ? `${said.text}\n\n` : `\n\n${said.text}`
  const html = said === undefined ? '<p></p>' : place === 'below' ? `${said.html}<p></p>` : `<p></p>${said.html}`
  const end = signatureText(signature)
  return format === 'plain'
    ? { text: text + end, html: null, format }
    : { text: text + end, html: html + signatureHtml(signature), format }
}

/** The message once more, to be changed and sent: as its writer where that is one of the person's identities. */
export function editedAsNew(whole: MessageView, identities: readonly IdentityView[]): DraftContent {
  const { message, leftOut } = shortened(whole)
  const writer = identities.find((identity) => message.from.some((one) => isSame(one, identity)))
  const note = leftOut === 0 ? '' : beginningNote()
  const said = textOf(message)
  const text = note === '' ? said : `${note}\n\n${said}`
  const { html } = message
  return {
    ...emptyDraft(list(message.to)),
    identityId: writer?.id ?? null,
    cc: list(message.cc),
    subject: message.subject,
    text,
    html: html === null ? htmlOfText(text) : `${htmlOfText(note)}${cleanForWriting(html)}`,
    format: html === null ? terms.get().format : 'rich',
    attachments: forwardedFiles(whole, html === null ? 'plain' : 'rich'),
  }
}

/** The files that go along. Pictures of rich text stand in it. */
const filesOf = ({ id, html, parts }: MessageView, format: Terms['format']): DraftContent['attachments'] =>
  parts
    .filter(({ contentId, contentType }) => {
      const isPicture = contentId !== null && html !== null && contentType.startsWith('image/')
      return format === 'plain' || !isPicture
    })
    .map(({ index, filename, contentType, sizeBytes }) => ({
      handle: formatPart({ messageId: id, index }),
      filename,
      contentType,
      sizeBytes,
    }))

/** Of a message of which only the beginning stands in the text the whole goes along, its files within it. */
const forwardedFiles = (message: MessageView, format: Terms['format']): DraftContent['attachments'] =>
  shortened(message).leftOut > 0 ? [wholeOf(message)] : filesOf(message, format)

const wholeOf = ({ id, subject, sizeBytes }: MessageView): DraftContent['attachments'][number] => ({
  handle: formatMessage(id),
  filename: `${
    subject
      .replace(/[\s\\/:*?"<>|\p{Cc}]+/gu, ' ')
      .trim()
      .slice(0, 80) || 'message'
  }.eml`,
  contentType: 'message/rfc822',
  sizeBytes,
  isMessage: true,
})

/** `Re: ` once, however often it was answered. */
export function prefixed(subject: string, prefix: 'Re' | 'Fwd'): string {
  const known = prefix === 'Re' ? /^(?:re|aw|sv|antw)(?:\[\d+\])?:\s*/i : /^(?:fwd?|wg|tr):\s*/i
  let bare = subject
  while (known.test(bare)) bare = bare.replace(known, '')
  return `${prefix}: ${bare}`
}
