import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { parseMailbox } from '../model/address.ts'
import { accountOperations } from './account.ts'
import { ensureFolder, ensureNamed, listFolders, PERSON } from './folder.ts'
import { saveIdentity } from './identity.ts'
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

const writes = (address: string, sentFolderId: number | null) => ({
  name: '',
  mailbox: parseMailbox(address)!,
  routeId: null,
  sentFolderId,
})
const totalOf = (db: Parameters<typeof listFolders>[0], folderId: number) =>
  listFolders(db).find(({ id }) => id === folderId)?.total

test('an identity has its copies kept in the folder that is chosen for it, and no other identity has', () => {
  const { db, connection, account, send } = house('append')
  const letters = ensureNamed(db, 'Letters')
  saveIdentity(db, writes('Ada@here.example', letters), NOW)
  expect(send('ada@here.example').folderIds).toEqual([letters])
  expect(countChanges(db, account.id)).toBe(0)
  expect(send('ada@other.example').folderIds).not.toEqual([letters])
  // What is left out stays; null takes it back.
  saveIdentity(db, { name: 'Ada', mailbox: parseMailbox('ada@here.example')!, routeId: null }, NOW)
  expect(send('ada@here.example').folderIds).toEqual([letters])
  saveIdentity(db, writes('ada@here.example', null), NOW)
  expect(send('ada@here.example').folderIds).toEqual([
    listFolders(db).find(({ role, accountId }) => role === 'sent' && accountId === account.id)?.id,
  ])
  connection.close()
})

test('a copy in a folder of another account goes to its server, also where that keeps what it has sent itself', () => {
  const { db, connection, account, send } = house('server')
  const sent = ensureFolder(db, { accountId: account.id, userId: null }, 'sent')
  saveIdentity(db, writes('kim@other.example', sent), NOW)
  send('kim@other.example')
  const [copy] = listPage(db, sent, null, 10).rows
  expect(changesOf(db, copy!.id)).toMatchObject([{ kind: 'append', targetId: sent }])
  send('ada@here.example')
  expect(totalOf(db, sent)).toBe(2)
  expect(countChanges(db, account.id)).toBe(1)
  connection.close()
})

test('taken back, the copy in a folder that was chosen is gone, also when another was chosen meanwhile', () => {
  const { db, connection, send } = house('append')
  const letters = ensureNamed(db, 'Letters')
  const takeBack = (entryId: number) =>
    queueUndoOperations['queue.undo'](db, { entryId, asked: { who: 'window', why: '' } }, NOW + 1)
  saveIdentity(db, writes('ada@here.example', letters), NOW)
  const { entryId } = send('ada@here.example')
  expect(totalOf(db, letters)).toBe(1)
  expect(takeBack(entryId).folderIds).toContain(letters)
  expect(totalOf(db, letters)).toBe(0)
  saveIdentity(db, writes('ada@here.example', null), NOW)
  const second = send('ada@here.example')
  saveIdentity(db, writes('ada@here.example', letters), NOW)
  takeBack(second.entryId)
  expect(listFolders(db).every(({ total }) => total === 0)).toBe(true)
  connection.close()
})

test('a folder that is emptied, and one that is not there, are not taken for copies; one that goes is forgotten', () => {
  const { db, connection, send } = house('append')
  const trash = ensureFolder(db, PERSON, 'trash')
  expect(() => saveIdentity(db, writes('a@far.example', trash), NOW)).toThrow(/no folder for copies/)
  expect(() => saveIdentity(db, writes('a@far.example', 999), NOW)).toThrow(/there is none/)
  const letters = ensureNamed(db, 'Letters')
  saveIdentity(db, writes('a@far.example', letters), NOW)
  connection.prepare('DELETE FROM folder WHERE id = ?').run(letters)
  const { folderIds } = send('a@far.example')
  expect(listFolders(db).find(({ id }) => id === folderIds[0])).toMatchObject({ role: 'sent', accountId: null })
  connection.close()
})
