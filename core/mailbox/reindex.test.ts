import { afterEach, beforeEach, expect, test } from 'vitest'
import { call } from '../../test/support/contract.ts'
import { found } from '../../test/support/found.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { Changes } from '../base/changes.ts'
import { systemClock } from '../base/clock.ts'
import { readFields } from '../message/read.ts'
import { PERSON } from '../store/folder.ts'
import { getRebuild } from '../store/search-index.ts'
import { Reindexer, type ReindexDeps } from './reindex.ts'
import { searchHandlers } from './search-handlers.ts'

const NOW = Date.UTC(2026, 0, 15)
let store: TestStore
let open: Reindexer[]
beforeEach(() => {
  store = openInlineStore(systemClock)
  open = []
})
afterEach(async () => {
  for (const one of open) await one.close()
  await store.closeAndRemove()
})

const mail = (n: number) => Buffer.from(`Subject: number ${n}\r\nFrom: ada@example.org\r\n\r\nan owl of snow ${n}\r\n`)
async function add(n: number): Promise<number> {
  const raw = mail(n)
  const message = {
    body: { raw },
    prefix: '',
    removed: [],
    fields: readFields(raw),
    receivedMs: NOW + n * 1000,
    seen: true,
  }
  return (await store.write('message.deliver', { owner: PERSON, role: 'inbox', message })).messageId
}
function house(more: Partial<ReindexDeps> = {}) {
  const changes = new Changes<'saved' | 'index'>(0)
  const logged: string[] = []
  const log = (line: string) => void logged.push(line)
  const reindexer = new Reindexer({ store, clock: systemClock, describe: readFields, changes, log, ...more })
  open.push(reindexer)
  return { reindexer, logged, handlers: searchHandlers({ store, reindexer, changes }) }
}

test('whoever asks for a new index hears how far it is, and finds everything at the end', async () => {
  const ids: number[] = []
  for (let n = 0; n < 120; n++) ids.push(await add(n))
  const { handlers } = house()
  const steps: { done: number; total: number }[] = []
  for await (const step of await call(handlers.reindex, undefined)) steps.push(step)
  expect(steps[0]).toEqual({ done: 0, total: 120 })
  expect(steps.at(-1)).toEqual({ done: 120, total: 120 })
  expect(steps.map(({ done }) => done)).toEqual(steps.map(({ done }) => done).toSorted((a, b) => a - b))
  expect(found(store.read, 'snow')).toEqual(ids.toReversed())
  expect(await call(handlers.indexing, undefined)).toBeNull()
})

test('what a stop interrupts goes on at the next start, with what came meanwhile', async () => {
  for (let n = 0; n < 120; n++) await add(n)
  let described = 0
  const { reindexer } = house({
    describe: (raw) => {
      if (++described === 60) void reindexer.close()
      return readFields(raw)
    },
  })
  await reindexer.begin()
  await reindexer.run()
  const half = getRebuild(store.read)
  expect(half).toMatchObject({ done: 50, total: 120 })
  expect(found(store.read, 'snow')).toHaveLength(50)
  const old = await add(-5) // older than all, as imported mail is
  const later = house()
  await later.reindexer.run()
  expect(found(store.read, 'snow')).toHaveLength(121)
  expect(found(store.read, 'snow').at(-1)).toBe(old)
  expect(getRebuild(store.read)).toBeNull()
})

test('a message whose bytes cannot be read is found by what its row says', async () => {
  const id = await add(1)
  const { reindexer, logged } = house({
    store: {
      ...store,
      openBody: () => {
        throw new Error('damaged')
      },
    },
  })
  await reindexer.begin()
  await reindexer.run()
  expect(found(store.read, 'number')).toEqual([id])
  expect(found(store.read, 'from:ada owl')).toEqual([id]) // the row has the beginning of the text
  expect(logged).toEqual([`index message ${id}: damaged`])
})

test('saved searches are kept by name, and only those that parse', async () => {
  const { handlers } = house()
  const save = (name: string, text: string, id?: number) =>
    call(handlers.saved.save, { name, text, ...(id !== undefined && { id }) })
  const kim = await save('Kim', 'from:kim')
  const bills = await save('bills', 'invoice OR bill')
  expect(await call(handlers.saved.list, undefined)).toEqual([bills, kim])
  await expect(save('Kim', 'x')).rejects.toMatchObject({ code: 'conflict' })
  await expect(save('New', 'from:')).rejects.toMatchObject({
    code: 'search.invalid',
    details: { offset: 0, length: 5 },
  })
  expect(await save('Kim', 'from:kim is:unread', kim.id)).toEqual({ ...kim, text: 'from:kim is:unread' })
  await call(handlers.saved.remove, { id: bills.id })
  await expect(call(handlers.saved.remove, { id: bills.id })).rejects.toMatchObject({ code: 'not-found' })
  expect(await call(handlers.saved.list, undefined)).toHaveLength(1)
})

test('what came in bulk and was not indexed then is found after the next start', async () => {
  const at = { name: 'Ada', host: 'mail.example', port: 110, tls: 'none', user: 'ada', everySeconds: 300 } as const
  const secret = { login: 'password', value: Buffer.from('x') } as const
  const { id: accountId } = await store.write('account.add', { ...at, keep: true, secret })
  const arrivals = Array.from({ length: 120 }, (_, n) => {
    const fields = { ...readFields(mail(n)), body: '' }
    return { uidl: `u${n}`, body: { raw: mail(n) }, fields, receivedMs: NOW - n * 1000, isIndexedLater: true as const }
  })
  const from = { host: 'mail.example', user: 'ada' }
  const { messageIds } = await store.write('pop3.keep', { accountId, from, arrivals })
  expect(found(store.read, 'snow')).toEqual([])
  await house().reindexer.run()
  expect(found(store.read, 'snow')).toEqual(messageIds)
})
