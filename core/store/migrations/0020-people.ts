import type { Migration } from '../migrate.ts'

/** What is known of people beside name and address, and groups of them. */
export const migration: Migration = {
  version: 20,
  sql: `
ALTER TABLE contact ADD COLUMN organisation TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN phone TEXT NOT NULL DEFAULT '';
ALTER TABLE contact ADD COLUMN note TEXT NOT NULL DEFAULT '';
-- name_key: the name as it is compared, without case and accents.
CREATE TABLE contact_group (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, name_key TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE contact_member (
  group_id INTEGER NOT NULL REFERENCES contact_group (id) ON DELETE CASCADE,
  contact_id INTEGER NOT NULL REFERENCES contact (id) ON DELETE CASCADE,
  PRIMARY KEY (group_id, contact_id)) STRICT, WITHOUT ROWID;
CREATE INDEX contact_member_contact ON contact_member (contact_id);
`,
}
