import { safeName } from '../message/file-name.ts'
import type { Message } from '../store/message-list.ts'

/** File systems take 255 octets, and names get a date, a number and an ending beside what they are made from. */
const LONGEST_BYTES = 200

/** The beginning of a text that has so many octets at most, no character cut in two. */
export function cutBytes(text: string, most: number): string {
  let cut = text
  while (Buffer.byteLength(cut) > most) cut = [...cut].slice(0, -1).join('')
  return cut
}

/** A name for a file or folder that every system takes, from any text. */
export const pathName = (text: string, otherwise: string): string => {
  const name = cutBytes(safeName(text.slice(0, 400), '', 0).slice(0, 100).toWellFormed(), LONGEST_BYTES).replace(
    /[. ]+$/,
    '',
  )
  return text.trim() === '' || name === '' ? otherwise : name
}

/** A message's own file: its day, its subject and its id, so that no two have one name. */
export function messageFileName({ id, dateMs, subject }: Pick<Message, 'id' | 'dateMs' | 'subject'>): string {
  const day = new Date(dateMs).toISOString().slice(0, 10)
  return `${day} ${pathName(subject, 'no subject').slice(0, 80).trim()} (${id}).eml`
}

/** Names given once each: on some systems such as differ in case only are the same. */
export class Names {
  readonly #taken = new Set<string>()

  /** That name, or the same with a number where it is taken. */
  take(name: string): string {
    const { stem, ending } = /^(?<stem>.*?)(?<ending>\.[a-z]{1,6})?$/s.exec(name)?.groups ?? {}
    for (let n = 1; ; n++) {
      const tried = n === 1 ? name : `${stem} (${n})${ending ?? ''}`
      if (this.#taken.has(tried.toLowerCase())) continue
      this.#taken.add(tried.toLowerCase())
      return tried
    }
  }
}

/** A name in IMAP's own UTF-7 (RFC 3501 §5.1.3), as Maildir++ keeps names; a full stop would begin a folder in it. */
export function encodeImapUtf7(name: string): string {
  return name
    .replaceAll('.', '_')
    .replaceAll(/&|[^ -~]+/g, (run) =>
      run === '&'
        ? '&-'
        : `&${Buffer.from(run, 'utf16le').swap16().toString('base64').replaceAll('/', ',').replace(/=+$/, '')}-`,
    )
}

/** The name of a folder of a maildir, from the names on the way to it; the longest are cut where it would be too long. */
export function maildirFolderName(parts: readonly string[]): string {
  const cut = parts.map((part) => [...part])
  for (;;) {
    const names = cut.map((part) => encodeImapUtf7(part.join('')))
    const name = `.${names.join('.').replaceAll(/[/\\]/g, '_')}`
    if (name.length <= LONGEST_BYTES) return name
    const longest = cut.reduce((a, b) => (b.length > a.length ? b : a))
    if (longest.length > 1) longest.pop()
    else cut.pop()
  }
}
