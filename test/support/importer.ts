import { join } from 'node:path'
import { systemClock } from '../../core/base/clock.ts'
import { ImportJobs } from '../../core/mailbox/import-jobs.ts'
import { ImportThreads } from '../../core/mailbox/import-threads.ts'
import { ImportUploads } from '../../core/mailbox/import-upload.ts'
import { takeLock } from '../../core/store/lock.ts'
import { openStore } from '../../core/store/open.ts'
import { TEST_KEY } from './store.ts'

/*
 * A process to be killed: imports the file named second into the store in the folder named first, or goes on with that, and says on
 * stdout how much is in after each batch; "done" at the end.
 */
const [, , folder = '', path = ''] = process.argv
takeLock(folder, 'importer')
const store = await openStore({ folder, key: TEST_KEY, clock: systemClock })
const uploads = new ImportUploads(join(folder, 'imports'), systemClock, async () => true)
const threads = new ImportThreads(systemClock)
const log = (line: string) => process.stdout.write(`${line}\n`)
const jobs = new ImportJobs({
  store,
  clock: systemClock,
  threads,
  uploads,
  onFolders: () => log(`${jobs.list()[0]?.imported ?? 0}`),
  log,
})
const [known] = jobs.list()
const id = known?.id ?? (await jobs.start({ paths: [path] }, null, 'auto'))
if (known?.state === 'interrupted') await jobs.resume(id)
for await (const _ of jobs.progress(id));
const { state, imported, duplicates } = jobs.get(id)
await jobs.close()
await threads.close()
await store.close()
log(`${state} ${imported} ${duplicates}`)
