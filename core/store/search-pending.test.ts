import { afterEach, beforeEach, expect, test } from 'vitest'
import { found } from '../../test/support/found.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { foldFields } from './search-index.ts'
import { listPending } from './search-pending.ts'
import { PieceBuilder } from './search-piece.ts'

let store: TestStore
let accountId: number
beforeEach(async () => {
  store = openInlineStore(systemClock)
  const at = { name: 'Ada', host: 'mail.example', port: 110, tls: 'none', user: 'ada', everySeconds: 300 } as const
  accountId = (
    await store.write('account.add', { ...at, keep: true, secret: { login: 'password', value: Buffer.from('x') } })
  ).id
})
afterEach(() => store.closeAndRemove())

const fieldsOf = (n: number): MessageFields => ({
  messageId: `<${n}@author.example>`,
  inReplyTo: '',
  references: '',
  subject: `letter ${n}`,
  authorName: 'Ada',
  authorAddress: 'ada@author.example',
  addressees: 'bob@example.org',
  preview: '',
  dateMs: null,
  attachments: 0,
  body: `snow owl${n}`,
})

/** Stores messages whose words come later, and makes the piece they come in. */
async function keep(...numbers: readonly number[]) {
  const builder = new PieceBuilder()
  const arrivals = numbers.map((n) => {
    const { subject, author, addressees, cc, body, files } = foldFields(fieldsOf(n))
    builder.add([subject, author, addressees, cc, body, files])
    const raw = Buffer.from(`Subject: letter ${n}\r\n\r\nsnow owl${n}\r\n`)
    const fields = { ...fieldsOf(n), body: '' }
    return { uidl: `u${n}`, body: { raw }, fields, receivedMs: 1e12 - n * 1e6, isIndexedLater: true as const }
  })
  const from = { host: 'mail.example', user: 'ada' }
  const { messageIds } = await store.write('pop3.keep', { accountId, from, arrivals })
  return { ids: messageIds.map((id) => id ?? 0), piece: builder.finish(messageIds)! }
}

test('a message is found once its piece is in the index, and waits until then', async () => {
  const { ids, piece } = await keep(1, 2, 3)
  expect(found(store.read, 'snow')).toEqual([])
  expect(listPending(store.read, 0, 10)).toEqual(ids.toSorted((a, b) => a - b))
  expect(await store.write('search.adopt', { piece })).toBe(true)
  expect(found(store.read, 'snow')).toEqual(ids)
  expect(listPending(store.read, 0, 10)).toEqual([])
})

test('a piece is not taken once one of its messages is gone; the others are indexed from the store', async () => {
  const { ids, piece } = await keep(1, 2, 3)
  await store.write('message.remove', { ids: [ids[1]!] })
  await store.write('message.remove', { ids: [ids[1]!] })
  expect(await store.write('search.adopt', { piece })).toBe(false)
  expect(found(store.read, 'snow')).toEqual([])
  const messages = [1, 2, 3].map((n) => ({ id: ids[n - 1]!, fields: fieldsOf(n) }))
  await store.write('search.index-pending', { messages })
  await store.write('search.index-pending', { messages })
  expect(found(store.read, 'snow')).toEqual([ids[0], ids[2]])
  expect(await store.write('search.adopt', { piece })).toBe(false)
  expect(found(store.read, 'snow')).toEqual([ids[0], ids[2]])
})

test('an index that is made anew takes care of what waits, and no piece of before gets in', async () => {
  const { ids, piece } = await keep(1, 2)
  await store.write('search.begin-rebuild', null)
  expect(listPending(store.read, 0, 10)).toEqual([])
  expect(await store.write('search.adopt', { piece })).toBe(false)
  const messages = [1, 2].map((n) => ({ id: ids[n - 1]!, fields: fieldsOf(n) }))
  await store.write('search.index', { messages, below: null })
  expect(found(store.read, 'owl1')).toEqual([ids[0]])
})
