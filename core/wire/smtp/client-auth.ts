import { never } from '../../base/never.ts'
import type { Reply } from '../../model/reply.ts'
import { decodeChallenge, encodeAnswer, listMechanisms, startSasl, type SaslAnswer } from './client-sasl.ts'
import type { SaslExchange } from './client-sasl.ts'
import { fail, hangUp, over, refuseSession, type Step } from './client-steps.ts'
import { causes } from './client-transaction.ts'
import type { ClientOptions, Features } from './client-words.ts'

/** A session that signs in (RFC 4954). */
export interface Authenticating {
  readonly at: 'auth'
  readonly features: Features
  /** `deriving`: no reply is awaited, a key is being made. `cancelled`: broken off, with why. */
  readonly phase:
    | { readonly is: 'asked'; readonly exchange: SaslExchange }
    /** The initial response was too long for the command: it goes out when the server asks. */
    | { readonly is: 'begun'; readonly initial: string; readonly exchange: SaslExchange }
    | { readonly is: 'deriving'; readonly goOn: (salted: Uint8Array) => SaslAnswer }
    | { readonly is: 'cancelled'; readonly reason: string }
  /** Mechanisms not tried yet, best first. */
  readonly others: readonly string[]
}

/** RFC 4954 §4: an initial response that makes the command longer than 512 octets waits to be asked for. */
const LONGEST_INITIAL = 480

/** Begins to sign in. Nobody but the server that is meant may hear a secret: without verified TLS it is not said. */
export function beginAuth(
  features: Features,
  isVerified: boolean,
  login: NonNullable<ClientOptions['login']>,
  options: ClientOptions,
): Step {
  const say = causes(options.mx)
  if (!isVerified && !login.allowClear)
    return fail(say.login('a login is sent over verified TLS only, and this session has none'))
  const mechanisms = listMechanisms(features.auth, login)
  if (mechanisms.length > 0) return start(features, mechanisms, options)
  const offered =
    features.auth.length === 0 ? 'it offers no way to sign in' : `it offers only ${features.auth.join(', ')}`
  return fail(say.login(`${offered}, and the route has a ${login.kind}`))
}

function start(features: Features, [mechanism = '', ...others]: readonly string[], options: ClientOptions): Step {
  const { login } = options
  if (!login) throw new Error('sign in: there is no login')
  const { initial, exchange } = startSasl(mechanism, login, login.primitives)
  const encoded = initial === undefined ? undefined : encodeAnswer(initial)
  const isShort = encoded !== undefined && encoded.length <= LONGEST_INITIAL
  const isLong = encoded !== undefined && !isShort
  return [
    {
      at: 'auth',
      features,
      others,
      phase: isLong ? { is: 'begun', initial: encoded, exchange } : { is: 'asked', exchange },
    },
    { do: 'send', commands: [{ verb: 'AUTH', mechanism, ...(isShort ? { initial: encoded } : {}) }] },
  ]
}

/** Takes a reply within AUTH. */
export function onAuthReply(state: Authenticating, reply: Reply, options: ClientOptions): Step {
  const { phase } = state
  const say = causes(options.mx)
  if (reply.code === 421) return refuseSession('AUTH', reply, options)
  switch (phase.is) {
    case 'cancelled':
      return fail(say.login(phase.reason))
    case 'deriving':
      return broken(`a reply ${reply.code} came without an answer to it`, options)
    case 'begun':
      if (reply.code === 334)
        return [
          { ...state, phase: { is: 'asked', exchange: phase.exchange } },
          { do: 'send', commands: [{ verb: 'answer', text: phase.initial }] },
        ]
      return onEnd(state, phase.exchange, reply, options)
    case 'asked': {
      if (reply.code !== 334) return onEnd(state, phase.exchange, reply, options)
      // An enhanced code is no part of a challenge, and 334 has none.
      const challenge = decodeChallenge(reply.lines[0] ?? '')
      return act(state, challenge === undefined ? stop : phase.exchange.onChallenge(challenge))
    }
    default:
      return never(phase, 'phase of AUTH')
  }
}
const stop: SaslAnswer = { do: 'stop', reason: 'its challenge is no base64' }

/** The key is there that was asked for with `derive`. */
export function onDerived(state: Authenticating, salted: Uint8Array): Step {
  if (state.phase.is !== 'deriving') throw new Error('go on signing in: no key was asked for')
  return act(state, state.phase.goOn(salted))
}

function act(state: Authenticating, answer: SaslAnswer): Step {
  switch (answer.do) {
    case 'say':
      return [
        { ...state, phase: { is: 'asked', exchange: answer.next } },
        { do: 'send', commands: [{ verb: 'answer', text: encodeAnswer(answer.text) }] },
      ]
    case 'derive': {
      const { password, salt, rounds, goOn } = answer
      return [
        { ...state, phase: { is: 'deriving', goOn } },
        { do: 'derive', password, salt, rounds },
      ]
    }
    case 'stop': // RFC 4954 §4: a lone asterisk breaks it off
      return [
        { ...state, phase: { is: 'cancelled', reason: answer.reason } },
        { do: 'send', commands: [{ verb: 'answer', text: '*' }] },
      ]
    default:
      return never(answer, 'answer of SASL')
  }
}

/** The exchange has ended, one way or another. */
function onEnd(state: Authenticating, exchange: SaslExchange, reply: Reply, options: ClientOptions): Step {
  const { features, others } = state
  const say = causes(options.mx)
  if (reply.code === 235) {
    if (exchange.mayEnd) return [{ at: 'ready', features, needsReset: false }, { do: 'ready' }]
    // Whoever lets us in without proof of the password may be anybody: no mail is given to it.
    return fail(say.login('it let us in without showing that it knows the password'))
  }
  if (reply.code < 400) return broken(`AUTH was answered ${reply.code}`, options)
  // A mechanism that is offered and then refused as such says nothing of the login (RFC 4954 §4, §6).
  const isMechanism = reply.code === 504 || reply.code === 534 || reply.enhanced === '5.5.4'
  if (isMechanism && others.length > 0) return start(features, others, options)
  // 432 asks for a new password (RFC 4954 §4.7.12); other 4xx are troubles of the server's own.
  if (reply.code < 500 && reply.code !== 432) return refuseSession('AUTH', reply, options)
  return fail(say.login(`it answered ${reply.code}`, reply))
}

function broken(reason: string, options: ClientOptions): Step {
  return [over, { do: 'fail', why: causes(options.mx).of('protocol', reason), isFinal: false }, hangUp(reason)]
}
