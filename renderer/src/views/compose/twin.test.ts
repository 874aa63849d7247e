import { getSchema } from '@tiptap/core'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { extensionsOf } from './schema.ts'
import { htmlOfText, isPlain, twinOf, type RichNode } from './twin.ts'

const text = (words: string, ...marks: string[]): RichNode => ({
  type: 'text',
  text: words,
  ...(marks.length === 0 ? {} : { marks: marks.map((type) => ({ type })) }),
})
const link = (words: string, href: string): RichNode => ({
  type: 'text',
  text: words,
  marks: [{ type: 'link', attrs: { href } }],
})
const node = (type: string, ...content: RichNode[]): RichNode => ({ type, content })
const p = (...content: RichNode[]) => node('paragraph', ...content)
const item = (...content: RichNode[]) => node('listItem', ...content)
const br: RichNode = { type: 'hardBreak' }
const doc = (...content: RichNode[]) => node('doc', ...content)

test.each<[string, RichNode, string]>([
  ['paragraphs and lines', doc(p(text('a'), br, text('b')), p(), p(text('c'))), 'a\nb\n\n\n\nc'],
  [
    'words set off',
    doc(p(text('a '), text('b', 'bold'), text(' c', 'italic'), text('d', 'bold', 'italic'), text('e', 'code'))),
    'a *b*/ c/*/d/*`e`',
  ],
  [
    'lists in lists',
    doc(
      node(
        'bulletList',
        item(p(text('a')), node('orderedList', item(p(text('x'))), item(p(text('y'))))),
        item(p(text('b'))),
      ),
    ),
    '- a\n  1. x\n  2. y\n- b',
  ],
  [
    'a quote right below the line that says whose it is',
    doc(
      p(text('Kim wrote:')),
      node('blockquote', p(text('a')), p(), node('blockquote', p(text('b')))),
      p(text('I: no')),
    ),
    'Kim wrote:\n> a\n>\n>\n>> b\n\nI: no',
  ],
  ['headings', doc({ type: 'heading', attrs: { level: 1 }, content: [text('Hi')] }, p(text('a'))), 'Hi\n===\n\na'],
  ['code as it is', doc(node('codeBlock', text('a {\n  b\n}'))), '    a {\n      b\n    }'],
  [
    'links that are not their own words',
    doc(p(link('here', 'https://a.example/'), text('.'))),
    'here <https://a.example/>.',
  ],
  [
    'links that are',
    doc(p(link('a.example', 'https://a.example'), text(' '), link('k@x', 'mailto:k@x'))),
    'a.example k@x',
  ],
  ['a picture by its words', doc(p({ type: 'picture', attrs: { cid: 'x', alt: 'plan.png' } })), '[plan.png]'],
  ['a signature', doc(p(text('a')), node('signature', p(text('Nora'), br, text('Walk 3')))), 'a\n\n-- \nNora\nWalk 3'],
])('the plain twin has %s', (_what, document, expected) => {
  expect(twinOf(document)).toBe(expected)
})

test('only what needs no looks is plain', () => {
  const self = link('https://a.example', 'https://a.example')
  expect(isPlain(doc(p(text('a'), br, self), node('blockquote', p(text('b'))), node('signature', p(text('N')))))).toBe(
    true,
  )
  for (const one of [
    p(text('a', 'bold')),
    p(link('here', 'https://a.example')),
    node('bulletList', item(p(text('a')))),
    p({ type: 'picture', attrs: { cid: 'x' } }),
  ])
    expect(isPlain(doc(p(text('x')), one))).toBe(false)
})

/** The HTML that `htmlOfText` makes, read back by hand: paragraphs, breaks and quotes. */
function read(html: string): RichNode {
  const root: { type: string; content: RichNode[] } = { type: 'doc', content: [] }
  const open = [root]
  for (const [, tag = '', words = ''] of html.matchAll(/<(\/?[a-z]+)>|([^<]+)/g)) {
    const last = open.at(-1)!
    if (tag === 'p' || tag === 'blockquote') {
      const next = { type: tag === 'p' ? 'paragraph' : tag, content: [] }
      last.content.push(next)
      open.push(next)
    } else if (tag.startsWith('/')) open.pop()
    else if (tag === 'br') last.content.push(br)
    else {
      const plain = words
        .replaceAll('&gt;', '>')
        .replaceAll('&lt;', '<')
        .replaceAll('&quot;', '"')
        .replaceAll('&amp;', '&')
      last.content.push(text(plain.replaceAll('\u00a0', ' ')))
    }
  }
  return root
}

test('plain text that becomes rich text and plain again is what it was', () => {
  const line = fc.constantFrom('', 'a', 'b  c', '<x> & "y"', '> q', '>> q', '>', '-- ', ' indented')
  fc.assert(
    fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
      const before = lines.join('\n')
      const twin = twinOf(read(htmlOfText(before)))
      const words = (one: string) =>
        one
          .split('\n')
          .map((each) => each.replace(/^>\s*$/, '').trim())
          .filter(Boolean)
      expect(words(twin)).toEqual(words(before))
      if (!before.includes('>')) expect(twin).toBe(before.replace(/\n+$/, ''))
    }),
    { numRuns: 300 },
  )
})

test('rich text can hold what is sent, and nothing with colours, fonts or scripts', () => {
  const { nodes, marks } = getSchema(extensionsOf(() => Promise.resolve(undefined)))
  expect(Object.keys(marks).toSorted()).toEqual(['bold', 'code', 'italic', 'link', 'strike', 'underline'])
  expect(Object.keys(nodes).toSorted()).toEqual([
    'blockquote',
    'bulletList',
    'codeBlock',
    'doc',
    'hardBreak',
    'heading',
    'horizontalRule',
    'listItem',
    'orderedList',
    'paragraph',
    'picture',
    'signature',
    'text',
  ])
})

test('a line of very many quote marks is quoted as deep as anybody reads', () => {
  const html = htmlOfText(`${'>'.repeat(20_000)}x`)
  expect(html.match(/<blockquote>/g)).toHaveLength(50)
  expect(html).toContain(`${'&gt;'.repeat(19_950)}x`)
})
