import { never } from '../../base/never.ts'
import type { Reply } from '../../model/reply.ts'
import { acceptedOf, begin, causes, conclude, findObstacle, judgeRecipient, refusal } from './client-transaction.ts'
import type { Running } from './client-transaction.ts'
import { NO_FEATURES, parseFeatures } from './client-words.ts'
import type { ClientOptions, Effect, Features, Transaction, Verdict } from './client-words.ts'

/** Where one client session stands. A state holds only what is true while in it. */
export type ClientState =
  | { readonly at: 'greeting' | 'ehlo' | 'helo' | 'handshake'; readonly isSecured: boolean }
  | { readonly at: 'starttls'; readonly features: Features }
  /** `needsReset`: a transaction may still be open at the server, so RSET goes before the next MAIL. */
  | { readonly at: 'ready'; readonly features: Features; readonly needsReset: boolean }
  | Running
  /** 354 has come. `dot`: the final dot is out, and the message may have arrived whatever happens. */
  | { readonly at: 'body' | 'dot' | 'empty'; readonly features: Features; readonly found: Running['found'] }
  | { readonly at: 'quitting' | 'over' }
type Step = readonly [ClientState, ...Effect[]]

const over: ClientState = { at: 'over' }
const hangUp = (why: string): Effect => ({ do: 'hang-up', why })
const quit: Effect = { do: 'send', commands: [{ verb: 'QUIT' }] }

/** A session that has just connected waits for the greeting (RFC 5321 §3.1). */
export function connected(options: ClientOptions): ClientState {
  return { at: 'greeting', isSecured: options.isSecured }
}

/** Takes one whole reply. */
export function onReply(state: ClientState, reply: Reply, options: ClientOptions): Step {
  const say = causes(options.mx)
  const isGood = reply.code < 300
  switch (state.at) {
    case 'greeting':
      if (isGood) return [{ at: 'ehlo', isSecured: state.isSecured }, ehlo(options)]
      return refuseSession('CONNECT', reply, options)
    case 'ehlo': {
      // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO.
      if (reply.code >= 500)
        return [
          { at: 'helo', isSecured: state.isSecured },
          { do: 'send', commands: [{ verb: 'HELO', name: options.ehloName }] },
        ]
      if (!isGood) return refuseSession('EHLO', reply, options)
      return afterHello(parseFeatures(reply), state.isSecured, options)
    }
    case 'helo':
      if (!isGood) return refuseSession('HELO', reply, options)
      return afterHello(NO_FEATURES, state.isSecured, options)
    case 'starttls':
      if (reply.code === 220) return [{ at: 'handshake', isSecured: false }, { do: 'start-tls' }]
      if (reply.code === 421 || isGood) return onMalformedOr421(state, reply, options)
      if (options.tls === 'required')
        return [
          { at: 'quitting' },
          { do: 'fail', why: say.of('tls', `STARTTLS was answered ${reply.code}`), isFinal: false },
          quit,
        ]
      return [{ at: 'ready', features: state.features, needsReset: false }, { do: 'ready' }] // RFC 3207 §4.1
    case 'handshake':
      return onMalformed(state, 'a reply came in place of the TLS handshake', options)
    case 'ready':
      // The one reply a server may give without being asked (RFC 5321 §3.8).
      if (reply.code === 421) return [over, hangUp('the server closes the session')]
      return onMalformed(state, `a reply ${reply.code} came without a command`, options)
    case 'envelope':
      return onEnvelopeReply(state, reply, options)
    case 'body': {
      // Some servers refuse while data still comes, and then close.
      if (reply.code < 400) return onMalformed(state, `a reply ${reply.code} came before the final dot`, options)
      const verdict = refusal(reply, 'DATA', true, options)
      return [over, settle(conclude(state.found, verdict)), hangUp('the server refused before the final dot')]
    }
    case 'dot': {
      if (reply.code === 421) {
        const verdict: Verdict = { kind: 'deferred', why: say.reply('.', reply), elsewhere: true }
        return [over, settle(conclude(state.found, verdict)), hangUp('the server closes the session')]
      }
      if (reply.code >= 300 && reply.code < 400)
        return onMalformed(state, `the final dot was answered ${reply.code}`, options)
      const verdict: Verdict = isGood ? { kind: 'delivered', reply } : refusal(reply, '.', false, options)
      return [
        { at: 'ready', features: state.features, needsReset: false },
        settle(conclude(state.found, verdict)),
        { do: 'ready' },
      ]
    }
    case 'empty':
      return endEnvelope(state, reply.code === 421)
    case 'quitting':
      return [over, hangUp('done')]
    case 'over':
      return [over]
    default:
      return never(state, 'SMTP client state')
  }
}

