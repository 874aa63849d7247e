import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, type Mailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import { listUsers, type LocalUser } from '../store/local-user.ts'
import type { Store } from '../store/types.ts'

export interface UserDeps {
  readonly store: Pick<Store, 'read' | 'write'>
  /** Joint: serve ← vault. What is kept of a password: enough to check it, not enough to know it. */
  readonly makeVerifier: (password: string) => Promise<Uint8Array>
  /** Joint: serve ← mailbox. Called when a user is there who may own a mailbox. */
  readonly onAdded?: (user: { readonly id: number; readonly mailbox: Mailbox }) => Promise<void> | void
}

const toView = ({ id, mailbox, createdMs, lastLoginMs }: LocalUser) => ({
  id,
  address: formatMailbox(mailbox),
  createdMs,
  lastLoginMs,
})

/** Answers `user.*`. Throws `address.invalid` for what is no address and `conflict` for one that has a user already. */
export function userHandlers({ store, makeVerifier, onAdded }: UserDeps) {
  const os = implement(contract.user)
  return {
    list: os.list.handler(() => listUsers(store.read).map(toView)),
    add: os.add.handler(async ({ input }) => {
      const mailbox = parseMailbox(input.address.trim())
      if (mailbox === undefined)
        throw new Fault('address.invalid', `add the user "${input.address}": that is no address`, {
          value: input.address,
          reason: 'not of the form local@domain',
        })
      const user = await store.write('user.add', { mailbox, verifier: await makeVerifier(input.password) })
      await onAdded?.(user)
      return toView(user)
    }),
  }
}
