import { createRouterClient } from '@orpc/server'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ByteHandles } from '../../core/base/byte-handles.ts'
import { systemClock } from '../../core/base/clock.ts'
import { exportHandlers } from '../../core/mailbox/export-handlers.ts'
import { ExportJobs } from '../../core/mailbox/export-jobs.ts'
import { importHandlers } from '../../core/mailbox/import-handlers.ts'
import { ImportJobs, type ImportDeps } from '../../core/mailbox/import-jobs.ts'
import { ImportThreads } from '../../core/mailbox/import-threads.ts'
import { ImportUploads } from '../../core/mailbox/import-upload.ts'
import type { ExportView, ImportView } from '../../core/rpc/transfer-contract.ts'
import { listFolders } from '../../core/store/folder.ts'
import { listPage, type Message } from '../../core/store/message-list.ts'
import { openTestStore } from './store.ts'

/** The threads of all houses of a test file: starting them is most of a small import's work. They end when nothing is left to do. */
const THREADS = new ImportThreads(systemClock)

/** A store with imports and exports over it, as the engine joins them, and a folder for files. */
export async function openTransferHouse(more: Partial<ImportDeps> = {}, folder?: string) {
  const store = await openTestStore(folder === undefined ? {} : { folder })
  const files = mkdtempSync(join(tmpdir(), 'posthorn-transfer-'))
  const uploads = new ImportUploads(join(files, 'uploads'), systemClock, async () => true)
  const handles = new ByteHandles(systemClock)
  const log: string[] = []
  const touched = new Set<number>()
  const heard = { onStored: () => {} }
  const imports = new ImportJobs({
    store,
    clock: systemClock,
    threads: THREADS,
    uploads,
    onFolders: (ids) => {
      for (const id of ids) touched.add(id)
      heard.onStored()
    },
    log: (line) => log.push(line),
    ...more,
  })
  const exports = new ExportJobs({ store, clock: systemClock, handles, log: (line) => log.push(line) })
  const api = createRouterClient({
    imports: importHandlers({ read: store.read, jobs: imports, uploads }),
    exports: exportHandlers({ jobs: exports }),
  })
  return {
    store,
    files,
    uploads,
    handles,
    imports,
    exports,
    api,
    log,
    touched,
    /** Begins an import and stops it behind its first batch. Returns its id. */
    async stopped(path: string): Promise<number> {
      const { id } = await api.imports.start({ from: { paths: [path] }, into: null })
      const stop = new Promise<void>((resolve) => {
        heard.onStored = () => {
          heard.onStored = () => {}
          imports.cancel(id).then(resolve, () => resolve())
        }
      })
      await stop
      return id
    },
    /** Imports all of it and says how that ended. */
    async bring(
      paths: readonly string[],
      into: { readonly name: string } | null = null,
      quoting: 'auto' | 'mboxrd' | 'mboxo' = 'auto',
    ): Promise<ImportView> {
      const { id } = await api.imports.start({ from: { paths: [...paths] }, into, quoting })
      return this.ended(id)
    },
    async ended(id: number): Promise<ImportView> {
      let last: ImportView | undefined
      for await (const now of await api.imports.progress({ id })) last = now
      return last!
    },
    async taken(id: number): Promise<ExportView> {
      let last: ExportView | undefined
      for await (const now of await api.exports.progress({ id })) last = now
      return last!
    },
    /** All mail of a folder, oldest first. */
    list(name: string): Message[] {
      const found = listFolders(store.read).find((one) => one.name === name)
      if (found === undefined) return []
      const rows: Message[] = []
      for (let page; page?.more !== false;) {
        page = listPage(store.read, found.id, rows.at(-1) ?? null, 200)
        rows.push(...page.rows)
      }
      return rows.reverse()
    },
    async textOf(message: Message): Promise<string> {
      return (await store.readBody(message.view)).toString('latin1')
    },
    async close(): Promise<void> {
      await Promise.all([imports.close(), exports.close()])
      await store.closeAndRemove()
      rmSync(files, { recursive: true, force: true })
    },
  }
}
export type TransferHouse = Awaited<ReturnType<typeof openTransferHouse>>

/** An mbox file of so many messages, each with a Message-ID and a day of its own. */
export function mboxOf(count: number, name = 'm', body = (n: number) => `text ${n}\n`): string {
  let all = ''
  for (let n = 0; n < count; n++) {
    const day = new Date(Date.UTC(2020, 0, 1) + n * 3_600_000).toUTCString().replace('GMT', '+0000')
    all += `From ada@author.example Sat Jan  3 01:05:34 2026\nFrom: Ada <ada@author.example>\nTo: bob@far.example\nSubject: ${name} ${n}\nDate: ${day}\nMessage-ID: <${name}-${n}@author.example>\n\n${body(n)}\n`
  }
  return all
}
