import Database from 'better-sqlite3'
import {
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
  closeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { openTestStore } from '../../test/support/store.ts'
import type { TestStore } from '../../test/support/store.ts'
import type { Fault } from '../base/fault.ts'
import { openDatabase } from './database.ts'
import { getSession } from './session.ts'
import { listSettings } from './setting.ts'

let folder: string
const opened: TestStore[] = []
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'posthorn-open-'))))
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close()
  rmSync(folder, { recursive: true, force: true })
})
const open = async (options: Parameters<typeof openTestStore>[0] = {}) => {
  const store = await openTestStore({ folder, ...options })
  opened.push(store)
  return store
}
const file = () => join(folder, 'mail.db')

describe('the file', () => {
  test('keeps what was written, over a restart', async () => {
    const store = await open()
    await store.write('setting.put', { key: 'queue.paused', value: true })
    expect(listSettings(store.read)).toEqual({ 'queue.paused': true })
    await store.close()
    expect(listSettings((await open()).read)).toEqual({ 'queue.paused': true })
  })

  test('shows nothing of what it holds, neither it nor its log', async () => {
    const marker = 'the quick brown fox'
    const store = await open()
    await store.write('setting.put', { key: 'marker', value: marker })
    const found = () =>
      readdirSync(folder).filter((name) => {
        const bytes = readFileSync(join(folder, name))
        return bytes.includes(marker) || bytes.includes('CREATE TABLE') || bytes.includes('SQLite format 3')
      })
    expect(readdirSync(folder)).toContain('mail.db-wal')
    expect(statSync(`${file()}-wal`).size).toBeGreaterThan(0)
    expect(found()).toEqual([])
    await store.close()
    expect(found()).toEqual([])
    const without = new Database(file())
    expect(() => without.prepare('SELECT * FROM setting').all()).toThrowError(
      expect.objectContaining({ code: 'SQLITE_NOTADB' }),
    )
    without.close()
  })

  test.skipIf(process.platform === 'win32')('is the owner’s alone, with its log and its folder', async () => {
    await open()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    expect(readdirSync(folder).toSorted()).toEqual(['mail.db', 'mail.db-shm', 'mail.db-wal'])
    for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).mode & 0o777, name).toBe(0o600)
  })

  test('is written with every commit flushed', () => {
    const db = openDatabase({ path: join(folder, 'other.db'), key: new Uint8Array(32) }, 'write')
    const pragma = (name: string) => db.pragma(name, { simple: true })
    expect(pragma('synchronous')).toBe(2)
    expect(pragma('journal_mode')).toBe('wal')
    expect(pragma('foreign_keys')).toBe(1)
    expect(pragma('temp_store')).toBe(2)
    expect(pragma('busy_timeout')).toBeGreaterThan(0)
    if (process.platform === 'darwin') {
      expect(pragma('fullfsync')).toBe(1)
      expect(pragma('checkpoint_fullfsync')).toBe(1)
    }
    db.close()
  })

  test('with the wrong key is left as it is, and the words say key', async () => {
    await (await open()).close()
    const before = readFileSync(file())
    await expect(open({ key: new Uint8Array(32).fill(8) })).rejects.toThrowError(
      expect.objectContaining({ code: 'vault.key-wrong' }),
    )
    expect(readFileSync(file())).toEqual(before)
    await open()
  })

  test('that is damaged is left as it is, and the words say damaged', async () => {
    const store = await open()
    await Promise.all(
      Array.from({ length: 50 }, (_, i) => store.write('setting.put', { key: `${i}`, value: 'x'.repeat(1000) })),
    )
    await store.close()
    const at = openSync(file(), 'r+')
    writeSync(at, Buffer.alloc(512, 0x55), 0, 512, 100)
    closeSync(at)
    const before = readFileSync(file())
    await expect(open()).rejects.toThrowError(expect.objectContaining({ code: 'store.corrupt' }))
    expect(readFileSync(file())).toEqual(before)
  })

  test('that is something else is left as it is', async () => {
    for (const bytes of ['not a database at all', 'SQLite format 3\0'.padEnd(9000, 'x')]) {
      writeFileSync(file(), bytes)
      await expect(open()).rejects.toThrowError(/mail\.db"/)
      expect(readFileSync(file(), 'latin1')).toBe(bytes)
    }
  })

  test('cut short is damaged, and never taken for empty', async () => {
    await (await open()).close()
    truncateSync(file(), 6000)
    await expect(open()).rejects.toThrowError(expect.objectContaining({ code: 'store.corrupt' }))
    expect(statSync(file()).size).toBe(6000)
  })

  test('of a newer version is refused', async () => {
    await (await open()).close()
    const db = openDatabase({ path: file(), key: new Uint8Array(32).fill(7) }, 'write')
    db.pragma('user_version = 99')
    db.close()
    await expect(open()).rejects.toThrowError(
      expect.objectContaining({ code: 'store.newer', details: expect.objectContaining({ version: 99 }) }),
    )
  })
})

