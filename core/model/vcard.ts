/** Somebody as an address book hands people on: vCard 2.1, 3.0 (RFC 2426) and 4.0 (RFC 6350). */
export interface VcardPerson {
  readonly name: string
  /** The one that is preferred first. */
  readonly addresses: readonly string[]
  readonly organisation: string
  readonly phone: string
  readonly note: string
  /** Names of groups. */
  readonly groups: readonly string[]
}

/** What a file of cards holds. */
export interface VcardFile {
  readonly people: readonly VcardPerson[]
  /** What could not be taken, each in words with its line. */
  readonly problems: readonly string[]
}

/** Of cards past this many, and of letters past these, nothing is read. */
const MOST_CARDS = 50_000
const LINES_A_TURN = 2000
const MOST_VALUES = 50
const MOST_PARAMS = 50
const MOST_PROBLEMS = 100
/** A longer head is none, and of a longer value the rest is a picture, or of no use to anybody. */
const LONGEST_HEAD = 8192
const LONGEST_VALUE = 65_536
const LONGEST = { name: 200, organisation: 200, phone: 100, note: 2000, group: 60, address: 320 }

interface Property {
  readonly name: string
  /** In upper case; a bare word of version 2.1 (`PREF`) is a TYPE. */
  readonly params: ReadonlyMap<string, readonly string[]>
  readonly value: string
}
interface Card {
  readonly line: number
  readonly properties: Property[]
}

