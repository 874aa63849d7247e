import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase } from './database.ts'
import type { DatabaseAt } from './database.ts'

/*
 * Writes the log back into the database while the writer goes on committing: it costs as much as the commits themselves, and
 * SQLite lets both happen at once. The connection can change nothing else.
 */
const { busy, ...at } = workerData as DatabaseAt & { readonly busy: SharedArrayBuffer }
const isBusy = new Int32Array(busy)
const db = open()

function open(): ReturnType<typeof openDatabase> {
  try {
    const opened = openDatabase(at, 'write', 'log')
    opened.pragma('query_only = ON')
    return opened
  } catch (error) {
    done() // the writer may be waiting for it
    throw error
  }
}

function done(): void {
  Atomics.store(isBusy, 0, 0)
  Atomics.notify(isBusy, 0)
}

parentPort?.on('message', (message: 'write back' | 'close') => {
  if (message === 'close') {
    db.close()
    parentPort?.close()
  } else {
    try {
      db.pragma('wal_checkpoint(PASSIVE)')
    } catch {
      // The log stays as it is and grows; the commits themselves will say what is wrong with the disk.
    }
  }
  done()
})
