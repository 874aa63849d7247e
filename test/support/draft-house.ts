import { ByteHandles } from '../../core/base/byte-handles.ts'
import type { Clock } from '../../core/base/clock.ts'
import { Changes } from '../../core/base/changes.ts'
import { composeHandlers, readDraft } from '../../core/mailbox/compose-handlers.ts'
import { DraftCopies } from '../../core/mailbox/draft-copies.ts'
import { identityHandlers } from '../../core/mailbox/identity-handlers.ts'
import { Uploads } from '../../core/mailbox/uploads.ts'
import { readFields } from '../../core/message/read.ts'
import type { Store } from '../../core/store/types.ts'
import { call, type DraftContent } from './contract.ts'
import { quietReview } from './quiet-review.ts'

/** A composer and what puts its drafts on servers, around a store. */
export interface DraftHouse {
  readonly compose: ReturnType<typeof composeHandlers>
  readonly identity: ReturnType<typeof identityHandlers>
  readonly copies: DraftCopies
  /** What went wrong on the way to a server. */
  readonly logged: string[]
  /** Keeps a draft as a composer does; `isClosing` as it does when it closes. Returns its id. */
  save(id: number | null, more: Partial<DraftContent>, isClosing?: boolean): Promise<number>
}

export function openDraftHouse(store: Store, clock: Clock): DraftHouse {
  const [uploads, handles] = [new Uploads(store, clock), new ByteHandles(clock)]
  const logged: string[] = []
  const common = { store, clock, uploads, handles, onFolders: () => {}, log: (line: string) => void logged.push(line) }
  const copies = new DraftCopies({ ...common, describe: async (raw) => readFields(raw), readDraft })
  const compose = composeHandlers({
    ...common,
    accept: async () => ({ accepted: true, entryId: 1 }),
    onContacts: () => {},
    drafts: copies,
    ...quietReview,
  })
  return {
    compose,
    identity: identityHandlers({ store, identityChanges: new Changes<number>(0) }),
    copies,
    logged,
    async save(id, more, isClosing = true) {
      const content = {
        identityId: null,
        to: '',
        cc: '',
        bcc: '',
        subject: '',
        text: '',
        inReplyTo: '',
        references: '',
      }
      return (await call(compose.saveDraft, { id, content: { ...content, attachments: [], ...more }, isClosing })).id
    },
  }
}
