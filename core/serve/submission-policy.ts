import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { parseDomain, sameMailbox, type Domain, type ForwardPath, type Mailbox } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import type { Accept } from '../model/submission.ts'
import type { Staging } from '../net/smtp-content.ts'
import type { SmtpPolicy } from '../net/smtp-server-terms.ts'
import type { Settings } from '../settings.ts'
import { reply } from '../wire/smtp/server-reply.ts'
import type { Incoming } from '../wire/smtp/server-terms.ts'
import { PERSON_LOGIN, type LoginOf } from './login.ts'

/** Joint: serve ← mailbox. Whether mail for this address of a local domain has somewhere to go. */
export type ResolveLocal = (to: Mailbox) => boolean | Promise<boolean>
/** Joint: serve ← message. From and Sender of a header; null stands for what is no address, undefined for a missing field. */
export type AuthorsOf = (head: Uint8Array) => {
  readonly from: readonly (Mailbox | null)[] | undefined
  readonly sender: readonly (Mailbox | null)[] | undefined
}

/** What submission asks of the rest of the program. */
export interface PolicyOptions {
  readonly settings: Pick<Settings, 'relay.ehloName' | 'local.domains'>
  readonly clock: Clock
  readonly accept: Accept
  readonly stage: () => Promise<Staging>
  readonly loginOf: LoginOf
  /** Addresses a login may send as: a local user's, or with `PERSON_LOGIN` those of the person who runs Posthorn. */
  readonly ownAddresses: (userId: number) => readonly Mailbox[]
  readonly authorsOf: AuthorsOf
  /** Without it every address of a local domain is taken. */
  readonly resolveLocal?: ResolveLocal
  /** Members of a list of that user (EXPN). Without it no lists are shown. */
  readonly expand?: NonNullable<SmtpPolicy['expand']>
  /** Whether the disk has room for a message of that size. Without it the store finds out. */
  readonly hasRoom?: (sizeBytes: number) => boolean | Promise<boolean>
}

const ROOM_REMEMBERED_MS = 1000
const ROOM_ASKED_BYTES = 128 * 1024 * 1024
/** What a message counts for that does not say its size, or a small one. */
const COUNTED_BYTES = 64 * 1024

const NOT_YOURS = reply(550, '5.7.1', 'MAIL FROM is not an address of this login')
const NOT_LOCAL = reply(550, '5.7.1', 'without a login, MAIL FROM has an address in a local domain')
const NULL_PATH = reply(550, '5.7.1', 'the null reverse-path is for reports, and these are made here')
const NOT_AUTHOR = reply(550, '5.7.1', 'From is not an address of this login')
const NOT_SENDER = reply(550, '5.7.1', 'Sender is not an address of this login')
const NOT_LOCAL_AUTHOR = reply(550, '5.7.1', 'without a login, From and Sender have addresses in a local domain')
const NO_AUTHOR = reply(550, '5.6.0', 'From names nobody')
const WHICH_AUTHOR = reply(550, '5.6.0', 'several authors in From, and no Sender that says which of them sent it')
const REVOKED = reply(530, '5.7.0', 'the password of this session has been revoked')
const NO_ROOM = reply(452, '4.3.1', 'no room for the message now')
const UNKNOWN_USER = reply(550, '5.1.1', 'no such user here')

/** The name a user gave, in A-labels. */
export const ownName = (setting: string): Domain | undefined => (setting === '' ? undefined : parseDomain(setting))

/**
 * Who may submit what: RFC 6409 §4.3, §6.1, and the house's rule that MAIL FROM and From are one's own addresses. Returns the
 * policy of one connection by its client's address.
 */
