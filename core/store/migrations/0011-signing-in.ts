import type { Migration } from '../migrate.ts'

/** How accounts sign in elsewhere with a token. */
export const migration: Migration = {
  version: 11,
  sql: `
`,
}
