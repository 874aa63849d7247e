import { parseMailbox, sameMailbox, type Mailbox } from '../model/address.ts'
import type { RuleSource } from '../model/rule.ts'
import { getAccount, listAccounts } from '../store/account.ts'
import { findIdentity, listIdentities } from '../store/identity.ts'
import { getUser } from '../store/local-user.ts'
import type { ReadDb } from '../store/types.ts'
import type { LocalMail } from './local.ts'

/** Who a rule writes as. */
export interface RuleAuthor {
  readonly mailbox: Mailbox
  readonly name: string
  /** A local user's mail is theirs; null for the person. */
  readonly userId: number | null
}
/** Whose addresses mail of one source is for. */
export interface OwnAddresses {
  isOwn(address: Mailbox): boolean
  /** Who writes, because of mail to these: the first of them that is one's own, else whoever this mail comes to; undefined for nobody. */
  author(addressees: readonly Mailbox[]): RuleAuthor | undefined
}

/** The addresses of whoever mail of that source belongs to, as they stand now. */
export function ownAddresses(
  read: ReadDb,
  local: Pick<LocalMail, 'isLocal' | 'find'>,
  source: RuleSource,
): OwnAddresses {
  const userId = source.kind === 'user' ? source.userId : null
  const leadsHere = (address: Mailbox) =>
    local.isLocal(address.domain) && local.find(address).mailboxes.some((owner) => owner.userId === userId)
  if (userId !== null) {
    const mailbox = getUser(read, userId)?.mailbox
    return {
      isOwn: (address) => leadsHere(address) || (mailbox !== undefined && sameMailbox(mailbox, address)),
      author: () => mailbox && { mailbox, name: '', userId },
    }
  }
  const logins = listAccounts(read).flatMap(({ user }) => parseMailbox(user) ?? [])
  const isOwn = (address: Mailbox) =>
    findIdentity(read, address) !== undefined || logins.some((one) => sameMailbox(one, address)) || leadsHere(address)
  return {
    isOwn,
    author(addressees) {
      const login = source.kind === 'account' ? parseMailbox(getAccount(read, source.accountId)?.user ?? '') : undefined
      for (const address of [...addressees, ...(login ? [login] : [])]) {
        const identity = findIdentity(read, address)
        if (identity !== undefined) return { mailbox: identity.mailbox, name: identity.name, userId: null }
      }
      const [first] = listIdentities(read)
      return first && { mailbox: first.mailbox, name: first.name, userId: null }
    },
  }
}

/** Addresses a header names, those that can be written to. */
export const mailboxesOf = (addresses: readonly string[]): Mailbox[] =>
  addresses.flatMap((address) => parseMailbox(address.trim()) ?? [])
