import type { Migration } from '../migrate.ts'

/** Routes with logins and rules; what is known of the TLS of other servers. */
export const migration: Migration = {
  version: 4,
  sql: `
`,
}
