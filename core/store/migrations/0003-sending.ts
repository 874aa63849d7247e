import type { Migration } from '../migrate.ts'

/** What a sender may ask of the queue, who changed what there, and how each destination is paced. */
export const migration: Migration = {
  version: 3,
  sql: `
`,
}
