import { SEARCH_FIELDS } from '../../../../core/model/search-query.ts'

/** What a search can be completed from. */
export interface Known {
  readonly folders: readonly string[]
  readonly tags: readonly string[]
  /** People whose name or address begins with what is typed behind `from:`, `to:` or `cc:`. */
  readonly people: readonly { readonly name: string; readonly address: string }[]
}

/** One way to go on: what the text is then, and what it means. */
export interface Completion {
  readonly text: string
  /** What is put in place of the last word. */
  readonly word: string
  readonly about: string
}

const MOST = 8

/** The last word of a text, which is being typed, with where it begins. Within an open phrase nothing is completed. */
function lastWord(text: string): { readonly at: number; readonly word: string } | undefined {
  const [, before = '', word = ''] = /^([^]*?)((?:[a-z]+:)?(?:"[^"]*|[^\s"()]*))$/i.exec(text) ?? []
  if ((before.match(/"/g)?.length ?? 0) % 2 === 1) return undefined
  const sign = /^[-(]/.test(word) ? 1 : 0
  return { at: before.length + sign, word: word.slice(sign) }
}

/** The field and the value that are being typed: of `from:ad` these two. */
export function typedValue(text: string): { readonly field: string; readonly value: string } | undefined {
  const [, field, value] = /^([a-z]+):"?([^"]*)$/i.exec(lastWord(text)?.word ?? '') ?? []
  return field === undefined || value === undefined ? undefined : { field: field.toLowerCase(), value }
}

/** A value as it stands in a query: in quotes where it is more than one word. */
const quoted = (value: string) => (/[\s()"]/.test(value) ? `"${value.replaceAll('"', ' ')}"` : value)

/** How the word that is being typed may go on: a field, or a value of one. Nothing where nothing helps. */
export function completionsOf(text: string, known: Known): readonly Completion[] {
  const last = lastWord(text)
  if (last === undefined || last.word === '') return []
  const before = text.slice(0, last.at)
  const make = (word: string, about: string, end: string): Completion => ({
    text: `${before}${word}${end}`,
    word,
    about,
  })
  const typed = typedValue(text)
  if (typed === undefined) {
    const begin = last.word.toLowerCase()
    if (!/^[a-z]+$/.test(begin)) return []
    return Object.entries(SEARCH_FIELDS)
      .filter(([name]) => name.startsWith(begin))
      .map(([name, { about }]) => make(`${name}:`, about, ''))
      .slice(0, MOST)
  }
  const { field, value } = typed
  const begin = value.toLowerCase()
  const values = (list: readonly string[], about: string) =>
    list
      .filter((one) => one.toLowerCase().startsWith(begin) && one.toLowerCase() !== begin)
      .map((one) => make(`${field}:${quoted(one)}`, about, ' '))
  const all =
    field === 'in'
      ? values([...new Set(known.folders.map((name) => name.toLowerCase()))], 'folder')
      : field === 'tag'
        ? values(known.tags, 'tag')
        : field === 'from' || field === 'to' || field === 'cc'
          ? known.people.map(({ name, address }) => make(`${field}:${quoted(address)}`, name, ' '))
          : values(SEARCH_FIELDS[field]?.values ?? [], SEARCH_FIELDS[field]?.about ?? '')
  return all.slice(0, MOST)
}
