import type { Migration } from '../migrate.ts'

/** DKIM keys, addresses that refused mail for good. */
export const migration: Migration = {
  version: 5,
  sql: `
`,
}
