import { expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import { BodiesAhead } from './ahead.ts'
import { blobQueries, storeBody } from './blob.ts'
import type { Query, Store } from './types.ts'

function house() {
  const { db, connection } = openTestDb()
  const query: Store['query'] = async (name, args) =>
    (blobQueries as Record<string, Query<unknown, unknown>>)[name]?.(db, args) as never
  const add = (bytes: number, fill: number) => storeBody(db, { raw: Buffer.alloc(bytes, fill) }, 0).blobId
  return { connection, add, ahead: new BodiesAhead(query) }
}

test('has what was read ahead once, byte for byte', async () => {
  const { add, ahead } = house()
  const ids = [add(4096, 1), add(10, 2), add(65_536, 3)]
  await ahead.read(ids)
  expect(ids.map((id) => ahead.take(id))).toEqual([Buffer.alloc(4096, 1), Buffer.alloc(10, 2), Buffer.alloc(65_536, 3)])
  expect(ids.map((id) => ahead.take(id))).toEqual([undefined, undefined, undefined])
})

test('leaves what is long, damaged or not there to whoever opens it', async () => {
  const { add, ahead, connection } = house()
  const [long, damaged, sound] = [add(65_537, 1), add(100, 2), add(100, 3)]
  connection.prepare('UPDATE blob_chunk SET bytes = ? WHERE id = ?').run(Buffer.alloc(100, 9), damaged * 4096)
  await ahead.read([long, damaged, 999, sound])
  expect([long, damaged, 999].map((id) => ahead.take(id))).toEqual([undefined, undefined, undefined])
  expect(ahead.take(sound)).toHaveLength(100)
})

test('holds two megabytes at most, the newest', async () => {
  const { add, ahead } = house()
  const ids = Array.from({ length: 80 }, () => add(65_536, 7))
  for (const id of ids) await ahead.read([id])
  expect(ahead.take(ids[0] ?? 0)).toBeUndefined()
  expect(ids.filter((id) => ahead.take(id) !== undefined)).toHaveLength(32)
})

test('a reader that cannot answer is no fault of the mail', async () => {
  const ahead = new BodiesAhead(() => Promise.reject(new Error('it died')))
  await ahead.read([1])
  expect(ahead.take(1)).toBeUndefined()
})

test('whoever opens what is on its way waits for it, and nothing of it stays', async () => {
  const { add, ahead } = house()
  const [wanted, other, long] = [add(4096, 1), add(10, 2), add(65_537, 3)]
  const reading = ahead.read([wanted, other, long])
  const taken = [wanted, wanted, long].map((id) => ahead.take(id))
  await reading
  expect(await Promise.all(taken)).toEqual([Buffer.alloc(4096, 1), undefined, undefined])
  expect([wanted, other, long].map((id) => ahead.take(id))).toEqual([undefined, Buffer.alloc(10, 2), undefined])
})
