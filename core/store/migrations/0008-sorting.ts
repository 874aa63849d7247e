import type { Migration } from '../migrate.ts'

/** Rules, and imports that go on where they stopped. */
export const migration: Migration = {
  version: 8,
  sql: `
`,
}
