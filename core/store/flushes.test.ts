import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { canLookAtFlushes, startFlushedWriter } from '../../test/support/flush-image.ts'
import { openTestStore, type TestStore } from '../../test/support/store.ts'
import { FlushPace, Flushes, type Flush } from './flushes.ts'
import { listSettings } from './setting.ts'

/** Two flushes that end when they are told to, and what came of them. */
function flushes() {
  const ends: ((error: Error | null) => void)[] = []
  const events: string[] = []
  const flush: Flush = (done) => void ends.push(done)
  const made = new Flushes<string>([flush, flush], {
    kept: (held) => void events.push(held),
    ended: () => void events.push('room'),
    failed: (error, held) => void events.push(`${error.message}: ${held.join()}`),
  })
  return { made, ends, events }
}
const broken = new Error('EIO')

let store: TestStore | undefined
afterEach(async () => {
  await store?.closeAndRemove()
  store = undefined
})

test('nothing is kept before a flush that began behind it has ended', () => {
  const { made, ends, events } = flushes()
  made.hold('first', 0)
  made.hold('second', 0)
  expect(events).toEqual([])
  ends[0]?.(null)
  expect(events).toEqual(['first', 'room'])
  ends[1]?.(null)
  expect(events).toEqual(['first', 'room', 'second', 'room'])
})
test('a flush that began later covers what an earlier one is still busy with, in order', () => {
  const { made, ends, events } = flushes()
  made.hold('first', 0)
  made.hold('second', 0)
  ends[1]?.(null)
  expect(events).toEqual(['first', 'second', 'room'])
  ends[0]?.(null)
  expect(events).toEqual(['first', 'second', 'room', 'room'])
})
test('has room for as many as there are handles, and is idle when none is under way', () => {
  const { made, ends } = flushes()
  expect([made.hasRoom, made.isIdle]).toEqual([true, true])
  made.hold('first', 0)
  made.hold('second', 0)
  expect([made.hasRoom, made.isIdle]).toEqual([false, false])
  expect(() => made.hold('third', 0)).toThrow('as many flushes')
  ends[0]?.(null)
  ends[1]?.(null)
  expect([made.hasRoom, made.isIdle]).toEqual([true, true])
})
test('a flush that fails takes with it all that is not kept yet, and nothing is kept after it', () => {
  const { made, ends, events } = flushes()
  made.hold('first', 0)
  made.hold('second', 0)
  ends[0]?.(broken)
  expect(events).toEqual(['EIO: first,second'])
  ends[1]?.(null)
  expect(events).toEqual(['EIO: first,second'])
})

test('flushes are slow once several took long, and quick again once several did not; what a lot of bytes takes does not count', () => {
  const pace = new FlushPace(3)
  pace.took(20, 0)
  expect(pace.isSlow).toBe(false)
  for (let i = 0; i < 10; i++) pace.took(5, 0)
  expect(pace.isSlow).toBe(true)
  for (let i = 0; i < 10; i++) pace.took(0.2, 0)
  expect(pace.isSlow).toBe(false)
  for (let i = 0; i < 50; i++) pace.took(8, 8_000_000)
  expect(pace.isSlow).toBe(false)
  expect(new FlushPace(0).isSlow).toBe(true)
})

test('a store whose flushes are made beside the writer answers all, in their order, and closes with nothing left over', async () => {
  store = await openTestStore({ slowFlushMs: 0 })
  const { folder } = store
  const order: number[] = []
  const write = (n: number) => store?.write('setting.put', { key: 'n', value: n }).then(() => void order.push(n))
  await Promise.all(Array.from({ length: 300 }, async (_, n) => write(n)))
  expect(order).toEqual(Array.from({ length: 300 }, (_, n) => n))
  for (let n = 300; n < 320; n++) await write(n)
  await store.close()
  store = await openTestStore({ folder })
  expect(listSettings(store.read)).toEqual({ n: 319 })
})

test.skipIf(!canLookAtFlushes)(
  'on a disk whose flushes fail nothing more is answered, and the store says so and takes no more; all that it answered is there',
  async () => {
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-flush-'))
    try {
      const writer = startFlushedWriter(folder, 8000, 1_000_000)
      await writer.lines(400)
      writeFileSync(join(folder, 'fault'), '')
      await writer.ended
      expect(writer.said).toContainEqual(expect.stringMatching(/^failed commit to the store .*EIO/))
      expect(writer.said).toContainEqual(expect.stringMatching(/^died .*writer thread.*EIO/))
      store = await openTestStore({ folder: join(folder, 'image') })
      const kept = listSettings(store.read)
      expect(writer.settled.size).toBeGreaterThan(0)
      expect([...writer.settled].filter(([lane, n]) => Number.parseInt(String(kept[lane]), 10) < n)).toEqual([])
    } finally {
      await store?.close()
      store = undefined
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
