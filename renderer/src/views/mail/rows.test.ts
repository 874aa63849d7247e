import { expect, test } from 'vitest'
import type { MessageRow } from '../../../../core/rpc/views.ts'
import { nextAfter, withHeadings } from './rows.ts'

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
