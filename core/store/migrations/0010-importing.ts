import type { Migration } from '../migrate.ts'

/** Mail that is brought in from other programs, and how far it has come. */
export const migration: Migration = {
  version: 10,
  sql: `
-- One import. running: under way, or the program ended meanwhile. Counts and places move in the operation that stores the messages,
-- so that what is interrupted goes on exactly there. folder_id NULL: the source's own folders are kept.
CREATE TABLE import_job (
  id INTEGER PRIMARY KEY AUTOINCREMENT, origin TEXT NOT NULL, -- JSON: the paths or file names a person gave
  is_upload INTEGER NOT NULL CHECK (is_upload IN (0, 1)), quoting TEXT NOT NULL CHECK (quoting IN ('auto', 'mboxrd', 'mboxo')),
  folder_id INTEGER REFERENCES folder (id) ON DELETE SET NULL, folder TEXT, -- its name, also when it is gone
  state TEXT NOT NULL CHECK (state IN ('running', 'done', 'cancelled', 'failed')), reason TEXT,
  imported INTEGER NOT NULL DEFAULT 0, duplicates INTEGER NOT NULL DEFAULT 0, deleted INTEGER NOT NULL DEFAULT 0,
  problems INTEGER NOT NULL DEFAULT 0, started_ms INTEGER NOT NULL, ended_ms INTEGER) STRICT;
CREATE INDEX import_job_folder ON import_job (folder_id) WHERE folder_id IS NOT NULL;
-- A file or folder of mail. position: how far it is in: a byte offset of an mbox file, or the last file name of a folder.
CREATE TABLE import_source (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES import_job (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('mbox', 'maildir', 'eml')), path TEXT NOT NULL, folder TEXT NOT NULL, role TEXT,
  size_bytes INTEGER NOT NULL, done_bytes INTEGER NOT NULL DEFAULT 0, position TEXT NOT NULL DEFAULT '',
  is_done INTEGER NOT NULL DEFAULT 0 CHECK (is_done IN (0, 1))) STRICT;
CREATE INDEX import_source_job ON import_source (job_id, id);
-- What did not come in, or not whole; the first thousand of an import.
CREATE TABLE import_problem (
  id INTEGER PRIMARY KEY AUTOINCREMENT, job_id INTEGER NOT NULL REFERENCES import_job (id) ON DELETE CASCADE,
  path TEXT NOT NULL, place INTEGER, what TEXT NOT NULL CHECK (what IN ('deleted', 'damaged', 'refused')),
  reason TEXT NOT NULL, subject TEXT NOT NULL) STRICT;
CREATE INDEX import_problem_job ON import_problem (job_id, id);
-- Imported mail without a Message-ID, by a hash of its bytes: all other mail is known by its Message-ID first.
CREATE TABLE import_nameless (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, digest INTEGER NOT NULL) STRICT;
CREATE INDEX import_nameless_digest ON import_nameless (digest);
`,
}
