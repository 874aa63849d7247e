import type { Migration } from '../migrate.ts'

/** Rules that sort mail. */
export const migration: Migration = {
  version: 9,
  sql: `
-- Asked in order of position. scope, condition and actions: JSON of core/model/rule.ts.
CREATE TABLE rule (
  id INTEGER PRIMARY KEY AUTOINCREMENT, position INTEGER NOT NULL, name TEXT NOT NULL, enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
  scope TEXT NOT NULL, condition TEXT NOT NULL, actions TEXT NOT NULL, matches INTEGER NOT NULL DEFAULT 0, last_match_ms INTEGER,
  trouble TEXT, trouble_ms INTEGER, created_ms INTEGER NOT NULL) STRICT;
CREATE INDEX rule_position ON rule (position, id);
CREATE INDEX rule_enabled ON rule (id) WHERE enabled = 1;

-- Mail that came and that rules have not been asked about: written in the operation that stores the message, removed in the one
-- that does what they say.
CREATE TABLE rule_todo (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE,
  source TEXT NOT NULL CHECK (source IN ('account', 'user', 'person')), source_id INTEGER, -- what it came by
  tries INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL) STRICT;
CREATE INDEX rule_todo_due ON rule_todo (due_ms, message_id);

-- What a rule did to a message. steps: JSON. header_id, received_ms and size_bytes know the message again when another program moves it
-- on its server. No foreign keys: it is kept for a while after message and rule.
CREATE TABLE rule_history (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, rule_id INTEGER, rule_name TEXT NOT NULL, at_ms INTEGER NOT NULL,
  how TEXT NOT NULL CHECK (how IN ('arrival', 'asked')), folder_name TEXT NOT NULL, steps TEXT NOT NULL, header_id TEXT NOT NULL,
  received_ms INTEGER NOT NULL, size_bytes INTEGER NOT NULL) STRICT;
CREATE INDEX rule_history_message ON rule_history (message_id, id);
CREATE INDEX rule_history_header ON rule_history (header_id) WHERE header_id <> '';
CREATE INDEX rule_history_at ON rule_history (at_ms);

-- What rules are about to send, or to do once all of a message's is sent: removed in the commit that puts it into the queue. It has the
-- bytes by itself, for the message may be removed meanwhile. job: JSON.
CREATE TABLE rule_send (
  id INTEGER PRIMARY KEY AUTOINCREMENT, message_id INTEGER NOT NULL, rule_id INTEGER NOT NULL, history_id INTEGER NOT NULL, step INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('forward', 'redirect', 'reply', 'erase')), sent_id INTEGER, -- of rule_sent; NULL for erase
  blob_id INTEGER NOT NULL REFERENCES blob (id), prefix TEXT NOT NULL, removed TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  job TEXT NOT NULL, tries INTEGER NOT NULL DEFAULT 0, due_ms INTEGER NOT NULL) STRICT;
CREATE INDEX rule_send_due ON rule_send (due_ms, id);
CREATE INDEX rule_send_blob ON rule_send (blob_id);
CREATE INDEX rule_send_message ON rule_send (message_id);
-- What rules have sent or are about to, so that nothing goes twice and nobody is answered too often. entry_id: once it is in the queue.
CREATE TABLE rule_sent (
  id INTEGER PRIMARY KEY AUTOINCREMENT, rule_id INTEGER NOT NULL, message_id INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('forward', 'redirect', 'reply')), whom TEXT NOT NULL, at_ms INTEGER NOT NULL,
  history_id INTEGER NOT NULL, entry_id INTEGER, UNIQUE (rule_id, message_id, kind, whom)) STRICT;
CREATE INDEX rule_sent_at ON rule_sent (at_ms);
CREATE INDEX rule_sent_whom ON rule_sent (rule_id, whom, at_ms) WHERE kind = 'reply';
CREATE INDEX rule_sent_history ON rule_sent (history_id);

-- The server whose Authentication-Results an account trusts (RFC 8601).
CREATE TABLE rule_trust (account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE, authserv_id TEXT NOT NULL) STRICT;

-- Rules are asked about mail of an IMAP folder from that number on: what was there when it was first looked at has not just come.
ALTER TABLE imap_folder ADD COLUMN rules_from_uid INTEGER;
UPDATE imap_folder SET rules_from_uid = coalesce(
  uid_next, (SELECT max(uid) + 1 FROM imap_place WHERE imap_place.folder_id = imap_folder.folder_id AND uid > 0), 1)
WHERE uid_validity IS NOT NULL;
`,
}
