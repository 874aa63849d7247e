import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openCutWire } from '../../test/support/cut-wire.ts'
import { numbered, openFetchHouse, type FetchHouse } from '../../test/support/fetch-house.ts'
import { found } from '../../test/support/found.ts'
import { startThread } from '../base/start-thread.ts'
import { listPending } from '../store/search-pending.ts'
import { createFetcher } from './fetcher.ts'
import { fetchAccount } from './pop3.ts'

const MESSAGES = 150
let house: FetchHouse
beforeEach(async () => {
  house = await openFetchHouse()
})
afterEach(() => house.close())

/** A maildrop in which one message is large and one has letters only FTS5 knows. */
function fill(): void {
  const bodyOf = (n: number) => {
    if (n === 40) return `owl40 ${'snow white\r\n'.repeat(40_000)}`
    return n === 50 ? 'owl50 snow ꙁ\r\n' : `owl${n} snow\r\n`
  }
  house.maildrop.messages.splice(0, Infinity, ...Array.from({ length: MESSAGES }, (_, n) => numbered(n, bodyOf(n))))
}
const everyOneIsFound = () => {
  expect(found(house.store.read, 'snow')).toHaveLength(MESSAGES)
  for (let n = 0; n < MESSAGES; n++) expect(found(house.store.read, `owl${n}`), `owl${n}`).toHaveLength(1)
}

test('many messages at once are all found when the fetch ends', async () => {
  fill()
  const told: boolean[] = []
  const account = await house.addAccount()
  const fetched = await fetchAccount(account, house.deps({ onBulk: (isLeaving) => void told.push(isLeaving) }))
  expect(fetched).toMatchObject({ fetched: MESSAGES, removed: MESSAGES, problem: null })
  everyOneIsFound()
  expect(listPending(house.store.read, 0, 10)).toEqual([])
  expect(told).toEqual([false])
})

test('threads that end at once leave the mail to be read and indexed one by one', async () => {
  fill()
  const account = await house.addAccount()
  const deps = house.deps({ startBulk: () => new Worker('process.exit()', { eval: true }) })
  expect(await fetchAccount(account, deps)).toMatchObject({ fetched: MESSAGES, removed: MESSAGES, problem: null })
  everyOneIsFound()
})

test('threads that end with the words of what is stored lose nothing: it waits to be indexed from the store', async () => {
  fill()
  const told: boolean[] = []
  const account = await house.addAccount()
  const startBulk = () =>
    new Worker(
      `const { parentPort } = require('node:worker_threads')
       const { DefaultSerializer } = require('node:v8')
       const fields = { messageId: '', inReplyTo: '', references: '', subject: '', authorName: '', authorAddress: '',
         addressees: '', preview: '', dateMs: null, attachments: 0, body: '' }
       parentPort.on('message', (request) => {
         if (request.do !== 'read') process.exit()
         const all = new DefaultSerializer()
         all.writeHeader()
         for (const _ of request.ends) all.writeValue({ fields, receivedMs: null })
         const packed = new Uint8Array(all.releaseBuffer())
         parentPort.postMessage({ do: 'read', n: request.n, how: new Uint8Array(request.ends.length).fill(2), packed })
       })`,
      { eval: true },
    )
  const deps = house.deps({ startBulk, onBulk: (isLeaving) => void told.push(isLeaving) })
  expect(await fetchAccount(account, deps)).toMatchObject({ fetched: MESSAGES, removed: MESSAGES, problem: null })
  expect(told).toEqual([true])
  const isFound = new Set(found(house.store.read, 'snow'))
  const waiting = listPending(house.store.read, 0, 1000)
  expect(waiting.length).toBeGreaterThan(0)
  expect(waiting.filter((id) => isFound.has(id))).toEqual([])
  expect(isFound.size + waiting.length).toBe(MESSAGES)
})

test('a fetch of many that breaks off goes on without a message lost, twice or not found', async () => {
  const wire = await openCutWire(house.server.port)
  fill()
  const account = await house.addAccount({ port: wire.port })
  // A part of the way, most of it, and within the deletions.
  for (const bytes of [6000, 300_000, 508_000]) {
    wire.cutAt = { from: 'server', bytes }
    await fetchAccount(account, house.deps())
  }
  wire.cutAt = undefined
  expect(await fetchAccount(account, house.deps())).toMatchObject({ problem: null })
  expect(house.maildrop.messages).toEqual([])
  expect(await house.inbox(account)).toHaveLength(MESSAGES)
  everyOneIsFound()
  await wire.close()
})

const comeLater = () =>
  house.maildrop.messages.splice(
    0,
    Infinity,
    ...Array.from({ length: MESSAGES }, (_, n) => numbered(1000 + n, 'snow\r\n')),
  )

test('fetches that follow each other have their mail read by the same thread, which ends with them', async () => {
  fill()
  let starts = 0
  const ended: Promise<unknown>[] = []
  const startBulk = () => {
    starts++
    const worker = startThread('fetch', 'bulk', null)
    ended.push(once(worker, 'exit'))
    return worker
  }
  const fetcher = createFetcher(house.deps({ startBulk }))
  const account = await house.addAccount()
  expect(await fetcher.fetch(account.id)).toMatchObject({ fetched: MESSAGES, problem: null })
  everyOneIsFound()
  comeLater()
  expect(await fetcher.fetch(account.id)).toMatchObject({ fetched: MESSAGES, problem: null })
  expect(found(house.store.read, 'snow')).toHaveLength(2 * MESSAGES)
  expect(starts).toBe(1)
  expect(listPending(house.store.read, 0, 10)).toEqual([])
  await fetcher.stop()
  await Promise.all(ended)
})

test('a thread that ends while it waits for the next fetch is replaced', async () => {
  fill()
  const workers: Worker[] = []
  const startBulk = () => {
    const worker = startThread('fetch', 'bulk', null)
    workers.push(worker)
    return worker
  }
  const fetcher = createFetcher(house.deps({ startBulk }))
  const account = await house.addAccount()
  await fetcher.fetch(account.id)
  await workers[0]!.terminate()
  comeLater()
  expect(await fetcher.fetch(account.id)).toMatchObject({ fetched: MESSAGES, problem: null })
  expect(workers).toHaveLength(2)
  await fetcher.stop()
})
