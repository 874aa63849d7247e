import { expect, test } from 'vitest'
import { systemClock } from '../base/clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { findFolder } from './folder.ts'
import { listImapFolders } from './imap-folder.ts'
import { listTodo, sourceOf } from './rule-todo.ts'

const NOW = Date.now()
const DAY_MS = 86_400_000
const mail = (subject: string) =>
  Buffer.from(`From: ada@far.test\r\nSubject: ${subject}\r\nMessage-ID: <${subject}@far.test>\r\n\r\nhi\r\n`)

const fieldsOf = (subject: string) => ({
  messageId: `<${subject}@far.test>`,
  inReplyTo: '',
  references: '',
  subject,
  authorName: '',
  authorAddress: 'ada@far.test',
  addressees: '',
  preview: '',
  dateMs: null,
  attachments: 0,
  body: '',
})

async function open(kind: 'pop3' | 'imap') {
  const store = openInlineStore(systemClock)
  const account = await store.write('account.add', {
    kind,
    name: 'Far',
    host: 'mail.far.test',
    port: 1,
    tls: 'implicit',
    user: 'me@far.test',
    keep: true,
    everySeconds: 300,
    secret: { login: 'password', value: Buffer.from('x') },
    ...(kind === 'imap' && { sentCopy: 'append' as const }),
  })
  const rule = async (enabled = true) =>
    store.write('rule.save', {
      name: 'all',
      enabled,
      scope: { kind: 'all' },
      condition: { kind: 'all', of: [], not: false },
      actions: [{ do: 'star' }],
    })
  const todo = () => listTodo(store.read, Number.MAX_SAFE_INTEGER, 100)
  return { store, accountId: account.id, rule, todo }
}

test('mail of a POP3 account is noted in the operation that keeps it, once', async () => {
  const { store, accountId, rule, todo } = await open('pop3')
  const keep = (...subjects: string[]) => {
    const arrivals = subjects.map((subject) => {
      const raw = mail(subject)
      return { uidl: subject, body: { raw }, fields: fieldsOf(subject), receivedMs: NOW }
    })
    return store.write('pop3.keep', { accountId, from: { host: 'mail.far.test', user: 'me@far.test' }, arrivals })
  }
  await keep('before')
  expect(todo()).toEqual([])
  await rule()
  const { messageIds } = await keep('before', 'one', 'two')
  const source = { kind: 'account', accountId } as const
  expect(todo()).toEqual(messageIds.slice(1).map((messageId) => ({ messageId, source, tries: 0 })))
  const id = messageIds[1]!
  await store.write('message.move', {
    ids: [id],
    to: { folderId: await store.write('folder.ensure', { owner: { accountId: null, userId: null }, role: 'archive' }) },
  })
  // Where it lies now says nothing of what it came by.
  expect(sourceOf(store.read, id, { accountId: null, userId: null })).toEqual(source)
  await store.write('message.remove', { ids: [id] })
  await store.write('message.remove', { ids: [id] })
  expect(todo().map(({ messageId }) => messageId)).toEqual([messageIds[2]])
  await store.closeAndRemove()
})

test('of an IMAP account only what has just come into the Inbox is noted', async () => {
  const { store, accountId, rule, todo } = await open('imap')
  await rule()
  await store.write('imap.folders', {
    accountId,
    folders: [
      { path: 'INBOX', name: 'Inbox', role: 'inbox' },
      { path: 'Lists', name: 'Lists', role: 'other' },
    ],
  })
  const [inbox, lists] = listImapFolders(store.read, accountId).map(({ folderId }) => folderId)
  const keep = async (folderId: number | undefined, uid: number, subject: string, receivedMs = NOW) => {
    const raw = mail(subject)
    const arrivals = [{ uid, flags: 0, body: { raw }, fields: fieldsOf(subject), receivedMs }]
    const [id] = await store.write('imap.keep', { folderId: folderId ?? 0, uidValidity: 7, arrivals })
    return id ?? 0
  }
  for (const folderId of [inbox, lists])
    await store.write('imap.begin', { folderId: folderId ?? 0, uidValidity: 7, uidNext: 10 })
  await keep(inbox, 9, 'there-at-the-first-look')
  await keep(lists, 10, 'in-another-folder')
  expect(todo()).toEqual([])
  const fresh = await keep(inbox, 10, 'fresh')
  expect(todo()).toEqual([{ messageId: fresh, source: { kind: 'account', accountId }, tries: 0 }])

  // A rule has had it; another program puts it back into the Inbox under a new number.
  const limits = { forwardsPerDay: 0, repliesPerDay: 0 }
  const rules = [{ id: 1, name: 'all', steps: [{ do: 'star' as const }] }]
  await store.write('rule.apply', { messageId: fresh, how: 'arrival', rules, limits })
  await store.write('imap.vanished', { folderId: inbox ?? 0, uidValidity: 7, uids: [10] })
  await keep(inbox, 11, 'fresh')
  expect(todo()).toEqual([])

  // It came to its server long before the last fetch: somebody has moved it here.
  await store.write('account.fetched', { id: accountId, error: null, nextFetchMs: NOW })
  await keep(inbox, 12, 'moved-here', NOW - 2 * DAY_MS)
  expect(todo()).toEqual([])
  await keep(inbox, 13, 'fresh-again')
  expect(todo()).toHaveLength(1)
  expect(findFolder(store.read, { accountId, userId: null }, 'inbox')?.total).toBe(4)
  await store.closeAndRemove()
})

test('a folder that is numbered anew begins anew: what is in it then has not just come', async () => {
  const { store, accountId, rule, todo } = await open('imap')
  await rule()
  await store.write('imap.folders', { accountId, folders: [{ path: 'INBOX', name: 'Inbox', role: 'inbox' }] })
  const folderId = listImapFolders(store.read, accountId)[0]?.folderId ?? 0
  const keep = (uidValidity: number, uid: number) => {
    const subject = `m${uid}`
    const raw = mail(subject)
    const arrivals = [{ uid, flags: 0, body: { raw }, fields: fieldsOf(subject), receivedMs: NOW }]
    return store.write('imap.keep', { folderId, uidValidity, arrivals })
  }
  await store.write('imap.begin', { folderId, uidValidity: 1, uidNext: 5 })
  await store.write('imap.begin', { folderId, uidValidity: 2, uidNext: 100 })
  await keep(2, 50)
  expect(todo()).toEqual([])
  // A server that does not say its next number: known once all of it was looked at.
  await store.write('imap.begin', { folderId, uidValidity: 3, uidNext: null })
  await keep(3, 60)
  expect(todo()).toEqual([])
  await store.write('imap.synced', { folderId, uidValidity: 3, uidNext: null, modseq: null })
  await keep(3, 61)
  expect(todo()).toHaveLength(1)
  await store.closeAndRemove()
})
