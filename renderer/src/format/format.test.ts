import fc from 'fast-check'
import { expect, test } from 'vitest'
import { directionOf } from './direction.ts'
import { formatAddress, initials, people } from './names.ts'
import { size, whole } from './size.ts'
import { ago, ahead, clock, dayHeading, delta, distance, rowTime, took } from './time.ts'
import { decodeBytes, visible, wireText } from './wire-text.ts'

const at = (text: string) => new Date(text).getTime()
const NOW = at('2026-11-19T14:00:00')

test('headings name the day while it is near, then the stretch of time', () => {
  expect(dayHeading(at('2026-11-19T00:01:00'), NOW)).toBe('Today, Thursday 19 November')
  expect(dayHeading(at('2026-11-18T23:59:00'), NOW)).toBe('Yesterday')
  expect(dayHeading(at('2026-11-14T12:00:00'), NOW)).toBe('Saturday 14 November')
  expect(dayHeading(at('2026-11-08T12:00:00'), NOW)).toBe('Last week')
  expect(dayHeading(at('2026-03-01T12:00:00'), NOW)).toBe('March')
  expect(dayHeading(at('2024-03-01T12:00:00'), NOW)).toBe('March 2024')
  expect(dayHeading(at('2026-11-20T12:00:00'), NOW)).toBe('Ahead of time')
})

test('a moment ahead is a clock time with its distance, and "now" once it is due', () => {
  expect(ahead(at('2026-11-19T14:13:00'), NOW)).toBe('14:13, in 13 min')
  expect(ahead(at('2026-11-20T09:00:00'), NOW)).toBe('Fri 20 Nov 09:00, in 19 h')
  expect(ahead(NOW, NOW)).toBe('now')
  expect(ago(NOW - 1000, NOW)).toBe('just now')
  expect(ago(NOW - 120_000, NOW)).toBe('2 min ago')
})

test('times in rows and dialogues are short', () => {
  expect(clock(at('2026-11-19T09:05:00'))).toBe('09:05')
  expect(rowTime(at('2026-11-13T09:05:00'), NOW)).toBe('Fri 13 Nov')
  expect(rowTime(at('2025-11-13T09:05:00'), NOW)).toBe('Thu 13 Nov 2025')
  expect([0, 59_400, 61_000, 3_600_000, 5 * 86_400_000].map(distance)).toEqual([
    'under 1 s',
    '59 s',
    '1 min',
    '1 h',
    '5 days',
  ])
  expect([24, 240, 14_000, 300_000].map(took)).toEqual(['24 ms', '0.2 s', '14.0 s', '5 min'])
  expect([2.2, 1234].map(delta)).toEqual(['+2 ms', '+1.2 s'])
})

test('sizes have two figures and a unit', () => {
  expect([0, 1, 999, 1000, 48_200, 999_499, 999_600, 2_400_000, 5e9].map(size)).toEqual([
    '0 bytes',
    '1 byte',
    '999 bytes',
    '1.0 KB',
    '48 KB',
    '999 KB',
    '1.0 MB',
    '2.4 MB',
    '5.0 GB',
  ])
  expect(whole(2318)).toBe('2,318')
})

test('initials come from the name, else from the address', () => {
  expect(initials('Henrike Vosskamp', 'x@y')).toBe('HV')
  expect(initials('', 'nora.feldt@example.org')).toBe('NF')
  expect(initials('', '')).toBe('?')
  expect(initials('Özil', '')).toBe('Ö')
})

test('many people are named as far as it helps', () => {
  const list = ['a', 'b', 'c', 'd', 'e'].map((name) => ({ name, address: `${name}@x` }))
  expect(people(list.slice(0, 4))).toBe('a, b, c, d')
  expect(people(list)).toBe('a, b, c and 2 more')
})

test('a name with a comma is quoted, so that it stays one addressee', () => {
  expect(formatAddress({ name: 'Feldt, Nora', address: 'n@x' })).toBe('"Feldt, Nora" <n@x>')
  expect(formatAddress({ name: 'a "b" \\', address: 'n@x' })).toBe('"a \\"b\\" \\\\" <n@x>')
  expect(formatAddress({ name: '', address: 'n@x' })).toBe('n@x')
})

test('nothing a peer sends can move the cursor, hide, or turn the direction of a line', () => {
  expect(wireText('220 \u001b[2J\u0007 hi\r')).toBe('220 ␛[2J␇ hi␍')
  expect(visible('a\u202Eb\u2066c\u200Bd')).toBe('a⟨U+202E⟩b⟨U+2066⟩c⟨U+200B⟩d')
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      // The Unicode categories are the other opinion: no control but the tab, no format character survives.
      const left = visible(text).replaceAll('\t', '')
      return !/\p{Cc}|[\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF]/u.test(left)
    }),
  )
})

test('bytes that are UTF-8 are read as such, others stay as they are', () => {
  const latin1 = (text: string) => String.fromCharCode(...new TextEncoder().encode(text))
  expect(decodeBytes(latin1('Grüße 東京'))).toBe('Grüße 東京')
  expect(decodeBytes('caf\u00e9')).toBe('caf\u00e9')
})

test('a text runs as its first letter does, whatever stands before it', () => {
  expect(directionOf('Re: Keys')).toBe('ltr')
  expect(directionOf('12. رسالة about keys')).toBe('rtl')
  expect(directionOf('שלום')).toBe('rtl')
  expect(directionOf('会議 1')).toBe('ltr')
  expect(directionOf('1815!')).toBeUndefined()
})
