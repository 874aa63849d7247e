import { Fault } from '../base/fault.ts'
import { roleOfName } from '../model/folder-role.ts'
import { ensureFolder, ensureNamed, getFolder, noFolder, PERSON, type FolderRole } from './folder.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

export type ImportState = 'running' | 'done' | 'cancelled' | 'failed'
export type ImportKind = 'mbox' | 'maildir' | 'eml'
export type ImportQuoting = 'auto' | 'mboxrd' | 'mboxo'

/** One import and how far it is. `running` also where the program ended meanwhile. */
export interface ImportJob {
  readonly id: number
  /** The paths or file names a person gave. */
  readonly origin: readonly string[]
  readonly isUpload: boolean
  readonly quoting: ImportQuoting
  /** The folder all of it goes into; null where the source's own are kept, or it is gone. */
  readonly folderId: number | null
  /** Its name, also when it is gone; null where the source's own folders are kept. */
  readonly folder: string | null
  readonly state: ImportState
  readonly reason: string | null
  readonly imported: number
  readonly duplicates: number
  readonly deleted: number
  readonly problems: number
  readonly startedMs: number
  readonly endedMs: number | null
}
/** Where all of an import goes; null where the source's own folders are kept. */
export type ImportInto = { readonly folderId: number } | { readonly name: string } | null
/** Sums over an import's sources. */
export interface ImportTotals {
  readonly bytesDone: number
  readonly bytesTotal: number
  readonly sourcesDone: number
  readonly sourcesTotal: number
}
/** A file or folder of mail that is to be imported. */
export interface NewImportSource {
  readonly kind: ImportKind
  readonly path: string
  /** Where its mail goes: a folder of the person's by its whole name, or by its role where `role` says so. */
  readonly folder: string
  readonly role: Exclude<FolderRole, 'other'> | null
  readonly sizeBytes: number
}
export interface ImportSource extends NewImportSource {
  readonly id: number
  /** A byte offset of an mbox file, the last file name of a folder; '' before the first message. */
  readonly position: string
  readonly doneBytes: number
  readonly isDone: boolean
}
/** What was not imported, or not whole. */
export interface ImportProblem {
  readonly path: string
  /** Byte offset in an mbox file. */
  readonly place: number | null
  readonly what: 'deleted' | 'damaged' | 'refused'
  readonly reason: string
  readonly subject: string
}

/** Imports that are remembered when they are over. */
export const MOST_IMPORTS = 50
/** Problems of one kind that an import's report names. */
export const MOST_PROBLEMS = 1000

const COLUMNS = `id, origin, is_upload AS isUpload, quoting, folder_id AS folderId, folder, state, reason, imported, duplicates, deleted,
  problems, started_ms AS startedMs, ended_ms AS endedMs`
const GET = `SELECT ${COLUMNS} FROM import_job WHERE id = ?`
const LIST = `SELECT ${COLUMNS} FROM import_job ORDER BY id DESC LIMIT ?`
const TOTALS = `
  SELECT coalesce(sum(done_bytes), 0) AS bytesDone, coalesce(sum(size_bytes), 0) AS bytesTotal,
    coalesce(sum(is_done), 0) AS sourcesDone, count(*) AS sourcesTotal
  FROM import_source WHERE job_id = ?`
const SOURCES = `
  SELECT id, kind, path, folder, role, size_bytes AS sizeBytes, position, done_bytes AS doneBytes, is_done AS isDone
  FROM import_source WHERE job_id = ? AND id > ? AND is_done = 0 ORDER BY id LIMIT ?` // index import_source_job
const INSERT = `
  INSERT INTO import_job (origin, is_upload, quoting, folder_id, folder, state, started_ms) VALUES (?, ?, ?, ?, ?, 'running', ?)`
const INSERT_SOURCE = `
  INSERT INTO import_source (job_id, kind, path, folder, role, size_bytes) VALUES (?, ?, ?, ?, ?, ?)`
const SET_STATE = 'UPDATE import_job SET state = ?, reason = ?, ended_ms = ? WHERE id = ?'
const REMOVE = 'DELETE FROM import_job WHERE id = ?'
const DROP_OLD = `
  DELETE FROM import_job WHERE state = 'done' AND id NOT IN (SELECT id FROM import_job ORDER BY id DESC LIMIT ${MOST_IMPORTS})`
const COUNT_PROBLEMS = 'SELECT count(*) AS n FROM import_problem WHERE job_id = ? AND what = ?'
const ADD_PROBLEM = 'INSERT INTO import_problem (job_id, path, place, what, reason, subject) VALUES (?, ?, ?, ?, ?, ?)'
const PROBLEMS = `
  SELECT id, path, place, what, reason, subject FROM import_problem WHERE job_id = ? AND id > ? ORDER BY id LIMIT ?`

interface Row extends Omit<ImportJob, 'origin' | 'isUpload'> {
  readonly origin: string
  readonly isUpload: number
}
const toJob = ({ origin, isUpload, ...rest }: Row): ImportJob => ({
  ...rest,
  origin: JSON.parse(origin) as string[],
  isUpload: isUpload === 1,
})

