import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { contactHandlers } from './mailbox/contact-handlers.ts'
import { lookThroughOldMail, type OldMailDeps } from './mailbox/old-mail.ts'
import { tagHandlers } from './mailbox/tag-handlers.ts'
import { listFolders } from './store/folder.ts'
import type { Store } from './store/types.ts'

/** Threads, tags and contacts, wired. */
export interface Reading {
  readonly tag: ReturnType<typeof tagHandlers>
  readonly contact: ReturnType<typeof contactHandlers>
  /** Told of tags that were made. */
  onTags(ids: readonly number[]): void
  /** Told of contacts that were learnt. */
  onContacts(ids: readonly number[]): void
  /** Begins to look through the mail of older versions. */
  start(): void
  close(): Promise<void>
}

/** Joins what a reader does with mail beside reading it. */
export function openReading(deps: {
  readonly store: Store
  readonly clock: Clock
  readonly describe: OldMailDeps['describe']
  readonly onFolders: (folderIds: readonly number[]) => void
  readonly log: (line: string) => void
}): Reading {
  const { store, onFolders } = deps
  const contacts = new Changes<number>()
  const tags = new Changes<number>()
  const onAllMail = () => onFolders(listFolders(store.read).map(({ id }) => id))
  let looking: { close(): Promise<void> } | undefined
  return {
    tag: tagHandlers({ store, changes: tags, onAllMail }),
    contact: contactHandlers({ store, changes: contacts }),
    onTags: (ids) => tags.emit(...ids),
    onContacts: (ids) => contacts.emit(...ids),
    start: () => void (looking ??= lookThroughOldMail(deps)),
    close: async () => looking?.close(),
  }
}
