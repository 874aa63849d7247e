import { never } from '../../base/never.ts'
import { formatPath, needsUtf8, type ForwardPath, type Mailbox } from '../../model/address.ts'
import type { MailOptions, RecipientOptions } from '../../model/envelope-options.ts'
import type { Reply } from '../../model/reply.ts'
import type { Command } from './command.ts'
import type { MailRequest } from './mail-parameters.ts'
import { onAuth } from './server-auth.ts'
import { help, offers, offersDelivery } from './server-offers.ts'
import { reply } from './server-reply.ts'
import { resetTransaction, type Client, type State, type Step, type Terms, type Transaction } from './server-terms.ts'

/** Members of a list that EXPN names; a longer list is for its owner's window. */
const MOST_MEMBERS = 100
/** A refused chunk larger than this is not read past: the session ends instead. */
const MOST_REFUSED_BYTES = 64 * 1024 * 1024

const say = (next: State, ...r: Parameters<typeof reply>): Step => [next, { do: 'reply', reply: reply(...r) }]
const OUT_OF_ORDER = reply(503, '5.5.1', 'bad sequence of commands')
const NO_RECIPIENTS = reply(554, '5.5.1', 'no valid recipients')
const NOT_OFFERED = reply(555, '5.5.4', 'that parameter is not offered here')
const outOfOrder = (state: State, text = 'bad sequence of commands') => say(state, 503, '5.5.1', text)

/** The first words of the session, and of no other moment: after STARTTLS the client speaks first. */
export function greeting(terms: Terms): Reply {
  return reply(220, undefined, `${terms.name} ESMTP`)
}

/** Answers one command. Order of commands: RFC 5321 §4.1.4. AUTH before MAIL: RFC 6409 §4.3. */
export function onCommand(state: State, command: Command, terms: Terms): Step {
  const client = 'client' in state ? state.client : undefined
  switch (command.verb) {
    case 'malformed':
      return [state, { do: 'reply', reply: command.reply }]
    case 'foreign':
      return [...say(state, 554, '5.5.1', 'this is a mail server'), { do: 'hang-up' }]
    case 'EHLO':
    case 'HELO':
      return onHello(state, command, terms)
    case 'STARTTLS':
      if (client === undefined || terms.isSecure) return outOfOrder(state)
      if (!terms.offersTls) return say(state, 502, '5.5.1', 'TLS is not offered')
      // RFC 3207 §4.2: all that was learnt is forgotten, but not how often a login was guessed at.
      return [
        ...say({ at: 'connected', failedLogins: client.failedLogins }, 220, '2.0.0', 'ready to start TLS'),
        { do: 'secure' },
      ]
    case 'AUTH':
      return onAuth(state, command, terms)
    case 'MAIL':
      return onMail(state, command, terms)
    case 'RCPT':
      return onRcpt(state, command, terms)
    case 'DATA': {
      const refusal = whyNoContent(state, terms)
      if (refusal !== undefined) return [state, { do: 'reply', reply: refusal }]
      if (state.at !== 'mail') return outOfOrder(state) // RFC 3030 §2: no DATA behind BDAT
      return [
        { ...state, at: 'data' },
        { do: 'reply', reply: reply(354, undefined, 'end with a lone dot') },
        { do: 'read-message' },
      ]
    }
    case 'BDAT':
      return onBdat(state, command, terms)
    case 'RSET':
      return say(client ? resetTransaction(client) : state, 250, '2.0.0', 'ok')
    case 'NOOP':
      return say(state, 250, '2.0.0', 'ok')
    case 'VERB':
      if (client === undefined) return outOfOrder(state, 'say EHLO first')
      return [
        ...say(state, 250, '2.0.0', command.isOn ? 'replies explain themselves' : 'replies are short'),
        { do: 'explain', isOn: command.isOn },
      ]
    case 'HELP':
      return say(state, 214, '2.0.0', ...help(command.topic))
    case 'VRFY':
      return say(state, 252, '2.0.0', 'send a message and see') // RFC 5321 §7.3
    case 'EXPN':
      if (client?.userId === undefined || !terms.offersLists) return say(state, 502, '5.5.1', 'no lists are shown here')
      return [
        { at: 'expanding', client, back: state },
        { do: 'expand', list: command.list, userId: client.userId },
      ]
    case 'QUIT':
      return [...say(state, 221, '2.0.0', 'bye'), { do: 'hang-up' }]
    default:
      return never(command, 'SMTP command')
  }
}

