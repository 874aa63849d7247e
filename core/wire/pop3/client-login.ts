import {
  decodeChallenge,
  encodeAnswer,
  listMechanisms,
  startSasl,
  type ClientLogin,
  type SaslAnswer,
  type SaslExchange,
} from '../smtp/client-sasl.ts'
import type { ClientOptions } from './client-words.ts'
import type { Capabilities } from './listing.ts'

/** One way to sign in. */
export type WayIn =
  | { readonly by: 'sasl'; readonly mechanism: string }
  | { readonly by: 'APOP'; readonly timestamp: string }
  | { readonly by: 'USER' }

/** What is known of a server when signing in begins. `capabilities` is undefined where it does not know CAPA. */
export interface KnownServer {
  readonly capabilities: Capabilities | undefined
  /** Of its greeting, where it came the way the login goes. */
  readonly timestamp: string | undefined
  readonly isSecure: boolean
}

/**
 * The timestamp of a greeting (RFC 1939 §7). Only what is a message id counts, of letters anybody can type: from other ones
 * a false server can work the password out.
 */
export function timestampOf(greeting: string): string | undefined {
  return /<[!-;=?A-~]+@[!-;=?A-~]+>/.exec(greeting.slice(0, 512))?.[0]
}

/** How a login goes into SASL. */
export function saslLogin({ user, password, login = 'password', host, port }: ClientOptions): ClientLogin {
  return { user, secret: password, kind: login, host, port }
}

/**
 * The ways in, best first. What proves a password comes before what tells it; APOP, which is weak, only before a password in
 * the clear, or where there is nothing else.
 */
export function listWays({ capabilities, timestamp, isSecure }: KnownServer, options: ClientOptions): WayIn[] {
  const offered = (capabilities?.get('SASL') ?? []).map((one) => one.toUpperCase())
  const sasl = listMechanisms(offered, saslLogin(options)).map((mechanism) => ({ by: 'sasl', mechanism }) as const)
  if (options.login === 'token') return sasl
  const apop = timestamp !== undefined && options.allowApop !== false ? [{ by: 'APOP', timestamp } as const] : []
  // Many servers have USER and do not say so; one that lists a mechanism means what it lists.
  const knowsUser = sasl.length === 0 || (capabilities?.has('USER') ?? true)
  const user = knowsUser ? [{ by: 'USER' } as const] : []
  const proving = sasl.filter(({ mechanism }) => mechanism.startsWith('SCRAM'))
  const telling: WayIn[] = [...sasl.filter(({ mechanism }) => !mechanism.startsWith('SCRAM')), ...user]
  return isSecure ? [...proving, ...telling, ...apop] : [...proving, ...apop, ...telling]
}

/** RFC 2449 §4: a command line has at most 255 octets; a longer initial response waits to be asked for. */
const LONGEST_COMMAND = 253

/** AUTH under way. */
export interface SaslRun {
  readonly mechanism: string
  readonly exchange: SaslExchange
  /** The initial response that did not fit into the command. */
  readonly pending: string | undefined
  /** Something was said that proves or tells the secret: a refusal is about it from then on. */
  readonly hasProved: boolean
}

/** Begins a mechanism: what is said, and what of it is secret. */
export function beginSasl(mechanism: string, options: ClientOptions): { line: string; secret: string; run: SaslRun } {
  const { initial, exchange } = startSasl(mechanism, saslLogin(options), options.primitives)
  // RFC 5034 §4: an empty initial response is a lone equals sign.
  const encoded = initial === undefined ? undefined : encodeAnswer(initial) || '='
  const line = `AUTH ${mechanism}${encoded === undefined ? '' : ` ${encoded}`}`
  const fits = line.length <= LONGEST_COMMAND
  // SCRAM begins with the name alone.
  const proves = encoded !== undefined && fits && !mechanism.startsWith('SCRAM')
  return {
    line: fits ? line : `AUTH ${mechanism}`,
    secret: encoded ?? '',
    run: { mechanism, exchange, pending: fits ? undefined : encoded, hasProved: proves },
  }
}

/** Answers a challenge. */
export function answerChallenge(
  run: SaslRun,
  text: string,
): SaslAnswer | { readonly do: 'pending'; readonly line: string } {
  if (run.pending !== undefined) return { do: 'pending', line: run.pending }
  const challenge = decodeChallenge(text)
  return challenge === undefined
    ? { do: 'stop', reason: 'its challenge is no base64' }
    : run.exchange.onChallenge(challenge)
}

/** The code in brackets of a response (RFC 2449 §8, RFC 3206), in upper case; '' where there is none. */
export function responseCode(reply: string): string {
  return /^(?:\+OK|-ERR)[ \t]+\[([!-Z\\^-~]{1,64})\]/i.exec(reply)?.[1]?.toUpperCase() ?? ''
}

/** Whether a refusal leaves it open that another way in works: it says nothing of the password. */
export function mayTryOtherWay(way: WayIn, reply: string, hasProved: boolean): boolean {
  const code = responseCode(reply)
  if (code === 'IN-USE' || code === 'LOGIN-DELAY' || code.startsWith('SYS/')) return false
  // APOP needs a password the server can read; one that can't refuses it whatever it is. SCRAM, too, before our proof.
  if (way.by === 'APOP' || !hasProved) return true
  return code === '' && /mechanism|not supported|unsupported|unknown|unrecogni[sz]ed|syntax|disabled/i.test(reply)
}
