import { implement } from '@orpc/server'
import { Changes } from '../base/changes.ts'
import { vcardsInTurns, writeVcards, type VcardPerson } from '../model/vcard.ts'
import { contract } from '../rpc/contract.ts'
import { completeContacts, getContact, listContacts, type Contact } from '../store/contact.ts'
import { listContactGroups } from '../store/contact-group.ts'
import type { Store } from '../store/types.ts'

const done = { ok: true as const }
/** People that are taken in by one write, and read for one page of an export. */
const A_BATCH = 200
const MOST_PROBLEMS = 100

/** Runs a long piece of work to its end; between two turns of it all others come first. */
async function inTurns<T>(work: Generator<undefined, T, undefined>): Promise<T> {
  for (;;) {
    const { done, value } = work.next()
    if (done === true) return value
    await new Promise((next) => setImmediate(next))
  }
}

/** Answers `contact.*`. */
export function contactHandlers(deps: {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly changes: Changes<number>
}) {
  const os = implement(contract.contact)
  const { store, changes } = deps
  const groupChanges = new Changes<number>()
  return {
    complete: os.complete.handler(({ input }) => completeContacts(store.read, input)),
    list: os.list.handler(({ input }) => listContacts(store.read, input)),
    save: os.save.handler(async ({ input }) => {
      const contact = await store.write('contact.save', input)
      changes.emit(contact.id)
      return contact
    }),
    remove: os.remove.handler(async ({ input }) => {
      const before = getContact(store.read, input.id)
      await store.write('contact.remove', input)
      changes.emit(input.id)
      groupChanges.emit(...(before?.groups ?? []))
      return done
    }),
    groups: {
      list: os.groups.list.handler(() => listContactGroups(store.read)),
      save: os.groups.save.handler(async ({ input }) => {
        const group = await store.write('contact.group.save', input)
        groupChanges.emit(group.id)
        return group
      }),
      remove: os.groups.remove.handler(async ({ input }) => {
        await store.write('contact.group.remove', input)
        groupChanges.emit(input.id)
        return done
      }),
      set: os.groups.set.handler(async ({ input }) => {
        await store.write('contact.group.set', input)
        changes.emit(...input.ids)
        groupChanges.emit(input.groupId)
        return done
      }),
      changes: os.groups.changes.handler(async function* ({ signal }) {
        for await (const ids of groupChanges.stream(signal)) yield { ids }
      }),
    },
    import: os.import.handler(async ({ input }) => {
      const { people, problems } = await inTurns(vcardsInTurns(input.text))
      const sum = { added: 0, changed: 0, same: 0 }
      const invalid: string[] = []
      for (let at = 0; at < people.length; at += A_BATCH) {
        const taken = await store.write('contact.import', { people: people.slice(at, at + A_BATCH) })
        sum.added += taken.added
        sum.changed += taken.changed
        sum.same += taken.same
        invalid.push(...taken.invalid.map((text) => `"${text.slice(0, 80)}" is no mail address`))
        changes.emit(...taken.ids)
      }
      groupChanges.emit(...listContactGroups(store.read).map(({ id }) => id))
      return { ...sum, problems: [...problems, ...invalid].slice(0, MOST_PROBLEMS) }
    }),
    export: os.export.handler(({ input }) => {
      const names = new Map(listContactGroups(store.read).map(({ id, name }) => [id, name]))
      const cards: VcardPerson[] = []
      for (let after: number | null = null; ;) {
        const page: Contact[] = listContacts(store.read, { after, limit: A_BATCH, groupId: input.groupId })
        for (const { address, groups, kept, ...one } of page)
          if (kept || input.withLearnt || input.groupId !== null)
            cards.push({ ...one, addresses: [address], groups: groups.flatMap((id) => names.get(id) ?? []) })
        if (page.length < A_BATCH) break
        after = page.at(-1)?.id ?? null
      }
      return { vcard: writeVcards(cards), count: cards.length }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of changes.stream(signal)) yield { ids }
    }),
  }
}
