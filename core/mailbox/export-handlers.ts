import { implement } from '@orpc/server'
import { contract } from '../rpc/contract.ts'
import type { ExportJobs } from './export-jobs.ts'

const done = { ok: true as const }

/** Answers `exports.*`. */
export function exportHandlers({ jobs }: { readonly jobs: ExportJobs }) {
  const os = implement(contract.exports)
  return {
    start: os.start.handler(async ({ input }) => ({
      id: await jobs.start({ ...input, overwrite: input.overwrite ?? false }),
    })),
    progress: os.progress.handler(({ input, signal }) => {
      jobs.get(input.id) // one that is not there is said at once
      return jobs.progress(input.id, signal)
    }),
    cancel: os.cancel.handler(async ({ input }) => {
      await jobs.cancel(input.id)
      return done
    }),
    list: os.list.handler(() => jobs.list()),
    download: os.download.handler(({ input }) => jobs.download(input.what)),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of jobs.changes.stream(signal)) yield { ids }
    }),
  }
}
