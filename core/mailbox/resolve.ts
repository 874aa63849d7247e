import { formatMailbox, parseMailbox, type Domain, type ForwardPath, type Mailbox } from '../model/address.ts'
import type { LocalDestination, MailboxOwner } from '../model/local-mail.ts'
import type { Reply } from '../model/reply.ts'
import type { AliasSide } from '../store/alias.ts'

/** RFC 5321 §6.3 has loops found; nobody's aliases are this deep on purpose. */
const MOST_DEEP = 10
/** Addresses looked at for one; more are no alias but a mistake. */
const MOST_ADDRESSES = 200

const UNKNOWN: Reply = { code: 550, enhanced: '5.1.1', lines: ['no such user here'] }
const CIRCLE: Reply = { code: 550, enhanced: '5.4.6', lines: ['the aliases of this address go in a circle'] }
const TOO_MANY: Reply = { code: 451, enhanced: '4.3.5', lines: ['the aliases of this address are not in order'] }
const OVER_QUOTA: Reply = { code: 452, enhanced: '4.2.2', lines: ['the mailbox is full'] }

/** What resolving asks of settings and store. */
export interface Directory {
  isLocal(domain: Domain): boolean
  /** The line in which that very pattern stands. `local` in lower case. */
  findAlias(
    local: string,
    domain: Domain | '*',
  ): { readonly id: number; readonly targets: readonly AliasSide[] } | undefined
  /** Whose address this is, spelled so. */
  ownerOf(mailbox: Mailbox): MailboxOwner | undefined
  /** Whether so many more bytes do not fit into that mailbox. */
  isFull(owner: MailboxOwner, sizeBytes: number): boolean
  /** The owner in words. */
  nameOf(owner: MailboxOwner): string
}

/** One step of the way from an address to its mailboxes, for a person who asks. */
export interface ResolveStep {
  readonly depth: number
  readonly address: string
  readonly text: string
}

/** What an address turns out to be, before aliases are followed. */
type Found =
  | { readonly kind: 'alias'; readonly id: number; readonly targets: readonly AliasSide[]; readonly by: string }
  | { readonly kind: 'mailbox'; readonly owner: MailboxOwner; readonly by: string }

/**
 * Follows one address of a local domain to its mailboxes. In this order counts: an alias of the very address, a mailbox of it, an
 * alias of its local part in every domain; the same without `+…`; the postmaster (RFC 5321 §4.5.1); then the aliases for all others.
 */
export function resolve(
  to: ForwardPath,
  sizeBytes: number,
  directory: Directory,
  note: (step: ResolveStep) => void = () => {},
): LocalDestination {
  const walk = new Walk(directory, note)
  walk.follow(to, [])
  return walk.destination(sizeBytes)
}

class Walk {
  readonly #directory: Directory
  readonly #note: (step: ResolveStep) => void
  readonly #mailboxes = new Map<number | null, MailboxOwner>()
  readonly #forwards = new Map<string, ForwardPath>()
  #looked = 0
  #wentInCircles = false

  constructor(directory: Directory, note: (step: ResolveStep) => void) {
    this.#directory = directory
    this.#note = note
  }

