import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { parseAddresses } from '../message/addresses.ts'
import { formatMailbox, parseMailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import type { IdentityView } from '../rpc/views.ts'
import { getIdentity, listIdentities, type Identity } from '../store/identity.ts'
import type { Store } from '../store/types.ts'

function toView({ mailbox, ...rest }: Identity): IdentityView {
  return { ...rest, address: formatMailbox(mailbox) }
}

/** Answers `identity.*`. Throws `address.invalid` with what is wrong with the address, and what `saveIdentity` throws. */
export function identityHandlers(deps: { readonly store: Store; readonly identityChanges: Changes<number> }) {
  const os = implement(contract.identity)
  const { store, identityChanges } = deps
  return {
    list: os.list.handler(() => listIdentities(store.read).map(toView)),
    save: os.save.handler(async ({ input }) => {
      const address = input.address.trim()
      const mailbox = parseMailbox(address)
      if (mailbox === undefined) {
        const reason = parseAddresses(address)[0]?.problem ?? `"${address}" is no address`
        throw new Fault('address.invalid', `save the identity: ${reason}`, { value: address, reason })
      }
      const wrong = parseAddresses(input.replyTo ?? '').find((one) => one.address === null)
      if (wrong !== undefined)
        throw new Fault(
          'address.invalid',
          `save the identity: ${wrong.problem ?? 'answers can go to no such address'}`,
          {
            value: wrong.text,
            reason: wrong.problem ?? 'no address',
          },
        )
      const { replyTo, signature, signsAnswers, language, routeId, sentFolderId } = input
      const lines = signature?.replaceAll(/\r\n?/g, '\n').replace(/\s+$/, '')
      const change = {
        name: input.name.trim(),
        mailbox,
        routeId,
        replyTo: replyTo?.trim(),
        signature: lines,
        signsAnswers,
        language,
        sentFolderId,
      }
      const id = await store.write('identity.save', input.id === undefined ? change : { ...change, id: input.id })
      identityChanges.emit(id)
      const saved = getIdentity(store.read, id)
      if (saved === undefined)
        throw new Fault('not-found', `save the identity "${address}": it is gone`, { what: 'identity', id: String(id) })
      return toView(saved)
    }),
    remove: os.remove.handler(async ({ input }) => {
      await store.write('identity.remove', { id: input.id })
      identityChanges.emit(input.id)
      return { ok: true as const }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of identityChanges.stream(signal)) yield { ids }
    }),
  }
}
