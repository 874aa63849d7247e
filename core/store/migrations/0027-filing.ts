import type { Migration } from '../migrate.ts'

/** Where the copies of what is sent as somebody are kept. */
export const migration: Migration = {
  version: 27,
  sql: `
-- NULL: in Sent of the IMAP account that signs in with the address, or else in the person's own.
ALTER TABLE identity ADD COLUMN sent_folder_id INTEGER REFERENCES folder (id) ON DELETE SET NULL;
`,
}
