import type { MessageFields } from '../model/message-fields.ts'
import type { IndexedFields } from '../store/search-index.ts'
import type { SearchPiece } from '../store/search-piece-writer.ts'

/**
 * What goes to the thread: messages to be read, with the fields of others that were read elsewhere and whose words it takes, too;
 * ids of those that are stored now; or that nothing more comes.
 */
export type BulkRequest =
  | {
      readonly do: 'read'
      readonly n: number
      readonly bytes: Uint8Array
      readonly ends: readonly number[]
      readonly others: readonly IndexedFields[]
    }
  | { readonly do: 'number'; readonly n: number; readonly ids: readonly (number | null)[] }
  | { readonly do: 'finish' }

/** What was read of one message. */
export interface BulkMessage {
  readonly fields: MessageFields
  /** Unix ms; null where no server says. */
  readonly receivedMs: number | null
  /** Its words will come in a piece of the index, and are not among its fields. */
  readonly isTaken: boolean
}
/** What was read of a batch. */
export interface BulkRead {
  /** Null for one that cannot be read there. */
  readonly messages: readonly (BulkMessage | null)[]
  /** Of each of the others, whether its words will come in a piece. */
  readonly others: readonly boolean[]
}
/** What comes back. */
export type BulkAnswer =
  | ({ readonly do: 'read'; readonly n: number } & BulkRead)
  | { readonly do: 'piece'; readonly piece: SearchPiece }
  | { readonly do: 'finished' }
