import type { Migration } from '../migrate.ts'

/** How requests for read receipts (RFC 8098) were answered. */
export const migration: Migration = {
  version: 21,
  sql: `
-- No row: nobody has answered yet. sent: 1 a receipt went out, 0 none will.
CREATE TABLE receipt_answer (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, sent INTEGER NOT NULL CHECK (sent IN (0, 1)),
  answered_ms INTEGER NOT NULL) STRICT;
`,
}
