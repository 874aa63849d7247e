import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { openTestDb, openTestStore, TEST_KEY } from '../../test/support/store.ts'
import type { TestStore } from '../../test/support/store.ts'
import { CHUNK_BYTES, dropUnusedBlob, getBlob, storeBody } from './blob.ts'
import { keptParts } from './body.ts'
import { databasePath, openDatabase } from './database.ts'

const whole = (blobId: number, sizeBytes: number) => ({ blobId, prefix: '', removed: [], sizeBytes })
const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest()

describe('a view', () => {
  test('leaves out its ranges, wherever chunks end', () => {
    const cuts = fc
      .uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 10 })
      .map((at) => at.toSorted((a, b) => a - b))
    fc.assert(
      fc.property(cuts, fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 12 }), (at, sizes) => {
        const removed = at.flatMap((from, i) =>
          i % 2 === 0 && at[i + 1] !== undefined ? [[from, at[i + 1] ?? 0]] : [],
        )
        const ranges = removed as [number, number][]
        const all = Buffer.from(Array.from({ length: sizes.reduce((sum, size) => sum + size, 0) }, (_, i) => i))
        const expected = [...all].filter((_, i) => !ranges.some(([from, to]) => i >= from && i < to))
        let offset = 0
        const got = sizes.flatMap((size) => {
          const parts = keptParts(all.subarray(offset, offset + size), offset, ranges)
          offset += size
          return parts
        })
        expect(Array.from(Buffer.concat(got))).toEqual(expected)
      }),
    )
  })
})

describe('bodies', () => {
  let store: TestStore
  beforeAll(async () => void (store = await openTestStore()))
  afterAll(() => store.closeAndRemove())

  const staged = async (bytes: Uint8Array, pieces: number) => {
    const blob = await store.stage()
    const step = Math.max(1, Math.ceil(bytes.length / pieces))
    for (let from = 0; from < bytes.length; from += step) await blob.append(bytes.subarray(from, from + step))
    return { blob, ...(await blob.finish()) }
  }
  const chunks = (blobId: number) => {
    const count = store.read.prepare<[number, number], number>(
      'SELECT count(*) FROM blob_chunk WHERE id BETWEEN ? AND ?',
    )
    return count.pluck().get(blobId * 4096, blobId * 4096 + 4095)
  }

  test.each([0, 1, 4096, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 3 * CHUNK_BYTES + 17])(
    'of %i bytes come back as they were staged',
    async (size) => {
      const bytes = randomBytes(size)
      const body = await staged(bytes, 7)
      expect(body.sizeBytes).toBe(size)
      expect(Buffer.from(body.sha256)).toEqual(sha256(bytes))
      const read = await store.readBody(whole(body.stagedBlobId, size))
      expect(read.equals(bytes)).toBe(true)
    },
  )

  test('come with what stands before them and without what was removed', async () => {
    const bytes = randomBytes(2 * CHUNK_BYTES)
    const body = await staged(bytes, 3)
    const removed = [
      [0, 10],
      [CHUNK_BYTES - 5, CHUNK_BYTES + 5],
    ] as const
    const read = await store.readBody({ ...whole(body.stagedBlobId, 0), prefix: 'X-Grüße: y\r\n', removed })
    const expected = [
      Buffer.from('X-Grüße: y\r\n', 'latin1'),
      bytes.subarray(10, CHUNK_BYTES - 5),
      bytes.subarray(CHUNK_BYTES + 5),
    ]
    expect(read.equals(Buffer.concat(expected))).toBe(true)
  })

  test('hold up whoever sends faster than they are stored', async () => {
    const blob = await store.stage()
    let settled = false
    const first = blob.append(new Uint8Array(1024 * 1024)).then(() => (settled = true))
    await first
    expect(settled).toBe(true)
    await blob.append(new Uint8Array(4 * 1024 * 1024))
    // All but the 1 MiB that may wait is in the file by now.
    expect(chunks(blob.blobId)).toBeGreaterThanOrEqual(16)
    await blob.drop()
    expect(chunks(blob.blobId)).toBe(0)
  })

  test('that were dropped are gone, and take nothing more', async () => {
    const { blob } = await staged(randomBytes(600_000), 4)
    await blob.drop()
    await blob.drop()
    expect(chunks(blob.blobId)).toBe(0)
    await expect(blob.append(new Uint8Array(1))).rejects.toThrowError(expect.objectContaining({ code: 'conflict' }))
  })

  test('that nobody owns are gone after a restart', async () => {
    const owned = await adopted(randomBytes(3000))
    const { blob } = await staged(randomBytes(600_000), 4)
    await store.close()
    store = await openTestStore({ folder: store.folder })
    expect(getBlob(store.read, blob.blobId)).toBe(undefined)
    expect(chunks(blob.blobId)).toBe(0)
    expect(chunks(owned)).toBe(1)
  })

  test.each([1000, 3 * CHUNK_BYTES])(
    'of %i bytes that changed in the file are quarantined, kept and not given out whole',
    async (size) => {
      const bytes = randomBytes(size)
      const blobId = await adopted(bytes)
      const other = openDatabase({ path: databasePath(store.folder), key: TEST_KEY }, 'write')
      const changed = Buffer.from(bytes.subarray(0, CHUNK_BYTES))
      changed[5] = (changed[5] ?? 0) ^ 1
      other.prepare('UPDATE blob_chunk SET bytes = ? WHERE id = ?').run(changed, blobId * 4096)
      other.close()
      await expect(store.readBody(whole(blobId, size))).rejects.toThrowError(
        expect.objectContaining({ code: 'blob.damaged', details: expect.objectContaining({ blobId }) }),
      )
      expect(getBlob(store.read, blobId)?.state).toBe('quarantined')
      expect(chunks(blobId)).toBe(Math.ceil(size / CHUNK_BYTES))
    },
  )

  test('that are not there are damaged, too', async () => {
    await expect(store.readBody(whole(12_345, 1))).rejects.toThrowError(
      expect.objectContaining({ code: 'blob.damaged' }),
    )
  })

  /** A body with an owner, as a session leaves it behind. */
  async function adopted(bytes: Uint8Array): Promise<number> {
    const body = await staged(bytes, 3)
    const { entryId } = await store.write('queue.submit', {
      body: { stagedBlobId: body.stagedBlobId, sizeBytes: body.sizeBytes, sha256: body.sha256 },
      prefix: '',
      removed: [],
      from: null,
      userId: null,
      origin: 'submission',
      messageId: '<1@example.org>',
      subject: '',
      is8bit: false,
      needsUtf8: false,
      to: [],
      kept: [],
    })
    expect(entryId).toBeGreaterThan(0)
    await body.blob.drop() // its session ends; the body has an owner now
    return body.stagedBlobId
  }
})

