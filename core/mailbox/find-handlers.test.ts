import { afterEach, beforeEach, expect, test } from 'vitest'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { systemClock } from '../base/clock.ts'
import { readFields } from '../message/read.ts'
import type { SearchPage } from '../rpc/search-contract.ts'
import { PERSON } from '../store/folder.ts'
import type { Store } from '../store/types.ts'
import { find, type FindInput } from './find-handlers.ts'

const NOW = Date.UTC(2026, 0, 15)
let store: TestStore
beforeEach(() => {
  store = openInlineStore(systemClock)
})
afterEach(() => store.closeAndRemove())

async function add(text: string, n = 0): Promise<number> {
  const raw = Buffer.from(text.replaceAll('\n', '\r\n'))
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
const describe = async (raw: Uint8Array) => readFields(raw)
const search = (input: FindInput, signal?: AbortSignal, over: Pick<Store, 'read' | 'query' | 'openBody'> = store) =>
  find({ store: over, describe, nowMs: () => NOW }, input, signal)
async function pages(input: FindInput): Promise<SearchPage[]> {
  const all: SearchPage[] = []
  for await (const page of search(input)) all.push(page)
  return all
}
const marked = ({ text, marks }: { text: string; marks: readonly (readonly [number, number])[] }) =>
  marks.map(([from, to]) => text.slice(from, to))

test('hits come with their marks at once, and with words of the text after that', async () => {
  const filler = 'nothing of note stands here. '.repeat(20)
  const id = await add(`Subject: Grüße aus Köln\nFrom: Ada <ada@example.org>\n\n${filler}The treasure lies in KÖLN.\n`)
  const [first, second, ...rest] = await pages({ text: 'koln treasure', limit: 10 })
  expect(first).toMatchObject({ ended: true, more: false, indexing: null, snippets: [] })
  const hit = first?.hits[0]
  expect(hit?.id).toBe(id)
  expect(hit && marked({ text: hit.subject, marks: hit.subjectMarks })).toEqual(['Köln'])
  expect(second?.snippets.map(({ id: of }) => of)).toEqual([id])
  expect(second?.snippets.map(marked)).toEqual([['treasure', 'KÖLN']])
  expect(rest).toEqual([])
})

test('a text is not opened for words that stand in the list', async () => {
  await add('Subject: treasure\nFrom: ada@example.org\n\nA short text about maps.\n')
  const openBody = () => {
    throw new Error('opened')
  }
  const all: SearchPage[] = []
  for await (const page of search({ text: 'treasure maps', limit: 10 }, undefined, { ...store, openBody }))
    all.push(page)
  expect(all).toHaveLength(1)
  expect(all[0]?.hits.map(({ snippet }) => marked(snippet))).toEqual([['maps']])
})

test('tells more than a page in pages, newest first, and where the limit was reached', async () => {
  const ids: number[] = []
  for (let n = 0; n < 120; n++) ids.push(await add(`Subject: owl ${n}\n\nx\n`, n))
  const all = await pages({ text: 'owl', limit: 100 })
  expect(all.map(({ hits }) => hits.length)).toEqual([50, 50])
  expect(all.flatMap(({ hits }) => hits.map(({ id }) => id))).toEqual(ids.toReversed().slice(0, 100))
  expect(all.map(({ ended, more }) => [ended, more])).toEqual([
    [false, false],
    [true, true],
  ])
  const before = all.at(-1)!.hits.at(-1)!.id
  const rest = await pages({ text: 'owl', limit: 100, before })
  expect(rest.flatMap(({ hits }) => hits.map(({ id }) => id))).toEqual(ids.toReversed().slice(100))
  expect(rest.at(-1)).toMatchObject({ ended: true, more: false })
})

test('the next keystroke ends a search: what it asked is let go of, and no message is opened for it', async () => {
  await store.closeAndRemove()
  store = await openTestStore() // with its threads
  for (let n = 0; n < 60; n++) await add(`Subject: owl ${n}\n\n${'far '.repeat(100)} treasure\n`, n)
  const stop = new AbortController()
  let opened = 0
  const over: Pick<Store, 'read' | 'query' | 'openBody'> = {
    read: store.read,
    query: store.query,
    openBody: (view) => {
      opened++
      return store.openBody(view)
    },
  }
  const running = search({ text: 'treasure', limit: 100 }, stop.signal, over)
  expect((await running.next()).value).toMatchObject({ ended: false })
  stop.abort(new Error('another key'))
  await expect(running.next()).rejects.toThrow('another key')
  expect(opened).toBe(0)
  // One that has not begun to answer is let go of, too, and the reader serves the next.
  const late = new AbortController()
  const waiting = search({ text: 'owl', limit: 100 }, late.signal, over).next()
  late.abort(new Error('one more key'))
  await expect(waiting).rejects.toThrow('one more key')
  expect((await search({ text: 'owl', limit: 100 }).next()).value).toMatchObject({ ended: false })
})

test('says where a query does not parse, and finds nothing for nothing', async () => {
  await expect(search({ text: 'a from:', limit: 1 }).next()).rejects.toMatchObject({
    code: 'search.invalid',
    message: 'search, at character 3 ("from:"): Write what is looked for right behind “from:”.',
    details: { offset: 2, length: 5 },
  })
  expect(await pages({ text: ' ', limit: 1 })).toMatchObject([{ hits: [], ended: true }])
})
