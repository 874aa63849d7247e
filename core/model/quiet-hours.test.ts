import { expect, test } from 'vitest'
import { isQuiet, parseQuietHours } from './quiet-hours.ts'

const at = (time: string) => new Date(`2026-11-22T${time}:00`)

test.each([
  ['22:00-07:00', { from: 1320, to: 420 }],
  ['9:30 - 10:00', { from: 570, to: 600 }],
  ['00:00–23:59', { from: 0, to: 1439 }],
])('%s are quiet hours', (text, hours) => {
  expect(parseQuietHours(text)).toEqual(hours)
})
test.each(['', '22-7', '24:00-07:00', '22:60-07:00', '22:00', '07:00-07:00', '22:00-07:00-08:00'])(
  '%s are none',
  (text) => {
    expect(parseQuietHours(text)).toBeUndefined()
  },
)
test('they begin with their first minute and end before their last, also over midnight', () => {
  const night = { from: 1320, to: 420 }
  expect(['21:59', '22:00', '23:59', '00:00', '06:59', '07:00'].map((time) => isQuiet(night, at(time)))).toEqual([
    false,
    true,
    true,
    true,
    true,
    false,
  ])
  const noon = { from: 720, to: 780 }
  expect(['11:59', '12:00', '12:59', '13:00'].map((time) => isQuiet(noon, at(time)))).toEqual([
    false,
    true,
    true,
    false,
  ])
})
