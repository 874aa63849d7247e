import { expect, test } from 'vitest'
import { fieldTime, laterMoments } from './send-later.tsx'

const labels = (text: string) => laterMoments(new Date(text).getTime()).map(({ label }) => label)

test('later is never over already, and each moment is offered once', () => {
  expect(labels('2026-11-18T09:00')).toEqual(['This evening', 'Tomorrow morning', 'Monday morning'])
  expect(labels('2026-11-18T17:30')).toEqual(['Tomorrow morning', 'Monday morning'])
  expect(labels('2026-11-22T20:00')).toEqual(['Tomorrow morning'])
  for (let hour = 0; hour < 24 * 14; hour++) {
    const nowMs = new Date('2026-11-16T00:30').getTime() + hour * 3_600_000
    const moments = laterMoments(nowMs)
    expect(moments.every(({ ms }) => ms > nowMs)).toBe(true)
    expect(new Set(moments.map(({ ms }) => ms)).size).toBe(moments.length)
    const monday = moments.find(({ label }) => label === 'Monday morning')
    if (monday) expect(new Date(monday.ms).getDay()).toBe(1)
  }
})

test('a moment and the text of its field are the same to the minute', () => {
  const ms = new Date('2026-03-29T03:45').getTime()
  expect(new Date(fieldTime(ms)).getTime()).toBe(ms)
})
