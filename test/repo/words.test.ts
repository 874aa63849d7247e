import { IntlMessageFormat } from 'intl-messageformat'
import { describe, expect, test } from 'vitest'
import { LANGUAGES } from '../../core/model/languages.ts'
import { speak, told } from '../../core/model/words.ts'
import { engineSentences, engineSentencesOf } from '../../scripts/engine-sentences.mjs'
import { allSentences, catalogueOf, read, spokenFiles } from '../../scripts/sentences.mjs'

/** The same in every language. */
const NAMES = new Set(['Posthorn', 'RFC', 'STARTTLS', 'SHA-256', 'CR', 'LF'])

test('every word a person can read comes through the catalogue', () => {
  const loose = spokenFiles().flatMap((file) => read(file).loose)
  const isName = (line: string) =>
    (line.replace(/^\S+: /, '').match(/[\p{L}\d-]+/gu) ?? []).every((word) => NAMES.has(word))
  expect(loose.filter((line) => !isName(line))).toEqual([])
})

test('words beside the catalogue are found: in an element, an attribute, a label, a choice', () => {
  const planted = `import { t } from '../words/words.ts'
    export const A = ({ on }: { on: boolean }) => <p title="Read me">Hello {on ? 'more' : t('less')}</p>
    export const B = ({ on }: { on: boolean }) => <b title={on ? 'outgoing' : 'incoming'}>{\`\${on ? 'client' : t('it')}: \`}</b>
    export const entry = { id: 'x', label: 'Undo' }`
  const { loose, sentences } = read('renderer/src/planted.tsx', planted)
  expect(loose.map((line: string) => line.replace(/^\S+: /, ''))).toEqual([
    'Read me',
    'Hello',
    'more',
    'outgoing',
    'incoming',
    'client',
    'Undo',
  ])
  expect([...sentences]).toEqual(['less', 'it'])
})

test('a sentence of the engine is found with its places, wherever it is made; what goes into the log or the store is none', () => {
  const planted = `
    const died = (reason: string) => new Fault('thread.died', \`import mail: the thread \${reason}\`, { name: 'import', reason })
    export const why = (mx: string, n: number) => \`\${mx} has \${n === 1 ? 'a message' : \`\${n} messages\`} for you\`
    log(\`nobody reads this: \${why}\`)
    const DUE = \`SELECT id FROM queue WHERE state IN ('waiting') AND next_ms <= ?\`
    throw new Error('a bug that is for who mends it')
    const field = { 'to': 'Content-Type: text/plain of the message' }`
  expect([...engineSentencesOf('core/planted.ts', planted)]).toEqual([
    'import mail: the thread {0}',
    '{0} has a message for you',
    '{0} has {1} messages for you',
  ])
})

const sentences = await allSentences()
const ofEngine = engineSentences()

describe.each(Object.keys(LANGUAGES).filter((language) => language !== 'en'))('in %s', (language) => {
  const catalogue: Record<string, string> = catalogueOf(language)

  test('nothing is left in English, and nothing is said that nobody says any more', () => {
    expect(sentences.filter((one) => (catalogue[one] ?? '') === '')).toEqual([])
    expect(Object.keys(catalogue).filter((one) => !sentences.includes(one))).toEqual([])
  })

  test('each sentence has the places and tags of the English one, and every plural the language asks for', () => {
    const forms = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    const wrong = Object.entries(catalogue).flatMap(([english, own]) => {
      // Sentences of the engine are told: only their places count, and plurals where the language has them.
      if (ofEngine.has(english)) return samePlaces(english, own, forms) ? [] : [`${english} → ${own}`]
      if (!/[{<]/.test(english)) return []
      const [want, have] = [partsOf(english), partsOf(own)]
      const lacks = have.plurals.filter((options) => !forms.every((form) => options.includes(form)))
      const same = [...want.names].toSorted().join() === [...have.names].toSorted().join()
      return same && lacks.length === 0 ? [] : [`${english} → ${own}`]
    })
    expect(wrong).toEqual([])
  })
})

function samePlaces(english: string, own: string, forms: readonly string[]): boolean {
  const places = (text: string) =>
    [...new Set([...text.matchAll(/\{(\d)(?=[,}])/g)].map(([, at]) => at))].toSorted().join()
  const { plurals } = /\{\d, plural/.test(own) ? partsOf(own) : { plurals: [] }
  return places(english) === places(own) && plurals.every((options) => forms.every((form) => options.includes(form)))
}

test.each([
  ['de', 'mx.example.org schloss die Verbindung. Es wird später noch einmal versucht.'],
  ['ja', 'mx.example.org が接続を閉じました。後で再試行します。'],
])('the catalogues know what the engine says, values and all: %s', (language, own) => {
  speak(language, catalogueOf(language))
  expect(told('mx.example.org closed the connection. It is tried again later.')).toBe(own)
  speak('en-GB', {})
})

/** A part of a sentence, as the formatter's own parser has it. */
interface Part {
  readonly type: number
  readonly value?: string
  readonly children?: readonly Part[]
  readonly options?: Readonly<Record<string, { readonly value: readonly Part[] }>>
}
const [LITERAL, PLURAL, POUND, TAG] = [0, 6, 7, 8]

/** The names of places and tags of a sentence, and the forms of each of its plurals. Throws for what is no sentence. */
function partsOf(text: string): { names: Set<string>; plurals: string[][] } {
  const names = new Set<string>()
  const plurals: string[][] = []
  const walk = (list: readonly Part[]) => {
    for (const { type, value = '', children = [], options } of list) {
      if (type === LITERAL || type === POUND) continue
      names.add(type === TAG ? `<${value}>` : value)
      walk(children)
      if (type === PLURAL) plurals.push(Object.keys(options ?? {}))
      for (const option of Object.values(options ?? {})) walk(option.value)
    }
  }
  walk(new IntlMessageFormat(text, 'en').getAst() as readonly Part[])
  return { names, plurals }
}
