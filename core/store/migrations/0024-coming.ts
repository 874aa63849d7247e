import type { Migration } from '../migrate.ts'

/** By which account's server a message came, so that nobody else's word is taken for that server's. */
export const migration: Migration = {
  version: 24,
  sql: `
-- What was put into an account's folder in another way has no row. Of what lies in one by now nobody knows: it counts as before.
CREATE TABLE message_account (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE) STRICT;
INSERT OR IGNORE INTO message_account
  SELECT s.message_id, s.account_id FROM pop3_seen s JOIN message m ON m.id = s.message_id;
INSERT OR IGNORE INTO message_account
  SELECT m.id, f.account_id FROM message m JOIN folder f ON f.id = m.folder_id
  WHERE f.account_id IS NOT NULL AND f.role NOT IN ('sent', 'drafts');
`,
}
