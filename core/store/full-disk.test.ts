import { randomBytes } from 'node:crypto'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { mountSmallDisk } from '../../test/support/small-disk.ts'
import { openTestStore } from '../../test/support/store.ts'
import { listSettings } from './setting.ts'

const { path: disk, isMounted, remove } = mountSmallDisk()
afterAll(remove)

test.skipIf(!isMounted)(
  'a disk that runs full refuses mail, keeps what it took, and takes more once there is room',
  async () => {
    const filler = join(disk, 'filler')
    writeFileSync(filler, Buffer.alloc(6 * 1024 * 1024))
    const folder = join(disk, 'data')
    const store = await openTestStore({ folder })
    const settled: string[] = []
    const refused: unknown[] = []
    const put = (key: string) =>
      store.write('setting.put', { key, value: randomBytes(20_000).toString('hex') }).then(
        () => void settled.push(key),
        (error: unknown) => void refused.push(error),
      )
    for (let round = 0; refused.length === 0; round++)
      await Promise.all(Array.from({ length: 16 }, (_, i) => put(`${round}.${i}`)))
    expect(settled.length).toBeGreaterThan(0)
    for (const error of refused) expect(error).toMatchObject({ code: 'store.full' })
    expect(Object.keys(listSettings(store.read)).toSorted()).toEqual(settled.toSorted())

    rmSync(filler)
    await put('after')
    expect(settled).toContain('after')
    await store.close()
    const again = await openTestStore({ folder })
    expect(Object.keys(listSettings(again.read)).toSorted()).toEqual(settled.toSorted())
    expect(again.read.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
    await again.close()
  },
)