/** The bytes of a file of cards as text: UTF-8, UTF-16 with its mark, else what old Windows programs wrote. */
export function vcardText(bytes: Uint8Array): string {
  const mark =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : undefined
  if (mark !== undefined) return new TextDecoder(mark).decode(bytes)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

/** Reads a file of cards. What is none is named and passed over; nothing is thrown. */
export function readVcards(text: string): VcardFile {
  const reading = vcardsInTurns(text)
  for (;;) {
    const { done, value } = reading.next()
    if (done === true) return value
  }
}

/** The same in turns of some milliseconds each: a large file takes a second, in which others want to be heard. */
export function* vcardsInTurns(text: string): Generator<undefined, VcardFile, undefined> {
  const problems: string[] = []
  const complain = (words: string) => problems.length < MOST_PROBLEMS && problems.push(words)
  const people: VcardPerson[] = []
  const members = new Map<string, string[]>()
  const byUid = new Map<string, number>()
  for (const card of cardsOf(text, complain)) {
    if (card === undefined) {
      yield undefined
      continue
    }
    if (people.length >= MOST_CARDS) {
      complain(`line ${card.line}: more than ${MOST_CARDS} cards; this one and those after it were left out`)
      break
    }
    const all = (name: string) => card.properties.filter((one) => one.name === name)
    const first = (name: string) => all(name).find(({ value }) => value.trim() !== '')
    const kind = (first('KIND') ?? first('X-ADDRESSBOOKSERVER-KIND'))?.value.trim().toLowerCase()
    const name = clip(nameOf(first), LONGEST.name)
    if (kind === 'group') {
      const list = [...all('MEMBER'), ...all('X-ADDRESSBOOKSERVER-MEMBER')].map(({ value }) => value.trim())
      if (name !== '') members.set(clip(name, LONGEST.group), list)
      continue
    }
    const addresses = all('EMAIL')
      .filter(({ params }) => !typesOf(params).includes('X400'))
      .toSorted((a, b) => preference(a.params) - preference(b.params))
      .map(({ value }) =>
        unescape(value)
          .trim()
          .replace(/^mailto:/i, ''),
      )
      .filter((address) => address !== '' && address.length <= LONGEST.address)
    if (addresses.length === 0) {
      complain(`line ${card.line}: ${name === '' ? 'a card' : `the card of ${name}`} has no mail address`)
      continue
    }
    const uid = first('UID')
      ?.value.trim()
      .replace(/^urn:uuid:/i, '')
    if (uid !== undefined) byUid.set(uid.toLowerCase(), people.length)
    people.push({
      name,
      addresses: [...new Set(addresses)].slice(0, MOST_VALUES),
      organisation: clip(
        split(first('ORG')?.value ?? '', ';')
          .map(unescape)
          .filter(Boolean)
          .join(', '),
        LONGEST.organisation,
      ),
      phone: clip(unescape(first('TEL')?.value ?? '').replace(/^tel:/i, ''), LONGEST.phone),
      note: clip(unescape(first('NOTE')?.value ?? ''), LONGEST.note, 'lines'),
      groups: [
        ...new Set(
          all('CATEGORIES')
            .flatMap(({ value }) => split(value, ','))
            .map((one) => clip(unescape(one), LONGEST.group))
            .filter((one) => one !== ''),
        ),
      ].slice(0, MOST_VALUES),
    })
  }
  return { people: withGroups(people, members, byUid), problems }
}

/** Members of a group card, named by the id of a person's card or by address (RFC 6350 §6.6.5). */
function withGroups(
  people: readonly VcardPerson[],
  members: ReadonlyMap<string, readonly string[]>,
  byUid: ReadonlyMap<string, number>,
): VcardPerson[] {
  const more = new Map<number, Set<string>>()
  const byAddress = new Map(
    people.flatMap(({ addresses }, at) => addresses.map((one) => [one.toLowerCase(), at] as const)),
  )
  for (const [group, list] of members)
    for (const member of list) {
      const bare = member.replace(/^(?:urn:uuid:|mailto:)/i, '').toLowerCase()
      const at = byUid.get(bare) ?? byAddress.get(bare)
      if (at !== undefined) more.set(at, (more.get(at) ?? new Set()).add(group))
    }
  return people.map((one, at) => ({ ...one, groups: [...new Set([...one.groups, ...(more.get(at) ?? [])])] }))
}

/** Cards, begun and ended, of the lines of a file. */
/** Cards, and nothing now and then. */
function* cardsOf(text: string, complain: (words: string) => unknown): Generator<Card | undefined> {
  let card: Card | undefined
  let lines = 0
  for (const { line, content } of contentLines(text)) {
    if (++lines % LINES_A_TURN === 0) yield undefined
    const property = propertyOf(content)
    if (property === undefined) {
      if (card !== undefined && content.trim() !== '') complain(`line ${line}: no property: ${content.slice(0, 60)}`)
      continue
    }
    const isCard = property.value.trim().toUpperCase() === 'VCARD'
    if (property.name === 'BEGIN' && isCard) {
      if (card !== undefined) complain(`line ${card.line}: a card has no end`)
      card = { line, properties: [] }
    } else if (property.name === 'END' && isCard) {
      if (card !== undefined) yield card
      card = undefined
    } else card?.properties.push(property)
  }
  if (card !== undefined) {
    complain(`line ${card.line}: a card has no end`)
    yield card
  }
}

/** Lines with what was folded joined again (RFC 6350 §3.2), and with the soft line breaks of quoted-printable in 2.1. */
function* contentLines(text: string): Generator<{ line: number; content: string }> {
  const lines = text.replace(/^\ufeff/, '').split(/\r\n|\n|\r/)
  for (let at = 0; at < lines.length; at++) {
    const line = at + 1
    const parts = [lines[at] ?? '']
    const isQuoted = /^[^:]*;(?:ENCODING=)?QUOTED-PRINTABLE[;:]/i.test(parts[0] ?? '')
    for (; at + 1 < lines.length; at++) {
      const next = lines[at + 1] ?? ''
      if (isQuoted && parts.at(-1)?.endsWith('=')) parts.push(parts.pop()!.slice(0, -1), next)
      else if (/^[ \t]/.test(next)) parts.push(next.slice(1))
      else break
    }
    yield { line, content: parts.join('') }
  }
}

/** `group.NAME;PARAM=a,b;TYPE="c":value` */
function propertyOf(content: string): Property | undefined {
  const head = /^(?:[\w-]+\.)?([\w-]+)((?:;(?:[^":;]|"[^"]*")*)*):/.exec(content.slice(0, LONGEST_HEAD))
  if (head === null) return undefined
  const params = new Map<string, string[]>()
  for (const param of ((head[2] ?? '').match(/;(?:[^";]|"[^"]*")*/g) ?? []).slice(0, MOST_PARAMS)) {
    const [, name = '', value] = /^;([\w-]*)(?:=([^]*))?$/.exec(param) ?? []
    const key = value === undefined ? 'TYPE' : name.toUpperCase()
    const values = (value ?? name).match(/"[^"]*"|[^,]+/g) ?? []
    params.set(key, [...(params.get(key) ?? []), ...values.map((one) => one.replaceAll('"', '').toUpperCase())])
  }
  const raw = content.slice(head[0].length, head[0].length + LONGEST_VALUE)
  const encodings = [...(params.get('ENCODING') ?? []), ...typesOf(params)]
  const value = encodings.includes('QUOTED-PRINTABLE') ? unquoted(raw, params.get('CHARSET')?.[0]) : raw
  return { name: (head[1] ?? '').toUpperCase(), params, value }
}

const typesOf = (params: Property['params']) => params.get('TYPE') ?? []
/** 1 is best; without a word about it, last (RFC 6350 §5.3). */
function preference(params: Property['params']): number {
  if (typesOf(params).includes('PREF')) return 1
  const given = Number(params.get('PREF')?.[0] ?? 101)
  return Number.isInteger(given) && given >= 1 && given <= 100 ? given : 101
}

function unquoted(text: string, charset = 'UTF-8'): string {
  const bytes = Uint8Array.from(text.match(/=[0-9A-Fa-f]{2}|[^]/gu) ?? [], (one) =>
    one.length === 3 ? Number.parseInt(one.slice(1), 16) : one.charCodeAt(0),
  )
  try {
    return new TextDecoder(charset).decode(bytes)
  } catch {
    return new TextDecoder().decode(bytes)
  }
}

function nameOf(first: (name: string) => Property | undefined): string {
  const whole = unescape(first('FN')?.value ?? '').trim()
  if (whole !== '') return whole
  const [family = '', given = '', middle = '', before = '', behind = ''] = split(first('N')?.value ?? '', ';').map(
    (one) => split(one, ',').map(unescape).join(' ').trim(),
  )
  const parts = [before, given, middle, family, behind].filter((part) => part !== '')
  if (parts.length > 0) return parts.join(' ')
  return unescape(first('NICKNAME')?.value ?? '').trim()
}

/** Parts between separators that no backslash stands before. */
function split(value: string, separator: ',' | ';'): string[] {
  const parts = ['']
  for (const piece of value.match(/\\[^]|[^\\]|\\$/g) ?? [])
    if (piece === separator) parts.push('')
    else parts.push(`${parts.pop() ?? ''}${piece}`)
  return parts
}

const unescape = (value: string) => value.replaceAll(/\\([^])/g, (_, one: string) => (/n/i.test(one) ? '\n' : one))
const escape = (value: string) => value.replaceAll(/[\\,;]/g, String.raw`\$&`).replaceAll(/\r\n|\r|\n/g, String.raw`\n`)
/** Words without controls; only a note has lines. */
const clip = (text: string, length: number, as: 'words' | 'lines' = 'words') =>
  [...text.replaceAll(as === 'lines' ? /[\u0000-\u0009\u000b-\u001f\u007f]+/g : /[\u0000-\u001f\u007f]+/g, ' ').trim()]
    .slice(0, length)
    .join('')
    .trim()

/** People as a file of cards of version 3.0, which every address book reads. */
export function writeVcards(people: readonly VcardPerson[]): string {
  return people
    .map((one) => {
      const words = one.name.split(' ')
      const family = words.length > 1 ? (words.at(-1) ?? '') : ''
      const given = words.length > 1 ? words.slice(0, -1).join(' ') : one.name
      return [
        'BEGIN:VCARD',
        'VERSION:3.0',
        `FN:${escape(one.name || (one.addresses[0] ?? ''))}`,
        `N:${escape(family)};${escape(given)};;;`,
        ...one.addresses.map((address) => `EMAIL;TYPE=INTERNET:${escape(address)}`),
        ...(one.organisation === '' ? [] : [`ORG:${escape(one.organisation)}`]),
        ...(one.phone === '' ? [] : [`TEL:${escape(one.phone)}`]),
        ...(one.note === '' ? [] : [`NOTE:${escape(one.note)}`]),
        ...(one.groups.length === 0 ? [] : [`CATEGORIES:${one.groups.map(escape).join(',')}`]),
        'END:VCARD',
      ]
        .map((line) => `${folded(line)}\r\n`)
        .join('')
    })
    .join('')
}

/** Lines of at most 75 octets, never cut within a character (RFC 2426 §2.6). */
function folded(line: string): string {
  const lines = ['']
  let octets = 0
  for (const letter of line) {
    const more = new TextEncoder().encode(letter).length
    if (octets + more > 75) {
      lines.push(' ')
      octets = 1
    }
    lines.push(`${lines.pop() ?? ''}${letter}`)
    octets += more
  }
  return lines.join('\r\n')
}