describe('a stored blob', () => {
  test('goes when nothing refers to it any more, with its chunks, and only then', () => {
    const { db, connection } = openTestDb()
    const { blobId } = storeBody(db, { raw: randomBytes(2 * CHUNK_BYTES + 1) }, 1000)
    const { blobId: other } = storeBody(db, { raw: randomBytes(10) }, 1000)
    const count = () => connection.prepare('SELECT count(*) FROM blob_chunk').pluck().get()
    expect(count()).toBe(4)
    connection
      .prepare(
        `INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, origin, message_id, subject, is_8bit, needs_utf8, created_ms, open_count)
         VALUES (1, ?, '', '[]', 1, 'window', '', '', 0, 0, 0, 0)`,
      )
      .run(blobId)
    expect(dropUnusedBlob(db, blobId)).toBe(false)
    connection.prepare('DELETE FROM queue_entry').run()
    expect(dropUnusedBlob(db, blobId)).toBe(true)
    expect(count()).toBe(1)
    expect(getBlob(db, other)?.sizeBytes).toBe(10)
    connection.close()
  })

  test('is adopted only as what was finished, and once', () => {
    const { db, connection } = openTestDb()
    connection.prepare(`INSERT INTO blob VALUES (5, 'staged', 3, x'aa', 0)`).run()
    const body = { stagedBlobId: 5, sizeBytes: 3, sha256: Buffer.from([0xaa]) }
    const conflict = expect.objectContaining({ code: 'conflict' })
    expect(() => storeBody(db, { ...body, sizeBytes: 4 }, 0)).toThrowError(conflict)
    expect(() => storeBody(db, { ...body, sha256: Buffer.from([0xab]) }, 0)).toThrowError(conflict)
    expect(storeBody(db, body, 0)).toEqual({ blobId: 5, sizeBytes: 3 })
    expect(() => storeBody(db, body, 0)).toThrowError(conflict)
    connection.close()
  })
})
