import type { MessageView } from '../../../../core/rpc/views.ts'
import { formatAddress } from '../../format/names.ts'
import { size } from '../../format/size.ts'
import { fullMoment } from '../../format/time.ts'
import { t } from '../../words/words.ts'
import { cleanForWriting, withoutSignature } from './clean-paste.ts'
import { escaped, htmlOfText } from './twin.ts'

/** A text in both its forms. */
export interface TwoFold {
  readonly text: string
  readonly html: string
}
/** What of a message is quoted: the words somebody has marked in it, cleaned, or all. */
export type Selected = { readonly text: string; readonly html: string } | undefined

/** More of a message is neither cleaned nor put into the editor: ten megabytes would stop the window for seconds. */
export const LONGEST_QUOTED = 64 * 1024

/** As much of a message as an answer quotes, and how many characters of it are left out. */
export function shortened<T extends Pick<MessageView, 'text' | 'html'>>(message: T): { message: T; leftOut: number } {
  const text = message.text === null ? null : beginningOf(message.text, '\n')
  const html = message.html === null ? null : beginningOf(message.html, '>')
  const leftOut = Math.max(
    (message.text?.length ?? 0) - (text?.length ?? 0),
    (message.html?.length ?? 0) - (html?.length ?? 0),
  )
  return leftOut === 0 ? { message, leftOut } : { message: { ...message, text, html }, leftOut }
}

/** The beginning of a long text, up to where a line or a tag ends. */
function beginningOf(text: string, mark: string): string {
  if (text.length <= LONGEST_QUOTED) return text
  const end = text.lastIndexOf(mark, LONGEST_QUOTED - 1)
  return text.slice(0, end < LONGEST_QUOTED / 2 ? LONGEST_QUOTED : end + 1)
}

const list = (people: readonly { readonly name: string; readonly address: string }[]) =>
  people.map(formatAddress).join(', ')

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

function htmlOf(message: Pick<MessageView, 'text' | 'html'>, text: string): string {
  return message.html === null ? htmlOfText(text) : cleanForWriting(message.html)
}

/** A message quoted, under a line that says whose words these are. The signature is left out (RFC 3676 §4.3). */
export function quoted(whole: MessageView, selected: Selected): TwoFold {
  const { message, leftOut } = selected === undefined ? shortened(whole) : { message: whole, leftOut: 0 }
  const author = message.from[0]
  const name = author?.name || author?.address || t('somebody')
  const line = t('On {date}, {name} wrote:', { date: fullMoment(message.dateMs), name })
  const text = (selected?.text ?? textOf(message)).split(/(?:^|\n)-- \n/)[0] ?? ''
  const lines = text.split('\n').map((one) => (one.startsWith('>') ? `>${one}` : one === '' ? '>' : `> ${one}`))
  const html =
    selected?.html ?? (message.html === null ? htmlOfText(text) : cleanForWriting(withoutSignature(message.html)))
  return {
    text: `${line}\n${lines.join('\n')}\n${leftOut === 0 ? '' : `\n${restNote(leftOut)}\n`}`,
    html: `<p>${escaped(line)}</p><blockquote>${html}</blockquote>${leftOut === 0 ? '' : `<p>${escaped(restNote(leftOut))}</p>`}`,
  }
}

const restNote = (leftOut: number) => t('[The rest of this message, {size}, is not quoted.]', { size: size(leftOut) })

/** What stands above the beginning of a message whose whole goes along as a file. */
export const beginningNote = () => t('[This is the beginning of the message. All of it is attached.]')

/** A message sent on within another one, under its own head. */
export function forwarded(whole: MessageView): TwoFold {
  const { message, leftOut } = shortened(whole)
  const text = textOf(message)
  const head = [
    t('---------- Forwarded message ----------'),
    t('From: {people}', { people: list(message.from) }),
    t('Date: {date}', { date: fullMoment(message.dateMs) }),
    t('Subject: {subject}', { subject: message.subject }),
    t('To: {people}', { people: list(message.to) }),
    ...(message.cc.length > 0 ? [t('Cc: {people}', { people: list(message.cc) })] : []),
    ...(leftOut > 0 ? [beginningNote()] : []),
  ]
  return {
    text: `${head.join('\n')}\n\n${text}\n`,
    html: `<p>${head.map(escaped).join('<br>')}</p>${htmlOf(message, text)}`,
  }
}

/** What somebody has marked in the message that is shown; undefined where nothing is. */
export function selectedInMessage(): Selected {
  const article = document.querySelector('.article')
  const frames = [...(article?.querySelectorAll('iframe') ?? [])].map((frame) => frame.contentDocument)
  for (const page of [document, ...frames]) {
    const selection = page?.getSelection()
    if (!selection || selection.isCollapsed || selection.rangeCount === 0) continue
    const range = selection.getRangeAt(0)
    if (page === document && article?.contains(range.commonAncestorContainer) !== true) continue
    const holder = document.createElement('template')
    holder.content.append(range.cloneContents())
    const text = selection.toString().replace(/\r\n?/g, '\n').trim()
    if (text === '') continue
    const isRich = page !== document
    const some = shortened({ text, html: isRich ? holder.innerHTML : null }).message
    return {
      text: some.text ?? '',
      html: some.html === null ? htmlOfText(some.text ?? '') : cleanForWriting(some.html),
    }
  }
  return undefined
}
