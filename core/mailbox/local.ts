import { parseDomain, type Domain, type Mailbox } from '../model/address.ts'
import type { Settings } from '../settings.ts'
import { PERSON, type FolderOwner } from '../store/folder.ts'
import { findIdentity } from '../store/identity.ts'
import { findUserByAddress } from '../store/local-mailbox.ts'
import type { ReadDb } from '../store/types.ts'

/** Who is local here: answers for the listeners and for the queue. */
export interface LocalMail {
  /** Whether mail for this domain stays here: only by `local.domains`, never because somebody has an address there. */
  isLocal(domain: Domain): boolean
  /**
   * Whose mailbox this is; undefined when there is none here. `ada+shop@` is `ada@`'s. In a local domain the addresses of
   * identities and `postmaster` (RFC 5321 §4.5.1) belong to the person who runs Posthorn.
   */
  resolveLocal(mailbox: Mailbox): FolderOwner | undefined
}

/** Answers from the settings and the store as they stand at each question. */
export function openLocalMail(deps: {
  readonly read: ReadDb
  readonly settings: () => Pick<Settings, 'local.domains'>
}): LocalMail {
  let known: { readonly list: readonly string[]; readonly domains: ReadonlySet<string> } | undefined
  const isLocal = (domain: Domain) => {
    const list = deps.settings()['local.domains']
    if (known?.list !== list) known = { list, domains: new Set(list.map((name) => parseDomain(name) ?? '')) }
    return known.domains.has(domain)
  }
  const ownerOf = (mailbox: Mailbox): FolderOwner | undefined => {
    const userId = findUserByAddress(deps.read, mailbox)
    if (userId !== undefined) return { accountId: null, userId }
    return findIdentity(deps.read, mailbox) === undefined ? undefined : PERSON
  }
  return {
    isLocal,
    resolveLocal(mailbox) {
      if (!isLocal(mailbox.domain)) return undefined
      const plus = mailbox.local.indexOf('+')
      const base = plus > 0 ? ownerOf({ ...mailbox, local: mailbox.local.slice(0, plus) }) : undefined
      const isPostmaster = mailbox.local.toLowerCase() === 'postmaster'
      return ownerOf(mailbox) ?? base ?? (isPostmaster ? PERSON : undefined)
    },
  }
}
