import { randomUUID } from 'node:crypto'
import type { Clock } from '../base/clock.ts'
import { formatMailbox, formatPath, parseDomain, type Domain, type ForwardPath } from '../model/address.ts'
import type { DeliverInbound } from '../model/inbound-mail.ts'
import type { FindLocal } from '../model/local-mail.ts'
import { formatLiteral } from '../net/address.ts'
import type { Staging } from '../net/smtp-content.ts'
import type { SmtpPolicy } from '../net/smtp-server-terms.ts'
import type { Settings } from '../settings.ts'
import { reply } from '../wire/smtp/server-reply.ts'
import type { Incoming } from '../wire/smtp/server-terms.ts'
import { plainAddress } from './client-network.ts'
import type { SessionLogin } from './login.ts'

/** Joint: serve ← store. What greylisting says to a try; `wait` in ms. */
export type Greylist = (
  peer: string,
  sender: string,
  recipient: string,
) => Promise<{ readonly kind: 'known' | 'passed' } | { readonly kind: 'wait'; readonly waitMs: number }>

/** What the policy of one connection is made from. */
export interface InboundPolicyDeps {
  readonly settings: () => Pick<Settings, 'local.domains' | 'relay.ehloName' | 'inbound.greylist'>
  readonly clock: Clock
  readonly isLocal: (domain: Domain) => boolean
  readonly find: FindLocal
  readonly deliver: DeliverInbound
  readonly greylist: Greylist
  readonly stage: () => Promise<Staging>
  readonly hasRoom: (sizeBytes: number) => boolean | Promise<boolean>
  /** Counts a message of this client; false when it is one too many. */
  readonly takeMessage: () => boolean
  readonly login: SessionLogin
}
/** Who is on the other end. */
export interface InboundClient {
  readonly peer: string
  readonly isTrusted: boolean
  /** Writes into the transcript of the session. */
  note(text: string): void
}

const RELAYING = reply(550, '5.7.1', 'relaying denied: this server takes mail for its own domains only')
const UNKNOWN_USER = reply(550, '5.1.1', 'no such user here')
const NO_ROOM = reply(452, '4.3.1', 'no room for the message now')
const TOO_FAST = reply(450, '4.7.1', 'too many messages in a minute, try again later')
const GREYLISTED = reply(451, '4.7.1', 'greylisted: try again in some minutes')

/** Who may deliver what: only mail for our own domains, whoever brings it (RFC 5321 §3.6.1, §7.1). */
export function inboundPolicy(deps: InboundPolicyDeps, client: InboundClient): SmtpPolicy {
  const { settings, login } = deps
  /** What MAIL said of the message's size. */
  let saidBytes = 0
  let hasSkipped = false

  /** And its password still stands. */
  const isSignedIn = (userId: number | undefined) => userId !== undefined && login.isStanding()
  /** Those who are known otherwise are not asked to come again, and the log says so once. */
  const whyNotGreylisted = (userId: number | undefined): string | undefined => {
    if (client.isTrusted) return 'not greylisted: its network is trusted'
    return isSignedIn(userId) ? 'not greylisted: it has signed in' : undefined
  }

  return {
    login: (user, password) => login.login(user, password),
    scramCredentials: (user) => login.scramCredentials(user),
    loginFailed: (user) => login.loginFailed(user),
    isNameKept: (name) => login.isNameKept(name),
    stage: deps.stage,
    sender(_from, userId, sizeBytes) {
      saidBytes = sizeBytes ?? 0
      if (!client.isTrusted && !isSignedIn(userId) && !deps.takeMessage()) return TOO_FAST
      const room = deps.hasRoom(saidBytes)
      if (typeof room === 'boolean') return room ? undefined : NO_ROOM
      return room.then((there) => (there ? undefined : NO_ROOM))
    },
    recipient(said, from, userId) {
      const to = said === 'postmaster' ? postmaster(settings()['local.domains']) : said
      if (to === undefined) return UNKNOWN_USER
      if (!deps.isLocal(to.domain)) return RELAYING
      const { refusal } = deps.find(to, saidBytes)
      if (refusal !== undefined) return refusal
      if (!settings()['inbound.greylist']) return to
      const why = whyNotGreylisted(userId)
      if (why !== undefined) {
        if (!hasSkipped) client.note(why)
        hasSkipped = true
        return to
      }
      return deps.greylist(client.peer, formatPath(from), formatMailbox(to)).then((answer) => {
        if (answer.kind !== 'wait') return to
        client.note(`greylisted: ${formatMailbox(to)} can be reached in ${Math.ceil(answer.waitMs / 1000)} s`)
        return GREYLISTED
      })
    },
    async accept(message, body, head) {
      const { from, to, has8bit, utf8, options } = message
      const received = receivedField(message, client.peer, ownName(settings()), deps.clock.nowMs())
      return deps.deliver({ from, to, body, head, has8bit, utf8, options, received })
    },
  }
}

/** RFC 5321 §4.5.1: `RCPT TO:<postmaster>` without a domain is the postmaster of this server. */
function postmaster(domains: readonly string[]): ForwardPath | undefined {
  const domain = domains.map(parseDomain).find((one) => one !== undefined)
  return domain && { local: 'postmaster', domain }
}

/** The name this server calls itself by: the one chosen, else a domain of ours. */
export function ownName(settings: Pick<Settings, 'relay.ehloName' | 'local.domains'>): string {
  const chosen = settings['relay.ehloName']
  const names = [...(chosen === '' ? [] : [chosen]), ...settings['local.domains']]
  return names.map(parseDomain).find((one) => one !== undefined) ?? 'posthorn'
}

/**
 * Our Received field (RFC 5321 §4.4). The address is the connection's; the client's own name for itself is only what it says, and
 * left out where it is no name. For one recipient it says whom: more would tell each of the others.
 */
function receivedField(message: Incoming, peer: string, by: string, nowMs: number): string {
  const { hello, to, utf8, isExtended, isSecure, userId } = message
  const address = formatLiteral(plainAddress(peer))
  const name = /^(?:[A-Za-z0-9_-]{1,63}\.)*[A-Za-z0-9_-]{1,63}$/.test(hello) && hello.length <= 253 ? hello : address
  const protocol = `${utf8 ? 'UTF8' : isExtended ? 'E' : ''}SMTP${isSecure ? 'S' : ''}${userId === undefined ? '' : 'A'}`
  const [only] = to
  const whom = to.length === 1 && only !== undefined ? `\r\n\tfor ${formatPath(only)}` : ''
  const date = new Date(nowMs).toUTCString().replace('GMT', '+0000')
  const field = `Received: from ${name} (${address})\r\n\tby ${by} with ${protocol} id ${randomUUID()}${whom};\r\n\t${date}\r\n`
  return Buffer.from(field).toString('latin1')
}