describe('writing', () => {
  test('settles in the order of asking, each with its own result', async () => {
    const store = await open()
    const order: number[] = []
    const asked = Array.from({ length: 500 }, async (_, i) => {
      const { blobId } = await store.write('blob.stage', null)
      order.push(i)
      return blobId
    })
    const ids = await Promise.all(asked)
    expect(order).toEqual(order.toSorted((a, b) => a - b))
    expect(new Set(ids).size).toBe(500)
    expect(store.read.prepare('SELECT count(*) FROM blob').pluck().get()).toBe(500)
  })

  test('a fault of an operation comes back as the fault it was', async () => {
    const store = await open()
    const bytes = new Uint8Array(3)
    await expect(store.write('blob.append', { blobId: 77, n: 0, bytes })).rejects.toThrowError(
      expect.objectContaining({
        name: 'Fault',
        code: 'conflict',
        details: expect.objectContaining({ what: 'staged blob' }),
      }),
    )
    expect(bytes).toHaveLength(3) // the caller's bytes stay the caller's
  })

  test('a full disk refuses what does not fit and goes on with what does', async () => {
    const store = await open({ maxPages: 300 })
    const big = 'x'.repeat(2_000_000)
    await expect(store.write('setting.put', { key: 'big', value: big })).rejects.toThrowError(
      expect.objectContaining({ code: 'store.full', details: { path: file() } }),
    )
    await store.write('setting.put', { key: 'small', value: 1 })
    expect(listSettings(store.read)).toEqual({ small: 1 })
  })

  test('writes a long log back while it goes on, and leaves none behind', async () => {
    const store = await open()
    const blob = await store.stage()
    const piece = new Uint8Array(1024 * 1024).fill(1)
    for (let i = 0; i < 40; i++) await blob.append(piece)
    const { sizeBytes, sha256 } = await blob.finish()
    expect(await store.query('blob.digest', { blobId: blob.blobId })).toBe(Buffer.from(sha256).toString('hex'))
    await store.close()
    expect(readdirSync(folder)).toEqual(['mail.db'])
    expect(statSync(file()).size).toBeGreaterThan(sizeBytes)
  })

  test('transcripts come through beside a stream of mail', async () => {
    const store = await open()
    let ended = false
    const mail = (async () => {
      for (let i = 0; !ended; i++) await store.write('setting.put', { key: `${i % 10}`, value: i })
    })()
    const said = { protocol: 'smtp', side: 'server', peer: 'x', address: 'x:1', state: 'ok', worst: '' } as const
    const counts = { startedMs: 0, endedMs: 0, tls: false, bytesIn: 0, bytesOut: 0, messages: 0 }
    await store.record({ heads: [{ id: 1, ...said, ...counts }], segments: [], links: [] })
    expect(getSession(store.read, 1)).toMatchObject({ peer: 'x' })
    ended = true
    await mail
  })

  test('after closing is refused, and what was asked before is kept', async () => {
    const store = await open()
    const asked = store.write('setting.put', { key: 'last', value: 1 })
    const closed = store.close()
    await expect(store.write('setting.put', { key: 'late', value: 1 })).rejects.toThrowError(
      expect.objectContaining({ code: 'store.closed' }),
    )
    await Promise.all([asked, closed])
    expect(listSettings((await open()).read)).toEqual({ last: 1 })
    expect(existsSync(`${file()}-wal`)).toBe(true)
  })
})

describe('a thread that dies', () => {
  test.each(['writer', 'reader'])('the %s: what was asked is rejected, once, and somebody is told', async (name) => {
    const workers: Worker[] = []
    const collect = (worker: Worker) => workers.push(worker)
    process.on('worker', collect)
    const told: Fault[] = []
    const store = await open({ onDied: (fault) => told.push(fault) })
    process.off('worker', collect)
    const died = expect.objectContaining({ code: 'thread.died', details: expect.objectContaining({ name }) })
    const ask = () =>
      name === 'writer' ? store.write('blob.stage', null) : store.query('blob.chunk', { blobId: 1, n: 0 })
    const asked = [ask(), ask()]
    const rejected = Promise.all(asked.map((one) => expect(one).rejects.toThrowError(died)))
    await workers[name === 'writer' ? 0 : 1]?.terminate()
    await rejected
    await expect(ask()).rejects.toThrowError(died)
    expect(told).toEqual([died])
  })
})

describe('reading', () => {
  test('sees what a write has settled, at once', async () => {
    const store = await open()
    for (let i = 0; i < 20; i++) {
      await store.write('setting.put', { key: 'n', value: i })
      expect(listSettings(store.read)).toEqual({ n: i })
    }
  })

  test('cannot write', async () => {
    const store = await open()
    expect(() => store.read.prepare('DELETE FROM setting').run()).toThrowError(/readonly|query_only/)
  })

  test('can be let go of, and others are still answered', async () => {
    const store = await open()
    const staged = await store.stage()
    for (let i = 0; i < 20; i++) await staged.append(new Uint8Array(256 * 1024))
    await staged.finish()
    const given = new AbortController()
    const long = Array.from({ length: 20 }, () =>
      store.query('blob.digest', { blobId: staged.blobId }, given.signal).then(
        () => 'answered',
        (error: unknown) => (error instanceof Error ? error.name : 'failed'),
      ),
    )
    const other = store.query('blob.chunk', { blobId: staged.blobId, n: 1 })
    given.abort()
    expect(new Set(await Promise.all(long))).toEqual(new Set(['AbortError']))
    expect(await other).toHaveLength(256 * 1024)
    const before = AbortSignal.abort()
    await expect(store.query('blob.chunk', { blobId: 1, n: 0 }, before)).rejects.toThrowError(/abort/i)
  })
})

test('bytes of an operation are copied, but for those that are given, which are gone here then', async () => {
  const store = await open()
  const { blobId } = await store.write('blob.stage', null)
  const [kept, given] = [new Uint8Array(50_000).fill(1), new Uint8Array(50_000).fill(2)]
  await store.write('blob.append', { blobId, n: 0, bytes: kept }, [])
  await store.write('blob.append', { blobId, n: 1, bytes: given }, [given.buffer])
  expect([kept.length, given.length]).toEqual([50_000, 0])
  const chunk = (n: number) => store.query('blob.chunk', { blobId, n })
  expect(new Set([...((await chunk(0)) ?? []), ...((await chunk(1)) ?? [])])).toEqual(new Set([1, 2]))
  expect((await chunk(1))?.length).toBe(50_000)
})
