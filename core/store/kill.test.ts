import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import { openTestStore } from '../../test/support/store.ts'
import { takeLock } from './lock.ts'
import { listSettings } from './setting.ts'

const writer = fileURLToPath(new URL('../../test/support/store-writer.ts', import.meta.url))
const folder = mkdtempSync(join(tmpdir(), 'posthorn-kill-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const attempt = (act: () => unknown): unknown => {
  try {
    return act()
  } catch (error) {
    return error
  }
}

test('what has settled is there after kill -9, the lock is free and nothing half arrived is left', async () => {
  for (const enough of [1, 300]) {
    const child = spawn(process.execPath, [writer, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
    const settled: string[] = []
    const exited = once(child, 'exit')
    for await (const line of createInterface({ input: child.stdout })) {
      settled.push(line)
      if (settled.length === enough) {
        const second = attempt(() => takeLock(folder, 'this test'))
        child.kill('SIGKILL')
        expect(second).toMatchObject({
          code: 'store.locked',
          details: { path: folder, holder: `store writer (process ${child.pid})` },
        })
      }
    }
    await exited
    expect(settled.length).toBeGreaterThanOrEqual(enough)

    const lock = takeLock(folder, 'this test')
    const store = await openTestStore({ folder })
    const kept = listSettings(store.read)
    expect(settled.filter((key) => !Object.hasOwn(kept, key))).toEqual([])
    expect(store.read.prepare('SELECT count(*) AS blobs FROM blob').get()).toEqual({ blobs: 0 })
    expect(store.read.prepare('SELECT count(*) AS chunks FROM blob_chunk').get()).toEqual({ chunks: 0 })
    expect(store.read.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
    await store.close()
    lock.release()
  }
}, 30_000)