export function submissionPolicy(options: PolicyOptions): (peer: string) => SmtpPolicy {
  const { settings, resolveLocal, clock } = options
  const hasRoom = options.hasRoom && remembered(options.hasRoom, clock)
  const localDomains = settings['local.domains'].map(parseDomain).filter((domain) => domain !== undefined)
  const local: ReadonlySet<Domain> = new Set(localDomains)
  const byName = ownName(settings['relay.ehloName'])

  const mayWriteAs = (address: Mailbox, userId: number | undefined): boolean =>
    userId === undefined
      ? local.has(address.domain)
      : options.ownAddresses(userId).some((own) => sameMailbox(own, address))

  const whyNotFrom = (from: Mailbox | null, userId: number | undefined): Reply | undefined => {
    if (from === null) return NULL_PATH
    if (mayWriteAs(from, userId)) return undefined
    return userId === undefined ? NOT_LOCAL : NOT_YOURS
  }
  /** Of several authors one has sent it, and Sender says who (RFC 5322 §3.6.2). Without From, ours will be MAIL FROM. */
  const whyNotAuthor = (head: Uint8Array, userId: number | undefined): Reply | undefined => {
    const { from, sender } = options.authorsOf(head)
    const isOwn = (one: Mailbox | null) => one !== null && mayWriteAs(one, userId)
    if (from?.length === 0) return NO_AUTHOR
    if (from !== undefined && from.length > 1 && sender === undefined) return WHICH_AUTHOR
    if (sender !== undefined && !(sender.length === 1 && sender.every(isOwn)))
      return userId === undefined ? NOT_LOCAL_AUTHOR : NOT_SENDER
    if (from !== undefined && !from.some(isOwn)) return userId === undefined ? NOT_LOCAL_AUTHOR : NOT_AUTHOR
    return undefined
  }
  const received = (message: Incoming): string => {
    const protocol = `${message.utf8 ? 'UTF8' : message.isExtended ? 'E' : ''}SMTP${message.isSecure ? 'S' : ''}`
    const by = byName ?? message.from?.domain ?? 'posthorn'
    return receivedField(by, `${protocol}${message.userId === undefined ? '' : 'A'}`, clock.nowMs())
  }
  const resolve = (to: ForwardPath): ForwardPath | Reply | Promise<ForwardPath | Reply> => {
    if (resolveLocal === undefined || !local.has(to.domain)) return to
    const known = resolveLocal(to)
    if (typeof known === 'boolean') return known ? to : UNKNOWN_USER
    return known.then((there) => (there ? to : UNKNOWN_USER))
  }

  return (peer) => {
    const session = options.loginOf(peer)
    return {
      login: session.login,
      scramCredentials: session.scramCredentials,
      loginFailed: session.loginFailed,
      isNameKept: session.isNameKept,
      stage: options.stage,
      ...(options.expand && { expand: options.expand }),
      sender(from, userId, sizeBytes) {
        if (!session.isStanding()) return REVOKED
        const refusal = whyNotFrom(from, userId)
        if (refusal !== undefined || hasRoom === undefined) return refusal
        const room = hasRoom(sizeBytes ?? 0)
        if (typeof room === 'boolean') return room ? undefined : NO_ROOM
        return room.then((there) => (there ? undefined : NO_ROOM))
      },
      recipient(to, from) {
        if (to !== 'postmaster') return resolve(to)
        // RFC 5321 §4.5.1: there is a postmaster wherever mail is handled.
        const domain = localDomains[0] ?? from?.domain
        return domain === undefined ? UNKNOWN_USER : resolve({ local: 'postmaster', domain })
      },
      async accept(message, body, head) {
        const refusal = whyNotAuthor(head, message.userId)
        if (refusal !== undefined) return { accepted: false, reply: refusal }
        return options.accept({
          origin: 'submission',
          from: message.from,
          to: message.to,
          options: message.options,
          ...(message.recipientOptions && { recipientOptions: message.recipientOptions }),
          userId: message.userId === undefined || message.userId === PERSON_LOGIN ? null : message.userId,
          body,
          head,
          has8bit: message.has8bit,
          hasLongLines: message.hasLongLines,
          utf8: message.utf8,
          received: received(message),
        })
      },
    }
  }
}

/** Asks the disk once a second or for so many bytes, and not once a message; where there is little room, each time. */
function remembered(hasRoom: NonNullable<PolicyOptions['hasRoom']>, clock: Clock): typeof hasRoom {
  let askedAt = -Infinity
  let leftBytes = 0
  const ask = async (sizeBytes: number, nowMs: number) => {
    if (!(await hasRoom(sizeBytes + ROOM_ASKED_BYTES))) return hasRoom(sizeBytes)
    askedAt = nowMs
    leftBytes = ROOM_ASKED_BYTES
    return true
  }
  return (sizeBytes) => {
    const nowMs = clock.monotonicMs()
    leftBytes -= Math.max(sizeBytes, COUNTED_BYTES)
    const isKnown = nowMs - askedAt < ROOM_REMEMBERED_MS && leftBytes >= 0
    return isKnown || ask(sizeBytes, nowMs)
  }
}

/**
 * Our Received field (RFC 5321 §4.4). It leaves out the FROM clause, which would tell everyone the name and address of the
 * sender's computer at home, and gives the time in UTC.
 */
function receivedField(by: string, protocol: string, nowMs: number): string {
  return `Received: by ${by} with ${protocol} id ${randomUUID()};\r\n\t${dateAt(nowMs)}\r\n`
}

let known = { second: Number.NaN, text: '' }
/** The date as a header field has it; made once a second. */
function dateAt(nowMs: number): string {
  const second = Math.floor(nowMs / 1000)
  if (second !== known.second) known = { second, text: new Date(nowMs).toUTCString().replace('GMT', '+0000') }
  return known.text
}
