import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { needs, pathOf } from '../../test/support/peers.ts'
import { parseXml, type XmlElement } from './discover-xml.ts'

const oracle = fileURLToPath(new URL('../../test/support/xml-oracle.py', import.meta.url))

/** What another reader makes of each document: a tree, or null where it refuses. */
function expat(documents: readonly string[]): unknown[] {
  const input = JSON.stringify(documents.map((one) => Buffer.from(one, 'utf8').toString('base64')))
  const { stdout, stderr, status } = spawnSync(pathOf('python'), [oracle], {
    input,
    maxBuffer: 2 ** 28,
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout) as unknown[]
}

const plain = ({ name, attributes, text, elements }: XmlElement): unknown => ({
  name,
  attributes: Object.fromEntries(attributes),
  text,
  elements: elements.map(plain),
})
const ours = (text: string) => {
  const read = parseXml(text)
  return typeof read === 'string' ? null : plain(read)
}

const name = fc.stringMatching(/^[A-Za-z_:][\w:.-]{0,8}$/)
const piece = fc.oneof(
  fc.constantFrom(
    'a',
    ' ',
    '\n',
    '\r\n',
    '\t',
    'é',
    '日本',
    '😀',
    '&amp;',
    '&lt;',
    '&#65;',
    '&#x1F600;',
    '&apos;',
    '>',
    ']',
    '%',
  ),
  fc.constantFrom('<![CDATA[<a> & ]] ]]>', '<!-- a - b -->', '<?go on?>', '<?go?>'),
)
const value = fc
  .array(fc.constantFrom('a', ' ', '\n', '\t', 'é', '&quot;', '&#10;', '&gt;', "'", '>', '%EMAILADDRESS%'), {
    maxLength: 6,
  })
  .map((parts) => parts.join(''))
const { element } = fc.letrec<{ element: string }>((tie) => ({
  element: fc
    .record({
      name,
      attributes: fc.uniqueArray(fc.tuple(name, value), { selector: ([key]) => key, maxLength: 3 }),
      content: fc.array(fc.oneof({ maxDepth: 4 }, piece, tie('element')), { maxLength: 5 }),
      end: fc.constantFrom('', ' ', '\n'),
    })
    .map((one) => {
      const attributes = one.attributes.map(([key, said]) => ` ${key} = "${said}"`).join('')
      const inside = one.content.join('')
      return inside === ''
        ? `<${one.name}${attributes}/>`
        : `<${one.name}${attributes}${one.end}>${inside}</${one.name}${one.end}>`
    }),
}))
const document = fc
  .tuple(
    fc.constantFrom('', '<?xml version="1.0"?>', '<?xml version="1.0" encoding="UTF-8"?>\n<!-- c -->'),
    element,
    fc.constantFrom('', '\n', '<!-- end -->'),
  )
  .map((parts) => parts.join(''))
/** The same with some of it cut out, doubled or replaced. */
const damaged = fc
  .tuple(
    document,
    fc.nat(),
    fc.nat({ max: 6 }),
    fc.constantFrom('', '<', '>', '&', '</', '/>', ']]>', '--', '<a>', '"', '=', ' ', '\u0001', '<!', '&x;'),
  )
  .map(([text, at, length, put]) => {
    const from = at % (text.length + 1)
    return (text.slice(0, from) + put + text.slice(from + length)).toWellFormed()
  })

needs('python').describe('a document', () => {
  test('reads as expat reads it', () => {
    const documents = fc.sample(document, { numRuns: 600, seed: 7 })
    const theirs = expat(documents)
    for (const [n, text] of documents.entries()) {
      expect(theirs[n], text).not.toBeNull()
      expect(ours(text), text).toEqual(theirs[n])
    }
  })

  test('that was damaged is refused, or reads as expat reads it', () => {
    const documents = fc.sample(damaged, { numRuns: 2000, seed: 11 })
    const theirs = expat(documents)
    let refused = 0
    for (const [n, text] of documents.entries()) {
      if (theirs[n] === null) refused++
      expect(ours(text), JSON.stringify(text)).toEqual(theirs[n])
    }
    expect(refused).toBeGreaterThan(200)
    expect(refused).toBeLessThan(1800)
  })
})

describe('what is refused', () => {
  const lol = Array.from({ length: 9 }, (_, n) => `<!ENTITY l${n + 1} "${`&l${n};`.repeat(10)}">`).join('')
  test.each<[string, string, RegExp]>([
    ['entities that grow', `<?xml version="1.0"?><!DOCTYPE x [<!ENTITY l0 "lol">${lol}]><x>&l9;</x>`, /document type/],
    ['entities of files', '<!DOCTYPE x SYSTEM "file:///etc/passwd"><x/>', /document type/],
    ['a document type inside', '<x><!DOCTYPE y></x>', /declaration/],
    ['an entity nobody has named', '<x>&nbsp;</x>', /none of the entities/],
    ['a character that is none', '<x>&#0;</x>', /none of the entities/],
    ['half a pair of surrogates', '<x>&#xD800;</x>', /none of the entities/],
    ['another encoding', '<?xml version="1.0" encoding="UTF-7"?><x/>', /not in UTF-8/],
    ['depth', `${'<a>'.repeat(17)}${'</a>'.repeat(17)}`, /nests deeper/],
    ['numbers', `<a>${'<b/>'.repeat(5001)}</a>`, /more than 5000 elements/],
    ['many attributes', `<a ${Array.from({ length: 51 }, (_, n) => `a${n}="" `).join('')}/>`, /too many attributes/],
    ['nothing at all', '', /does not begin/],
    ['a page', '<!doctype html><html><br></html>', /no element/],
  ])('%s', (_, text, why) => {
    expect(parseXml(text)).toMatch(why)
  })

  test('whatever it is, the time it takes grows with its length and not faster', () => {
    const hostile = ['<a ', '<a x="', '<!--', '<![CDATA[', '&#', '<?x ', '<a><', '</', '&amp', '<a>&a;'].map((part) =>
      part.repeat(20_000),
    )
    for (const text of [...hostile, ...hostile.map((one) => `<a>${one}`)]) expect(typeof parseXml(text)).toBe('string')
  })
})
