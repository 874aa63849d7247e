import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect } from 'vitest'
import { chance } from './chance.ts'
import { openTestStore } from './store.ts'
import { mboxOf } from './transfer-house.ts'

const IMPORTER = fileURLToPath(new URL('importer.ts', import.meta.url))

/**
 * Kills an import so often, at moments that follow from the seed, and lets it go on each time. Fails when a message is not there, or
 * is there twice, or the database is not whole.
 */
export async function killImports(kills: number, messages: number, seed: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'posthorn-import-kill-'))
  const random = chance(seed)
  try {
    const path = join(folder, 'all.mbox')
    writeFileSync(
      path,
      mboxOf(messages, 'm', (n) => `text ${n}\n${'line of text\n'.repeat(n % 500 === 3 ? 40_000 : 30)}`),
    )
    let last = ''
    for (let kill = 0; ; kill++) {
      // After so many batches, and some part of the next one.
      const batches = kill < kills ? Math.floor(random() * 4) : Infinity
      const laterMs = random() * 60
      const child = spawn(process.execPath, [IMPORTER, join(folder, 'data'), path], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let heard = 0
      const end = () => setTimeout(() => child.kill('SIGKILL'), laterMs)
      if (batches === 0) child.once('spawn', () => setTimeout(() => child.kill('SIGKILL'), 200 + laterMs * 10))
      for await (const line of createInterface({ input: child.stdout })) {
        last = line
        if (++heard === batches) end()
      }
      if (last.startsWith('done')) break
      expect(last).not.toMatch(/^(?:failed|cancelled)/)
    }
    expect(last).toBe(`done ${messages} 0`)
    const store = await openTestStore({ folder: join(folder, 'data') })
    const rows = store.read.prepare<[], { n: number; ids: number }>(
      'SELECT count(*) AS n, count(DISTINCT message_id) AS ids FROM message',
    )
    expect(rows.get()).toEqual({ n: messages, ids: messages })
    expect(store.read.prepare('SELECT count(*) FROM message_text').pluck().get()).toBe(messages)
    expect(store.read.prepare('SELECT sum(total) FROM folder').pluck().get()).toBe(messages)
    expect(store.read.prepare('SELECT count(*) FROM blob').pluck().get()).toBe(messages)
    expect(store.read.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
    await store.close()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
