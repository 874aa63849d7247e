import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import { find, type FindInput } from './mailbox/find-handlers.ts'
import { Reindexer } from './mailbox/reindex.ts'
import { searchHandlers } from './mailbox/search-handlers.ts'
import type { MessageFields } from './model/message-fields.ts'
import type { SearchPage } from './rpc/search-contract.ts'
import type { Store } from './store/types.ts'

/** Search and its index, wired. */
export interface Search {
  readonly handlers: ReturnType<typeof searchHandlers>
  find(input: FindInput, signal: AbortSignal | undefined): AsyncGenerator<SearchPage, void, void>
  /** Goes on with an index that is not whole. */
  start(): void
  /** After mail came in bulk: merges what it left in pieces, and indexes what it `isLeaving` to be indexed. */
  tidy(isLeaving: boolean): void
  close(): Promise<void>
}

/** Joins what is found with what makes it found. */
export function openSearch(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly describe: (raw: Uint8Array) => Promise<MessageFields>
  readonly log: (line: string) => void
}): Search {
  const { store, clock, describe, log } = deps
  const changes = new Changes<'saved' | 'index'>()
  const reindexer = new Reindexer({ store, clock, describe, changes, log })
  const failed = (error: unknown) => log(`make the search index anew: ${reasonOf(error)}`)
  const start = () => void reindexer.run().catch(failed)
  return {
    handlers: searchHandlers({ store, reindexer, changes }),
    find: (input, signal) => find({ store, describe, nowMs: () => clock.nowMs() }, input, signal),
    start,
    tidy: (isLeaving) => (isLeaving ? start() : void reindexer.merge().catch(failed)),
    close: () => reindexer.close(),
  }
}
