import { beginScram, readClientFirst, type ScramCredentials, type ScramProof } from '../scram.ts'
import type { Command } from './command.ts'
import { decodePlain, decodeText, encodeText } from './sasl.ts'
import { mechanisms } from './server-offers.ts'
import { reply } from './server-reply.ts'
import {
  resetTransaction,
  type AuthState,
  type Client,
  type Effect,
  type State,
  type Step,
  type Terms,
} from './server-terms.ts'

/** RFC 4954 leaves the number to us; three is what people mistype. */
const FAILED_LOGINS = 3

const say = (next: State, ...r: Parameters<typeof reply>): Step => [next, { do: 'reply', reply: reply(...r) }]
const broken = (client: Client, text: string) => say(resetTransaction(client), 501, '5.5.2', text)

/** Answers AUTH (RFC 4954 §4). */
export function onAuth(state: State, command: Command & { verb: 'AUTH' }, terms: Terms): Step {
  if (!terms.offersLogin) return say(state, 502, '5.5.1', 'there are no logins here')
  if (state.at !== 'idle' || !state.client.isExtended || state.client.userId !== undefined)
    return say(state, 503, '5.5.1', 'bad sequence of commands')
  const offered = mechanisms(terms)
  if (offered.length === 0) return say(state, 538, '5.7.11', 'passwords only inside TLS: say STARTTLS first')
  if (!offered.includes(command.mechanism)) return say(state, 504, '5.5.4', `offered are ${offered.join(', ')}`)
  const { client } = state
  const { initial } = command
  switch (command.mechanism) {
    case 'PLAIN':
      return begin({ at: 'plain', client }, '', initial, terms)
    case 'LOGIN':
      return begin({ at: 'login-user', client }, 'VXNlcm5hbWU6', initial, terms)
    default:
      return begin({ at: 'scram-first', client, isPlus: command.mechanism.endsWith('-PLUS') }, '', initial, terms)
  }
}

/** The first response may stand in the command itself; otherwise it is asked for. */
function begin(state: AuthState, prompt: string, initial: string | undefined, terms: Terms): Step {
  return initial === undefined ? say(state, 334, undefined, prompt) : onAuthLine(state, initial, terms)
}

/** The client's next line within AUTH (RFC 4954 §4). */
export function onAuthLine(state: AuthState, line: string, terms: Terms): Step {
  const { client } = state
  if (line === '*') return say(resetTransaction(client), 501, '5.7.0', 'authentication cancelled')
  switch (state.at) {
    case 'plain': {
      const said = decodePlain(line)
      if (said === undefined) return broken(client, 'that is no response of PLAIN')
      return [
        { at: 'checking-login', client },
        { do: 'check-login', ...said },
      ]
    }
    case 'login-user': {
      const user = decodeText(line)
      if (user === undefined || user === '') return broken(client, 'that is no base64 of a text')
      return say({ at: 'login-password', client, user }, 334, undefined, 'UGFzc3dvcmQ6')
    }
    case 'login-password': {
      const password = decodeText(line)
      if (password === undefined || password === '') return broken(client, 'that is no base64 of a text')
      return [
        { at: 'checking-login', client },
        { do: 'check-login', user: state.user, password },
      ]
    }
    case 'scram-first': {
      const first = readClientFirst(decodeText(line) ?? '', { isPlus: state.isPlus, bindings: terms.bindings })
      if (first === undefined) return broken(client, 'that is no first message of SCRAM')
      return [
        { at: 'finding-scram', client, first },
        { do: 'find-scram', user: first.user },
      ]
    }
    case 'scram-final': {
      const message = decodeText(line)
      if (message === undefined) return broken(client, 'that is no last message of SCRAM')
      return [
        { at: 'checking-scram', client, user: state.exchange.first.user },
        { do: 'check-scram', exchange: state.exchange, message },
      ]
    }
    case 'scram-end':
      // RFC 4954 §4: our last message came in a challenge, which the client answers with nothing.
      if (line !== '' && line !== '=') return broken(client, 'nothing more was asked')
      return signedIn(client, state.userId)
  }
}

function signedIn(client: Client, userId: number): Step {
  return say(resetTransaction({ ...client, userId, failedLogins: 0 }), 235, '2.7.0', 'welcome')
}

function refused(client: Client, ...first: Effect[]): Step {
  const failedLogins = client.failedLogins + 1
  const next = resetTransaction({ ...client, failedLogins })
  // Each guess costs twice the wait of the one before.
  const wait: Effect = { do: 'wait', ms: 1000 * 2 ** (failedLogins - 1) }
  if (failedLogins < FAILED_LOGINS)
    return [next, ...first, wait, { do: 'reply', reply: reply(535, '5.7.8', 'user or password is wrong') }]
  return [
    next,
    ...first,
    wait,
    { do: 'reply', reply: reply(421, '4.7.0', 'too many failed logins') },
    { do: 'hang-up' },
  ]
}

const cannotTell = (client: Client) => say(resetTransaction(client), 454, '4.7.0', 'no login can be checked now')

/** The answer to `check-login`: the user, `refused`, or `unknown` when nobody could look. */
export function onLogin(
  { client }: State & { at: 'checking-login' },
  found: { readonly userId: number } | 'refused' | 'unknown',
): Step {
  if (found === 'unknown') return cannotTell(client)
  return found === 'refused' ? refused(client) : signedIn(client, found.userId)
}

/** The answer to `find-scram`; `serverNonce` is fresh, at least 18 random bytes in base64. */
export function onScramFound(
  { client, first }: State & { at: 'finding-scram' },
  found: ScramCredentials | 'unknown',
  serverNonce: string,
): Step {
  if (found === 'unknown') return cannotTell(client)
  const exchange = beginScram(first, found, serverNonce)
  const challenge = reply(334, undefined, encodeText(exchange.serverFirst))
  return [
    { at: 'scram-final', client, exchange },
    { do: 'reply', reply: challenge, isSecret: true },
  ]
}

/** The answer to `check-scram`: undefined when the proof fits no key. */
export function onScramChecked(
  { client, user }: State & { at: 'checking-scram' },
  proof: ScramProof | undefined,
): Step {
  if (proof === undefined) return refused(client, { do: 'login-failed', user })
  const challenge = reply(334, undefined, encodeText(proof.serverFinal))
  return [
    { at: 'scram-end', client, userId: proof.login.userId },
    { do: 'reply', reply: challenge, isSecret: true },
  ]
}
