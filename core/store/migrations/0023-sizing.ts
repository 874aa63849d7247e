import type { Migration } from '../migrate.ts'

/** What other servers take at most, so that a composer can say so before a message is sent. */
export const migration: Migration = {
  version: 23,
  sql: `
-- What the last EHLO of a server said (RFC 1870). largest_bytes NULL: it named no limit.
CREATE TABLE server_size (
  host TEXT NOT NULL, port INTEGER NOT NULL, largest_bytes INTEGER CHECK (largest_bytes > 0), seen_ms INTEGER NOT NULL,
  PRIMARY KEY (host, port)) STRICT, WITHOUT ROWID;
`,
}
