import type { Migration } from '../migrate.ts'

/** Who may hand mail in: app passwords, aliases, what greylisting remembers. */
export const migration: Migration = {
  version: 2,
  sql: `
-- Where mail for the local domains goes: one alias is one line, patterns on the left and targets on the right. A local part or a
-- domain of '*' in a pattern stands for all; in a target it takes what the address had. Local parts of patterns in lower case.
CREATE TABLE alias (id INTEGER PRIMARY KEY AUTOINCREMENT, created_ms INTEGER NOT NULL) STRICT;
CREATE TABLE alias_pattern (
  local TEXT NOT NULL, domain TEXT NOT NULL, alias_id INTEGER NOT NULL REFERENCES alias (id) ON DELETE CASCADE, place INTEGER NOT NULL,
  PRIMARY KEY (domain, local)) STRICT, WITHOUT ROWID;
CREATE INDEX alias_pattern_alias ON alias_pattern (alias_id, place);
CREATE TABLE alias_target (
  alias_id INTEGER NOT NULL REFERENCES alias (id) ON DELETE CASCADE, place INTEGER NOT NULL, local TEXT NOT NULL, domain TEXT NOT NULL,
  PRIMARY KEY (alias_id, place)) STRICT, WITHOUT ROWID;

-- Most bytes a local user may keep; NULL: what the setting local.quotaBytes says.
ALTER TABLE local_user ADD COLUMN quota_bytes INTEGER;
-- What the messages of a folder hold, counted by the triggers below wherever a message comes, goes or moves.
ALTER TABLE folder ADD COLUMN size_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE folder SET size_bytes = (SELECT coalesce(sum(size_bytes), 0) FROM message WHERE folder_id = folder.id);
CREATE INDEX folder_user ON folder (user_id) WHERE user_id IS NOT NULL;
CREATE TRIGGER message_came AFTER INSERT ON message BEGIN
  UPDATE folder SET size_bytes = size_bytes + NEW.size_bytes WHERE id = NEW.folder_id;
END;
CREATE TRIGGER message_went AFTER DELETE ON message BEGIN
  UPDATE folder SET size_bytes = size_bytes - OLD.size_bytes WHERE id = OLD.folder_id;
END;
CREATE TRIGGER message_moved AFTER UPDATE OF folder_id, size_bytes ON message BEGIN
  UPDATE folder SET size_bytes = size_bytes - OLD.size_bytes WHERE id = OLD.folder_id;
  UPDATE folder SET size_bytes = size_bytes + NEW.size_bytes WHERE id = NEW.folder_id;
END;

-- Recipients of the queue that were an alias of addresses elsewhere and have been sent on: never twice.
CREATE TABLE forwarded (recipient_id INTEGER PRIMARY KEY REFERENCES queue_recipient (id) ON DELETE CASCADE) STRICT;

-- Clients that were asked to come again (greylisting) by network, sender and recipient, until their time is over.
CREATE TABLE greylist (
  network TEXT NOT NULL, sender TEXT NOT NULL, recipient TEXT NOT NULL, first_ms INTEGER NOT NULL, expires_ms INTEGER NOT NULL,
  is_known INTEGER NOT NULL CHECK (is_known IN (0, 1)), PRIMARY KEY (network, sender, recipient)) STRICT, WITHOUT ROWID;
CREATE INDEX greylist_expires ON greylist (expires_ms);

-- A password made for one program of a local user or, by an identity, of the person who runs Posthorn. Its verifier is the secret
-- of kind 'app-password' named by the id, and goes with it.
CREATE TABLE app_password (
  id INTEGER PRIMARY KEY AUTOINCREMENT, user_id INTEGER REFERENCES local_user (id) ON DELETE CASCADE,
  identity_id INTEGER REFERENCES identity (id) ON DELETE CASCADE, name TEXT NOT NULL, created_ms INTEGER NOT NULL, last_used_ms INTEGER,
  CHECK ((user_id IS NULL) <> (identity_id IS NULL))) STRICT;
CREATE UNIQUE INDEX app_password_user ON app_password (user_id, name) WHERE user_id IS NOT NULL;
CREATE UNIQUE INDEX app_password_identity ON app_password (identity_id, name) WHERE identity_id IS NOT NULL;
CREATE TRIGGER app_password_gone AFTER DELETE ON app_password BEGIN
  DELETE FROM secret WHERE kind = 'app-password' AND name = CAST(OLD.id AS TEXT);
END;
`,
}
