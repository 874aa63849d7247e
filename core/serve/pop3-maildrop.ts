import { createHmac } from 'node:crypto'
import { Fault } from '../base/fault.ts'
import type { OpenMaildrop, OpenedMessage } from '../net/pop3-server-terms.ts'
import { getBlob } from '../store/blob.ts'
import { findFolder, PERSON, type FolderOwner } from '../store/folder.ts'
import type { MaildropListing } from '../store/maildrop.ts'
import { getMessage } from '../store/message-list.ts'
import type { Store } from '../store/types.ts'
import { PERSON_LOGIN } from './login.ts'

/** What maildrops are made from. */
export interface MaildropDeps {
  readonly store: Pick<Store, 'read' | 'write' | 'query' | 'openBody'>
  /** Makes unique-ids of what nobody is to know, the ids of messages here: the same for as long as the store is. */
  readonly uidlKey: () => Promise<Uint8Array>
  /** Folders that changed. */
  readonly onFolders: (folderIds: readonly number[]) => void
}

/** Characters of a unique-id: RFC 1939 §7 allows 70. */
const UIDL_CHARACTERS = 24
/**
 * Removed in one operation; more are several. One of 100,000 would hold up all other mail for minutes, and every page that it
 * touches would wait in memory until its end.
 */
const REMOVED_AT_ONCE = 500
const NOTHING: MaildropListing = { ids: new Float64Array(), sizes: new Float64Array() }

/** The Inboxes of local users and of the person who runs Posthorn, as maildrops that one session at a time has open. */
export class Maildrops {
  readonly #deps: MaildropDeps
  readonly #locked = new Set<number>()

  constructor(deps: MaildropDeps) {
    this.#deps = deps
  }

  /** Locks and lists whatever `userId` signs in to (RFC 1939 §4): the list stays what it is, whatever happens to the mail. */
  async open(userId: number): Promise<OpenMaildrop | 'in-use'> {
    if (this.#locked.has(userId)) return 'in-use'
    this.#locked.add(userId)
    try {
      const { store, uidlKey } = this.#deps
      const owner: FolderOwner = userId === PERSON_LOGIN ? PERSON : { accountId: null, userId }
      const folderId = findFolder(store.read, owner, 'inbox')?.id
      const key = await uidlKey()
      // An Inbox that nobody has delivered to yet is an empty one.
      const listing = folderId === undefined ? NOTHING : await store.query('maildrop.list', { folderId })
      return this.#opened(folderId ?? 0, userId, listing, key)
    } catch (error) {
      this.#locked.delete(userId)
      throw error
    }
  }

  #opened(folderId: number, userId: number, { ids, sizes }: MaildropListing, key: Uint8Array): OpenMaildrop {
    const { store, onFolders } = this.#deps
    const idOf = (number: number) => ids[number - 1] ?? 0
    return {
      count: ids.length,
      totalBytes: sizes.reduce((sum, size) => sum + size, 0),
      sizeOf: (number) => sizes[number - 1] ?? 0,
      uidlOf: (number) =>
        createHmac('sha256', key)
          .update(`message ${idOf(number)}`)
          .digest('base64url')
          .slice(0, UIDL_CHARACTERS),
      open: (number): OpenedMessage | 'gone' | 'damaged' => {
        // What was filed elsewhere meanwhile is nobody's to read here.
        const message = getMessage(store.read, idOf(number))
        if (message?.folderId !== folderId) return 'gone'
        if (getBlob(store.read, message.blobId)?.state !== 'whole') return 'damaged'
        return { messageId: message.id, chunks: store.openBody(message.view)[Symbol.asyncIterator]() }
      },
      remove: async (numbers) => {
        if (numbers.some((number) => number < 1 || number > ids.length))
          throw new Fault('not-found', 'delete messages of a maildrop: there is none of that number', {
            what: 'message',
            id: numbers.join(' ').slice(0, 100),
          })
        try {
          for (let from = 0; from < numbers.length; from += REMOVED_AT_ONCE) {
            const some = numbers.slice(from, from + REMOVED_AT_ONCE).map(idOf)
            await store.write('maildrop.remove', { folderId, ids: some })
          }
        } finally {
          onFolders([folderId])
        }
      },
      close: () => void this.#locked.delete(userId),
    }
  }
}
