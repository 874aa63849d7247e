import type { Migration } from '../migrate.ts'

/** Messages that come back later, and lists one has left. */
export const migration: Migration = {
  version: 18,
  sql: `
-- Until when lists do without it; NULL: it is not snoozed. What is snoozed counts in no folder.
ALTER TABLE message ADD COLUMN snoozed_ms INTEGER;
-- When it came back. Lists have it there, for whoever snoozed it wants to see it at the top.
ALTER TABLE message ADD COLUMN woken_ms INTEGER;
ALTER TABLE message ADD COLUMN list_ms INTEGER GENERATED ALWAYS AS (coalesce(woken_ms, date_ms)) VIRTUAL;
DROP INDEX message_folder_date;
CREATE INDEX message_folder_list ON message (folder_id, list_ms DESC, id DESC);
CREATE INDEX message_snoozed ON message (snoozed_ms, id) WHERE snoozed_ms IS NOT NULL;

-- Where the sender of a message was asked for no more mail by its List-Unsubscribe, and what it answered.
CREATE TABLE message_unsubscribed (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, asked_ms INTEGER NOT NULL, host TEXT NOT NULL,
  status INTEGER, -- NULL: there was no answer
  reason TEXT NOT NULL) STRICT;
`,
}
