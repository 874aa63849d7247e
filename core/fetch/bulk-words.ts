import type { SearchPiece } from '../store/search-piece-writer.ts'

/** What goes to the thread: messages to be read; ids of those that are stored now; or that nothing more comes. */
export type BulkRequest =
  | { readonly do: 'read'; readonly n: number; readonly bytes: Uint8Array; readonly ends: readonly number[] }
  | { readonly do: 'number'; readonly n: number; readonly ids: readonly (number | null)[] }
  | { readonly do: 'finish' }

/** What became of a message: it cannot be read there; it was read; or its words will come in a piece of the index, too. */
export const UNREAD = 0
export const READ = 1
export const TAKEN = 2

/** What was read of a batch. */
export interface BulkRead {
  /** Of each message one of the three above. */
  readonly how: Uint8Array
  /** Of each, as `pop3.keep` takes it. It goes through the main thread as it is: a clone of it would be half of that one's work. */
  readonly packed: Uint8Array
}
/** What comes back. */
export type BulkAnswer =
  | ({ readonly do: 'read'; readonly n: number } & BulkRead)
  | { readonly do: 'piece'; readonly piece: SearchPiece }
  | { readonly do: 'finished' }
