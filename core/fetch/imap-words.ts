import { never } from '../base/never.ts'
import type { ImapTarget, ImapTrouble } from '../net/imap-words.ts'
import type { Account } from '../store/account.ts'
import type { Store } from '../store/types.ts'
import { openWithLogin } from './account-login.ts'
import type { AccountLogin, FetchDeps, NoLogin } from './fetch-deps.ts'
import { openImap, type OpenedImap } from './imap-client.ts'
import { connectReason, handshakeReason, refusedReason, type Maildrop, type Usual } from './words.ts'

const IMAP: Usual = { upgrade: 'STARTTLS', implicit: 993, plain: 143 }

/** How far the first look through an account has come. */
export interface Progress {
  readonly done: number
  readonly total: number
}
/** What fetching by IMAP works with, besides what fetching does anyway. */
export interface ImapDeps extends Omit<FetchDeps, 'store'> {
  readonly store: Pick<Store, 'read' | 'write' | 'stage' | 'query' | 'openBody'>
  /** Joint: how far it has come; null when it has ended. */
  readonly onProgress?: (accountId: number, progress: Progress | null) => void
}

/** What went wrong and what to do about it, in words for the person whose account it is. */
export function describeImapTrouble(trouble: ImapTrouble, at: Maildrop): string {
  switch (trouble.kind) {
    case 'refused': {
      const said = `The server says: ${trouble.reply.slice(0, 500)}`
      if (trouble.at === 'greeting') return `${at.host} does not open the account now. ${said}`
      if (trouble.at === 'tls')
        return `${at.host} refuses STARTTLS; try TLS from the first byte, mostly on port 993. ${said}`
      return `${refusedReason(at, 'IMAP')} ${said}`
    }
    case 'no-starttls':
      return `${at.host} offers no STARTTLS on port ${at.port}, so the password was not sent; try TLS from the first byte, mostly on port 993.`
    case 'preauth':
      return `${at.host} opens an account without asking whose: nothing was read from it. Check host and port.`
    case 'protocol':
      return `${at.host} does not speak IMAP as it should: ${trouble.reason}. Check host and port.`
    case 'host':
      return `The host "${trouble.host}" was not found: ${trouble.reason}. Check how it is written.`
    case 'connect':
      return `No connection to ${at.host} at ${trouble.address}: ${connectReason(trouble.errno, IMAP)}`
    case 'handshake':
      return handshakeReason(trouble.reason, at, IMAP)
    case 'silent':
      return `${at.host} said nothing for ${trouble.seconds} seconds. It is tried again later.`
    case 'lost':
      return `${at.host} closed the connection. It is tried again later.`
    case 'given-up':
      return 'The fetch was stopped.'
    default:
      return never(trouble, 'IMAP trouble')
  }
}

/** Where an account is and what it signs in with. */
export function targetOf(account: Account, { kind: login, secret }: AccountLogin): ImapTarget {
  const { host, port, tls, user, id: accountId } = account
  return { host, port, tls, user, login, secret, accountId }
}

/** Whether another token may help: not where the server says that it has no room or no time now (RFC 5530 §3). */
function isTokenRefused(trouble: ImapTrouble): boolean {
  return trouble.kind === 'refused' && trouble.at === 'login' && !/\[(?:UNAVAILABLE|INUSE|LIMIT)\b/i.test(trouble.reply)
}

/** Opens an account's session with what it signs in with. */
export function openAccount(account: Account, deps: ImapDeps, signal?: AbortSignal): Promise<OpenedImap | NoLogin> {
  return openWithLogin(
    account,
    deps,
    (login) => openImap(targetOf(account, login), deps, signal),
    (opened) => !opened.ok && isTokenRefused(opened.trouble),
  )
}
