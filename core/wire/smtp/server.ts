import { never } from '../../base/never.ts'
import type { Envelope, ForwardPath, ReversePath } from '../../model/address.ts'
import type { Reply } from '../../model/reply.ts'
import type { Command } from './command.ts'
import { decodePlain, decodeText } from './sasl.ts'
import { reply } from './server-reply.ts'

/** What this connection is offered. It changes once, when TLS begins. */
export interface Terms {
  /** Our name in the greeting and in EHLO. */
  readonly name: string
  /** RFC 1870. */
  readonly messageBytes: number
  readonly recipients: number
  readonly isSecure: boolean
  /** STARTTLS can be had. */
  readonly offersTls: boolean
  /** The client's network is trusted: no login needed. */
  readonly isTrusted: boolean
}

/** Who is on the other end, once EHLO or HELO is said. It outlives the transaction. */
export interface Client {
  readonly hello: string
  /** Said EHLO. */
  readonly isExtended: boolean
  /** The local user who signed in. */
  readonly userId: number | undefined
  readonly failedLogins: number
}
/** Between MAIL and the end of data. */
export interface Transaction extends Envelope {
  readonly utf8: boolean
}

/** Where one session stands. A state holds only what is true while in it. */
export type State =
  | { readonly at: 'connected' }
  | { readonly at: 'idle'; readonly client: Client }
  | { readonly at: 'plain'; readonly client: Client }
  | { readonly at: 'login-user'; readonly client: Client }
  | { readonly at: 'login-password'; readonly client: Client; readonly user: string }
  | { readonly at: 'checking-login'; readonly client: Client }
  | { readonly at: 'checking-sender'; readonly client: Client; readonly transaction: Transaction }
  | { readonly at: 'mail'; readonly client: Client; readonly transaction: Transaction }
  | { readonly at: 'checking-recipient'; readonly client: Client; readonly transaction: Transaction }
  | { readonly at: 'data'; readonly client: Client; readonly transaction: Transaction }

/** The states in which the next line is an answer within AUTH. */
export type AuthState = Extract<State, { at: 'plain' | 'login-user' | 'login-password' }>

/** What the driver does next, in order. The machine owns no socket, clock or store. */
export type Effect =
  /** `isPardoned`: not counted among the client's errors. */
  | { readonly do: 'reply'; readonly reply: Reply; readonly isPardoned?: true }
  /** Nothing is read or answered for so long. */
  | { readonly do: 'wait'; readonly ms: number }
  /** TLS begins behind the reply that was just given. */
  | { readonly do: 'secure' }
  | { readonly do: 'check-login'; readonly user: string; readonly password: string }
  | {
      readonly do: 'check-sender'
      readonly from: ReversePath
      readonly userId: number | undefined
      readonly sizeBytes: number | undefined
    }
  | { readonly do: 'check-recipient'; readonly to: ForwardPath | 'postmaster'; readonly from: ReversePath }
  | { readonly do: 'read-message' }
  | { readonly do: 'hang-up' }
type Step = readonly [State, ...Effect[]]

/** RFC 4954 leaves the number to us; three is what people mistype. */
const FAILED_LOGINS = 3

const say = (next: State, ...r: Parameters<typeof reply>): Step => [next, { do: 'reply', reply: reply(...r) }]
const outOfOrder = (state: State, text = 'bad sequence of commands') => say(state, 503, '5.5.1', text)

/** The one way out of a transaction, whatever ended it: nothing of it is left to the next. */
function resetTransaction(client: Client): State {
  return { at: 'idle', client }
}

/** The first words of the session, and of no other moment: after STARTTLS the client speaks first. */
export function greeting(terms: Terms): Reply {
  return reply(220, undefined, `${terms.name} ESMTP`)
}

