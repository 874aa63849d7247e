import { never } from '../../base/never.ts'
import type { Reply } from '../../model/reply.ts'
import { beginAuth, onAuthReply, type Authenticating } from './client-auth.ts'
import { fail, hangUp, over, quit, refuseSession, settle, type Step } from './client-steps.ts'
import { acceptedOf, begin, causes, conclude, findObstacle, judgeRecipient, refusal } from './client-transaction.ts'
import type { Running } from './client-transaction.ts'
import { NO_FEATURES, parseFeatures } from './client-words.ts'
import type { ClientOptions, Effect, Features, Transaction, Verdict } from './client-words.ts'

/** How far a session is protected; `verified`: its certificate is trusted and for the host that is meant. */
export type Security = 'none' | 'tls' | 'verified'

/** Where one client session stands. A state holds only what is true while in it. */
export type ClientState =
  | { readonly at: 'greeting' | 'ehlo' | 'helo' | 'handshake'; readonly security: Security }
  | { readonly at: 'starttls'; readonly features: Features }
  | Authenticating
  /** `needsReset`: a transaction may still be open at the server, so RSET goes before the next MAIL. */
  | { readonly at: 'ready'; readonly features: Features; readonly needsReset: boolean }
  | Running
  /**
   * The message goes out. `isWaiting`: a chunk is out whose reply has not come. `dot`: its last bytes are out, and it may have
   * arrived whatever happens.
   */
  | {
      readonly at: 'body' | 'dot'
      readonly features: Features
      readonly found: Running['found']
      readonly chunked: boolean
      readonly isWaiting: boolean
    }
  | { readonly at: 'empty'; readonly features: Features; readonly found: Running['found'] }
  | { readonly at: 'quitting' | 'over' }

/** A session that has just connected waits for the greeting (RFC 5321 §3.1). */
export function connected(options: ClientOptions): ClientState {
  return { at: 'greeting', security: options.isSecured ? 'verified' : 'none' }
}