function onMalformedOr421(state: ClientState, reply: Reply, options: ClientOptions): Step {
  if (reply.code !== 421) return onMalformed(state, `STARTTLS was answered ${reply.code}`, options)
  return refuseSession('STARTTLS', reply, options)
}

const ehlo = (options: ClientOptions): Effect => ({
  do: 'send',
  commands: [{ verb: 'EHLO', name: options.ehloName }],
})
const settle = (verdicts: readonly Verdict[]): Effect => ({ do: 'settle', verdicts })

/** The session ends before any transaction, on the server's word. */
function refuseSession(verb: string, reply: Reply, options: ClientOptions): Step {
  const why = causes(options.mx).reply(verb, reply)
  const failed: Effect = { do: 'fail', why, isFinal: reply.code >= 500 }
  if (reply.code === 421) return [over, failed, hangUp('the server closes the session')]
  return [{ at: 'quitting' }, failed, quit]
}

/** RFC 3207 §4: TLS before anything else where it is wanted and offered. */
function afterHello(features: Features, isSecured: boolean, options: ClientOptions): Step {
  if (isSecured || options.tls === 'none') return [{ at: 'ready', features, needsReset: false }, { do: 'ready' }]
  if (features.startTls)
    return [
      { at: 'starttls', features },
      { do: 'send', commands: [{ verb: 'STARTTLS' }] },
    ]
  if (options.tls === 'opportunistic') return [{ at: 'ready', features, needsReset: false }, { do: 'ready' }]
  const why = causes(options.mx).of('tls', 'STARTTLS is required and the server does not offer it')
  return [{ at: 'quitting' }, { do: 'fail', why, isFinal: false }, quit]
}

/** The handshake is done: what the server said before it counts no more (RFC 3207 §4.2). */
export function onSecured(options: ClientOptions): Step {
  return [{ at: 'ehlo', isSecured: true }, ehlo(options)]
}

/** Begins a transaction in a session that is `ready`. */
export function onTransaction(state: ClientState, transaction: Transaction, options: ClientOptions): Step {
  if (state.at !== 'ready') throw new Error(`begin a transaction: the session is at "${state.at}"`)
  const obstacle = findObstacle(state.features, transaction, options.mx)
  if (obstacle) return [state, settle(transaction.to.map(() => obstacle)), { do: 'ready' }]
  return begin(state.features, transaction, state.needsReset)
}

function onEnvelopeReply(state: Running, reply: Reply, options: ClientOptions): Step {
  const [command, ...awaited] = state.awaited
  const say = causes(options.mx)
  if (command === undefined) return onMalformed(state, `a reply ${reply.code} came without a command`, options)
  if (reply.code === 421) {
    const verdict: Verdict = { kind: 'deferred', why: say.reply(command.verb, reply), elsewhere: true }
    return [over, settle(conclude(state.found, verdict)), hangUp('the server closes the session')]
  }
  if (reply.code >= 300 && reply.code < 400 && command.verb !== 'DATA')
    return onMalformed(state, `${command.verb} was answered ${reply.code}`, options)

  switch (command.verb) {
    case 'RSET':
      if (reply.code >= 300) return onMalformed(state, `RSET was answered ${reply.code}`, options)
      return goOn({ ...state, awaited })
    case 'MAIL': {
      if (reply.code < 300) return goOn({ ...state, awaited })
      // All who are not in this transaction yet share its fate: the next one would meet the same answer.
      const verdict = refusal(reply, 'MAIL', true, options)
      return goOn({ ...state, awaited, found: state.found.map(() => verdict) })
    }
    case 'RCPT': {
      const n = state.answered
      const judged = state.found[n] ?? judgeRecipient(reply, state.found, options)
      return goOn({ ...state, awaited, answered: n + 1, found: state.found.with(n, judged) })
    }
    case 'DATA': {
      const accepted = acceptedOf(state.found)
      const { features, found } = state
      if (reply.code === 354) {
        if (accepted.length > 0)
          return [
            { at: 'body', features, found },
            { do: 'send-body', accepted },
          ]
        return [{ at: 'empty', features, found }, { do: 'send-empty' }]
      }
      if (reply.code < 400) return onMalformed(state, `DATA was answered ${reply.code}`, options)
      const verdict = refusal(reply, 'DATA', true, options)
      return endEnvelope({ ...state, found: conclude(found, verdict) }, false)
    }
    case 'EHLO':
    case 'HELO':
    case 'STARTTLS':
    case 'QUIT':
      throw new Error(`a transaction holds no ${command.verb}`)
    default:
      return never(command, 'SMTP command')
  }
}