/** The import of that id, or undefined. */
export function getImport(db: ReadDb, id: number): ImportJob | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row && toJob(row)
}

/** The last imports, newest first. */
export function listImports(db: ReadDb, limit = MOST_IMPORTS): ImportJob[] {
  return prepared<[number], Row>(db, LIST).all(limit).map(toJob)
}

/** How much of an import's sources is done. */
export function importTotals(db: ReadDb, id: number): ImportTotals {
  const none = { bytesDone: 0, bytesTotal: 0, sourcesDone: 0, sourcesTotal: 0 }
  return prepared<[number], ImportTotals>(db, TOTALS).get(id) ?? none
}

/** Sources of an import that are not done, behind that one, in their order. */
export function listImportSources(db: ReadDb, jobId: number, after: number, limit: number): ImportSource[] {
  return prepared<[number, number, number], Omit<ImportSource, 'isDone'> & { isDone: number }>(db, SOURCES)
    .all(jobId, after, limit)
    .map((row) => ({ ...row, isDone: row.isDone === 1 }))
}

/** A page of an import's report, in the order things came up. */
export function listImportProblems(
  db: ReadDb,
  jobId: number,
  after: number,
  limit: number,
): (ImportProblem & { readonly id: number })[] {
  return prepared<[number, number, number], ImportProblem & { readonly id: number }>(db, PROBLEMS).all(
    jobId,
    after,
    limit,
  )
}

/** Adds lines to an import's report, as far as there is room. */
export function addImportProblems(db: WriteDb, jobId: number, problems: readonly ImportProblem[]): void {
  for (const what of new Set(problems.map((one) => one.what))) {
    const known = prepared<[number, string], { n: number }>(db, COUNT_PROBLEMS).get(jobId, what)?.n ?? 0
    const these = problems.filter((one) => one.what === what).slice(0, Math.max(0, MOST_PROBLEMS - known))
    for (const { path, place, reason, subject } of these)
      prepared(db, ADD_PROBLEM).run(jobId, path, place, what, reason, subject)
  }
}

/** The person's folder of that name, or for what the name says; made where it is missing. */
export function ensureByName(db: WriteDb, name: string): number {
  const role = roleOfName(name)
  return role === null ? ensureNamed(db, name) : ensureFolder(db, PERSON, role)
}

/** The fault of asking for an import that is not there. */
export const noImport = (id: number) =>
  new Fault('not-found', `find import ${id}: there is none`, { what: 'import', id: String(id) })

export const importJobOperations = {
  /**
   * Notes an import that begins with all it is to read: were a part of that not written down, it would seem done without it. `refused`:
   * how much there is that can't be read, of which `problems` names some. Throws `not-found` for a folder that is gone.
   */
  'import.begin': (
    db: WriteDb,
    args: Pick<ImportJob, 'origin' | 'isUpload' | 'quoting'> & {
      readonly into: ImportInto
      readonly sources: readonly NewImportSource[]
      readonly problems: readonly ImportProblem[]
      readonly refused: number
    },
    nowMs: number,
  ): number => {
    const { origin, isUpload, quoting, into } = args
    const folderId = into === null ? null : 'folderId' in into ? into.folderId : ensureByName(db, into.name)
    const folder = folderId === null ? null : getFolder(db, folderId)
    if (folderId !== null && !folder) throw noFolder(folderId)
    const values = [JSON.stringify(origin), isUpload ? 1 : 0, quoting, folderId, folder?.name ?? null, nowMs]
    const jobId = Number(prepared(db, INSERT).run(...values).lastInsertRowid)
    for (const { kind, path, folder: name, role, sizeBytes } of args.sources)
      prepared(db, INSERT_SOURCE).run(jobId, kind, path, name, role, sizeBytes)
    addImportProblems(db, jobId, args.problems)
    addCounts(db, jobId, { imported: 0, duplicates: 0, deleted: 0, problems: args.refused })
    prepared(db, DROP_OLD).run()
    return jobId
  },
  'import.state': (
    db: WriteDb,
    args: { readonly id: number; readonly state: ImportState; readonly reason: string | null },
    nowMs: number,
  ): void => {
    const endedMs = args.state === 'running' ? null : nowMs
    if (prepared(db, SET_STATE).run(args.state, args.reason, endedMs, args.id).changes !== 1) throw noImport(args.id)
  },
  'import.remove': (db: WriteDb, args: { readonly id: number }): void => {
    if (prepared(db, REMOVE).run(args.id).changes !== 1) throw noImport(args.id)
  },
} satisfies Record<string, Operation<never, unknown>>

const COUNT = `
  UPDATE import_job SET imported = imported + ?, duplicates = duplicates + ?, deleted = deleted + ?, problems = problems + ?
  WHERE id = ?`

/** Adds to an import's counts. */
export function addCounts(
  db: WriteDb,
  jobId: number,
  by: Pick<ImportJob, 'imported' | 'duplicates' | 'deleted' | 'problems'>,
): void {
  prepared(db, COUNT).run(by.imported, by.duplicates, by.deleted, by.problems, jobId)
}
