import type { Migration } from '../migrate.ts'

/** Where mail is fetched from: rules of each account, what its server keeps. */
export const migration: Migration = {
  version: 6,
  withoutForeignKeys: true,
  sql: `
-- An account may be one of IMAP, and a folder may hold junk. Foreign keys are off meanwhile, and names in triggers are left alone.
PRAGMA legacy_alter_table = ON;
CREATE TABLE account_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL CHECK (kind IN ('pop3', 'imap')), name TEXT NOT NULL, host TEXT NOT NULL,
  port INTEGER NOT NULL, tls TEXT NOT NULL CHECK (tls IN ('implicit', 'starttls', 'none')), login TEXT NOT NULL,
  keep INTEGER NOT NULL CHECK (keep IN (0, 1)), every_seconds INTEGER NOT NULL, created_ms INTEGER NOT NULL,
  last_fetch_ms INTEGER, last_error TEXT, next_fetch_ms INTEGER NOT NULL) STRICT;
INSERT INTO account_new SELECT id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, last_fetch_ms, last_error,
  next_fetch_ms FROM account;
CREATE TABLE folder_new (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER REFERENCES account (id) ON DELETE CASCADE,
  user_id INTEGER REFERENCES local_user (id) ON DELETE CASCADE,
  role TEXT NOT NULL CHECK (role IN ('inbox', 'sent', 'drafts', 'archive', 'trash', 'junk', 'other')),
  name TEXT NOT NULL, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0,
  size_bytes INTEGER NOT NULL DEFAULT 0) STRICT;
INSERT INTO folder_new SELECT id, account_id, user_id, role, name, total, unread, size_bytes FROM folder;
-- Ids are never used again, also those of rows that are gone.
DELETE FROM sqlite_sequence WHERE name IN ('account_new', 'folder_new');
INSERT INTO sqlite_sequence (name, seq) SELECT name || '_new', seq FROM sqlite_sequence WHERE name IN ('account', 'folder');
DROP TABLE account;
DROP TABLE folder;
ALTER TABLE account_new RENAME TO account;
ALTER TABLE folder_new RENAME TO folder;
PRAGMA legacy_alter_table = OFF;
CREATE UNIQUE INDEX folder_role ON folder (coalesce(account_id, 0), coalesce(user_id, 0), role) WHERE role <> 'other';
CREATE INDEX folder_user ON folder (user_id) WHERE user_id IS NOT NULL;

-- What only an IMAP account has. sent_copy: whether we put mail that was sent into its Sent folder, or its server does by itself.
CREATE TABLE imap_account (
  account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  sent_copy TEXT NOT NULL DEFAULT 'append' CHECK (sent_copy IN ('append', 'server'))) STRICT;
-- A folder that is on the server, too, and how far it is known. uid_validity NULL: never looked at.
CREATE TABLE imap_folder (
  folder_id INTEGER PRIMARY KEY REFERENCES folder (id) ON DELETE CASCADE,
  account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE, path TEXT NOT NULL, uid_validity INTEGER,
  uid_next INTEGER, modseq TEXT, -- what was seen whole; modseq in digits: it has 63 bits
  UNIQUE (account_id, path)) STRICT;
-- Where a message is on its server, and the flags the server has shown last (1 seen, 2 flagged, 4 answered). message_id NULL: it
-- was removed here, and the server has not heard of that yet; so it is not fetched again. A uid below zero was one before the
-- server numbered its folder anew; its message is found again by Message-ID and size.
CREATE TABLE imap_place (
  folder_id INTEGER NOT NULL REFERENCES imap_folder (folder_id) ON DELETE CASCADE, uid INTEGER NOT NULL,
  message_id INTEGER REFERENCES message (id) ON DELETE SET NULL, flags INTEGER NOT NULL, PRIMARY KEY (folder_id, uid)) STRICT, WITHOUT ROWID;
CREATE INDEX imap_place_message ON imap_place (message_id) WHERE message_id IS NOT NULL;
-- What was done here and not yet on the server, in order. begun: a try may have reached the server, nobody knows how far.
CREATE TABLE imap_change (
  id INTEGER PRIMARY KEY AUTOINCREMENT, account_id INTEGER NOT NULL REFERENCES account (id) ON DELETE CASCADE,
  kind TEXT NOT NULL CHECK (kind IN ('flag', 'move', 'append', 'delete')), message_id INTEGER REFERENCES message (id) ON DELETE CASCADE,
  folder_id INTEGER, uid INTEGER, header_id TEXT, size_bytes INTEGER, -- of a delete, whose message is gone: where it is, and what it was
  target_id INTEGER REFERENCES folder (id) ON DELETE CASCADE, -- of a move or an append
  flag INTEGER, value INTEGER, begun INTEGER NOT NULL DEFAULT 0 CHECK (begun IN (0, 1)),
  refusals INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE INDEX imap_change_account ON imap_change (account_id, id);
CREATE INDEX imap_change_message ON imap_change (message_id) WHERE message_id IS NOT NULL;

-- What a person wants of an account's maildrop, and what its server says of itself. One row a POP3 account.
CREATE TABLE pop3_account (
  account_id INTEGER PRIMARY KEY REFERENCES account (id) ON DELETE CASCADE,
  delete_after_days INTEGER, -- NULL: what is kept on the server is kept for ever
  delete_when_removed INTEGER NOT NULL DEFAULT 0 CHECK (delete_when_removed IN (0, 1)),
  headers_only_over_mb INTEGER, -- NULL: everything comes whole
  newest_first INTEGER NOT NULL DEFAULT 0 CHECK (newest_first IN (0, 1)),
  allow_apop INTEGER NOT NULL DEFAULT 1 CHECK (allow_apop IN (0, 1)),
  signed_in_by TEXT, login_delay_seconds INTEGER, expire_days INTEGER) STRICT; -- the last session: mechanism, LOGIN-DELAY, EXPIRE
INSERT INTO pop3_account (account_id) SELECT id FROM account WHERE kind = 'pop3';
-- Since when the server lists a unique-id no more.
ALTER TABLE pop3_seen ADD COLUMN gone_ms INTEGER;
CREATE INDEX pop3_seen_gone ON pop3_seen (account_id, gone_ms) WHERE gone_ms IS NOT NULL;
-- Messages of which only the header is here; size_bytes: what the server says the whole of it has.
CREATE TABLE message_partial (
  message_id INTEGER PRIMARY KEY REFERENCES message (id) ON DELETE CASCADE, size_bytes INTEGER NOT NULL) STRICT;
`,
}
