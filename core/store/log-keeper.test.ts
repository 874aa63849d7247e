import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TEST_KEY } from '../../test/support/store.ts'
import { openDatabase } from './database.ts'
import { LogKeeper } from './log-keeper.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

// An error event of a thread that nobody listens to ends the thread it was started by: in the product, the writer.
test('a helper that cannot open the database is done without, and tried again', async () => {
  const path = join(folder, 'mail.db')
  const db = openDatabase({ path, key: TEST_KEY }, 'write')
  const helper = { path: join(folder, 'no-such-folder', 'mail.db'), key: TEST_KEY }
  const keeper = new LogKeeper(db, helper)
  const left = () => {
    const [state] = db.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
    return state.log - state.checkpointed
  }
  const wrote = () => keeper.wrote([{ id: 1, name: 'x', args: null, nowMs: 0, bytes: 2_000_000 }])
  db.exec('CREATE TABLE t (bytes BLOB); INSERT INTO t VALUES (zeroblob(20000000))')
  wrote()
  expect(left()).toBeGreaterThan(4000)
  helper.path = path
  await expect
    .poll(
      () => {
        wrote()
        return left()
      },
      { timeout: 20_000 },
    )
    .toBe(0)
  keeper.close()
  db.close()
})
