import { expect, test } from 'vitest'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { idsOf, isUnread, nextAfter, rowOf, unreadFrom, withHeadings } from './rows.ts'
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

test('each day has one heading over its messages', () => {
  const items = withHeadings([row(9, 0), row(8, 0), row(7, 1), row(6, 30)], NOW)
  expect(items.map((item) => (item.kind === 'heading' ? item.text : item.key))).toEqual([
    'Today, Thursday 19 November',
    9,
    8,
    'Yesterday',
    7,
    'October',
    6,
  ])
})

test('after a removal the next one below is chosen, at the end the last one', () => {
  const rows = [1, 2, 3, 4].map((id) => ({ id }))
  expect(nextAfter(rows, new Set([2]))).toBe(3)
  expect(nextAfter(rows, new Set([1, 3]))).toBe(4)
  expect(nextAfter(rows, new Set([3, 4]))).toBe(2)
  expect(nextAfter(rows, new Set([1, 2, 3, 4]))).toBeNull()
})

test('a conversation is unread while one of its messages is, and found by any of them', () => {
  const thread = { ids: [3, 5], unread: 1, starred: 0, attachments: 0, people: [] }
  const rows = [
    { ...row(9, 0), thread: null },
    { ...row(5, 1), thread },
  ]
  expect(rows.map(isUnread)).toEqual([false, true])
  expect(rowOf(rows, 3)?.id).toBe(5)
  expect(rowOf(rows, 4)).toBe(undefined)
  expect(idsOf(rows[1]!)).toEqual([3, 5])
  expect(unreadFrom(rows, 0, 1)?.id).toBe(5)
})

test('what came back from being snoozed stands under the day it came back', () => {
  const back = { ...row(7, 30), listMs: NOW }
  expect(withHeadings([back], NOW)[0]).toMatchObject({ text: 'Today, Thursday 19 November' })
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
