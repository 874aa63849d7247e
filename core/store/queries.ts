import { messageQueries } from './message-list.ts'
import { blobQueries } from './blob.ts'
import { queueQueries } from './queue-list.ts'

/** Every query of the reader thread, by name. A long one is a generator that yields between slices of under 20 ms. */
export const queries = {
  ...messageQueries,
  ...blobQueries,
  ...queueQueries,
}
export type Queries = typeof queries
