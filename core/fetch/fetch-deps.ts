import type { Worker } from 'node:worker_threads'
import type { MessageFields } from '../model/message-fields.ts'
import type { Pop3Peers } from '../net/pop3-words.ts'
import type { Account } from '../store/account.ts'
import type { Store } from '../store/types.ts'
import type { BulkThreads } from './bulk-threads.ts'

/** What an account signs in with; `token` is an OAuth 2.0 access token. */
export interface AccountLogin {
  readonly kind: 'password' | 'token'
  readonly secret: string
}
/** Why an account can't sign in now, in words; `retry` as of a fetch. */
export interface NoLogin {
  readonly problem: string
  readonly retry: Retry
}
/** What fetching works with. */
export interface FetchDeps extends Pop3Peers {
  readonly store: Pick<Store, 'read' | 'write' | 'stage'>
  /**
   * Joint: what an account signs in with, from the vault; undefined when there is nothing. The token of a sign-in is made anew where
   * it has run out, or where it is the one that was `refused`.
   */
  readonly loginOf: (
    accountId: number,
    refused?: string,
  ) => AccountLogin | NoLogin | undefined | Promise<AccountLogin | NoLogin | undefined>
  /** Joint: what is known of a message, read where it does not hold up the window. */
  readonly readFields: (raw: Uint8Array | readonly Uint8Array[]) => Promise<MessageFields>
  /** Joint: fetches an account of IMAP. */
  readonly fetchImap?: (account: Account, signal: AbortSignal) => Promise<Fetched>
  /** Joint: mail came in bulk; of some of it the words are not in the search index, to be indexed from what is stored. */
  readonly onBulk?: (isLeaving: boolean) => void
  /** Threads that read mail in bulk, kept from one fetch to the next. */
  readonly bulkThreads?: BulkThreads
  /** Starts the thread that reads mail in bulk, where a test wants another one. */
  readonly startBulk?: () => Worker
  /** Joint: mail has come into a folder. */
  readonly onMail?: (folderId: number) => void
}
/**
 * When an account that failed is asked again: less and less often; `soon`, for what is over by itself; after the pause its
 * server wants; or seldom, for a person has to do something first.
 */
export type Retry = 'usual' | 'soon' | 'login-delay' | 'person'
/** How a fetch ended. `problem` is in words; messages may have come all the same. */
export interface Fetched {
  readonly fetched: number
  /** Deleted on the server. */
  readonly removed: number
  readonly problem: string | null
  readonly sessionId: number | undefined
  /** Of a problem; `usual` where this is left out. */
  readonly retry?: Retry
}
