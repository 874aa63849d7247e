import { afterEach, expect, test } from 'vitest'
import { PSEUDO, languageFor } from './languages.ts'
import { pieces, speak, t, told } from './words.ts'

afterEach(() => speak('en-GB', {}))

test('a sentence without a catalogue is said in English, with its places and plurals filled', () => {
  expect(t('Get mail')).toBe('Get mail')
  expect(t('Mail for {name}', { name: 'Ada <ada@one.example>' })).toBe('Mail for Ada <ada@one.example>')
  const many = '{count, plural, one {# message} other {# messages}}'
  expect([0, 1, 2318].map((count) => t(many, { count }))).toEqual(['0 messages', '1 message', '2,318 messages'])
})

test('a language says its own sentence, with its own plurals and numbers, and what it lacks in English', () => {
  speak('ar', {
    '{count, plural, one {# message} other {# messages}}':
      '{count, plural, zero {لا رسائل} one {رسالة} two {رسالتان} few {# رسائل} many {# رسالة} other {# رسالة}}',
  })
  const many = '{count, plural, one {# message} other {# messages}}'
  expect(t(many, { count: 2 })).toBe('رسالتان')
  expect(t(many, { count: 0 })).toBe('لا رسائل')
  speak('de', { 'Get mail': 'Post holen' })
  expect([t('Get mail'), t('Quit')]).toEqual(['Post holen', 'Quit'])
  expect(t(many, { count: 2318 })).toBe('2.318 messages')
})

test('what fills a place is never read as a format: braces and tags of a stranger stay as they are', () => {
  expect(t('From {name}', { name: '{count} <b>' })).toBe('From {count} <b>')
  expect(told('a reply with {braces} and <tags>')).toBe('a reply with {braces} and <tags>')
})

test('elements stand in their places and around their words, in the order of the language', () => {
  speak('de', { 'Run <code>posthorn</code> as {who}': 'Als {who} <code>posthorn</code> ausführen' })
  const made = pieces<object>('Run <code>posthorn</code> as {who}', {
    who: { bold: 'root' },
    code: (inner: readonly unknown[]) => ({ code: inner }),
  })
  expect(made).toEqual(['Als ', { bold: 'root' }, ' ', { code: ['posthorn'] }, ' ausführen'])
})

test('the pseudo-language leaves no letter of a sentence plain, and every place and plural in its place', () => {
  speak(PSEUDO, {})
  expect(t('Get mail')).toBe('Ğéť ḿáíĺ')
  expect(t('{count, plural, one {# message} other {# messages}} for {name}', { count: 3, name: 'Ada' })).toBe(
    '3 ḿéśśáğéś ƒőŕ Ada',
  )
  expect(pieces<object>('Open <b>it</b>', { b: (inner: readonly unknown[]) => ({ b: inner }) })).toEqual([
    'Őƥéń ',
    { b: ['íť'] },
  ])
})

test('of the languages a person reads, the first that is spoken here is taken', () => {
  expect(languageFor(['pt-BR', 'de-AT', 'en'])).toBe('de')
  expect(languageFor(['ja-JP'])).toBe('ja')
  expect(languageFor(['pt', 'constructor'])).toBe('en')
})

test.each(['__proto__', 'constructor', 'toString', 'hasOwnProperty'])('words of a peer stay words: %s', (word) => {
  expect([told(word), t(word)]).toEqual([word, word])
})
