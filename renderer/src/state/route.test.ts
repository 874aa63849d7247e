import { expect, test } from 'vitest'
import { formatRoute, INBOX, parseRoute, type Route } from './route.ts'

const ROUTES: readonly Route[] = [
  INBOX,
  { view: 'mail', folderId: 3, messageId: 1_827_364_554_637 },
  { view: 'drafts' },
  { view: 'snoozed', messageId: null },
  { view: 'snoozed', messageId: 12 },
  { view: 'search', text: 'a/b #1 ü?', typing: false, messageId: 4 },
  { view: 'search', text: 'half a wor', typing: true, messageId: null },
  { view: 'search', text: 'half a wor', typing: true, messageId: 9 },
  { view: 'queue', entryId: null, recipientId: null },
  { view: 'queue', entryId: 7, recipientId: 9 },
  { view: 'log', sessionId: null, seq: null, of: null },
  { view: 'log', sessionId: 12, seq: 30, of: null },
  { view: 'log', sessionId: 12, seq: null, of: { entryId: 5 } },
  { view: 'log', sessionId: null, seq: null, of: { messageId: 5 } },
  { view: 'console', id: null, from: null },
  { view: 'console', id: 3, from: null },
  { view: 'console', id: null, from: { sessionId: 12, seq: null } },
  { view: 'console', id: null, from: { sessionId: 12, seq: 7 } },
  { view: 'lab', entryId: null },
  { view: 'lab', entryId: 5 },
  { view: 'settings', page: 'about' },
]

test.each(ROUTES.map((route) => [formatRoute(route), route] as const))('%s names one place', (hash, route) => {
  expect(parseRoute(hash)).toEqual(route)
})

test.each(['', '#', '#/', '#/nowhere', '#ticket=abc', '#/mail/x/-1'])('%j leads to the inbox', (hash) => {
  expect(parseRoute(hash)).toEqual(INBOX)
})

test('a broken escape in a search is taken as it stands', () => {
  expect(parseRoute('#/search/%E0%A4%A')).toEqual({ view: 'search', text: '%E0%A4%A', typing: false, messageId: null })
})
