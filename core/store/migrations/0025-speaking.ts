import type { Migration } from '../migrate.ts'

/** The language a person writes in as somebody. */
export const migration: Migration = {
  version: 25,
  sql: `
-- As BCP 47 names it; '' for that of the window.
ALTER TABLE identity ADD COLUMN language TEXT NOT NULL DEFAULT '';
`,
}
