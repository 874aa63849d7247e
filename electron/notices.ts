import type { MessageRow } from '../core/rpc/views.ts'
import { t } from '../core/model/words.ts'

/** A row as what tells of it needs it. */
export type Arrived = Pick<MessageRow, 'id' | 'authorName' | 'authorAddress' | 'subject' | 'preview'>
/** One notification: of one message, which can be acted on, or of several. */
export interface Notice {
  readonly title: string
  readonly body: string
  /** The message it is about; null for several. */
  readonly messageId: number | null
}

/** From so many on they are told of together: a notification each would bury the screen. */
const SEVERAL = 4
const LONGEST_TITLE = 100
const LONGEST_BODY = 200

/** Texts of strangers: one line, no controls, no marks that turn the reading order, and an end. */
export function plain(text: string, most: number): string {
  const line = text
    .replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
    .replaceAll(/[\u200e\u200f\u202a-\u202e\u2066-\u2069\u061c]/g, '')
    .trim()
  const letters = [...line]
  return letters.length > most ? `${letters.slice(0, most - 1).join('')}…` : line
}

/** What is told of mail that came, newest first. `words`: whether author and subject may stand there. */
export function noticesOf(arrived: readonly Arrived[], words: boolean): Notice[] {
  if (arrived.length === 0) return []
  if (arrived.length >= SEVERAL || !words) {
    const title = t('{count, plural, one {# new message} other {# new messages}}', { count: arrived.length })
    const authors = [...new Set(arrived.map(authorOf))].slice(0, 3).join(', ')
    const only = arrived.length === 1 ? (arrived[0]?.id ?? null) : null
    return [{ title, body: words ? plain(authors, LONGEST_BODY) : '', messageId: only }]
  }
  return arrived.map((row) => ({
    title: plain(authorOf(row), LONGEST_TITLE),
    body: plain(row.subject === '' ? row.preview : row.subject, LONGEST_BODY),
    messageId: row.id,
  }))
}

const authorOf = ({ authorName, authorAddress }: Arrived) =>
  plain(authorName, LONGEST_TITLE) || plain(authorAddress, LONGEST_TITLE) || t('Somebody')

/** Ids are in order of arrival: what is above the highest that was there is new. */
export function arrivedAfter<Row extends { readonly id: number }>(rows: readonly Row[], lastId: number): Row[] {
  return rows.filter(({ id }) => id > lastId).toSorted((a, b) => b.id - a.id)
}

/** What a message's id says of the moment it came (design: seconds in the upper part), Unix ms. */
export const arrivedMs = (id: number) => Math.floor(id / 2 ** 20) * 1000
