import type { ConsoleLogin } from '../../model/console-state.ts'
import {
  decodeChallenge,
  encodeAnswer,
  startSasl,
  type ClientSaslPrimitives,
  type SaslAnswer,
  type SaslExchange,
} from '../smtp/client-sasl.ts'

/** What a sign-in says next: a line, a key to be made first, or nothing more. */
export type SignInStep =
  | { readonly do: 'say'; readonly text: string }
  | { readonly do: 'derive'; readonly password: string; readonly salt: Uint8Array; readonly rounds: number }
  /** It is broken off, with why. */
  | { readonly do: 'stop'; readonly why: string }

/** Mechanisms a sign-in can be carried out with, best first. */
export const MECHANISMS: readonly string[] = ['SCRAM-SHA-256', 'PLAIN', 'LOGIN', 'OAUTHBEARER', 'XOAUTH2']

/** A sign-in that is carried out for the person, line by line. */
export class ConsoleSignIn {
  /** What goes with AUTH and the mechanism's name; undefined where the server speaks first. */
  readonly initial: string | undefined
  #exchange: SaslExchange
  #goOn: ((salted: Uint8Array) => SaslAnswer) | undefined

  constructor(
    login: ConsoleLogin,
    server: { readonly host: string; readonly port: number },
    primitives: ClientSaslPrimitives,
  ) {
    const { mechanism, user, secret } = login
    const kind = mechanism === 'OAUTHBEARER' || mechanism === 'XOAUTH2' ? 'token' : 'password'
    const { initial, exchange } = startSasl(mechanism, { user, secret, kind, ...server }, primitives)
    this.initial = initial === undefined ? undefined : encodeAnswer(initial)
    this.#exchange = exchange
  }

  /** False where a success cannot be believed: the server has not shown that it knows the password. */
  get mayEnd(): boolean {
    return this.#exchange.mayEnd
  }

  onChallenge(line: string): SignInStep {
    const challenge = decodeChallenge(line)
    if (challenge === undefined) return { do: 'stop', why: 'the challenge of the server is no base64' }
    return this.#act(this.#exchange.onChallenge(challenge))
  }

  derived(salted: Uint8Array): SignInStep {
    const goOn = this.#goOn
    this.#goOn = undefined
    return goOn === undefined ? { do: 'stop', why: 'no key was asked for' } : this.#act(goOn(salted))
  }

  #act(answer: SaslAnswer): SignInStep {
    if (answer.do === 'stop') return { do: 'stop', why: answer.reason }
    if (answer.do === 'say') {
      this.#exchange = answer.next
      return { do: 'say', text: encodeAnswer(answer.text) }
    }
    const { password, salt, rounds, goOn } = answer
    this.#goOn = goOn
    return { do: 'derive', password, salt, rounds }
  }
}