/** Answers one command. Order of commands: RFC 5321 §4.1.4. AUTH before MAIL: RFC 6409 §4.3. */
export function onCommand(state: State, command: Command, terms: Terms): Step {
  const client = 'client' in state ? state.client : undefined
  const mayMail = client !== undefined && (client.userId !== undefined || terms.isTrusted)
  switch (command.verb) {
    case 'malformed':
      return [state, { do: 'reply', reply: command.reply }]
    case 'foreign':
      return [...say(state, 554, '5.5.1', 'this is a mail server'), { do: 'hang-up' }]
    case 'EHLO':
    case 'HELO':
      return onHello(client, command, terms)
    case 'STARTTLS':
      if (client === undefined || terms.isSecure) return outOfOrder(state)
      if (!terms.offersTls) return say(state, 502, '5.5.1', 'TLS is not offered')
      // RFC 3207 §4.2: all that was learnt is forgotten; the session starts again inside TLS.
      return [...say({ at: 'connected' }, 220, '2.0.0', 'ready to start TLS'), { do: 'secure' }]
    case 'AUTH':
      return onAuth(state, command, terms)
    case 'MAIL':
      if (client === undefined) return outOfOrder(state, 'say EHLO first')
      if (!mayMail) return needsLogin(state, terms)
      if (state.at !== 'idle') return outOfOrder(state, 'a message is under way')
      if (command.extended && !client.isExtended) return say(state, 555, '5.5.4', 'parameters need EHLO')
      // RFC 1870 §6.1
      if ((command.sizeBytes ?? 0) > terms.messageBytes) return say(state, 552, '5.3.4', 'message too big')
      return [
        { at: 'checking-sender', client, transaction: { from: command.from, to: [], utf8: command.utf8 } },
        { do: 'check-sender', from: command.from, userId: client.userId, sizeBytes: command.sizeBytes },
      ]
    case 'RCPT':
      if (client === undefined) return outOfOrder(state, 'say EHLO first')
      if (!mayMail) return needsLogin(state, terms)
      if (state.at !== 'mail') return outOfOrder(state, 'say MAIL first')
      if (command.isUtf8 && !state.transaction.utf8) return say(state, 553, '5.6.7', 'such an address needs SMTPUTF8') // RFC 6531 §3.5
      // RFC 5321 §4.5.3.1.10. The client does as it should: it sends the rest in another transaction.
      if (state.transaction.to.length >= terms.recipients)
        return [state, { do: 'reply', reply: reply(452, '4.5.3', 'too many recipients'), isPardoned: true }]
      return [
        { ...state, at: 'checking-recipient' },
        { do: 'check-recipient', to: command.to, from: state.transaction.from },
      ]
    case 'DATA':
      if (state.at !== 'mail') return mayMail || client === undefined ? outOfOrder(state) : needsLogin(state, terms)
      if (state.transaction.to.length === 0) return say(state, 554, '5.5.1', 'no valid recipients') // RFC 5321 §3.3
      return [
        { ...state, at: 'data' },
        { do: 'reply', reply: reply(354, undefined, 'end with a lone dot') },
        { do: 'read-message' },
      ]
    case 'RSET':
      return say(client ? resetTransaction(client) : state, 250, '2.0.0', 'ok')
    case 'NOOP':
      return say(state, 250, '2.0.0', 'ok')
    case 'HELP':
      return say(state, 214, '2.0.0', 'EHLO HELO STARTTLS AUTH MAIL RCPT DATA RSET NOOP QUIT HELP VRFY')
    case 'VRFY':
      return say(state, 252, '2.0.0', 'send a message and see') // RFC 5321 §7.3
    case 'EXPN':
      return say(state, 502, '5.5.1', 'there are no lists')
    case 'QUIT':
      return [...say(state, 221, '2.0.0', 'bye'), { do: 'hang-up' }]
    default:
      return never(command, 'SMTP command')
  }
}

function needsLogin(state: State, terms: Terms): Step {
  // RFC 4954 §6, RFC 3207 §4
  return say(
    state,
    530,
    '5.7.0',
    terms.isSecure ? 'authentication required' : 'authentication required, after STARTTLS',
  )
}

function onHello(before: Client | undefined, command: Command & { verb: 'EHLO' | 'HELO' }, terms: Terms): Step {
  const isExtended = command.verb === 'EHLO'
  const client: Client = {
    hello: command.name,
    isExtended,
    userId: before?.userId,
    failedLogins: before?.failedLogins ?? 0,
  }
  if (!isExtended) return say(resetTransaction(client), 250, undefined, terms.name)
  const offers = ['PIPELINING', `SIZE ${terms.messageBytes}`, '8BITMIME', 'SMTPUTF8', 'ENHANCEDSTATUSCODES']
  if (terms.offersTls && !terms.isSecure) offers.push('STARTTLS')
  // RFC 4954 §4: no mechanism that shows the password is offered where others can listen.
  if (terms.isSecure) offers.push('AUTH PLAIN LOGIN')
  return say(resetTransaction(client), 250, undefined, terms.name, ...offers)
}

