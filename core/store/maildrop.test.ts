import { afterEach, beforeEach, expect, test } from 'vitest'
import { newMessage } from '../../test/support/pop3-server-service.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { findFolder, PERSON } from './folder.ts'
import { getMessage } from './message-list.ts'

let store: TestStore
beforeEach(() => {
  store = openInlineStore(systemClock)
})
afterEach(() => store.closeAndRemove())

const START = Date.UTC(2026, 0, 1)
/** A message whose Date field says something else than when it came. */
async function deliver(n: number, dateMs: number | null, text = `Subject: ${n}\r\n\r\n`): Promise<number> {
  const message = newMessage(Buffer.from(text), START + n * 1000)
  const { messageId } = await store.write('message.deliver', {
    owner: PERSON,
    role: 'inbox',
    message: { ...message, fields: { ...message.fields, dateMs } },
  })
  return messageId
}
const inboxId = () => findFolder(store.read, PERSON, 'inbox')?.id ?? 0
const list = () => store.query('maildrop.list', { folderId: inboxId() })

test('a maildrop is listed in the order of arrival, whatever its messages say of their date', async () => {
  const ids: number[] = []
  for (let n = 0; n < 2500; n++)
    ids.push(await deliver(n, START - ((n * 7919) % 2500) * 60_000, `${'x'.repeat(n % 50)}`))
  const { ids: listed, sizes } = await list()
  expect([...listed]).toEqual(ids)
  expect([...sizes]).toEqual(ids.map((_, n) => n % 50))
}, 20_000)

test('an empty folder is an empty maildrop, and so is one that is not there', async () => {
  expect((await store.query('maildrop.list', { folderId: 4711 })).ids).toHaveLength(0)
})

test('removes what is in the folder still, with its bytes, its index and its count, and nothing else', async () => {
  const [one = 0, two = 0, three = 0, four = 0] = await Promise.all([1, 2, 3, 4].map((n) => deliver(n, null)))
  await store.write('message.move', { ids: [two], to: { role: 'archive' } })
  await store.write('message.seen', { ids: [three], seen: true })
  const removed = await store.write('maildrop.remove', { folderId: inboxId(), ids: [one, two, three, 4711] })
  expect(removed).toBe(2)
  expect((await list()).ids).toEqual(Float64Array.of(four))
  expect(getMessage(store.read, two)).toBeDefined()
  expect(findFolder(store.read, PERSON, 'inbox')).toMatchObject({ total: 1, unread: 1 })
  expect(store.read.prepare('SELECT count(*) AS n FROM blob').get()).toEqual({ n: 2 })
  expect(store.read.prepare('SELECT count(*) AS n FROM message_text').get()).toEqual({ n: 2 })
})

test('removes all or nothing', async () => {
  const ids = [await deliver(1, null), await deliver(2, null)]
  store.read
    .prepare(
      `CREATE TRIGGER stays BEFORE DELETE ON message WHEN OLD.id = ${ids[1]} BEGIN SELECT RAISE(ABORT, 'no'); END`,
    )
    .run()
  await expect(store.write('maildrop.remove', { folderId: inboxId(), ids })).rejects.toThrow()
  expect([...(await list()).ids]).toEqual(ids)
  expect(findFolder(store.read, PERSON, 'inbox')).toMatchObject({ total: 2, unread: 2 })
})
