import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { Id } from './views.ts'

/** Mail that is brought in from other programs' files, and taken out into files. Merged into the contract. */
const done = z.object({ ok: z.literal(true) })
/** As the computer's own file dialogs and a command line give it: absolute. */
const path = z.string().min(1).max(4096)

/** How lines beginning with "From " are kept in an mbox file: found out by looking, or known. */
export const MboxQuoting = z.enum(['auto', 'mboxrd', 'mboxo'])

/** One file or folder of mail, as it was found. */
export const ImportSourceView = z.object({
  path: z.string(),
  kind: z.enum(['mbox', 'maildir', 'eml']),
  /** Where its mail goes: a folder's whole name. */
  folder: z.string(),
  sizeBytes: z.number(),
})
export type ImportSourceView = z.infer<typeof ImportSourceView>

/** One import, under way or over. */
export const ImportView = z.object({
  id: Id,
  /** The paths or the uploaded files' names. */
  from: z.array(z.string()),
  /** The folder all of it goes into; null where the source's own folders are kept. */
  folder: z.string().nullable(),
  /**
   * looking: the files are listed. finishing: all is in, and the search index is put in order. interrupted: the program ended
   * meanwhile. What is interrupted, cancelled or failed can be resumed.
   */
  state: z.enum(['looking', 'running', 'finishing', 'done', 'cancelled', 'interrupted', 'failed']),
  /** Why it failed, in words; null otherwise. */
  reason: z.string().nullable(),
  /** Messages stored. */
  imported: z.number().int(),
  /** Messages that are here already. */
  duplicates: z.number().int(),
  /** Messages that had been marked as deleted there; the report names them. */
  deleted: z.number().int(),
  /** Messages that are not whole or could not be taken; the report names them. */
  problems: z.number().int(),
  bytesDone: z.number(),
  bytesTotal: z.number(),
  sourcesDone: z.number().int(),
  sourcesTotal: z.number().int(),
  /** What is read just now; null when nothing is. */
  at: z.string().nullable(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
})
export type ImportView = z.infer<typeof ImportView>

/** One line of an import's report. */
export const ImportProblemView = z.object({
  id: Id,
  path: z.string(),
  /** Byte offset in an mbox file; null for a file of its own. */
  offset: z.number().nullable(),
  /** deleted: it was marked as deleted there. damaged: it is here as far as it went. refused: it is not here. */
  what: z.enum(['deleted', 'damaged', 'refused']),
  /** A sentence for a person. */
  reason: z.string(),
  /** Its subject, or '' where none can be read. */
  subject: z.string(),
})
export type ImportProblemView = z.infer<typeof ImportProblemView>

/** Where mail comes from: files of this computer, or files that were uploaded to it. */
const ImportFrom = z.union([
  z.object({ paths: z.array(path).min(1).max(10_000) }),
  z.object({ uploads: z.array(z.string().max(100)).min(1).max(1000) }),
])
/** One folder for everything, made by that name where it is missing; null keeps the source's own folders. */
const ImportInto = z
  .union([z.object({ folderId: Id }), z.object({ name: z.string().trim().min(1).max(200) })])
  .nullable()

export const importContract = {
  /** Thunderbird's profiles on this computer, the one it uses first. */
  profiles: oc.output(z.array(z.object({ name: z.string(), path: z.string() }))),
  /** What there is at those places and where it would go, the first thousand of it. Fails with `import.nothing`. */
  look: oc
    .input(z.object({ from: ImportFrom, into: ImportInto }))
    .output(z.object({ sources: z.array(ImportSourceView), total: z.number().int(), sizeBytes: z.number() })),
  /** For a window that can't name files: sends them in. They are kept encrypted until they are imported or dropped. */
  upload: {
    /** Fails with `conflict` where there is no room. */
    begin: oc
      .input(z.object({ filename: z.string().min(1).max(500), sizeBytes: z.number().int().min(1) }))
      .output(z.object({ handle: z.string() })),
    /** `base64` of at most 256 KiB of bytes, in order. Fails with `not-found` and `conflict`. */
    chunk: oc.input(z.object({ handle: z.string(), base64: z.string().max(360_000) })).output(done),
    drop: oc.input(z.object({ handle: z.string() })).output(done),
  },
  /** Begins, and goes on whether or not anybody watches; one after the other where several are begun. Fails with `import.nothing`. */
  start: oc
    .input(z.object({ from: ImportFrom, into: ImportInto, quoting: MboxQuoting.optional() }))
    .output(z.object({ id: Id })),
  /** How far it is, a few times a second, until it has ended; the last event says how. Fails with `not-found`. */
  progress: oc.input(z.object({ id: Id })).output(eventIterator(ImportView)),
  /** Stops it where it is. What has come in stays. */
  cancel: oc.input(z.object({ id: Id })).output(done),
  /** Goes on where it had come to. Fails with `conflict` where there is nothing to go on with. */
  resume: oc.input(z.object({ id: Id })).output(done),
  /** The last fifty, newest first. */
  list: oc.output(z.array(ImportView)),
  /** What was not imported, or not whole. `after`: the last line of the page before. The first 1,000 are kept; `total` counts all. */
  report: oc
    .input(z.object({ id: Id, after: Id.nullable(), limit: z.number().int().min(1).max(200) }))
    .output(
      z.object({ import: ImportView, rows: z.array(ImportProblemView), total: z.number().int(), more: z.boolean() }),
    ),
  /** Forgets an import that is over, and its report. Fails with `conflict` while it runs. */
  remove: oc.input(z.object({ id: Id })).output(done),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}

/** What is taken out: a folder, what a search finds, or everything. */
const ExportWhat = z.union([
  z.object({ folderId: Id }),
  z.object({ query: z.string().trim().min(1).max(1000) }),
  z.object({ all: z.literal(true) }),
])
export const ExportFormat = z.enum(['mbox', 'maildir', 'eml'])

/** One export of this run of the program. */
export const ExportView = z.object({
  id: Id,
  format: ExportFormat,
  /** Where to. */
  path: z.string(),
  state: z.enum(['running', 'done', 'cancelled', 'failed']),
  reason: z.string().nullable(),
  exported: z.number().int(),
  total: z.number().int(),
  bytesDone: z.number(),
  /** Messages whose bytes could not be read whole, each in words; at most 100. */
  problems: z.array(z.string()),
  problemsTotal: z.number().int(),
  startedMs: z.number(),
  endedMs: z.number().nullable(),
})
export type ExportView = z.infer<typeof ExportView>

export const exportContract = {
  /**
   * Begins. mbox: `to` is a file for a folder or a search, and a folder with a file for each folder for everything. maildir and eml:
   * `to` is a folder. Fails with `export.exists` where something is there already, unless `overwrite`; with `not-found` and
   * `search.invalid`.
   */
  start: oc
    .input(z.object({ what: ExportWhat, format: ExportFormat, to: path, overwrite: z.boolean().optional() }))
    .output(z.object({ id: Id })),
  /** How far it is, until it has ended; the last event says how. Fails with `not-found`. */
  progress: oc.input(z.object({ id: Id })).output(eventIterator(ExportView)),
  /** Stops it; files that are not whole go. */
  cancel: oc.input(z.object({ id: Id })).output(done),
  /** Those of this run, newest first. */
  list: oc.output(z.array(ExportView)),
  /** For a window that can't name files: a handle to all of it as one mbox file. Fails with `not-found` and `search.invalid`. */
  download: oc.input(z.object({ what: ExportWhat })).output(z.object({ handle: z.string(), filename: z.string() })),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
