import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { explain, EXPLAINED_WORDS } from './explain.ts'
import { STATUS } from './reply-status.ts'

const words = (text: string) => explain(text).words.map(({ word, protocol, kind }) => `${protocol} ${kind} ${word}`)
const has = (protocol: string, word: string) =>
  EXPLAINED_WORDS.some((one) => one.protocol === protocol && one.word === word)

test('every command that our own servers take is explained', () => {
  const verbsIn = (path: string, pattern: RegExp) => {
    const text = readFileSync(new URL(path, import.meta.url), 'utf8')
    return [...new Set([...text.matchAll(pattern)].map(([, verb = '']) => verb))]
  }
  const smtp = verbsIn('../wire/smtp/command.ts', /case '([A-Z]{3,8})'/g)
  const pop3 = verbsIn('../wire/pop3/server-command.ts', /case '([A-Z]{3,8})'/g)
  expect(smtp).toContain('RCPT')
  expect(pop3).toContain('RETR')
  expect(smtp.filter((verb) => !has('smtp', verb))).toEqual([])
  expect(pop3.filter((verb) => !has('pop3', verb))).toEqual([])
})

test.each([
  ['CHUNKING', ['smtp capability CHUNKING']],
  ['what is CHUNKING?', ['smtp capability CHUNKING']],
  ['retr', ['pop3 command RETR']],
  [
    'RCPT TO:<bob@remote.example> NOTIFY=NEVER',
    ['smtp command RCPT', 'smtp parameter NOTIFY', 'imap command NOTIFY', 'imap capability NOTIFY'],
  ],
  [
    '250-AUTH PLAIN XOAUTH2',
    [
      'smtp command AUTH',
      'smtp capability AUTH',
      'pop3 command AUTH',
      'pop3 response AUTH',
      'sasl mechanism PLAIN',
      'sasl mechanism XOAUTH2',
    ],
  ],
  ['-ERR [IN-USE] locked', ['pop3 response -ERR', 'pop3 response IN-USE']],
  ['a1 NO [AUTHENTICATIONFAILED] sorry', ['imap response NO', 'imap response AUTHENTICATIONFAILED']],
  ['please list all help for the size of data', []],
])('finds the words of %s', (text, wanted) => {
  expect(words(text)).toEqual(wanted)
})

test('a reply is told by its codes, where they are defined, and by what its words say', () => {
  expect(explain('550 5.7.25 no PTR record').reply).toMatchObject({
    code: 550,
    enhanced: '5.7.25',
    class: 'Never: the same would be refused again.',
    basic: { title: 'Refused' },
    status: { title: 'The address has no name', rfc: 7372 },
    advice: { kind: 'no-ptr' },
  })
  expect(explain('421').reply).toMatchObject({ code: 421, status: null, basic: { title: 'The server hangs up' } })
  expect(explain('4.2.2').reply).toMatchObject({
    code: null,
    enhanced: '4.2.2',
    status: { rfc: 3463, section: '3.3' },
    advice: { kind: 'mailbox-full' },
  })
  expect(explain('550 5.99.99 odd').reply).toMatchObject({ enhanced: '5.99.99', status: null })
  expect(explain('hello')).toEqual({ reply: null, words: [] })
})

test('every registered code is there with its RFC', () => {
  // Subjects of RFC 3463 with the highest detail that is registered for each.
  const highest = [0, 10, 4, 6, 7, 6, 10, 30]
  const registered = highest.flatMap((most, subject) =>
    Array.from({ length: most + 1 }, (_, detail) => `${subject}.${detail}`),
  )
  expect(Object.keys(STATUS).toSorted()).toEqual(registered.toSorted())
  for (const detail of registered) expect(explain(`5.${detail}`).reply?.status?.rfc, detail).toBeGreaterThan(3000)
})

test('a word stands once in each table, and says where it is defined', () => {
  const keys = EXPLAINED_WORDS.map(({ protocol, kind, word }) => `${protocol} ${kind} ${word}`)
  expect(new Set(keys).size).toBe(keys.length)
  for (const { word, title, rfc, section } of EXPLAINED_WORDS) {
    expect(word).toBe(word.toUpperCase())
    expect(title).not.toBe('')
    if (rfc !== null) expect(section, word).not.toBe('')
  }
})

test('takes whatever a peer says', () => {
  fc.assert(fc.property(fc.string({ maxLength: 200 }), (text) => void explain(text)))
  expect(explain(`550 ${'A'.repeat(100_000)} ${'AUTH '.repeat(10_000)}`).words.length).toBeLessThan(20)
})
