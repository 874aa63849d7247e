import type { Migration } from '../migrate.ts'

/** What a reader sees of mail: threads, tags, contacts, words to find it by. */
export const migration: Migration = {
  version: 7,
  sql: `
`,
}