  /** `above`: the addresses whose aliases have led here, the nearest last. */
  follow(address: ForwardPath, above: readonly ForwardPath[]): void {
    const say = (text: string) => this.#note({ depth: above.length, address: formatMailbox(address), text })
    if (++this.#looked > MOST_ADDRESSES) {
      if (this.#looked === MOST_ADDRESSES + 1) say(`more than ${MOST_ADDRESSES} addresses: stopped here`)
      return
    }
    if (!this.#directory.isLocal(address.domain)) {
      this.#forwards.set(`${address.local}@${address.domain}`, address)
      return say('not in a local domain: sent on through the queue')
    }
    const isOwnTarget = above.length > 0 && isSame(above.at(-1), address)
    if (!isOwnTarget && above.some((one) => isSame(one, address))) {
      this.#wentInCircles = true
      return say('it has been here before: stopped, or it would go in a circle')
    }
    // An alias that names its own address keeps a copy in the mailbox of that address.
    const found = isOwnTarget ? this.#mailboxOf(address) : this.#find(address)
    if (found === undefined) return say('no mailbox and no alias has this address')
    if (found.kind === 'mailbox') {
      this.#mailboxes.set(found.owner.userId, found.owner)
      return say(`${found.by}: into the mailbox of ${this.#directory.nameOf(found.owner)}`)
    }
    if (above.length >= MOST_DEEP) {
      this.#wentInCircles = true
      return say(`more than ${MOST_DEEP} aliases deep: stopped`)
    }
    const targets = found.targets.map((target) => substitute(target, address))
    say(`${found.by} (alias ${found.id}): goes to ${targets.map((one) => (one ? formatMailbox(one) : '?')).join(', ')}`)
    for (const target of targets) if (target !== undefined) this.follow(target, [...above, address])
  }

  destination(sizeBytes: number): LocalDestination {
    const mailboxes = [...this.#mailboxes.values()]
    const forwards = [...this.#forwards.values()]
    const refusal = this.#refusal(mailboxes, forwards, sizeBytes)
    return { mailboxes, forwards, ...(refusal && { refusal }) }
  }

  #refusal(mailboxes: readonly MailboxOwner[], forwards: readonly ForwardPath[], sizeBytes: number): Reply | undefined {
    if (this.#looked > MOST_ADDRESSES) return TOO_MANY
    if (mailboxes.length + forwards.length === 0) return this.#wentInCircles ? CIRCLE : UNKNOWN
    // One that is full keeps the message from all: its sender tries again, and nobody gets it twice or not at all.
    return mailboxes.some((owner) => this.#directory.isFull(owner, sizeBytes)) ? OVER_QUOTA : undefined
  }

  #find(address: Mailbox): Found | undefined {
    const { local, domain } = address
    const plus = local.indexOf('+')
    const spellings = plus > 0 ? [address, { local: local.slice(0, plus), domain }] : [address]
    for (const one of spellings) {
      const by = one === address ? '' : `read as ${formatMailbox(one)}, `
      const found =
        this.#alias(one.local, domain, `${by}an alias of this address`) ??
        this.#ownerOf(one, `${by}an address here`) ??
        this.#alias(one.local, '*', `${by}an alias in every local domain`)
      if (found !== undefined) return found
    }
    return (
      this.#postmaster(address) ??
      this.#alias('*', domain, 'an alias for all other addresses of the domain') ??
      this.#alias('*', '*', 'an alias for all other addresses')
    )
  }

  #mailboxOf(address: Mailbox): Found | undefined {
    const plus = address.local.indexOf('+')
    const base = plus > 0 ? { ...address, local: address.local.slice(0, plus) } : address
    return (
      this.#ownerOf(address, 'an address here') ?? this.#ownerOf(base, 'an address here') ?? this.#postmaster(address)
    )
  }

  #alias(local: string, domain: Domain | '*', by: string): Found | undefined {
    const alias = this.#directory.findAlias(local.toLowerCase(), domain)
    return alias && { kind: 'alias', by, ...alias }
  }
  #ownerOf(mailbox: Mailbox, by: string): Found | undefined {
    const owner = this.#directory.ownerOf(mailbox)
    return owner && { kind: 'mailbox', owner, by }
  }
  #postmaster({ local }: Mailbox): Found | undefined {
    if (local.toLowerCase() !== 'postmaster') return undefined
    return { kind: 'mailbox', owner: { accountId: null, userId: null }, by: 'the postmaster' }
  }
}

/** In local domains the case of a local part does not matter. */
const isSame = (a: Mailbox | undefined, b: Mailbox) =>
  a !== undefined && a.domain === b.domain && a.local.toLowerCase() === b.local.toLowerCase()

/** A target with what the address had in place of each `*`; undefined where the two together are too long for an address. */
function substitute(target: AliasSide, { local, domain }: Mailbox): Mailbox | undefined {
  const whole = {
    local: target.local === '*' ? local : target.local,
    domain: target.domain === '*' ? domain : target.domain,
  }
  return parseMailbox(formatMailbox(whole))
}