function onHello(state: State, command: Command & { verb: 'EHLO' | 'HELO' }, terms: Terms): Step {
  const before = 'client' in state ? state.client : undefined
  const isExtended = command.verb === 'EHLO'
  const client: Client = {
    hello: command.name,
    isExtended,
    userId: before?.userId,
    failedLogins: state.at === 'connected' ? state.failedLogins : (before?.failedLogins ?? 0),
    transactions: before?.transactions ?? 0,
  }
  if (!isExtended) return say(resetTransaction(client), 250, undefined, terms.name)
  return say(resetTransaction(client), 250, undefined, terms.name, ...offers(terms, client.userId !== undefined))
}

const mayMail = (client: Client, terms: Terms) => client.userId !== undefined || terms.isTrusted || !terms.requiresLogin

/** RFC 4954 §6, RFC 3207 §4 */
function needsLogin({ isSecure, allowsClearLogin }: Terms): Reply {
  const words = isSecure || allowsClearLogin ? 'authentication required' : 'authentication required, after STARTTLS'
  return reply(530, '5.7.0', words)
}

function onMail(state: State, { from, request, extended }: Command & { verb: 'MAIL' }, terms: Terms): Step {
  if (!('client' in state)) return outOfOrder(state, 'say EHLO first')
  const { client } = state
  if (!mayMail(client, terms)) return [state, { do: 'reply', reply: needsLogin(terms) }]
  if (state.at !== 'idle') return outOfOrder(state, 'a message is under way')
  if (extended && !client.isExtended) return say(state, 555, '5.5.4', 'parameters need EHLO')
  if (client.transactions >= (terms.transactions ?? Infinity))
    return [...say(state, 421, '4.5.3', 'too many messages in one session'), { do: 'hang-up' }]
  // RFC 1870 §6.1
  if ((request.sizeBytes ?? 0) > terms.messageBytes) return say(state, 552, '5.3.4', 'message too big')
  const options = optionsOf(request, terms)
  if ('code' in options) return [state, { do: 'reply', reply: options }]
  const utf8 = request.utf8 === true
  return [
    {
      at: 'checking-sender',
      client: terms.transactions === undefined ? client : { ...client, transactions: client.transactions + 1 },
      transaction: { from, to: [], utf8, options },
    },
    { do: 'check-sender', from, userId: client.userId, sizeBytes: request.sizeBytes },
  ]
}

const NO_OPTIONS: MailOptions = {}

/** What is promised of what was asked; a reply when it cannot be promised. */
function optionsOf(request: MailRequest, terms: Terms): MailOptions | Reply {
  const { ret, envid, hold, deliverBy, requireTls } = request
  if ((ret ?? envid ?? hold ?? deliverBy ?? requireTls) === undefined) return NO_OPTIONS
  if ((ret ?? envid ?? hold ?? deliverBy) !== undefined && !offersDelivery(terms)) return NOT_OFFERED
  if (requireTls && !terms.isSecure) return reply(530, '5.7.10', 'REQUIRETLS needs TLS here as well') // RFC 8689 §2
  const nowMs = terms.nowMs()
  let holdUntilMs: number | undefined
  if (hold !== undefined) {
    if (terms.longestHoldSeconds === 0) return NOT_OFFERED
    holdUntilMs = 'untilMs' in hold ? hold.untilMs : nowMs + hold.seconds * 1000
    // RFC 4865 §4
    if (holdUntilMs > nowMs + terms.longestHoldSeconds * 1000) return reply(501, '5.5.4', 'no message is held so long')
  }
  return {
    ...(ret !== undefined && { ret }),
    ...(envid !== undefined && { envid }),
    ...(holdUntilMs !== undefined && { holdUntilMs }),
    ...(deliverBy !== undefined && {
      deliverBy: { atMs: nowMs + deliverBy.seconds * 1000, mode: deliverBy.mode, trace: deliverBy.trace },
    }),
    ...(requireTls && { requireTls }),
  }
}

function onRcpt(state: State, { to, isUtf8, options }: Command & { verb: 'RCPT' }, terms: Terms): Step {
  if (!('client' in state)) return outOfOrder(state, 'say EHLO first')
  if (!mayMail(state.client, terms)) return [state, { do: 'reply', reply: needsLogin(terms) }]
  if (state.at !== 'mail') return outOfOrder(state, 'say MAIL first')
  const { client, transaction } = state
  if (options !== undefined && !client.isExtended) return say(state, 555, '5.5.4', 'parameters need EHLO')
  if (options !== undefined && !offersDelivery(terms)) return [state, { do: 'reply', reply: NOT_OFFERED }]
  if (isUtf8 && !transaction.utf8) return say(state, 553, '5.6.7', 'such an address needs SMTPUTF8') // RFC 6531 §3.5
  // RFC 5321 §4.5.3.1.10. The client does as it should: it sends the rest in another transaction.
  if (transaction.to.length >= terms.recipients)
    return [state, { do: 'reply', reply: reply(452, '4.5.3', 'too many recipients'), isPardoned: true }]
  return [
    { at: 'checking-recipient', client, transaction, options },
    { do: 'check-recipient', to, from: transaction.from, userId: client.userId },
  ]
}

