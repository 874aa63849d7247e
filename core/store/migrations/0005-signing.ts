import type { Migration } from '../migrate.ts'

/** DKIM keys, addresses that refused mail for good, reports and what they change. */
export const migration: Migration = {
  version: 5,
  sql: `
-- One DKIM key (RFC 6376); the private half is the secret of kind 'dkim' named by the id. published: what DNS said at checked_ms.
CREATE TABLE dkim_key (
  id INTEGER PRIMARY KEY AUTOINCREMENT, domain TEXT NOT NULL, selector TEXT NOT NULL,
  algorithm TEXT NOT NULL CHECK (algorithm IN ('rsa-sha256', 'ed25519-sha256')), public_key TEXT NOT NULL, -- base64, as p= has it
  active INTEGER NOT NULL DEFAULT 0 CHECK (active IN (0, 1)),
  published TEXT NOT NULL DEFAULT 'unchecked' CHECK (published IN ('unchecked', 'published', 'missing', 'different')),
  checked_ms INTEGER, created_ms INTEGER NOT NULL, UNIQUE (domain, selector)) STRICT;
-- Names of the keys that signed an entry, "selector._domainkey.domain", with a space between. NULL: unsigned.
ALTER TABLE queue_entry ADD COLUMN signed_by TEXT;

-- How mail to an address ended lately: permanent failures in a row. since_ms: from when on its writer is warned. In lower case.
CREATE TABLE suppression (
  local TEXT NOT NULL, domain TEXT NOT NULL, failures INTEGER NOT NULL, unknown_user INTEGER NOT NULL, last_reply TEXT,
  last_ms INTEGER NOT NULL, since_ms INTEGER, by_hand INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
  PRIMARY KEY (domain, local)) STRICT, WITHOUT ROWID;
CREATE INDEX suppression_since ON suppression (since_ms) WHERE since_ms IS NOT NULL;
-- What other servers reported of a recipient after they had taken the message: JSON array of LaterReport.
ALTER TABLE queue_recipient ADD COLUMN later_dsn TEXT;
-- A report that comes in names the Message-ID, or what the sender called the transaction. The first letters of a Message-ID find
-- few entries, and keep the index small.
CREATE INDEX queue_entry_message ON queue_entry (substr(message_id, 2, 16));
CREATE INDEX queue_entry_envid ON queue_entry (envid) WHERE envid IS NOT NULL;
-- Reports that came in and have not been looked at.
CREATE TABLE incoming_report (message_id INTEGER PRIMARY KEY) STRICT;
`,
}
