import { formatMailbox, parseDomain, parseMailbox, type Domain, type Mailbox } from '../model/address.ts'
import type { Expand, FindLocal, LocalDestination, MailboxOwner } from '../model/local-mail.ts'
import type { Settings } from '../settings.ts'
import { findAlias } from '../store/alias.ts'
import { PERSON } from '../store/folder.ts'
import { findIdentity } from '../store/identity.ts'
import { findUserByAddress, mailboxUse } from '../store/local-mailbox.ts'
import { getUser } from '../store/local-user.ts'
import type { ReadDb } from '../store/types.ts'
import { resolve, type Directory, type ResolveStep } from './resolve.ts'

/** Who is local here: answers for the listeners and for the queue. */
export interface LocalMail {
  /** Whether mail for this domain stays here: only by `local.domains`, never because somebody has an address there. */
  isLocal(domain: Domain): boolean
  /**
   * Where mail to an address of a local domain goes. `ada+shop@` is `ada@`'s. In a local domain the addresses of identities and
   * `postmaster` (RFC 5321 §4.5.1) belong to the person who runs Posthorn; aliases come before mailboxes.
   */
  readonly find: FindLocal
  /** As `find`, with the way it was found. */
  explain(to: Mailbox): { readonly destination: LocalDestination; readonly path: readonly ResolveStep[] }
  /** The owner of a mailbox in words. */
  nameOf(owner: MailboxOwner): string
  readonly expand: Expand
}

/** Answers from the settings and the store as they stand at each question. */
export function openLocalMail(deps: {
  readonly read: ReadDb
  readonly settings: () => Pick<Settings, 'local.domains' | 'local.quotaBytes'>
}): LocalMail {
  const { read, settings } = deps
  let known: { readonly list: readonly string[]; readonly domains: ReadonlySet<string> } | undefined
  const directory: Directory = {
    isLocal(domain) {
      const list = settings()['local.domains']
      if (known?.list !== list) known = { list, domains: new Set(list.map((name) => parseDomain(name) ?? '')) }
      return known.domains.has(domain)
    },
    findAlias: (local, domain) => findAlias(read, local, domain),
    ownerOf(mailbox) {
      const userId = findUserByAddress(read, mailbox)
      if (userId !== undefined) return { accountId: null, userId }
      return findIdentity(read, mailbox) === undefined ? undefined : PERSON
    },
    isFull({ userId }, sizeBytes) {
      if (userId === null) return false
      const { usedBytes, quotaBytes } = mailboxUse(read, userId)
      const quota = quotaBytes ?? settings()['local.quotaBytes']
      return quota > 0 && usedBytes + sizeBytes > quota
    },
    nameOf({ userId }) {
      const user = userId === null ? undefined : getUser(read, userId)
      return user === undefined ? 'the person who runs Posthorn' : formatMailbox(user.mailbox)
    },
  }
  return {
    isLocal: directory.isLocal,
    find: (to, sizeBytes = 0) => resolve(to, sizeBytes, directory),
    explain(to) {
      const path: ResolveStep[] = []
      return { destination: resolve(to, 0, directory, (step) => path.push(step)), path }
    },
    nameOf: directory.nameOf,
    expand(name) {
      const domains = settings()['local.domains'].map(parseDomain)
      const asked = parseMailbox(name)
      const addresses =
        asked === undefined ? domains.map((domain) => domain && parseMailbox(`${name}@${domain}`)) : [asked]
      for (const address of addresses) {
        if (address === undefined || !directory.isLocal(address.domain)) continue
        const local = address.local.toLowerCase()
        const alias = directory.findAlias(local, address.domain) ?? directory.findAlias(local, '*')
        if (alias === undefined) continue
        return alias.targets.flatMap((target) => {
          const mailbox = {
            local: target.local === '*' ? address.local : target.local,
            domain: target.domain === '*' ? address.domain : target.domain,
          }
          return parseMailbox(formatMailbox(mailbox)) ?? []
        })
      }
      return undefined
    },
  }
}