/** Why no content can follow here; undefined when it can. */
function whyNoContent(state: State, terms: Terms): Reply | undefined {
  if (state.at === 'chunks') return undefined
  if (state.at !== 'mail') return 'client' in state && !mayMail(state.client, terms) ? needsLogin(terms) : OUT_OF_ORDER
  return state.transaction.to.length === 0 ? NO_RECIPIENTS : undefined // RFC 5321 §3.3
}

/** RFC 3030 §2. The octets come whether we want them or not: those of a refused chunk are read past. */
function onBdat(state: State, { sizeBytes, isLast }: Command & { verb: 'BDAT' }, terms: Terms): Step {
  // Where the octets end nobody knows, so what is in them must not be taken for commands.
  if (sizeBytes === undefined)
    return [...say(state, 501, '5.5.4', 'the form is BDAT size, or BDAT size LAST'), { do: 'hang-up' }]
  const refusal =
    'client' in state && !state.client.isExtended ? reply(503, '5.5.1', 'BDAT needs EHLO') : whyNoContent(state, terms)
  if (refusal === undefined && (state.at === 'mail' || state.at === 'chunks')) {
    const { client, transaction } = state
    return [
      { at: 'chunks', client, transaction, isLast },
      { do: 'read-chunk', sizeBytes, refusal },
    ]
  }
  if (sizeBytes > MOST_REFUSED_BYTES) return [...say(state, 421, '4.3.4', 'too much to read past'), { do: 'hang-up' }]
  // A transaction whose content failed is over (RFC 3030 §2): its recipients are not left to the next chunk.
  const next = 'client' in state ? resetTransaction(state.client) : state
  return [next, { do: 'read-chunk', sizeBytes, refusal: refusal ?? OUT_OF_ORDER }]
}

/** The answer to `check-sender`: undefined, or with which reply it is refused. */
export function onSender(state: State & { at: 'checking-sender' }, refusal: Reply | undefined): Step {
  if (refusal !== undefined) return [resetTransaction(state.client), { do: 'reply', reply: refusal }]
  return say({ ...state, at: 'mail' }, 250, '2.1.0', 'ok')
}

/** The answer to `check-recipient`: who is meant, or with which reply it is refused. */
export function onRecipient(
  state: State & { at: 'checking-recipient' },
  found: ForwardPath | Reply,
  terms: Terms,
): Step {
  const { client, transaction, options } = state
  const back: State = { at: 'mail', client, transaction }
  // A list with many wrong addresses is no attack when its owner has signed in; a stranger may be guessing.
  if ('code' in found) {
    const isOwner = client.userId !== undefined || terms.isTrusted
    return [back, isOwner ? { do: 'reply', reply: found, isPardoned: true } : { do: 'reply', reply: found }]
  }
  return say({ at: 'mail', client, transaction: withRecipient(transaction, found, options) }, 250, '2.1.5', 'ok')
}

/** Named twice is named once: what was asked of it first holds. */
function withRecipient(
  transaction: Transaction,
  found: ForwardPath,
  options: RecipientOptions | undefined,
): Transaction {
  const { to, recipientOptions } = transaction
  if (to.some((known) => known.local === found.local && known.domain === found.domain)) return transaction
  const asked = recipientOptions ?? (options && to.map(() => undefined))
  const grown = { ...transaction, to: [...to, found] }
  return asked === undefined ? grown : { ...grown, recipientOptions: [...asked, options] }
}

/** The answer to `expand`: the members of the list, or undefined when there is none of that name. */
export function onExpanded(
  { back }: State & { at: 'expanding' },
  members: readonly Mailbox[] | 'unknown' | undefined,
): Step {
  if (members === 'unknown') return say(back, 451, '4.3.0', 'no list can be read now')
  const [first, ...others] = (members ?? []).slice(0, MOST_MEMBERS).map(formatPath)
  if (members === undefined || first === undefined) return say(back, 550, '5.1.1', 'no such list of yours')
  // RFC 6531 §3.7.4.2: our replies are ASCII.
  if (members.some(needsUtf8)) return say(back, 553, '5.6.7', 'a member has an address beyond ASCII')
  return say(back, 250, '2.1.5', first, ...others)
}

/** The answer to a message, taken or not. */
export function onMessage(state: State & { at: 'data' | 'chunks' }, answer: Reply): Step {
  return [resetTransaction(state.client), { do: 'reply', reply: answer }]
}
