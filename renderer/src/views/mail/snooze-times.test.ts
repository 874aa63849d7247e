import { expect, test } from 'vitest'
import { fromField, snoozeTimes, toField } from './snooze-times.ts'

const at = (day: number, hour: number, minute = 0) => new Date(2026, 10, day, hour, minute).getTime()
const times = (ms: number) => snoozeTimes(ms).map(({ id, atMs }) => [id, toField(atMs)])

test('on a Tuesday morning there is a later, a tomorrow, a weekend and a next week', () => {
  expect(times(at(24, 9, 20))).toEqual([
    ['later', '2026-11-24T12:00'],
    ['tomorrow', '2026-11-25T08:00'],
    ['weekend', '2026-11-28T08:00'],
    ['next-week', '2026-11-30T08:00'],
  ])
})

test('what would be the same time stands there once', () => {
  // Late on Friday, on Saturday, and on Sunday.
  expect(times(at(27, 22)).map(([id]) => id)).toEqual(['tomorrow', 'next-week'])
  expect(times(at(28, 10)).map(([id]) => id)).toEqual(['later', 'tomorrow', 'next-week'])
  expect(times(at(29, 10)).map(([id]) => id)).toEqual(['later', 'tomorrow'])
})

test('whatever the hour, every time is ahead, in order, and comes back from its field', () => {
  for (let hour = 0; hour < 24 * 9; hour++) {
    const now = at(20, hour, 59)
    const all = snoozeTimes(now).map(({ atMs }) => atMs)
    expect(all.toSorted((a, b) => a - b)).toEqual(all)
    expect(new Set(all).size).toBe(all.length)
    for (const ms of all) {
      expect(ms).toBeGreaterThan(now)
      expect(fromField(toField(ms))).toBe(ms)
    }
  }
  expect(fromField('')).toBe(undefined)
  expect(fromField('2026-13-45T99:99')).toBe(undefined)
})