/** True while the reply to come was settled by an earlier refusal: of MAIL, or of every RCPT (RFC 2920 §3.1). */
export function isEcho(state: ClientState): boolean {
  if (state.at === 'empty') return true
  if (state.at !== 'envelope') return false
  const verb = state.awaited[0]?.verb
  if (verb === 'RCPT') return state.found[state.answered] !== undefined
  return verb === 'DATA' && acceptedOf(state.found).length === 0
}

/** Sends the next command where one waits for its turn; ends the transaction where nobody is left to send to. */
function goOn(state: Running): Step {
  const [next, ...unsent] = state.unsent
  if (state.awaited.length > 0 || next === undefined) return [state]
  const isOpen = state.found.some((one) => one === undefined || one === 'accepted')
  if (!isOpen) return endEnvelope(state, false)
  return [
    { ...state, awaited: [next], unsent },
    { do: 'send', commands: [next] },
  ]
}

/** A transaction that ends without a message. RSET closes what may be open of it at the server. */
function endEnvelope(state: Pick<Running, 'features' | 'found'>, isClosing: boolean): Step {
  const verdicts = state.found.map((one): Verdict =>
    one === undefined || one === 'accepted' ? { kind: 'again' } : one,
  )
  if (isClosing) return [over, settle(verdicts), hangUp('the server closes the session')]
  return [{ at: 'ready', features: state.features, needsReset: true }, settle(verdicts), { do: 'ready' }]
}

/** The final dot goes out right after this call. */
export function onDot(state: ClientState): ClientState {
  if (state.at !== 'body') throw new Error(`send the final dot: the session is at "${state.at}"`)
  return { ...state, at: 'dot' }
}

/** Our own message cannot be sent whole: the session ends before its final dot, with `verdict` for all accepted. */
export function onBodyFailed(state: ClientState, verdict: Verdict, why: string): Step {
  if (state.at !== 'body') return [state]
  return [over, settle(conclude(state.found, verdict)), hangUp(why)]
}

/** The server broke the protocol: nothing it says from here on can be trusted. */
export function onMalformed(state: ClientState, reason: string, options: ClientOptions): Step {
  return end(state, 'protocol', reason, options)
}

/** The connection is gone, or a deadline has passed. */
export function onLost(state: ClientState, reason: string, options: ClientOptions): Step {
  const at = state.at === 'greeting' ? 'greeting' : state.at === 'handshake' ? 'tls' : 'lost'
  return end(state, at, reason, options)
}

function end(
  state: ClientState,
  at: 'greeting' | 'tls' | 'protocol' | 'lost',
  reason: string,
  options: ClientOptions,
): Step {
  const why = causes(options.mx).of(at, reason)
  switch (state.at) {
    case 'greeting':
    case 'ehlo':
    case 'helo':
    case 'starttls':
    case 'handshake':
      return [over, { do: 'fail', why, isFinal: false }, hangUp(reason)]
    case 'envelope':
    case 'body':
    case 'empty':
      return [over, settle(conclude(state.found, { kind: 'deferred', why, elsewhere: true })), hangUp(reason)]
    case 'dot':
      // RFC 1047: the message may be there. Another server must not get it now.
      return [over, settle(conclude(state.found, { kind: 'unknown' })), hangUp(reason)]
    case 'ready':
    case 'quitting':
      return [over, hangUp(reason)]
    case 'over':
      return [over]
    default:
      return never(state, 'SMTP client state')
  }
}

/** Says goodbye. In the middle of a transaction there is no goodbye: the driver hangs up. */
export function onQuit(state: ClientState): Step {
  return state.at === 'ready' ? [{ at: 'quitting' }, quit] : [over, hangUp('done')]
}
