import { never } from '../base/never.ts'
import type { Pop3Trouble } from '../net/pop3-words.ts'
import { responseCode } from '../wire/pop3/client-login.ts'
import type { Retry } from './fetch-deps.ts'
import { explainReply } from '../model/explain-reply.ts'

/** What a person can recognise a maildrop by. */
export interface Maildrop {
  readonly host: string
  readonly port: number
  readonly user: string
  /** A password where this is left out. */
  readonly login?: 'password' | 'token'
}

/** A login was refused: what may be wrong with what it was. */
export function refusedReason({ host, user, login }: Maildrop, protocol: string): string {
  return login === 'token'
    ? `${host} does not let "${user}" in with a token: was it this user who signed in, and is access by ${protocol} switched on for the mailbox?`
    : `${host} refuses the login of "${user}": check user name and password; some providers ask for an app password.`
}

/** What went wrong and what to do about it, in words for the person whose account it is. */
export function describeTrouble(trouble: Pop3Trouble, at: Maildrop): string {
  switch (trouble.kind) {
    case 'refused': {
      const said = `The server says: ${trouble.reply.slice(0, 500)}`
      if (trouble.at === 'greeting') return `${at.host} does not open the mailbox now. ${said}`
      if (trouble.at === 'tls')
        return `${at.host} refuses STLS; try TLS from the first byte, mostly on port 995. ${said}`
      const why = explainReply(trouble.reply)
      const isOther = /\[(?:IN-USE|LOGIN-DELAY|SYS\/)/i.test(trouble.reply)
      if (isOther && why !== undefined) return `${why} ${said}`
      return `${refusedReason(at, 'POP3')} ${said}`
    }
    case 'no-stls':
      return `${at.host} offers no STLS on port ${at.port}, so the password was not sent; try TLS from the first byte, mostly on port 995.`
    case 'no-way-in': {
      const offered = trouble.offered.length === 0 ? 'none' : trouble.offered.join(', ').slice(0, 200)
      return trouble.login === 'token'
        ? `${at.host} does not take a token (XOAUTH2 or OAUTHBEARER) to sign in with; it offers: ${offered}. Use a password, or an app password.`
        : `${at.host} offers no way to sign in with a password; it offers: ${offered}. Ask your provider which one it wants.`
    }
    case 'unsayable':
      return `The ${trouble.what} has a character in it that can't be sent, such as a line break: type it again.`
    case 'protocol':
      return `${at.host} does not speak POP3 as it should: ${trouble.reason}. Check host and port.`
    case 'host':
      return `The host "${trouble.host}" was not found: ${trouble.reason}. Check how it is written.`
    case 'connect':
      return `No connection to ${at.host} at ${trouble.address}: ${connectReason(trouble.errno)}`
    case 'handshake':
      return handshakeReason(trouble.reason, at)
    case 'silent':
      return `${at.host} said nothing for ${trouble.seconds} seconds. It is tried again later.`
    case 'lost':
      return `${at.host} closed the connection. It is tried again later.`
    case 'given-up':
      return 'The fetch was stopped.'
    default:
      return never(trouble, 'POP3 trouble')
  }
}

/** When a session that went wrong is tried again. */
export function retryOf(trouble: Pop3Trouble): Retry {
  switch (trouble.kind) {
    case 'refused': {
      const code = responseCode(trouble.reply)
      if (code === 'IN-USE') return 'soon'
      if (code === 'LOGIN-DELAY') return 'login-delay'
      if (code === 'SYS/PERM') return 'person'
      return trouble.at === 'login' && code !== 'SYS/TEMP' ? 'person' : 'usual'
    }
    case 'no-stls':
    case 'no-way-in':
    case 'unsayable':
      return 'person'
    default:
      return 'usual'
  }
}

/** What the owner of an account should know of it even while it works. */
export function accountWarnings(of: {
  readonly tls: 'implicit' | 'starttls' | 'none'
  readonly keep: boolean
  readonly signedInBy: string | null
  readonly expireDays: number | null
}): string[] {
  const warnings: string[] = []
  if (of.signedInBy === 'APOP')
    warnings.push(
      'The server offers nothing better than APOP to sign in with. It is weak: who listens can search for the password.',
    )
  else if (of.tls === 'none')
    warnings.push('The connection is not encrypted: mail, and mostly the password too, can be read on its way.')
  if (of.keep && of.expireDays !== null)
    warnings.push(
      of.expireDays === 0
        ? 'The server says that it deletes messages as soon as they are fetched.'
        : `The server says that it deletes messages after ${of.expireDays === 1 ? 'a day' : `${of.expireDays} days`}.`,
    )
  return warnings
}

/** What a protocol calls its way to TLS, and its usual ports. */
export interface Usual {
  readonly upgrade: string
  readonly implicit: number
  readonly plain: number
}
const POP3: Usual = { upgrade: 'STLS', implicit: 995, plain: 110 }

/** Why a dial came to nothing, and what to look at. */
export function connectReason(errno: string, usual: Usual = POP3): string {
  switch (errno) {
    case 'ECONNREFUSED':
      return `nothing listens there. Check the port; ${usual.implicit} is usual with TLS from the first byte, ${usual.plain} otherwise.`
    case 'ETIMEDOUT':
      return 'no answer. Check host and port, and whether a firewall is in the way.'
    case 'ENETUNREACH':
    case 'EHOSTUNREACH':
    case 'ENETDOWN':
    case 'EHOSTDOWN':
    case 'EADDRNOTAVAIL':
      return 'the network does not lead there. Is this computer online?'
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return 'it was broken off at once. Check the port, and whether a firewall is in the way.'
    case 'EACCES':
    case 'EPERM':
      return 'this computer does not allow it. A firewall or a security program is in the way.'
    case 'EMFILE':
    case 'ENFILE':
    case 'ENOBUFS':
      return 'this computer has too many connections open. It is tried again later.'
    default:
      return `it could not be made (${errno}).`
  }
}

/** Why a handshake came to nothing, and what to look at. */
export function handshakeReason(reason: string, at: Maildrop, usual: Usual = POP3): string {
  if (/wrong version number|packet length too long|unknown protocol|http request/i.test(reason))
    return `${at.host} does not speak TLS from the first byte on port ${at.port}: try ${usual.upgrade} there, or port ${usual.implicit}.`
  if (/altnames|ALTNAME|Hostname/i.test(reason))
    return `The certificate of ${at.host} is for another name (${reason}): write the host as the provider does.`
  if (/expired/i.test(reason)) return `The certificate of ${at.host} has expired: its operator must renew it.`
  if (/cert|self[- ]signed|issuer|verify|signature/i.test(reason))
    return `The certificate of ${at.host} is not trusted (${reason}). If the server is your own, name its authority in the setting relay.caFile.`
  return `No TLS with ${at.host}: ${reason}.`
}
