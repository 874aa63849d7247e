import type { Migration } from '../migrate.ts'

/** Files of drafts stay as long as their drafts do, and outlive the program that took them. */
export const migration: Migration = {
  version: 22,
  sql: `
-- A file that has arrived whole and waits to be sent. Drafts name it by its handle, in their JSON.
CREATE TABLE upload (
  handle TEXT PRIMARY KEY, blob_id INTEGER NOT NULL REFERENCES blob (id), filename TEXT NOT NULL, content_type TEXT NOT NULL,
  kept_ms INTEGER NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX upload_blob ON upload (blob_id);
`,
}
