import { maildropQueries } from './maildrop.ts'
import { imapQueries } from './imap.ts'
import { blobQueries } from './blob.ts'
import { folderPageQueries } from './folder-page.ts'
import { logExpireQueries } from './log-expire.ts'
import { logFindQueries } from './log-find.ts'
import { queueQueries } from './queue-list.ts'
import { ruleQueries } from './rule-target.ts'
import { searchQueries } from './search.ts'
import { sessionSegmentQueries } from './session-segment.ts'

/** Every query of the reader thread, by name. A long one is a generator that yields between slices of under 20 ms. */
export const queries = {
  ...maildropQueries,
  ...blobQueries,
  ...folderPageQueries,
  ...imapQueries,
  ...logExpireQueries,
  ...logFindQueries,
  ...queueQueries,
  ...ruleQueries,
  ...searchQueries,
  ...sessionSegmentQueries,
}
export type Queries = typeof queries
