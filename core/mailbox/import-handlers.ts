import { implement } from '@orpc/server'
import { contract } from '../rpc/contract.ts'
import { getFolder, noFolder } from '../store/folder.ts'
import { getImport, listImportProblems, noImport, type ImportInto } from '../store/import-job.ts'
import type { ReadDb } from '../store/types.ts'
import type { ImportJobs } from './import-jobs.ts'
import { findProfiles } from './import-thunderbird.ts'
import type { ImportUploads } from './import-upload.ts'

const done = { ok: true as const }
const MOST_SHOWN = 1000

/** Answers `imports.*`. */
export function importHandlers(deps: {
  readonly read: ReadDb
  readonly jobs: ImportJobs
  readonly uploads: ImportUploads
}) {
  const os = implement(contract.imports)
  const { read, jobs, uploads } = deps
  /** The name of the folder that all of it would go into. */
  const nameOf = (into: ImportInto): string | null => {
    if (into === null) return null
    if ('name' in into) return into.name
    const folder = getFolder(read, into.folderId)
    if (folder === undefined) throw noFolder(into.folderId)
    return folder.name
  }
  return {
    profiles: os.profiles.handler(() => findProfiles()),
    look: os.look.handler(async ({ input }) => {
      const into = nameOf(input.into)
      const { sources } = await jobs.look(input.from)
      return {
        sources: sources
          .slice(0, MOST_SHOWN)
          .map(({ path, kind, folder, sizeBytes }) => ({ path, kind, folder: into ?? folder, sizeBytes })),
        total: sources.length,
        sizeBytes: sources.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      }
    }),
    upload: {
      begin: os.upload.begin.handler(async ({ input }) => ({
        handle: await uploads.begin(input.filename, input.sizeBytes),
      })),
      chunk: os.upload.chunk.handler(async ({ input }) => {
        await uploads.chunk(input.handle, Buffer.from(input.base64, 'base64'))
        return done
      }),
      drop: os.upload.drop.handler(async ({ input }) => {
        await uploads.drop(input.handle)
        return done
      }),
    },
    start: os.start.handler(async ({ input }) => ({
      id: await jobs.start(input.from, input.into, input.quoting ?? 'auto'),
    })),
    progress: os.progress.handler(({ input, signal }) => {
      jobs.get(input.id) // one that is not there is said at once
      return jobs.progress(input.id, signal)
    }),
    cancel: os.cancel.handler(async ({ input }) => {
      await jobs.cancel(input.id)
      return done
    }),
    resume: os.resume.handler(async ({ input }) => {
      await jobs.resume(input.id)
      return done
    }),
    list: os.list.handler(() => jobs.list()),
    report: os.report.handler(({ input }) => {
      const { id, after, limit } = input
      const job = getImport(read, id)
      if (job === undefined) throw noImport(id)
      const rows = listImportProblems(read, id, after ?? 0, limit + 1).map(({ place, ...row }) => ({
        ...row,
        offset: place,
      }))
      const total = job.problems + job.deleted
      return { import: jobs.get(id), rows: rows.slice(0, limit), total, more: rows.length > limit }
    }),
    remove: os.remove.handler(async ({ input }) => {
      await jobs.remove(input.id)
      return done
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of jobs.changes.stream(signal)) yield { ids }
    }),
  }
}
