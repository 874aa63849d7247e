import type { Migration } from '../migrate.ts'

/** Queries of the protocol log that are kept. */
export const migration: Migration = {
  version: 15,
  sql: `
-- notify: each session that ends is held against it; found and last_ms: how many it found since then, and when the last one ended.
CREATE TABLE log_query (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL, notify INTEGER NOT NULL,
  found INTEGER NOT NULL DEFAULT 0, last_ms INTEGER, created_ms INTEGER NOT NULL) STRICT;
`,
}
