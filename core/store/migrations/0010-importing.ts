import type { Migration } from '../migrate.ts'

/** Mail that is brought in from other programs, and how far it has come. */
export const migration: Migration = {
  version: 10,
  sql: `
`,
}
