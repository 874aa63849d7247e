import type { Migration } from '../migrate.ts'

/** Headers that come before their messages. */
export const migration: Migration = {
  version: 17,
  sql: `
-- Whether a long fetch brings all headers first, and then the messages; auto: on a line that has shown to be slow.
ALTER TABLE pop3_account ADD COLUMN headers_first TEXT NOT NULL DEFAULT 'auto' CHECK (headers_first IN ('auto', 'always', 'never'));
-- The rest comes by itself: rules wait for it. Of what was there before, it comes when somebody asks for it.
ALTER TABLE message_partial ADD COLUMN is_coming INTEGER NOT NULL DEFAULT 0 CHECK (is_coming IN (0, 1));
`,
}
