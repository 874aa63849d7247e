import type { Migration } from '../migrate.ts'

/** What a reader sees of mail: threads, tags, contacts, words to find it by. */
export const migration: Migration = {
  version: 7,
  sql: `
-- Words to find messages by, folded by core/model/search-fold.ts. The index of before is made anew from the messages: while
-- search_rebuild has its row, messages below that id are not in it yet.
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (subject, author, addressees, cc, body, files, content = '', contentless_delete = 1,
  prefix = '2 3', tokenize = "unicode61 remove_diacritics 2");
CREATE TABLE search_rebuild (
  id INTEGER PRIMARY KEY CHECK (id = 1), below INTEGER NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL) STRICT;
INSERT INTO search_rebuild SELECT 1, max(id) + 1, 0, count(*) FROM message HAVING count(*) > 0;
-- All that a search filters messages by, in id order and without the rows themselves.
CREATE INDEX message_facts ON message (id, folder_id, seen, starred, attachments, size_bytes, date_ms);
CREATE TABLE saved_search (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;
`,
}
