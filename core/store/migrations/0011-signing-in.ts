import type { Migration } from '../migrate.ts'

/** How accounts and routes sign in elsewhere by a provider's own page. */
export const migration: Migration = {
  version: 11,
  sql: `
CREATE TABLE sign_in (
  id INTEGER PRIMARY KEY AUTOINCREMENT, -- never used again: tokens are remembered by it
  provider TEXT NOT NULL,
  user TEXT NOT NULL, -- what servers are told who it is
  trouble TEXT, -- why one has to sign in again
  signed_in_ms INTEGER NOT NULL,
  UNIQUE (provider, user)
) STRICT;
-- Its tokens are secrets of kind sign-in-refresh, by id.
ALTER TABLE account ADD COLUMN sign_in_id INTEGER REFERENCES sign_in (id);
ALTER TABLE route ADD COLUMN sign_in_id INTEGER REFERENCES sign_in (id);
CREATE INDEX account_sign_in ON account (sign_in_id) WHERE sign_in_id IS NOT NULL;
CREATE INDEX route_sign_in ON route (sign_in_id) WHERE sign_in_id IS NOT NULL;
`,
}
