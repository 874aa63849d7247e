import type { Migration } from '../migrate.ts'

/** Drafts that are on the server of their identity's account, too. */
export const migration: Migration = {
  version: 16,
  sql: `
-- Whether drafts of an account's address are put into its Drafts folder, or stay on this computer.
ALTER TABLE imap_account ADD COLUMN drafts TEXT NOT NULL DEFAULT 'server' CHECK (drafts IN ('server', 'here'));
-- The message that a draft was put into a folder as; NULL where there is none any more. of_ms: the draft's changed_ms then.
CREATE TABLE draft_copy (
  draft_id INTEGER PRIMARY KEY REFERENCES draft (id) ON DELETE CASCADE,
  message_id INTEGER REFERENCES message (id) ON DELETE SET NULL,
  of_ms INTEGER NOT NULL, copied_ms INTEGER NOT NULL) STRICT;
CREATE INDEX draft_copy_message ON draft_copy (message_id) WHERE message_id IS NOT NULL;
`,
}