function onAuth(state: State, command: Command & { verb: 'AUTH' }, terms: Terms): Step {
  if (state.at !== 'idle' || !state.client.isExtended || state.client.userId !== undefined) return outOfOrder(state)
  if (!terms.isSecure) return say(state, 538, '5.7.11', 'passwords only inside TLS: say STARTTLS first')
  const { client } = state
  switch (command.mechanism) {
    case 'PLAIN':
      if (command.initial === undefined) return say({ at: 'plain', client }, 334, undefined, '')
      return onAuthLine({ at: 'plain', client }, command.initial)
    case 'LOGIN':
      if (command.initial === undefined) return say({ at: 'login-user', client }, 334, undefined, 'VXNlcm5hbWU6')
      return onAuthLine({ at: 'login-user', client }, command.initial)
    default:
      return say(state, 504, '5.5.4', 'only PLAIN and LOGIN are offered')
  }
}

/** The client's next line within AUTH (RFC 4954 §4). */
export function onAuthLine(state: AuthState, line: string): Step {
  const { client } = state
  const broken = (text: string) => say(resetTransaction(client), 501, '5.5.2', text)
  if (line === '*') return say(resetTransaction(client), 501, '5.7.0', 'authentication cancelled')
  if (state.at === 'plain') {
    const said = decodePlain(line)
    return said === undefined
      ? broken('that is no response of PLAIN')
      : [
          { at: 'checking-login', client },
          { do: 'check-login', ...said },
        ]
  }
  const text = decodeText(line)
  if (text === undefined || text === '') return broken('that is no base64 of a text')
  if (state.at === 'login-user')
    return say({ at: 'login-password', client, user: text }, 334, undefined, 'UGFzc3dvcmQ6')
  return [
    { at: 'checking-login', client },
    { do: 'check-login', user: state.user, password: text },
  ]
}

/** The answer to `check-login`: the user, `refused`, or `unknown` when nobody could look. */
export function onLogin(
  state: State & { at: 'checking-login' },
  found: { readonly userId: number } | 'refused' | 'unknown',
): Step {
  const { client } = state
  if (found === 'unknown') return say(resetTransaction(client), 454, '4.7.0', 'no login can be checked now')
  if (found !== 'refused')
    return say(resetTransaction({ ...client, userId: found.userId, failedLogins: 0 }), 235, '2.7.0', 'welcome')
  const failedLogins = client.failedLogins + 1
  const next = resetTransaction({ ...client, failedLogins })
  // Each guess costs twice the wait of the one before.
  const wait: Effect = { do: 'wait', ms: 1000 * 2 ** (failedLogins - 1) }
  if (failedLogins < FAILED_LOGINS)
    return [next, wait, { do: 'reply', reply: reply(535, '5.7.8', 'user or password is wrong') }]
  return [next, wait, { do: 'reply', reply: reply(421, '4.7.0', 'too many failed logins') }, { do: 'hang-up' }]
}

/** The answer to `check-sender`: undefined, or with which reply it is refused. */
export function onSender(state: State & { at: 'checking-sender' }, refusal: Reply | undefined): Step {
  if (refusal !== undefined) return [resetTransaction(state.client), { do: 'reply', reply: refusal }]
  return say({ ...state, at: 'mail' }, 250, '2.1.0', 'ok')
}

/** The answer to `check-recipient`: who is meant, or with which reply it is refused. */
export function onRecipient(state: State & { at: 'checking-recipient' }, found: ForwardPath | Reply): Step {
  const { transaction } = state
  // A list with many wrong addresses is no attack when its owner has signed in.
  if ('code' in found)
    return [
      { ...state, at: 'mail' },
      { do: 'reply', reply: found, isPardoned: true },
    ]
  const isKnown = transaction.to.some((to) => to.local === found.local && to.domain === found.domain)
  const to = isKnown ? transaction.to : [...transaction.to, found]
  return say({ ...state, at: 'mail', transaction: { ...transaction, to } }, 250, '2.1.5', 'ok')
}

/** The answer to a message, taken or not. */
export function onMessage(state: State & { at: 'data' }, answer: Reply): Step {
  return [resetTransaction(state.client), { do: 'reply', reply: answer }]
}
