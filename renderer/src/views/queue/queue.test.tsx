import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import { RECIPIENT_STATES } from '../../../../core/model/outcome.ts'
import type { QueueEntryView, RecipientView } from '../../../../core/rpc/views.ts'
import { QueueList } from './queue-list.tsx'
import { groupOf, reasonOf, sentenceOf, summaryOf } from './states.ts'

const NOW = new Date('2026-11-19T13:52:00').getTime()
const recipient = (state: RecipientView['state'], patch: Partial<RecipientView> = {}): RecipientView => ({
  id: 1,
  address: 'board@harbour.example',
  state,
  attempts: 1,
  lastReply: null,
  lastAttemptMs: NOW - 60_000,
  nextAttemptMs: null,
  mx: 'mx1.harbour.example',
  sessions: [],
  why: null,
  advice: null,
  laterReports: [],
  tls: null,
  firstAddress: null,
  way: { kind: 'automatic' },
  heldBy: null,
  notify: null,
  ...patch,
})
const entry = (recipients: RecipientView[], patch: Partial<QueueEntryView> = {}): QueueEntryView => ({
  id: 1,
  from: 'nora@feldt.example',
  subject: 'Minutes',
  sizeBytes: 48_200,
  createdMs: NOW - 300_000,
  doneMs: null,
  messageId: '<m@x>',
  signedBy: [],
  recipients,
  holdUntilMs: null,
  undoUntilMs: null,
  ret: null,
  envid: null,
  deliverBy: null,
  requireTls: false,
  damaged: null,
  ...patch,
})
const deferred = recipient('deferred', {
  lastReply: '451 4.7.1 <board@harbour.example>: Greylisted, try again',
  nextAttemptMs: NOW + 13 * 60_000,
  why: 'mx1.harbour.example asks to try again later: 451 4.7.1 <board@harbour.example>: Greylisted, try again',
})

test('what needs a person comes first, a bounce for a day only', () => {
  expect(groupOf(entry([recipient('delivered'), recipient('unknown')]), NOW)).toBe('Needs you')
  expect(groupOf(entry([recipient('bounced')], { doneMs: NOW - 3_600_000 }), NOW)).toBe('Needs you')
  expect(groupOf(entry([recipient('bounced')], { doneMs: NOW - 2 * 86_400_000 }), NOW)).toBe('Done')
  expect(groupOf(entry([recipient('delivered'), deferred]), NOW)).toBe('Waiting')
  expect(groupOf(entry([recipient('held')]), NOW)).toBe('Held')
  expect(groupOf(entry([recipient('cancelled'), recipient('delivered')]), NOW)).toBe('Done')
})

test('a deferral says its code and when it is tried again, in the row and in a sentence', () => {
  expect(reasonOf(deferred, NOW)).toBe('451 4.7.1, next try 14:05')
  const quoting = {
    ...deferred,
    why: 'mx1 asks to try again later: "451 4.7.1 <board@harbour.example>: Greylisted, try again".',
  }
  expect(sentenceOf(quoting, NOW)).toBe('mx1 asks to try again later. Next try 14:05, in 13 min.')
  expect(sentenceOf(deferred, NOW)).toBe('mx1.harbour.example asks to try again later. Next try 14:05, in 13 min.')
})

test('a deferral without a reply says first when it is tried again, then why', () => {
  const why = 'There is no connection to mx1.harbour.example: it refuses connections.'
  expect(reasonOf({ ...deferred, lastReply: null, why }, NOW)).toBe(`next try 14:05, ${why}`)
})

test('a bounce says the server’s words without repeating the address', () => {
  const bounced = recipient('bounced', { lastReply: '550 5.1.1 <board@harbour.example>: no such user' })
  expect(reasonOf(bounced, NOW)).toBe('550 5.1.1 no such user')
})

test('every state has its word, its icon and its reason', () => {
  for (const state of RECIPIENT_STATES) {
    const html = renderToString(
      <QueueList entries={[entry([recipient(state)])]} nowMs={NOW} selected={null} onSelect={() => {}} more={null} />,
    )
    expect(html).toContain(`>${state}<`)
    expect(html).toContain('<svg')
    expect(reasonOf(recipient(state), NOW)).not.toBe('')
    expect(sentenceOf(recipient(state), NOW)).toMatch(/\.$/)
  }
})

test('the summary counts what waits and what needs a person', () => {
  expect(summaryOf([entry([deferred, recipient('unknown')])], NOW, 2)).toBe(
    '2 recipients waiting, 1 message needs you, next try 14:05',
  )
  expect(summaryOf([], NOW, 0)).toBe('nothing waits')
})
