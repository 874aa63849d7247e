import { afterEach, expect, test } from 'vitest'
import { speak } from '../../../../core/model/words.ts'
import { pageFits } from './setting-pages.ts'
import { fits } from './setting-search.ts'

afterEach(() => speak('en-GB', {}))
const paused = { key: 'queue.paused', about: 'Accept mail, but let none leave.' }

test('a setting is found by its name, its sentence and its room, in any order', () => {
  for (const typed of ['', 'queue', 'LEAVE mail', 'paused delivery', 'accept'])
    expect(fits(typed, paused, 'Delivery'), typed).toBe(true)
  expect(fits('accept everything', paused, 'Delivery')).toBe(false)
})

test('a setting is found by the words of the language shown, and by the English ones', () => {
  speak('de', { 'Accept mail, but let none leave.': 'Mail annehmen, aber keine gehen lassen.' })
  expect(fits('annehmen', paused, 'Queue')).toBe(true)
  expect(fits('accept', paused, 'Queue')).toBe(true)
})

test('a page is found by its title and by what can be set there, and by no word at all it is not', () => {
  expect(pageFits('passphrase', 'protection')).toBe(true)
  expect(pageFits('SIGNATURE', 'identities')).toBe(true)
  expect(pageFits('rules', 'rules')).toBe(true)
  expect(pageFits('passphrase', 'rules')).toBe(false)
  expect(pageFits(' ', 'rules')).toBe(false)
})
