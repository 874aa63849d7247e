import { expect, test } from 'vitest'
import { blocksOf, piecesOf } from './plain-text.ts'

test('quotations keep their depth, and the signature begins at its line', () => {
  expect(blocksOf('Hi\r\n> one\r\n> > two\r\n>> three\r\nme\r\n-- \r\nNora\r\n')).toEqual([
    { kind: 'said', depth: 0, lines: ['Hi'] },
    { kind: 'quoted', depth: 1, lines: ['one'] },
    { kind: 'quoted', depth: 2, lines: ['two', 'three'] },
    { kind: 'said', depth: 0, lines: ['me'] },
    { kind: 'signature', depth: 0, lines: ['Nora'] },
  ])
})

test('a rule of two dashes without a blank is no signature', () => {
  expect(blocksOf('a\n--\nb')).toEqual([{ kind: 'said', depth: 0, lines: ['a', '--', 'b'] }])
})

const links = (line: string) => piecesOf(line).flatMap((piece) => (piece.kind === 'link' ? [piece.href] : []))

test.each([
  ['see https://example.org/a.', ['https://example.org/a']],
  ['(https://example.org/a)', ['https://example.org/a']],
  ['https://example.org/a_(b)', ['https://example.org/a_(b)']],
  ['www.example.org, or nora@example.org!', ['https://www.example.org', 'mailto:nora@example.org']],
  ['javascript:alert(1) file:///etc/passwd data:text/html,x', []],
  ['<https://example.org>', ['https://example.org']],
])('finds the links of %j', (line, expected) => {
  expect(links(line)).toEqual(expected)
})

test('no character of a line is lost', () => {
  for (const line of ['', 'a https://x.example/. b', 'nora@example.org', '((www.a.example))'])
    expect(
      piecesOf(line)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(line)
})
