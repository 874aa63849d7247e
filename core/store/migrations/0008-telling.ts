import type { Migration } from '../migrate.ts'

/** Failures whose sender is told of with those of the other recipients. */
export const migration: Migration = {
  version: 8,
  sql: `
ALTER TABLE queue_recipient ADD COLUMN untold_ms INTEGER; -- since when it failed and its sender has not heard of it
CREATE INDEX queue_recipient_untold ON queue_recipient (untold_ms, entry_id) WHERE untold_ms IS NOT NULL;
`,
}
