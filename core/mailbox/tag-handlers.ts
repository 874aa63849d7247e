import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { contract } from '../rpc/contract.ts'
import { listTags } from '../store/tag.ts'
import type { Store } from '../store/types.ts'

const done = { ok: true as const }

/** Answers `tag.*`. `onAllMail`: a tag has gone from messages, of whatever folder. */
export function tagHandlers(deps: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly changes: Changes<number>
  readonly onAllMail: () => void
}) {
  const os = implement(contract.tag)
  const { store, changes } = deps
  return {
    list: os.list.handler(() => listTags(store.read)),
    save: os.save.handler(async ({ input }) => {
      const tag = await store.write('tag.save', input)
      changes.emit(tag.id)
      return tag
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('tag.remove', input)
      changes.emit(input.id)
      deps.onAllMail()
      return done
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}
