import type { Migration } from '../migrate.ts'

/** What a message costs that is accepted. */
export const migration: Migration = {
  version: 14,
  sql: `
-- Entries by the first letters of their Message-ID, for reports that come in. As an index it took a page of its own for each message
-- accepted, for Message-IDs come in no order. Entries are put in here many at a time and sorted, once somebody asks; those with a
-- higher id than the counter says are not in it yet.
CREATE TABLE queue_message (
  name TEXT NOT NULL, entry_id INTEGER NOT NULL, PRIMARY KEY (name, entry_id)) STRICT, WITHOUT ROWID;
INSERT INTO queue_message SELECT substr(message_id, 2, 16), id FROM queue_entry ORDER BY 1, 2;
INSERT INTO counter (name, value) SELECT 'queue.named', coalesce(max(id), 0) FROM queue_entry;
DROP INDEX queue_entry_message;
CREATE TRIGGER queue_entry_gone AFTER DELETE ON queue_entry BEGIN
  DELETE FROM queue_message WHERE name = substr(OLD.message_id, 2, 16) AND entry_id = OLD.id;
END;
`,
}
