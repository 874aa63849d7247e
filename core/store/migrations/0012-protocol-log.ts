import type { Migration } from '../migrate.ts'

/** The protocol log in segments. */
export const migration: Migration = {
  version: 12,
  sql: `
`,
}
