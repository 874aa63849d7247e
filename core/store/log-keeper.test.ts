import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MessageChannel } from 'node:worker_threads'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { TEST_KEY } from '../../test/support/store.ts'
import { openDatabase } from './database.ts'
import { LogKeeper } from './log-keeper.ts'
import { WriteBack } from './write-back.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'posthorn-log-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MB = 1_000_000

test('a helper that cannot open the database is done without, and tried again', async () => {
  const path = join(folder, 'mail.db')
  const db = openDatabase({ path, key: TEST_KEY }, 'write')
  const helper = { path: join(folder, 'no-such-folder', 'mail.db'), key: TEST_KEY }
  const { port1, port2 } = new MessageChannel()
  const busy = new Int32Array(new SharedArrayBuffer(4))
  const keeper = new LogKeeper(db, { port: port1, busy })
  const writeBack = new WriteBack(helper, { port: port2, busy })
  const left = () => {
    const [state] = db.pragma('wal_checkpoint(NOOP)') as [{ log: number; checkpointed: number }]
    return state.log - state.checkpointed
  }
  const wrote = () => keeper.wrote([{ id: 1, name: 'x', args: null, nowMs: 0, bytes: 2 * MB }])
  db.exec(`CREATE TABLE t (bytes BLOB); INSERT INTO t VALUES (zeroblob(${20 * MB}))`)
  wrote()
  // It has heard of it, and nothing came of that.
  await expect.poll(() => busy[0]).toBe(0)
  expect(left()).toBeGreaterThan(4000)
  helper.path = path
  wrote()
  await expect.poll(left).toBe(0)
  writeBack.close()
  keeper.close()
  db.close()
})
