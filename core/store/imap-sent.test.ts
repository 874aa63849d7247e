import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { parseMailbox } from '../model/address.ts'
import { accountOperations } from './account.ts'
import { listFolders } from './folder.ts'
import { changesOf, countChanges } from './imap-change.ts'
import { insertEntry } from './queue-change.ts'
import { listPage } from './message-list.ts'
import { queueUndoOperations } from './queue-undo.ts'

const NOW = 1_750_000_000_000
const fields = {
  messageId: '<1@here.example>',
  inReplyTo: '',
  references: '',
  subject: 'hi',
  authorName: '',
  authorAddress: 'ada@here.example',
  addressees: '',
  preview: '',
  dateMs: NOW,
  attachments: 0,
  body: '',
}

function house(sentCopy: 'append' | 'server') {
  const { db, connection } = openTestDb()
  const account = accountOperations['account.add'](
    db,
    {
      kind: 'imap',
      name: 'Ada',
      host: 'imap.example',
      port: 993,
      tls: 'implicit',
      user: 'Ada@here.example',
      keep: true,
      everySeconds: 300,
      secret: { login: 'password', value: Buffer.from('secret') },
      sentCopy,
    },
    NOW,
  )
  const send = (from: string) =>
    insertEntry(
      db,
      {
        body: { raw: Buffer.from('Subject: hi\r\n\r\nhi\r\n') },
        prefix: '',
        removed: [],
        from: parseMailbox(from)!,
        to: [parseMailbox('kim@far.example')!],
        userId: null,
        origin: 'window',
        messageId: '<1@here.example>',
        subject: 'hi',
        is8bit: false,
        needsUtf8: false,
        kept: [
          {
            owner: { accountId: null, userId: null },
            role: 'sent',
            message: { body: 'entry', prefix: '', removed: [], fields, receivedMs: NOW, seen: true },
          },
        ],
        undo: { forMs: 10_000, draft: '{"identityId":null}' },
      },
      NOW,
    )
  return { db, connection, account, send }
}

test('the copy of what is sent from the address of an account goes to its Sent folder, and to its server', () => {
  const { db, connection, account, send } = house('append')
  const { folderIds } = send('ada@here.example')
  const sent = listFolders(db).find(({ role }) => role === 'sent')
  expect(folderIds).toEqual([sent?.id])
  expect(sent).toMatchObject({ accountId: account.id, total: 1 })
  const [copy] = listPage(db, sent!.id, null, 10).rows
  expect(changesOf(db, copy!.id)).toMatchObject([{ kind: 'append', targetId: sent?.id }])
  send('ada@other.example')
  expect(listFolders(db).filter(({ role }) => role === 'sent')).toMatchObject([
    { accountId: null, total: 1 },
    { accountId: account.id, total: 1 },
  ])
  connection.close()
})

test('taken back, it is not put on the server', () => {
  const { db, connection, account, send } = house('append')
  const { entryId } = send('ada@here.example')
  queueUndoOperations['queue.undo'](db, { entryId, asked: { who: 'window', why: '' } }, NOW + 1)
  expect(listFolders(db).find(({ role }) => role === 'sent')).toMatchObject({ total: 0 })
  expect(countChanges(db, account.id)).toBe(0)
  connection.close()
})

test('where the server keeps its own copy, none is put there', () => {
  const { db, connection, account, send } = house('server')
  send('ada@here.example')
  expect(listFolders(db).find(({ role }) => role === 'sent')).toMatchObject({ accountId: account.id, total: 1 })
  expect(countChanges(db, account.id)).toBe(0)
  connection.close()
})
