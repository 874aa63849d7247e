import { join } from 'node:path'
import type { ByteHandles } from './base/byte-handles.ts'
import type { Clock } from './base/clock.ts'
import { exportHandlers } from './mailbox/export-handlers.ts'
import { ExportJobs } from './mailbox/export-jobs.ts'
import { importHandlers } from './mailbox/import-handlers.ts'
import { ImportJobs } from './mailbox/import-jobs.ts'
import { ImportThreads } from './mailbox/import-threads.ts'
import { ImportUploads } from './mailbox/import-upload.ts'
import { hasRoom } from './store/room.ts'
import type { Store } from './store/types.ts'

/** What comes from other programs' files and goes into files, wired. */
export interface Transfer {
  readonly imports: ReturnType<typeof importHandlers>
  readonly exports: ReturnType<typeof exportHandlers>
  /** Leaves imports where they are, and stops exports. */
  close(): Promise<void>
}

/** Joins imports and exports with the store. */
export function openTransfer(deps: {
  readonly dataFolder: string
  readonly store: Store
  readonly clock: Clock
  readonly handles: ByteHandles
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (line: string) => void
}): Transfer {
  const { dataFolder, store, clock, handles, onFolders, log } = deps
  const uploads = new ImportUploads(join(dataFolder, 'imports'), clock, (sizeBytes) => hasRoom(dataFolder, sizeBytes))
  const threads = new ImportThreads(clock)
  const jobs = new ImportJobs({ store, clock, threads, uploads, onFolders, log })
  const taken = new ExportJobs({ store, clock, handles, log })
  return {
    exports: exportHandlers({ jobs: taken }),
    imports: importHandlers({ read: store.read, jobs, uploads }),
    async close() {
      await Promise.all([jobs.close(), taken.close()])
      await threads.close()
    },
  }
}
