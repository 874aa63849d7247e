import { decodeEncodedWords, decodeOctets } from './charset.ts'
import { oneLine } from './one-line.ts'
import type { Field } from './part-fields.ts'
import { CAPS } from './reading-caps.ts'

/** One address as a header shows it. */
export interface HeaderAddress {
  readonly name: string
  /** '' where the header names nobody who can be written to. */
  readonly address: string
}

/** The people of all fields of that name (lower case), in order; members of groups are people, too (RFC 5322 §3.4). */
export function addressesOf(fields: readonly Field[], name: string): HeaderAddress[] {
  const found: HeaderAddress[] = []
  for (const field of fields) {
    if (field.name !== name || found.length >= CAPS.addresses) continue
    const some = readAddresses(field.value, CAPS.addresses - found.length + 1)
    // The last one of a field that was cut is cut itself.
    found.push(...(field.isCut === true ? some.slice(0, -1) : some))
  }
  return found.slice(0, CAPS.addresses)
}

/** One entry while it is read: what stands outside brackets, inside them, and in comments. */
class Entry {
  /** What may be a name: words with their encoded words, and quoted texts, which are read apart. */
  readonly #words: { text: string; isQuoted: boolean }[] = []
  angle: string | undefined
  comment = ''
  hasAt = false

  add(text: string, isQuoted: boolean): void {
    this.hasAt ||= text.includes('@')
    const last = this.#words.at(-1)
    if (last !== undefined && last.isQuoted === isQuoted && !isQuoted) last.text += text
    else this.#words.push({ text, isQuoted })
  }

  /** All words as they were written, a quoted local part with its quotes: what an address without brackets is. */
  get bare(): string {
    return this.#words
      .map(({ text, isQuoted }) => (isQuoted ? `"${text.replaceAll(/["\\]/g, '\\$&')}"` : text))
      .join('')
      .trim()
  }

  get isBlank(): boolean {
    return this.angle === undefined && this.comment === '' && this.bare === ''
  }

  get name(): string {
    // Encoded words in quotes are forbidden (RFC 2047 §5) and meant all the same.
    const text = this.#words.map((word) => word.text).join('')
    return oneLine(decodeEncodedWords(text), CAPS.name)
  }
}

