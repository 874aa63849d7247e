import type { Migration } from '../migrate.ts'

/** Who may hand mail in: app passwords, aliases, what greylisting remembers. */
export const migration: Migration = {
  version: 2,
  sql: `
`,
}
