import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { parseAddresses } from '../message/addresses.ts'
import { contract } from '../rpc/contract.ts'
import { DraftContent } from '../rpc/views.ts'
import { warningOf } from './address-warning.ts'
import { listDrafts } from '../store/draft.ts'
import type { DraftCopies } from './draft-copies.ts'
import { send, type SendDeps } from './send.ts'

const LARGEST_CHUNK = 256 * 1024
const done = { ok: true as const }

/** What `compose.*` is wired to. */
export interface ComposeDeps extends SendDeps {
  /** Puts drafts on the servers of their accounts. */
  readonly drafts: Pick<DraftCopies, 'saved'>
}

/** A draft as the store keeps it. Throws where it is none. */
export function readDraft(content: string): DraftContent {
  return DraftContent.parse(JSON.parse(content))
}

/** Answers `compose.*`. */
export function composeHandlers(deps: ComposeDeps) {
  const os = implement(contract.compose)
  const { store, uploads } = deps
  return {
    upload: {
      begin: os.upload.begin.handler(async ({ input }) => ({ handle: await uploads.begin(input) })),
      chunk: os.upload.chunk.handler(async ({ input }) => {
        const bytes = Buffer.from(input.base64, 'base64')
        if (bytes.length > LARGEST_CHUNK)
          throw new Fault('conflict', `attach a file: a piece of ${bytes.length} bytes; the most is ${LARGEST_CHUNK}`, {
            what: 'upload',
            reason: 'piece too large',
          })
        await uploads.chunk(input.handle, bytes)
        return done
      }),
      drop: os.upload.drop.handler(async ({ input }) => {
        await uploads.drop(input.handle)
        return done
      }),
    },
    check: os.check.handler(({ input }) =>
      parseAddresses(input.addresses).map((one) => ({ ...one, warning: warningOf(store.read, one.address) })),
    ),
    send: os.send.handler(({ input }) => send(deps, input)),
    saveDraft: os.saveDraft.handler(async ({ input }) => {
      const { id, content, isClosing = false } = input
      const args = { id, identityId: content.identityId, content: JSON.stringify(content) }
      const saved = await store.write('draft.save', args)
      deps.drafts.saved(saved, isClosing)
      return { id: saved }
    }),
    drafts: os.drafts.handler(() =>
      listDrafts(store.read).map(({ id, content, changedMs }) => ({
        id,
        content: readDraft(content),
        changedMs,
      })),
    ),
    dropDraft: os.dropDraft.handler(async ({ input }) => {
      deps.onFolders(await store.write('draft.remove', input))
      return done
    }),
  }
}
