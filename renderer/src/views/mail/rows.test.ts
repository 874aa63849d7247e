import { expect, test } from 'vitest'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { layoutOf } from './list-layout.ts'
import { sourceOf } from './list-source.ts'
import { idsOf, isUnread, nextAfter } from './rows.ts'
import { sortingOf, turned, withSorting } from './sorting.ts'

const NOW = new Date('2026-11-19T14:00:00').getTime()
const row = (id: number, daysAgo: number): MessageRow => ({
  id,
  folderId: 1,
  subject: `s${id}`,
  authorName: '',
  authorAddress: 'a@example.org',
  addressees: '',
  preview: '',
  dateMs: NOW - daysAgo * 86_400_000,
  attachments: 0,
  seen: true,
  starred: false,
  answered: false,
  forwarded: false,
  threadId: null,
  threadCount: 1,
  tags: [],
})

const layout = (rows: readonly MessageRow[]) =>
  layoutOf(
    sourceOf(rows, () => {}),
    50,
    20,
    NOW,
  )

test('each day has one heading over its messages, and every row its place', () => {
  const { headings, topOf, placeAt, totalPx } = layout([row(9, 0), row(8, 0), row(7, 1), row(6, 30)])
  expect([...headings]).toEqual([
    [0, 'Today, Thursday 19 November'],
    [2, 'Yesterday'],
    [3, 'October'],
  ])
  expect([0, 1, 2, 3].map(topOf)).toEqual([0, 70, 120, 190])
  expect(totalPx).toBe(260)
  expect([0, 69, 70, 119, 120, 189, 190, 9999].map(placeAt)).toEqual([0, 0, 1, 1, 2, 2, 3, 3])
})

test('of rows that are not here only the place is known', () => {
  const loaded = [5, 6, 9].map((place) => ({ place, row: row(place, place) }))
  const { headings, topOf, placeAt, totalPx } = layoutOf({ count: 1000, loaded }, 50, 20, NOW)
  // Whether a day begins in 5 or 9 nobody knows: what stands before them is not here.
  expect([...headings.keys()]).toEqual([6])
  expect(topOf(999)).toBe(999 * 50 + 20)
  expect(totalPx).toBe(50_020)
  expect(placeAt(topOf(700))).toBe(700)
})

test('after a removal the next one below is chosen, at the end the last one', () => {
  const rows = [1, 2, 3, 4].map((id) => ({ id }))
  expect(nextAfter(rows, new Set([2]))).toBe(3)
  expect(nextAfter(rows, new Set([1, 3]))).toBe(4)
  expect(nextAfter(rows, new Set([3, 4]))).toBe(2)
  expect(nextAfter(rows, new Set([1, 2, 3, 4]))).toBeNull()
})

test('a conversation is unread while one of its messages is, and found by any of them', async () => {
  const thread = { ids: [3, 5], unread: 1, starred: 0, attachments: 0, people: [] }
  const rows = [
    { ...row(9, 0), thread: null },
    { ...row(5, 1), thread },
  ]
  expect(rows.map(isUnread)).toEqual([false, true])
  expect(idsOf(rows[1]!)).toEqual([3, 5])
  expect(await sourceOf(rows, () => {}).find(3)).toEqual({ place: 1, key: 5 })
  expect(await sourceOf(rows, () => {}).find(4)).toBe(null)
})

test('what came back from being snoozed stands under the day it came back', () => {
  const back = { ...row(7, 30), listMs: NOW }
  expect([...layout([back]).headings.values()]).toEqual(['Today, Thursday 19 November'])
})

test('each folder has a sorting of its own, and the usual one leaves no trace', () => {
  const one = withSorting([], 7, { by: 'subject', isUp: true })
  const two = withSorting(one, null, { by: 'date', isUp: true })
  expect(two).toEqual(['7=subject-up', 'all=date-up'])
  expect(sortingOf(two, 7)).toEqual({ by: 'subject', isUp: true })
  expect(sortingOf(two, null)).toEqual({ by: 'date', isUp: true })
  expect(sortingOf(two, 8)).toEqual({ by: 'date', isUp: false })
  expect(withSorting(two, 7, { by: 'date', isUp: false })).toEqual(['all=date-up'])
  expect(turned({ by: 'date', isUp: false }, 'date')).toEqual({ by: 'date', isUp: true })
  expect(turned({ by: 'date', isUp: false }, 'from')).toEqual({ by: 'from', isUp: true })
  expect(turned({ by: 'from', isUp: true }, 'size')).toEqual({ by: 'size', isUp: false })
})
