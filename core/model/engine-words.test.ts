import { afterEach, expect, test } from 'vitest'
import { PSEUDO } from './languages.ts'
import { speak, told, toldSentence } from './words.ts'

afterEach(() => speak('en-GB', {}))

const german = {
  '{0} closed the connection. It is tried again later.': '{0} schloss die Verbindung. Es wird später versucht.',
  'There is no connection to {0}: {1}.': 'Es gibt keine Verbindung zu {0}: {1}.',
  'it refuses connections': 'er lehnt Verbindungen ab',
  'save the group "{0}": there is one called {1}': 'Gruppe „{0}“ speichern: Es gibt schon {1}',
  '{0} messages are waiting.': '{0, plural, one {# Nachricht wartet.} other {# Nachrichten warten.}}',
  'the mailbox is full': 'das Postfach ist voll',
  'it is tried again': 'es wird noch einmal versucht',
  '{0} It was sent twice.': '{0} Sie ging zweimal hinaus.',
  'Sending is paused.': 'Das Senden ist angehalten.',
}

test('a sentence the engine made is said in the language, with what stood in it in its place', () => {
  speak('de', german)
  expect(told('mx.example closed the connection. It is tried again later.')).toBe(
    'mx.example schloss die Verbindung. Es wird später versucht.',
  )
  expect(told('1 messages are waiting.')).toBe('1 Nachricht wartet.')
  expect(told('2318 messages are waiting.')).toBe('2.318 Nachrichten warten.')
})

test('a reason in it is said, too, and sentences that follow each other', () => {
  speak('de', german)
  expect(told('There is no connection to mx.example: it refuses connections.')).toBe(
    'Es gibt keine Verbindung zu mx.example: er lehnt Verbindungen ab.',
  )
  expect(told('Sending is paused. It was sent twice.')).toBe('Das Senden ist angehalten. Sie ging zweimal hinaus.')
  expect(told('read the shelf: it refuses connections')).toBe('read the shelf: er lehnt Verbindungen ab')
  expect(toldSentence('the mailbox is full')).toBe('Das Postfach ist voll.')
  expect(told('The mailbox is full.')).toBe('Das Postfach ist voll.')
})

test('names and the words of others stay: what is quoted, a single word, an unknown sentence', () => {
  speak('de', german)
  expect(told('save the group "the mailbox is full": there is one called it')).toBe(
    'Gruppe „the mailbox is full“ speichern: Es gibt schon it',
  )
  expect(told('550 5.1.1 no such user')).toBe('550 5.1.1 no such user')
  expect(told('There is no connection to {1}: <b>{0}</b>.')).toBe('Es gibt keine Verbindung zu {1}: <b>{0}</b>.')
  expect(told('There is no connection to {0}: {1}.')).toBe('Es gibt keine Verbindung zu {0}: {1}.')
  expect(told('many messages are waiting.')).toBe('many messages are waiting.')
})

test('a text made to be looked at for ever is let be', () => {
  speak('de', german)
  const hostile = 'There is no connection to : '.repeat(140)
  expect(told(hostile)).toContain(' : ')
  expect(told(`${hostile}${'x'.repeat(5000)}`)).toBe(`${hostile}${'x'.repeat(5000)}`)
})

test('the pseudo-language disguises what it knows of the engine, and leaves the words of others', () => {
  speak(PSEUDO, german)
  expect(told('There is no connection to mx.example: it refuses connections.')).toBe(
    'Ťĥéŕé íś ńő ćőńńéćťíőń ťő mx.example: íť ŕéƒúśéś ćőńńéćťíőńś.',
  )
  expect(told('550 no such user')).toBe('550 no such user')
})
