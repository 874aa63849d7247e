import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { foldText, foldedWords } from './search-fold.ts'

test.each([
  ['Straße', 'STRASSE'],
  ['STRAẞE', 'strasse'],
  ['café', 'cafe\u0301'],
  ['Łódź', 'lodz'],
  ['Ærø', 'aero'],
  ['İSTANBUL', 'istanbul'],
  ['ΟΔΥΣΣΕΥΣ', 'οδυσσευς'],
  ['Ёлка', 'елка'],
  ['مُحَمَّد', 'محمد'],
  ['مـحـمـد', 'محمد'],
  ['أحمد', 'احمد'],
  ['شَرِكَة', 'شركه'],
  ['یک', 'يك'],
  ['שָׁלוֹם', 'שלום'],
  ['ｆｕｌｌ', 'full'],
  ['oﬃce', 'office'],
  ['soft\u00adhyphen', 'softhyphen'],
  ['👋🏽', '👋'],
  ['❤️', '❤'],
  ['ﾊﾞｽ', 'バス'],
  ['\u1112\u1161\u11ab', '한'],
])('%s and %s are the same', (one, other) => expect(foldText(one)).toBe(foldText(other)))

test.each([
  ['か', 'が'],
  ['कि', 'के'],
  ['한', '하'],
  ['👋', '🎉'],
  ['🇫🇷', '🇩🇪'],
  ['9', 'q'],
])('%s and %s are not', (one, other) => expect(foldText(one)).not.toBe(foldText(other)))

test('cuts scripts without spaces into pairs, and leaves the others', () => {
  const parts = (text: string) => foldText(text).trim().split(/\s+/)
  expect(parts('東京都')).toEqual(['東京', '京都', '都'])
  expect(parts('東')).toEqual(['東'])
  expect(parts('ver2東京beta')).toEqual(['ver2', '東京', '京', 'beta'])
  expect(parts('𠀀𠀁𠀂')).toEqual(['𠀀𠀁', '𠀁𠀂', '𠀂'])
  expect(parts('한국어 말')).toEqual(['한국', '국어', '어', '말'])
  expect(parts('hello мир')).toEqual(['hello', 'мир'])
  expect(parts('東、京').filter((one) => one !== '、')).toEqual(['東', '京'])
})

test('words stand in the text where they are said to, letter by letter', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 40 }), (text) => {
      let at = 0
      for (const { text: word, from, to } of foldedWords(text)) {
        expect(from).toBeGreaterThanOrEqual(at)
        expect(to).toBeGreaterThan(from)
        expect(foldText(text.slice(from, to)).includes(word)).toBe(true)
        at = from
      }
    }),
  )
  expect(foldedWords('Die Straße nach 東京!')).toEqual([
    { text: 'die', from: 0, to: 3, isLetter: false, isGlued: false },
    { text: 'strasse', from: 4, to: 10, isLetter: false, isGlued: false },
    { text: 'nach', from: 11, to: 15, isLetter: false, isGlued: false },
    { text: '東', from: 16, to: 17, isLetter: true, isGlued: false },
    { text: '京', from: 17, to: 18, isLetter: true, isGlued: true },
  ])
})
