import { expect, test } from 'vitest'
import { previewOf } from './preview.ts'
import { readFields } from './read.ts'

const cases: [string, string, string][] = [
  ['white space is one space', 'one\n\n  two\tthree \n', 'one two three'],
  ['quoted lines are somebody else’s', '> their words\n>> older\nmine\n> theirs\nmine again', 'mine mine again'],
  ['the line that says who wrote goes with the quote', 'Yes.\n\nOn Mon, 1 Jun 2026 Ada wrote:\n> Shall we?\n', 'Yes.'],
  [
    'also where it is broken in two',
    'Ja.\n\nAm 1. Juni 2026 um 10:00 Uhr\nschrieb Ada Lovelace:\n\n> Wollen wir?\n',
    'Ja.',
  ],
  ['but not where nothing is quoted after it', 'What Ada wrote:\nnothing much', 'What Ada wrote: nothing much'],
  ['a signature says nothing', 'words\n-- \nAda Lovelace\nCountess', 'words'],
  ['what Outlook puts under its line is not mine', 'fine\n\n-----Original Message-----\nFrom: Bob\nold', 'fine'],
  ['mail that only quotes shows what it quotes', '> one\n> > two\n', 'one two'],
  ['lines of Chinese and Japanese are one text', '今日は\n良い天気\nです。', '今日は良い天気です。'],
  ['also beyond the basic plane, and not beside another script', '𠀀\n𠀁\n語\n한국\nabc', '𠀀𠀁語 한국 abc'],
  ['Korean has spaces of its own', '오늘은\n날씨가', '오늘은 날씨가'],
  ['fillers that nobody sees', `Sale!${' \u034f \u200c\u00a0'.repeat(50)}Now`, 'Sale! Now'],
  ['soft hyphens', 'Donau\u00addampf\u00adschiff', 'Donaudampfschiff'],
  ['joined emoji and Persian stay', '👨‍👩‍👧 می‌خواهم', '👨‍👩‍👧 می‌خواهم'],
  ['a character is never cut in two', '𠀀'.repeat(300), `${'𠀀'.repeat(99)}…`],
  ['nothing of nothing', '', ''],
]
test.each(cases)('%s', (_, body, preview) => expect(previewOf(body)).toBe(preview))

const preview = (text: string) => readFields(Buffer.from(text)).preview

test('HTML alone: words without markup, hidden heads or what is quoted', () => {
  const html =
    '<html><head><style>p{color:red}</style><title>no</title></head><body><p>Sounds&nbsp;good.</p><p>On 1 June Ada wrote:</p>' +
    '<blockquote type="cite"><p>Shall we?</p><blockquote>older</blockquote></blockquote><p>See you</p></body></html>'
  expect(preview(`Content-Type: text/html; charset=utf-8\r\n\r\n${html}`)).toBe('Sounds good. See you')
  expect(preview('Content-Type: text/html\r\n\r\n<blockquote>indented <b>all</b></blockquote>')).toBe('indented all')
})

test('flowed text is put together before it is looked at', () => {
  const flowed = 'Content-Type: text/plain; charset=utf-8; format=flowed'
  expect(preview(`${flowed}; delsp=yes\r\n\r\n今日は \r\n良い天気\r\n`)).toBe('今日は良い天気')
  expect(preview(`${flowed}\r\n\r\n> quoted \r\n> words\r\nmine \r\nflows\r\n`)).toBe('mine flows')
})

test('CJK in its own charset, in base64', () => {
  const body = Buffer.from('c8d5b1bed3ef0d0ad6d0cec40d0a', 'hex').toString('base64') // 日本语, 中文 in GBK
  expect(
    preview(`Content-Type: text/plain; charset=gb2312\r\nContent-Transfer-Encoding: base64\r\n\r\n${body}\r\n`),
  ).toBe('日本语中文')
})
