import type { Migration } from '../migrate.ts'

/** Mail whose words are on their way into the full-text index. */
export const migration: Migration = {
  version: 13,
  sql: `
-- Stored in bulk: what it is found by is put into the index some moments later, many at once. What a crash leaves here is indexed
-- at the next start, from the messages themselves.
CREATE TABLE search_pending (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE) STRICT;
`,
}