/** What has no meaning of its own in a list of addresses. */
const PLAIN = /[^"(<,;:]+/y

/** At most `most` addresses of one field's value (one character a byte): every obsolete form, and what is none. */
export function readAddresses(value: string, most: number): HeaderAddress[] {
  const text = decodeOctets(value)
  const found: HeaderAddress[] = []
  let entry = new Entry()
  let isInGroup = false
  const end = () => {
    if (!entry.isBlank) found.push(...personOf(entry))
    entry = new Entry()
  }
  for (let at = 0; at < text.length && found.length < most;) {
    if (entry.angle === undefined) {
      PLAIN.lastIndex = at
      const plain = PLAIN.exec(text)?.[0] ?? ''
      if (plain !== '') entry.add(plain, false)
      at += plain.length
    }
    const c = text[at] ?? ''
    if (c === '"') {
      const [quoted, next] = quotedAt(text, at)
      if (entry.angle === undefined) entry.add(quoted, true)
      at = next
    } else if (c === '(') {
      const [comment, next] = commentAt(text, at)
      entry.comment += entry.comment === '' ? comment : ` ${comment}`
      if (entry.angle === undefined) entry.add(' ', false)
      at = next
    } else if (c === '<') {
      // Two in one entry are two people whose comma was left out.
      if (entry.angle !== undefined) end()
      const [angle, next] = angleAt(text, at)
      entry.angle = angle
      at = next
    } else {
      if (c === ',' || c === ';') {
        if (c === ';') isInGroup = false
        end()
      } else if (c === ':' && !isInGroup && entry.angle === undefined && !entry.hasAt) {
        // `Team:` begins a group; what holds an address does not.
        entry = new Entry()
        isInGroup = true
      } else if (entry.angle === undefined) entry.add(c, false)
      else if (c.trim() !== '' && !'>.'.includes(c)) {
        // `<a@b.example> c@d.example`: a comma was left out here, too.
        end()
        entry.add(c, false)
      }
      at++
    }
  }
  end()
  return found.slice(0, most)
}

function personOf(entry: Entry): HeaderAddress[] {
  if (entry.angle !== undefined) {
    const address = tidyAddress(entry.angle)
    const name = entry.name === '' ? commentOf(entry) : entry.name
    return name === '' && address === '' ? [] : [{ name: name === address ? '' : name, address }]
  }
  const { bare } = entry
  const whole = tidyAddress(bare)
  if (isAddress(whole)) return [{ name: commentOf(entry), address: whole }]
  // `Ada Lovelace ada@home.example`: one word of it is an address. A quoted word with an @ is a name.
  const words = bare.replaceAll(/"[^"]*"(?!@)/g, ' ').split(/\s+/)
  const address = words.filter(isAddress).at(-1)
  const name = oneLine(entry.name, CAPS.name)
  if (address !== undefined)
    return [{ name: oneLine(name.replace(address, ' '), CAPS.name) || commentOf(entry), address }]
  return name === '' && entry.comment === '' ? [] : [{ name: name === '' ? commentOf(entry) : name, address: '' }]
}

const commentOf = (entry: Entry) => oneLine(decodeEncodedWords(entry.comment), CAPS.name)
const isAddress = (text: string) => /^(?:"(?:[^"\\]|\\.)*"|[^\s"<>@,;]+)@[^\s"<>@,;]+$/.test(text)

/** Without the route of RFC 822 §6.1, without comments, without spaces around dots and `@` (RFC 5322 §4.4). */
function tidyAddress(written: string): string {
  let text = ''
  for (let at = 0; at < written.length;) {
    const c = written[at] ?? ''
    if (c === '(') at = commentAt(written, at)[1]
    else if (c === '"') {
      const [, next] = quotedAt(written, at)
      text += written.slice(at, next)
      at = next
    } else {
      text += c
      at++
    }
  }
  const plain = text
    .replaceAll(/\s+/g, ' ')
    .replace(/^ ?@[^:"]*:/, '')
    .replace(/^ ?mailto:/i, '')
  return oneLine(plain.replaceAll(/ ?([.@]) ?/g, '$1'), CAPS.address)
}

/** The text in quotes and where it ends. Without an end it goes on to the next bracket: a quote was left out. */
function quotedAt(text: string, from: number): [string, number] {
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === '"') return [value, at + 1]
    if (c === '\\' && at + 1 < text.length) value += text[++at] ?? ''
    else value += c
  }
  const bracket = text.indexOf('<', from)
  return bracket < 0 ? [value, text.length] : [text.slice(from + 1, bracket), bracket]
}

/** The text of a comment, those within it with their brackets, and where it ends. */
function commentAt(text: string, from: number): [string, number] {
  let depth = 1
  let value = ''
  for (let at = from + 1; at < text.length; at++) {
    const c = text[at] ?? ''
    if (c === '\\' && at + 1 < text.length) {
      value += text[++at] ?? ''
      continue
    }
    if (c === '(') depth++
    else if (c === ')' && --depth === 0) return [value.trim(), at + 1]
    value += c
  }
  return [value.trim(), text.length]
}

/** What stands in angle brackets, as far as the cap has it, and where it ends: at the `>` outside quotes, or where the next entry begins. */
function angleAt(text: string, from: number): [string, number] {
  let isQuoted = false
  for (let at = from + 1; at < Math.min(text.length, from + CAPS.angle); at++) {
    const c = text[at]
    if (c === '\\' && isQuoted) at++
    else if (c === '"') isQuoted = !isQuoted
    else if (c === '>' && !isQuoted) return [text.slice(from + 1, at).replace(/^[^<"]*</, ''), at + 1]
  }
  const comma = text.slice(from).search(/[,;]/)
  return comma < 0 ? [text.slice(from + 1), text.length] : [text.slice(from + 1, from + comma), from + comma]
}
