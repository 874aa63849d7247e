import type { Migration } from '../migrate.ts'

/** What a person writes with: signatures and the address for answers of an identity, and templates. */
export const migration: Migration = {
  version: 19,
  sql: `
-- reply_to: where answers go in place of the identity's own address. signature: plain text below what is written; '' for none.
-- signs_answers: also below answers and what is sent on.
ALTER TABLE identity ADD COLUMN reply_to TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN signature TEXT NOT NULL DEFAULT '';
ALTER TABLE identity ADD COLUMN signs_answers INTEGER NOT NULL DEFAULT 1 CHECK (signs_answers IN (0, 1));
-- content: what the composer holds (JSON), as in draft.
CREATE TABLE template (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL COLLATE NOCASE UNIQUE, content TEXT NOT NULL,
  changed_ms INTEGER NOT NULL) STRICT;
`,
}
