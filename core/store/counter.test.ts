import { afterEach, beforeEach, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { messageId, nextCounter } from './counter.ts'

let opened: ReturnType<typeof openTestDb>
beforeEach(() => void (opened = openTestDb()))
afterEach(() => void opened.connection.close())

test('a counter goes up by one, each name for itself', () => {
  expect([nextCounter(opened.db, 'a'), nextCounter(opened.db, 'a'), nextCounter(opened.db, 'b')]).toEqual([1, 2, 1])
})

test('message ids are in the order of arrival, whatever the order of storing', () => {
  const now = Date.UTC(2026, 5, 1)
  const late = messageId(opened.db, now - 1000, now)
  const early = messageId(opened.db, now - 86_400_000, now)
  const latest = messageId(opened.db, now, now)
  expect([latest, early, late].toSorted((a, b) => a - b)).toEqual([early, late, latest])
  expect(Number.isSafeInteger(latest)).toBe(true)
  expect(Math.floor(latest / 2 ** 20)).toBe(now / 1000)
})

test('a message id of the same second is another one, beyond a million of them as well', () => {
  const now = 1_700_000_000_000
  const first = messageId(opened.db, now, now)
  expect(messageId(opened.db, now, now)).toBe(first + 1)
  opened.connection.pragma('foreign_keys = OFF')
  opened.connection
    .prepare(
      `INSERT INTO message (id, folder_id, blob_id, prefix, removed, size_bytes, message_id, subject, author_name, author_address,
      addressees, preview, date_ms, received_ms, attachments, seen, starred, change) VALUES (?, 1, 1, '', '[]', 0, '', '', '', '', '', '', 0, 0, 0, 0, 0, 0)`,
    )
    .run(first)
  opened.connection.prepare(`UPDATE counter SET value = value + 1048576 - 2 WHERE name = 'message'`).run()
  expect(messageId(opened.db, now, now)).toBe(first + 1)
})

test('an arrival before 1970 or far ahead is not believed', () => {
  const now = Date.UTC(2026, 5, 1)
  const seconds = (receivedMs: number) => Math.floor(messageId(opened.db, receivedMs, now) / 2 ** 20)
  expect(seconds(-5)).toBe(0)
  expect(seconds(now * 2)).toBe((now + 86_400_000) / 1000)
})
