import type { Migration } from '../migrate.ts'

/** Rules that sort mail. */
export const migration: Migration = {
  version: 9,
  sql: `
`,
}
