import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { listSettings } from '../../core/store/setting.ts'
import { chance, printedSeed } from '../support/chance.ts'
import { canLookAtFlushes, startFlushedWriter } from '../support/flush-image.ts'
import { openTestStore } from '../support/store.ts'

const CUTS = 18
/** Quick ones are made by SQLite, slow ones beside it. */
const FLUSHES_US = [0, 4000, 12_000]

test.skipIf(!canLookAtFlushes)(
  `what has settled is in what was flushed, in ${CUTS} power cuts at random moments`,
  async () => {
    const random = chance(printedSeed('CUT_SEED'))
    const folder = mkdtempSync(join(tmpdir(), 'posthorn-cut-'))
    const inFolder = (...names: string[]) => join(folder, ...names)
    let written = 0
    try {
      for (let cut = 0; cut < CUTS; cut++) {
        const slowUs = FLUSHES_US[cut % FLUSHES_US.length] ?? 0
        const writer = startFlushedWriter(folder, slowUs, 60)
        await writer.lines(1 + Math.floor(random() * 3000))
        writer.child.kill('SIGKILL')
        await writer.ended
        expect(writer.said).toEqual([])
        // All that was not flushed is gone.
        rmSync(inFolder('data'), { recursive: true })
        cpSync(inFolder('image'), inFolder('looked-at'), { recursive: true })
        cpSync(inFolder('image'), inFolder('data'), { recursive: true })
        const store = await openTestStore({ folder: inFolder('looked-at') })
        const kept = listSettings(store.read)
        const lost = [...writer.settled].filter(([lane, n]) => Number.parseInt(String(kept[lane]), 10) < n)
        expect({ cut, slowUs, lost }).toEqual({ cut, slowUs, lost: [] })
        expect(store.read.prepare('PRAGMA integrity_check').pluck().get()).toBe('ok')
        await store.closeAndRemove()
        written += writer.settled.size
      }
      expect(written).toBeGreaterThan(CUTS)
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
)
