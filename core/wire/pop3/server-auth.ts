import { beginScram, readClientFirst, type ScramLogin, type ScramProof } from '../scram.ts'
import { decodePlain, decodeText, encodeText } from '../smtp/sasl.ts'
import type { Command } from './server-command.ts'
import { Marks } from './server-marks.ts'
import type {
  AuthState,
  Effect,
  LoginAnswer,
  MaildropAnswer,
  ResponseCode,
  ScramAnswer,
  State,
  Step,
  Terms,
} from './server-terms.ts'

/** Three is what people mistype. */
const FAILED_LOGINS = 3

/** A status that refuses. */
export const err = (text: string, code?: ResponseCode): Effect => ({
  do: 'status',
  status: { isOk: false, ...(code && { code }), text },
})
/** A status that does what was asked. */
export const ok = (text: string): Effect => ({ do: 'status', status: { isOk: true, text } })

const again = (failedLogins: number): State => ({ at: 'authorization', failedLogins })
const broken = ({ failedLogins }: { readonly failedLogins: number }, text: string): Step => [
  again(failedLogins),
  err(text),
]
const ONLY_TLS = err('passwords only inside TLS: say STLS first')

/** Whether passwords are taken as things stand: never where others can listen. */
export const takesLogins = ({ isSecure, allowsClearLogin }: Terms): boolean => isSecure || allowsClearLogin

/** The mechanisms of AUTH this connection is offered, best first: some clients take the first they know. */
export function mechanisms(terms: Terms): string[] {
  if (!takesLogins(terms)) return []
  return [...(terms.bindings.length > 0 ? ['SCRAM-SHA-256-PLUS'] : []), 'SCRAM-SHA-256', 'PLAIN']
}

/** Answers USER (RFC 1939 §7). Everybody is told the same, lest anybody asks who is here. */
export function onUser(state: State & { at: 'authorization' }, user: string, terms: Terms): Step {
  if (!takesLogins(terms)) return [state, ONLY_TLS]
  return [{ at: 'authorization', failedLogins: state.failedLogins, user }, ok('now the password')]
}

/** Answers PASS. */
export function onPass({ failedLogins, user }: State & { at: 'authorization' }, password: string, terms: Terms): Step {
  if (!takesLogins(terms)) return [again(failedLogins), ONLY_TLS]
  if (user === undefined) return [again(failedLogins), err('USER comes first')]
  return [
    { at: 'checking-login', failedLogins },
    { do: 'check-login', user, password },
  ]
}

/** Answers AUTH (RFC 5034 §4). */
export function onAuth(
  { failedLogins }: State & { at: 'authorization' },
  { mechanism, initial }: Command & { verb: 'AUTH' },
  terms: Terms,
): Step {
  if (!takesLogins(terms)) return [again(failedLogins), ONLY_TLS]
  const offered = mechanisms(terms)
  if (!offered.includes(mechanism)) return [again(failedLogins), err(`offered are ${offered.join(', ')}`)]
  const next: AuthState =
    mechanism === 'PLAIN'
      ? { at: 'plain', failedLogins }
      : { at: 'scram-first', failedLogins, isPlus: mechanism.endsWith('-PLUS') }
  return initial === undefined ? [next, { do: 'challenge', text: '' }] : onAuthLine(next, initial, terms)
}

/** The client's next line within AUTH. */
export function onAuthLine(state: AuthState, line: string, terms: Terms): Step {
  const { failedLogins } = state
  if (line === '*') return broken(state, 'authentication cancelled')
  switch (state.at) {
    case 'plain': {
      const said = decodePlain(line)
      if (said === undefined) return broken(state, 'that is no response of PLAIN')
      return [
        { at: 'checking-login', failedLogins },
        { do: 'check-login', ...said },
      ]
    }
    case 'scram-first': {
      const first = readClientFirst(decodeText(line) ?? '', { isPlus: state.isPlus, bindings: terms.bindings })
      if (first === undefined) return broken(state, 'that is no first message of SCRAM')
      return [
        { at: 'finding-scram', failedLogins, first },
        { do: 'find-scram', user: first.user },
      ]
    }
    case 'scram-final': {
      const message = decodeText(line)
      if (message === undefined) return broken(state, 'that is no last message of SCRAM')
      return [
        { at: 'checking-scram', failedLogins, user: state.exchange.first.user },
        { do: 'check-scram', exchange: state.exchange, message },
      ]
    }
    case 'scram-end':
      // RFC 5034 §4: our last message came in a challenge, which the client answers with nothing.
      if (line !== '' && line !== '=') return broken(state, 'nothing more was asked')
      return open(failedLogins, state.login)
  }
}

const open = (failedLogins: number, login: ScramLogin): Step => [
  { at: 'opening', failedLogins },
  { do: 'open-maildrop', login },
]

function refused(state: { readonly failedLogins: number }, ...first: Effect[]): Step {
  const failedLogins = state.failedLogins + 1
  // Each guess costs twice the wait of the one before.
  const wait: Effect = { do: 'wait', ms: 1000 * 2 ** (failedLogins - 1) }
  if (failedLogins < FAILED_LOGINS)
    return [again(failedLogins), ...first, wait, err('user or password is wrong', 'AUTH')]
  return [{ at: 'over' }, ...first, wait, err('too many failed logins', 'AUTH'), { do: 'hang-up' }]
}

/** RFC 3206 §4: no code AUTH here, for nothing is known of the password. */
const cannotTell = ({ failedLogins }: { readonly failedLogins: number }): Step => [
  again(failedLogins),
  err('no login can be checked now', 'SYS/TEMP'),
]

/** The answer to `check-login`. */
export function onLogin(state: State & { at: 'checking-login' }, found: LoginAnswer): Step {
  if (found === 'unknown') return cannotTell(state)
  return found === 'refused' ? refused(state) : open(state.failedLogins, found)
}

/** The answer to `find-scram`; `serverNonce` is fresh, at least 18 random bytes in base64. */
export function onScramFound(state: State & { at: 'finding-scram' }, found: ScramAnswer, serverNonce: string): Step {
  if (found === 'unknown') return cannotTell(state)
  const { failedLogins, first } = state
  const exchange = beginScram(first, found, serverNonce)
  return [
    { at: 'scram-final', failedLogins, exchange },
    { do: 'challenge', text: encodeText(exchange.serverFirst) },
  ]
}

/** The answer to `check-scram`: undefined when the proof fits no key. */
export function onScramChecked(state: State & { at: 'checking-scram' }, proof: ScramProof | undefined): Step {
  if (proof === undefined) return refused(state, { do: 'login-failed', user: state.user })
  return [
    { at: 'scram-end', failedLogins: state.failedLogins, login: proof.login },
    { do: 'challenge', text: encodeText(proof.serverFinal) },
  ]
}

/** The answer to `open-maildrop` (RFC 1939 §4). */
export function onMaildrop({ failedLogins }: State & { at: 'opening' }, drop: MaildropAnswer): Step {
  if (drop === 'in-use') return [again(failedLogins), err('another session has this maildrop open', 'IN-USE')] // RFC 2449 §8.1.2
  if (drop === 'unknown') return [again(failedLogins), err('the maildrop cannot be opened now', 'SYS/TEMP')]
  return [
    { at: 'transaction', drop, marks: new Marks(drop) },
    ok(`maildrop has ${drop.count} messages (${drop.totalBytes} octets)`),
  ]
}
