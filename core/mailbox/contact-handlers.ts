import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { contract } from '../rpc/contract.ts'
import { completeContacts, listContacts } from '../store/contact.ts'
import type { Store } from '../store/types.ts'

const done = { ok: true as const }

/** Answers `contact.*`. */
export function contactHandlers(deps: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly changes: Changes<number>
}) {
  const os = implement(contract.contact)
  const { store, changes } = deps
  return {
    complete: os.complete.handler(({ input }) => completeContacts(store.read, input)),
    list: os.list.handler(({ input }) => listContacts(store.read, input)),
    save: os.save.handler(async ({ input }) => {
      const contact = await store.write('contact.save', input)
      changes.emit(contact.id)
      return contact
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('contact.remove', input)
      changes.emit(input.id)
      return done
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}
