import type { Migration } from '../migrate.ts'

/** Where mail is fetched from: rules of each account, what its server keeps. */
export const migration: Migration = {
  version: 6,
  sql: `
`,
}
