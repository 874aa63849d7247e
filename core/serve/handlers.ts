import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { formatMailbox, parseMailbox, type Mailbox } from '../model/address.ts'
import { contract } from '../rpc/contract.ts'
import { listLoginKeys } from '../store/app-password.ts'
import { mailboxUse } from '../store/local-mailbox.ts'
import { listUsers, type LocalUser } from '../store/local-user.ts'
import type { Store } from '../store/types.ts'

export interface UserDeps {
  readonly store: Pick<Store, 'read' | 'write'>
  /** Joint: serve ← vault. What is kept of a password: enough to check it, not enough to know it. */
  readonly makeVerifier: (
    password: string,
    beside: readonly { readonly kind: string; readonly name: string }[],
  ) => Promise<Uint8Array>
  /** When a user last signed in, where the store does not know yet. */
  readonly usedMs?: (userId: number) => number | undefined
  /** Joint: serve ← mailbox. Called when a user is there who may own a mailbox. */
  readonly onAdded?: (user: { readonly id: number; readonly mailbox: Mailbox }) => Promise<void> | void
}

/** Answers `user.*`. Throws `address.invalid` for what is no address and `conflict` for one that has a user already. */
export function userHandlers({ store, makeVerifier, usedMs, onAdded }: UserDeps) {
  const os = implement(contract.user)
  const toView = ({ id, mailbox, createdMs, lastLoginMs }: LocalUser) => ({
    id,
    address: formatMailbox(mailbox),
    createdMs,
    lastLoginMs: usedMs?.(id) ?? lastLoginMs,
    ...mailboxUse(store.read, id),
  })
  return {
    list: os.list.handler(() => listUsers(store.read).map(toView)),
    add: os.add.handler(async ({ input }) => {
      const mailbox = parseMailbox(input.address.trim())
      if (mailbox === undefined)
        throw new Fault('address.invalid', `add the user "${input.address}": that is no address`, {
          value: input.address,
          reason: 'not of the form local@domain',
        })
      // An identity may have app passwords for the address already.
      const beside = listLoginKeys(store.read, formatMailbox(mailbox)).map(({ secret }) => secret)
      const user = await store.write('user.add', { mailbox, verifier: await makeVerifier(input.password, beside) })
      await onAdded?.(user)
      return toView(user)
    }),
    setQuota: os.setQuota.handler(async ({ input }) => toView(await store.write('user.setQuota', input))),
  }
}