/** Takes one whole reply. */
export function onReply(state: ClientState, reply: Reply, options: ClientOptions): Step {
  const say = causes(options.mx)
  const isGood = reply.code < 300
  switch (state.at) {
    case 'greeting':
      if (isGood) return [{ at: 'ehlo', security: state.security }, ehlo(options)]
      return refuseSession('CONNECT', reply, options)
    case 'ehlo': {
      // RFC 5321 §3.2: a server that does not know EHLO is greeted with HELO.
      if (reply.code >= 500)
        return [
          { at: 'helo', security: state.security },
          { do: 'send', commands: [{ verb: 'HELO', name: options.ehloName }] },
        ]
      if (!isGood) return refuseSession('EHLO', reply, options)
      return afterHello(parseFeatures(reply, state.security === 'verified'), state.security, options)
    }
    case 'helo':
      if (!isGood) return refuseSession('HELO', reply, options)
      return afterHello(NO_FEATURES, state.security, options)
    case 'starttls':
      if (reply.code === 220) return [{ at: 'handshake', security: 'none' }, { do: 'start-tls' }]
      if (reply.code === 421) return refuseSession('STARTTLS', reply, options)
      if (isGood) return onMalformed(state, `STARTTLS was answered ${reply.code}`, options)
      if (options.tls === 'required') return fail(say.of('tls', `STARTTLS was answered ${reply.code}`))
      return afterTls(state.features, 'none', options) // RFC 3207 §4.1
    case 'handshake':
      return onMalformed(state, 'a reply came in place of the TLS handshake', options)
    case 'auth':
      return onAuthReply(state, reply, options)
    case 'ready':
      // The one reply a server may give without being asked (RFC 5321 §3.8).
      if (reply.code === 421) return [over, hangUp('the server closes the session')]
      return onMalformed(state, `a reply ${reply.code} came without a command`, options)
    case 'envelope':
      return onEnvelopeReply(state, reply, options)
    case 'body': {
      if (isGood && state.isWaiting) return [{ ...state, isWaiting: false }, { do: 'next-chunk' }]
      // Some servers refuse while data still comes, and then close.
      if (reply.code < 400) return onMalformed(state, `a reply ${reply.code} came before the final dot`, options)
      const verdict = refusal(reply, state.chunked ? 'BDAT' : 'DATA', true, options)
      return [over, settle(conclude(state.found, verdict)), hangUp('the server refused before the final dot')]
    }
    case 'dot': {
      const verb = state.chunked ? 'BDAT' : '.'
      if (reply.code === 421) {
        const verdict: Verdict = { kind: 'deferred', why: say.reply(verb, reply), elsewhere: true }
        return [over, settle(conclude(state.found, verdict)), hangUp('the server closes the session')]
      }
      if (reply.code >= 300 && reply.code < 400)
        return onMalformed(state, `the final dot was answered ${reply.code}`, options)
      const { features } = state
      const verdict: Verdict = isGood
        ? { kind: 'delivered', reply, dsn: features.dsn }
        : refusal(reply, verb, false, options)
      // RFC 3030 §2: what is left of a transaction that failed in its chunks is cleared by RSET alone.
      const needsReset = state.chunked && !isGood
      return [{ at: 'ready', features, needsReset }, settle(conclude(state.found, verdict)), { do: 'ready' }]
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

const ehlo = (options: ClientOptions): Effect => ({
  do: 'send',
  commands: [{ verb: 'EHLO', name: options.ehloName }],
})

/** RFC 3207 §4: TLS before anything else where it is wanted and offered. */
function afterHello(features: Features, security: Security, options: ClientOptions): Step {
  if (security !== 'none' || options.tls === 'none') return afterTls(features, security, options)
  if (features.startTls)
    return [
      { at: 'starttls', features },
      { do: 'send', commands: [{ verb: 'STARTTLS' }] },
    ]
  if (options.tls === 'opportunistic') return afterTls(features, security, options)
  return fail(causes(options.mx).of('tls', 'STARTTLS is required and the server does not offer it'))
}

/** The session is as secure as it gets: somebody signs in where there is a login. */
function afterTls(features: Features, security: Security, options: ClientOptions): Step {
  if (options.login) return beginAuth(features, security === 'verified', options.login, options)
  return [{ at: 'ready', features, needsReset: false }, { do: 'ready' }]
}

/** The handshake is done: what the server said before it counts no more (RFC 3207 §4.2). */
export function onSecured(isVerified: boolean, options: ClientOptions): Step {
  return [{ at: 'ehlo', security: isVerified ? 'verified' : 'tls' }, ehlo(options)]
}

/** Begins a transaction in a session that is `ready`. */
export function onTransaction(state: ClientState, transaction: Transaction, options: ClientOptions): Step {
  if (state.at !== 'ready') throw new Error(`begin a transaction: the session is at "${state.at}"`)
  const obstacle = findObstacle(state.features, transaction, options.mx)
  if (obstacle) return [state, settle(transaction.to.map(() => obstacle)), { do: 'ready' }]
  return begin(state.features, transaction, state.needsReset, options)
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
      const n = state.asked[state.answered] ?? 0
      const judged = state.found[n] ?? judgeRecipient(reply, state.found, options)
      return goOn({ ...state, awaited, answered: state.answered + 1, found: state.found.with(n, judged) })
    }
    case 'DATA': {
      const accepted = acceptedOf(state.found)
      const { features, found } = state
      if (reply.code === 354) {
        if (accepted.length > 0) return beginBody(state)
        return [{ at: 'empty', features, found }, { do: 'send-empty' }]
      }
      if (reply.code < 400) return onMalformed(state, `DATA was answered ${reply.code}`, options)
      const verdict = refusal(reply, 'DATA', true, options)
      return endEnvelope({ ...state, found: conclude(found, verdict) }, false)
    }
    case 'EHLO':
    case 'HELO':
    case 'STARTTLS':
    case 'AUTH':
    case 'answer':
    case 'BDAT':
    case 'QUIT':
      throw new Error(`a transaction awaits no reply to ${command.verb}`)
    default:
      return never(command, 'SMTP command')
  }
}

function beginBody({ features, found, chunked }: Running): Step {
  return [
    { at: 'body', features, found, chunked, isWaiting: false },
    { do: 'send-body', accepted: acceptedOf(found), chunked },
  ]
}

/** True while the reply to come was settled by an earlier refusal: of MAIL, or of every RCPT (RFC 2920 §3.1). */
export function isEcho(state: ClientState): boolean {
  if (state.at === 'empty') return true
  if (state.at !== 'envelope') return false
  const verb = state.awaited[0]?.verb
  if (verb === 'RCPT') return state.found[state.asked[state.answered] ?? 0] !== undefined
  return verb === 'DATA' && acceptedOf(state.found).length === 0
}

/** Sends the next command where one waits for its turn; ends the transaction where nobody is left to send to. */
function goOn(state: Running): Step {
  if (state.awaited.length > 0) return [state]
  const [next, ...unsent] = state.unsent
  const isOpen = state.found.some((one) => one === undefined || one === 'accepted')
  if (!isOpen && (next !== undefined || state.chunked)) return endEnvelope(state, false)
  if (next !== undefined)
    return [
      { ...state, awaited: [next], unsent },
      { do: 'send', commands: [next] },
    ]
  return state.chunked ? beginBody(state) : [state]
}

/** A transaction that ends without a message. RSET closes what may be open of it at the server. */
function endEnvelope(state: Pick<Running, 'features' | 'found'>, isClosing: boolean): Step {
  const verdicts = state.found.map((one): Verdict =>
    one === undefined || one === 'accepted' ? { kind: 'again' } : one,
  )
  if (isClosing) return [over, settle(verdicts), hangUp('the server closes the session')]
  return [{ at: 'ready', features: state.features, needsReset: true }, settle(verdicts), { do: 'ready' }]
}

/** A chunk that is not the last goes out right after this call. */
export function onChunk(state: ClientState): ClientState {
  if (state.at !== 'body' || !state.chunked) throw new Error(`send a chunk: the session is at "${state.at}"`)
  return { ...state, isWaiting: true }
}

/** The final dot, or the last bytes of the last chunk, go out right after this call. */
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
    case 'auth':
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
