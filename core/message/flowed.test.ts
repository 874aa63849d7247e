import * as fc from 'fast-check'
import PostalMime from 'postal-mime'
import { expect, test } from 'vitest'
import { parseMailbox } from '../model/address.ts'
import { compose } from './compose.ts'
import { flow, unflow } from './flowed.ts'
import { readMessage } from './read.ts'

/** What is the same to whoever reads flowed text: spaces at a line's end are gone, quote marks stand together. */
function norm(text: string): string {
  return text
    .split('\n')
    .map((line) => {
      const marks = /^(?:> ?)*(?=[^>]|$)/.exec(line)?.[0] ?? ''
      const depth = marks.replaceAll(' ', '').length
      const rest = line.slice(marks.length) === '-- ' ? '-- ' : line.slice(marks.length).replace(/ +$/, '')
      return depth === 0 ? rest : `${'>'.repeat(depth)} ${rest}`
    })
    .join('\n')
}

const word = fc.constantFrom(
  'a',
  'From',
  '>',
  '>>',
  '--',
  'word',
  'Grüße',
  '日本語',
  'x'.repeat(100),
  'b.',
  '- ',
  ' ',
  '',
)
const plainLine = fc.oneof(
  fc.array(word, { maxLength: 40 }).map((list) => list.join(' ').replace(/^>+/, '')),
  fc.constantFrom('', '-- ', 'From me', ' indented', '   ', '-- x', '--', '-- -- -- '),
)
const quoteLine = fc.tuple(fc.constantFrom('> ', '>', '>> ', '> > ', '>>> '), plainLine).map(([m, l]) => m + l)

test('a paragraph is wrapped for those who cannot join it, and is one again for those who can', () => {
  const paragraph = Array.from({ length: 60 }, (_, n) => `word${n}`).join(' ')
  const flowed = flow(`Hello,\n\n${paragraph}\n\n> ${paragraph}\n-- \nAda`)
  for (const line of flowed.split('\n')) expect(line.length).toBeLessThanOrEqual(78)
  expect(flowed.split('\n').length).toBeGreaterThan(14)
  expect(unflow(flowed, false)).toBe(`Hello,\n\n${paragraph}\n\n> ${paragraph}\n-- \nAda`)
})

test.each([
  ['From here', ' From here'],
  [' indented', '  indented'],
  ['-- ', '-- '],
  ['ends in spaces   ', 'ends in spaces'],
  ['> quoted', '> quoted'],
  ['>> > deep', '>>> deep'],
  ['>', '>'],
  ['', ''],
])('%j is written as %j', (text, expected) => {
  expect(flow(text)).toBe(expected)
})

test('whatever was written is read again, line by line and quote by quote', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(plainLine, quoteLine), { maxLength: 12 }), (lines) => {
      const text = lines.join('\n')
      const flowed = flow(text)
      expect(unflow(flowed, false)).toBe(norm(text))
      for (const line of flowed.split('\n'))
        if (line.length > 78) expect(line.trim().replace(/^>+ /, '').split(/ +/).length).toBeLessThanOrEqual(2)
    }),
    { numRuns: 300 },
  )
})

test('another reader of flowed text finds what was written, and so does our own', async () => {
  const line = plainLine.filter((one) => !one.startsWith('>') && !one.includes('-- '))
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 8 }), async (lines) => {
      const text = [...lines, 'end'].join('\n')
      const box = parseMailbox('ada@example.org')!
      const raw = await compose({
        from: { name: '', mailbox: box },
        to: [{ name: '', mailbox: box }],
        cc: [],
        subject: 's',
        text,
        isFlowed: true,
        attachments: [],
        inReplyTo: '',
        references: '',
        dateMs: 0,
        messageId: '<1@example.org>',
      })
      expect(raw.toString('latin1')).toMatch(/^Content-Type: text\/plain; charset=utf-8; format=flowed\r$/m)
      expect((await PostalMime.parse(raw)).text?.replace(/\n+$/, '')).toBe(norm(text))
      expect(readMessage(raw).text?.replace(/\n+$/, '')).toBe(norm(text))
    }),
    { numRuns: 80 },
  )
})

test('what is quoted very deep grows by its marks once, and not with each word', () => {
  const deep = `${'>'.repeat(50_000)} ${'a '.repeat(50_000)}`
  expect(flow(deep)).toBe(deep.trimEnd())
  expect(flow('> '.repeat(500_000))).toBe('>'.repeat(500_000))
})

test('a line of very many spaces is read once', () => {
  const line = `${' '.repeat(600_000)}x`
  expect(flow(line)).toBe(` ${line}`)
  expect(flow(`> ${line}  `)).toBe(`> ${line}`)
}, 8000)
