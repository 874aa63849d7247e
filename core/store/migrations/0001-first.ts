import type { Migration } from '../migrate.ts'

/** The first schema. Columns carry their unit; tables are STRICT and singular. */
export const migration: Migration = {
  version: 1,
  sql: `
CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;

-- Passwords, verifiers and private keys: nowhere else, and read only by core/vault/.
CREATE TABLE secret (
  id INTEGER PRIMARY KEY, kind TEXT NOT NULL, name TEXT NOT NULL, value BLOB NOT NULL, created_ms INTEGER NOT NULL,
  UNIQUE (kind, name)) STRICT;

CREATE TABLE setting (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT; -- JSON; what the window changed

-- Raw octets in chunks. staged: still arriving; whole: checksum known; quarantined: the checksum failed.
CREATE TABLE blob (
  id INTEGER PRIMARY KEY AUTOINCREMENT, state TEXT NOT NULL CHECK (state IN ('staged', 'whole', 'quarantined')),
  size_bytes INTEGER NOT NULL, sha256 BLOB, created_ms INTEGER NOT NULL) STRICT;
CREATE INDEX blob_staged ON blob (id) WHERE state = 'staged';
-- id = blob id × 4096 + n: one tree without a second index, for every accepted message is written through here.
CREATE TABLE blob_chunk (id INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
CREATE TRIGGER blob_gone AFTER DELETE ON blob BEGIN
  DELETE FROM blob_chunk WHERE id >= OLD.id * 4096 AND id < (OLD.id + 1) * 4096;
END;

CREATE TABLE local_user (
  id INTEGER PRIMARY KEY AUTOINCREMENT, local TEXT NOT NULL, domain TEXT NOT NULL, created_ms INTEGER NOT NULL,
  last_login_ms INTEGER, UNIQUE (local, domain)) STRICT;

CREATE TABLE route (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind = 'smarthost'), host TEXT NOT NULL, port INTEGER NOT NULL,
  tls TEXT NOT NULL CHECK (tls IN ('implicit', 'starttls', 'none')), created_ms INTEGER NOT NULL) STRICT;

-- Who the user writes as. route_id NULL: straight to the recipient's server.
CREATE TABLE identity (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, local TEXT NOT NULL, domain TEXT NOT NULL,
  route_id INTEGER REFERENCES route (id) ON DELETE SET NULL, user_id INTEGER REFERENCES local_user (id) ON DELETE SET NULL,
  created_ms INTEGER NOT NULL, UNIQUE (local, domain)) STRICT;

CREATE TABLE account (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind = 'pop3'), name TEXT NOT NULL, host TEXT NOT NULL,
  port INTEGER NOT NULL, tls TEXT NOT NULL CHECK (tls IN ('implicit', 'starttls', 'none')), login TEXT NOT NULL,
  keep INTEGER NOT NULL CHECK (keep IN (0, 1)), every_seconds INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  last_fetch_ms INTEGER, last_error TEXT, next_fetch_ms INTEGER NOT NULL) STRICT;

-- A folder belongs to an account, to a local user, or (both NULL) to the person who runs Posthorn.
CREATE TABLE folder (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
  user_id INTEGER REFERENCES local_user (id) ON DELETE CASCADE, role TEXT NOT NULL CHECK (role IN ('inbox', 'sent', 'drafts', 'archive', 'trash', 'other')),
  name TEXT NOT NULL, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE UNIQUE INDEX folder_role ON folder (coalesce(account_id, 0), coalesce(user_id, 0), role) WHERE role <> 'other';

-- id = seconds × 2^20 + n, so that full-text hits come in date order. Never reused, never shown.
CREATE TABLE message (
  id INTEGER PRIMARY KEY, folder_id INTEGER NOT NULL REFERENCES folder (id), blob_id INTEGER NOT NULL REFERENCES blob (id),
  prefix TEXT NOT NULL, removed TEXT NOT NULL, size_bytes INTEGER NOT NULL,
  message_id TEXT NOT NULL, subject TEXT NOT NULL, author_name TEXT NOT NULL, author_address TEXT NOT NULL, addressees TEXT NOT NULL,
  preview TEXT NOT NULL, date_ms INTEGER NOT NULL, received_ms INTEGER NOT NULL, attachments INTEGER NOT NULL,
  seen INTEGER NOT NULL CHECK (seen IN (0, 1)), starred INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1)), change INTEGER NOT NULL) STRICT;
CREATE INDEX message_folder_date ON message (folder_id, date_ms DESC, id DESC);
CREATE INDEX message_date ON message (date_ms DESC, id DESC);
CREATE INDEX message_message_id ON message (message_id);
CREATE INDEX message_change ON message (change);
CREATE INDEX message_blob ON message (blob_id);
CREATE VIRTUAL TABLE message_text USING fts5 (subject, author, addressees, body, content = '', contentless_delete = 1,
  tokenize = "unicode61 remove_diacritics 2");

-- What a POP3 server has shown us, so that nothing is fetched twice. message_id NULL: fetched, then removed here.
CREATE TABLE pop3_seen (
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE, uidl TEXT NOT NULL, message_id INTEGER, fetched_ms INTEGER NOT NULL,
  PRIMARY KEY (account_id, uidl)) STRICT, WITHOUT ROWID;
CREATE INDEX pop3_seen_message ON pop3_seen (message_id) WHERE message_id IS NOT NULL;

-- One accepted message. The bytes are final: blob, prefix and removed ranges say them.
CREATE TABLE queue_entry (
  id INTEGER PRIMARY KEY AUTOINCREMENT, blob_id INTEGER NOT NULL REFERENCES blob (id), prefix TEXT NOT NULL, removed TEXT NOT NULL,
  size_bytes INTEGER NOT NULL, from_local TEXT, from_domain TEXT, -- both NULL: the null reverse-path
  user_id INTEGER REFERENCES local_user (id) ON DELETE SET NULL, -- whose Inbox is told; NULL: the person who runs Posthorn
  origin TEXT NOT NULL CHECK (origin IN ('window', 'submission', 'sendmail', 'report', 'rule')),
  message_id TEXT NOT NULL, subject TEXT NOT NULL, is_8bit INTEGER NOT NULL, needs_utf8 INTEGER NOT NULL,
  created_ms INTEGER NOT NULL, warned_ms INTEGER, done_ms INTEGER, open_count INTEGER NOT NULL, -- recipients not yet final
  online_ms INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX queue_entry_done ON queue_entry (done_ms);
CREATE INDEX queue_entry_blob ON queue_entry (blob_id);

CREATE TABLE queue_recipient (
  id INTEGER PRIMARY KEY AUTOINCREMENT, entry_id INTEGER NOT NULL REFERENCES queue_entry (id) ON DELETE CASCADE, local TEXT NOT NULL, domain TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'trying', 'delivered', 'deferred', 'bounced', 'held', 'unknown', 'cancelled')),
  phase TEXT CHECK (phase IN ('dialling', 'body')), attempts INTEGER NOT NULL DEFAULT 0, last_attempt_ms INTEGER, next_attempt_ms INTEGER,
  last_reply TEXT, last_cause TEXT, mx TEXT, done_ms INTEGER, -- last_reply: the server's own words; last_cause: JSON Cause
  unknowns INTEGER NOT NULL DEFAULT 0, -- tries that ended between the final dot and its reply
  cancel_asked INTEGER NOT NULL DEFAULT 0 CHECK (cancel_asked IN (0, 1))) STRICT; -- cancelled while a try was under way
CREATE INDEX queue_recipient_due ON queue_recipient (next_attempt_ms, id) WHERE next_attempt_ms IS NOT NULL;
CREATE INDEX queue_recipient_entry ON queue_recipient (entry_id, id);
CREATE INDEX queue_recipient_trying ON queue_recipient (id) WHERE state = 'trying';

-- One try of one recipient.
CREATE TABLE attempt (
  id INTEGER PRIMARY KEY AUTOINCREMENT, recipient_id INTEGER NOT NULL REFERENCES queue_recipient (id) ON DELETE CASCADE,
  started_ms INTEGER NOT NULL, ended_ms INTEGER, outcome TEXT, cause TEXT, mx TEXT, session_id INTEGER) STRICT;
CREATE INDEX attempt_recipient ON attempt (recipient_id, id);

CREATE TABLE session (
  id INTEGER PRIMARY KEY, protocol TEXT NOT NULL, side TEXT NOT NULL, peer TEXT NOT NULL, address TEXT NOT NULL, account_id INTEGER,
  started_ms INTEGER NOT NULL, ended_ms INTEGER, state TEXT NOT NULL, worst TEXT NOT NULL, tls INTEGER NOT NULL,
  bytes_in INTEGER NOT NULL, bytes_out INTEGER NOT NULL, messages INTEGER NOT NULL,
  stored_bytes INTEGER NOT NULL DEFAULT 0) STRICT; -- of its events, for the cap on all transcripts
CREATE INDEX session_protocol ON session (protocol, id);
CREATE INDEX session_problem ON session (id) WHERE state IN ('deferred', 'failed', 'aborted');
CREATE INDEX session_problem_protocol ON session (protocol, id) WHERE state IN ('deferred', 'failed', 'aborted');
CREATE INDEX session_live ON session (id) WHERE state = 'live';
-- Events of a session in batches: JSON array of TranscriptEvent, seq = number of the first. In the order they came, so that a
-- batch of many sessions fills pages one after the other; by session there is only the index.
CREATE TABLE session_events (
  id INTEGER PRIMARY KEY, session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE, seq INTEGER NOT NULL, events TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX session_events_session ON session_events (session_id, seq);
-- What a session had to do with. No foreign keys but the session: rows there may come before or go before.
CREATE TABLE session_link (session_id INTEGER NOT NULL REFERENCES session (id) ON DELETE CASCADE, entry_id INTEGER, recipient_id INTEGER,
  attempt_id INTEGER, message_id INTEGER) STRICT;
CREATE INDEX session_link_all ON session_link (session_id, entry_id, recipient_id, attempt_id, message_id);
CREATE INDEX session_link_entry ON session_link (entry_id, recipient_id) WHERE entry_id IS NOT NULL;
CREATE INDEX session_link_message ON session_link (message_id) WHERE message_id IS NOT NULL;

-- What a composer has not sent yet.
CREATE TABLE draft (
  id INTEGER PRIMARY KEY AUTOINCREMENT, identity_id INTEGER REFERENCES identity (id) ON DELETE SET NULL, content TEXT NOT NULL, changed_ms INTEGER NOT NULL) STRICT;
`,
}
