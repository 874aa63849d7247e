/** A folder of very many messages, as a window asks for it: its first page, and one its list is scrolled to. */
import { mkdtempSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../core/base/clock.ts'
import { ensurePersonFolders } from '../../core/mailbox/person.ts'
import { toRows } from '../../core/mailbox/rows.ts'
import { readFields } from '../../core/message/read.ts'
import { databasePath } from '../../core/store/database.ts'
import { findFolder, PERSON } from '../../core/store/folder.ts'
import { listPage, type Cursor } from '../../core/store/message-list.ts'
import { openStore } from '../../core/store/open.ts'
import type { Store } from '../../core/store/types.ts'
import { TEST_KEY } from '../support/store.ts'
import { corpus } from './corpus.ts'
import { memoryMib, quiet } from './machine.ts'

const SEED = 20_260_115
const PAGE = 50
const RUNS = 200
/** What it is to take, in ms, at the median. */
const NEEDED_MS = 1
/** Messages stored at once while the folder is filled. */
const AT_ONCE = 500

const MIDDLE = `
  SELECT date_ms AS dateMs, id FROM message WHERE folder_id = ? ORDER BY date_ms DESC, id DESC LIMIT 1 OFFSET ?`

/** Puts the corpus into the Inbox and returns its id; `bytes` are those of the messages themselves. */
async function fill(store: Store, messages: number): Promise<{ readonly folderId: number; readonly bytes: number }> {
  await ensurePersonFolders(store)
  let bytes = 0
  const waiting: Promise<unknown>[] = []
  for (const { raw, dateMs } of corpus(messages, SEED)) {
    bytes += raw.length
    const message = { body: { raw }, prefix: '', removed: [], fields: readFields(raw), receivedMs: dateMs, seen: true }
    waiting.push(store.write('message.deliver', { owner: PERSON, role: 'inbox', message }))
    if (waiting.length >= AT_ONCE) await Promise.all(waiting.splice(0))
  }
  await Promise.all(waiting)
  return { folderId: findFolder(store.read, PERSON, 'inbox')?.id ?? 0, bytes }
}

/**
 * Pages of a folder with so many messages as `mail.list` answers them, threads and tags with them; the memory of the process that
 * reads them, and what the database takes for each message. Nobody else lists a folder by itself, so there is no peer.
 */
export async function measureFolder({ work, messages }: { readonly work: string; readonly messages: number }) {
  console.log(`\nfolder, ${messages} messages, a page of ${PAGE}, ms p50 / p95 of ${RUNS}; needed ${NEEDED_MS}`)
  const folder = mkdtempSync(join(work, 'folder-'))
  const filling = await openStore({ folder, key: TEST_KEY, clock: systemClock })
  const { folderId, bytes } = await fill(filling, messages)
  // Closing it writes back the log: what is measured is the database alone.
  await filling.close()
  const store = await openStore({ folder, key: TEST_KEY, clock: systemClock })
  try {
    await quiet()
    const before = memoryMib(process.pid).now
    const middle = store.read.prepare<[number, number], Cursor>(MIDDLE).get(folderId, Math.floor(messages / 2))
    const page = (after: Cursor | null) => {
      const startMs = performance.now()
      const { rows } = listPage(store.read, folderId, after, PAGE)
      const shown = toRows(store.read, rows)
      if (shown.length !== PAGE) throw new Error(`a page has ${shown.length} of ${PAGE} messages`)
      return performance.now() - startMs
    }
    for (const [what, after] of [
      ['first page', null],
      ['jump to the middle', middle ?? null],
    ] as const) {
      const cold = page(after)
      const times = Array.from({ length: RUNS }, () => page(after)).sort((a, b) => a - b)
      const at = (share: number) => (times[Math.floor(times.length * share)] ?? Number.NaN).toFixed(2)
      console.log(`  ${what.padEnd(22)} ${at(0.5)} / ${at(0.95)}; the first time ${cold.toFixed(2)}`)
    }
    const { now, peak } = memoryMib(process.pid)
    console.log(
      `  memory ${now.toFixed(0)} MiB, ${(now - before).toFixed(0)} more by reading; at most ${peak.toFixed(0)}, filling included`,
    )
    const stored = statSync(databasePath(folder)).size
    const each = (sum: number) => `${(sum / messages / 1024).toFixed(2)} KiB`
    console.log(`  database ${each(stored)} a message, of which ${each(bytes)} are the message itself`)
  } finally {
    await store.close()
  }
}
