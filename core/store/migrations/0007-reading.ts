import type { Migration } from '../migrate.ts'

/** What a reader sees of mail: threads, tags, contacts, words to find it by. */
export const migration: Migration = {
  version: 7,
  sql: `
-- Words to find messages by, folded by core/model/search-fold.ts. The index of before is made anew from the messages: while
-- search_rebuild has its row, messages below that id are not in it yet.
DROP TABLE message_text;
CREATE VIRTUAL TABLE message_text USING fts5 (subject, author, addressees, cc, body, files, content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 2 categories 'L* N* Co Mn Mc'");
CREATE TABLE search_rebuild (
  id INTEGER PRIMARY KEY CHECK (id = 1), below INTEGER NOT NULL, done INTEGER NOT NULL, total INTEGER NOT NULL) STRICT;
INSERT INTO search_rebuild SELECT 1, max(id) + 1, 0, count(*) FROM message HAVING count(*) > 0;
-- All that a search filters messages by, in id order and without the rows themselves.
CREATE INDEX message_facts ON message (id, folder_id, seen, starred, attachments, size_bytes, date_ms);
-- Mail whose Date is two days and more from when it came: all other mail of a date is found by its id.
CREATE INDEX message_skewed ON message (id) WHERE abs(id / 1048576 * 1000 - date_ms) > 172800000;
CREATE TABLE saved_search (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, text TEXT NOT NULL, created_ms INTEGER NOT NULL) STRICT;
-- Which conversation a message belongs to: the id of the first message it was made for. NULL: of before, and not looked at yet.
ALTER TABLE message ADD COLUMN thread_id INTEGER;
ALTER TABLE message ADD COLUMN answered INTEGER NOT NULL DEFAULT 0 CHECK (answered IN (0, 1));
ALTER TABLE message ADD COLUMN forwarded INTEGER NOT NULL DEFAULT 0 CHECK (forwarded IN (0, 1));
CREATE INDEX message_thread ON message (thread_id, date_ms, id) WHERE thread_id IS NOT NULL;
CREATE INDEX message_unthreaded ON message (id) WHERE thread_id IS NULL;
-- Message-IDs that mail of a thread refers to and that are not here: a hash of each. Goes when its message comes.
CREATE TABLE thread_ghost (name INTEGER PRIMARY KEY, thread_id INTEGER NOT NULL) STRICT;
CREATE INDEX thread_ghost_thread ON thread_ghost (thread_id);
-- What an answer without References is found by: a hash of the subject without "Re:", and the last message that had it.
CREATE TABLE thread_subject (subject INTEGER PRIMARY KEY, message_id INTEGER NOT NULL, date_ms INTEGER NOT NULL) STRICT;
CREATE INDEX thread_subject_date ON thread_subject (date_ms);

-- The attachments of a message, so that none has to be opened to find them. place: as mail.attachment counts them, from 0.
-- size_bytes: as its encoding says, without decoding it.
CREATE TABLE message_part (
  message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE, place INTEGER NOT NULL, filename TEXT NOT NULL,
  content_type TEXT NOT NULL, size_bytes INTEGER NOT NULL, PRIMARY KEY (message_id, place)) STRICT, WITHOUT ROWID;

CREATE TABLE tag (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE, -- name_key: folded, for no tag twice
  colour TEXT NOT NULL, number INTEGER UNIQUE CHECK (number BETWEEN 1 AND 9)) STRICT; -- number: the key that sets it
CREATE TABLE message_tag (
  message_id INTEGER NOT NULL REFERENCES message (id) ON DELETE CASCADE, tag_id INTEGER NOT NULL REFERENCES tag (id) ON DELETE CASCADE,
  PRIMARY KEY (message_id, tag_id)) STRICT, WITHOUT ROWID;
CREATE INDEX message_tag_tag ON message_tag (tag_id, message_id);

-- Whom the person writes to. rank_ms: when it was used last, moved on by every use before, half as far each month: one number
-- that orders by use and recency at any time. is_kept: written down by the person, not only learnt.
CREATE TABLE contact (
  id INTEGER PRIMARY KEY AUTOINCREMENT, address TEXT NOT NULL, address_key TEXT NOT NULL UNIQUE, name TEXT NOT NULL,
  sort_key TEXT NOT NULL, is_kept INTEGER NOT NULL CHECK (is_kept IN (0, 1)), uses INTEGER NOT NULL, last_used_ms INTEGER,
  rank_ms INTEGER NOT NULL) STRICT;
CREATE INDEX contact_rank ON contact (rank_ms DESC, id DESC);
CREATE INDEX contact_sort ON contact (sort_key, id);
-- The words a contact is found by, folded: its address, that address's domain, and each word of its name.
CREATE TABLE contact_word (
  word TEXT NOT NULL, contact_id INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE, PRIMARY KEY (word, contact_id)) STRICT, WITHOUT ROWID;
CREATE INDEX contact_word_contact ON contact_word (contact_id);
`,
}
