import type { Migration } from '../migrate.ts'

/** What junk and other mail had for words, by what the person has sorted. */
export const migration: Migration = {
  version: 26,
  sql: `
-- How many messages of each kind held a word. The empty word: how many there were.
CREATE TABLE junk_word (
  word TEXT PRIMARY KEY,
  junk INTEGER NOT NULL DEFAULT 0,
  good INTEGER NOT NULL DEFAULT 0) STRICT, WITHOUT ROWID;
-- As what a message was learnt. Gone with it; what it taught stays.
CREATE TABLE junk_lesson (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  is_junk INTEGER NOT NULL CHECK (is_junk IN (0, 1))) STRICT;
`,
}
