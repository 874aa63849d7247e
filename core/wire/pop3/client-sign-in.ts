import { never } from '../../base/never.ts'
import { encodeAnswer, type SaslAnswer } from '../smtp/client-sasl.ts'
import {
  answerChallenge,
  beginSasl,
  listWays,
  mayTryOtherWay,
  type KnownServer,
  type SaslRun,
  type WayIn,
} from './client-login.ts'
import type { ClientOptions, Effect, Failure } from './client-words.ts'
import type { Ranges } from './secrets.ts'

/** A line of a sign-in that is under way. */
export interface LoginLine {
  readonly verb: 'USER' | 'PASS' | 'APOP' | 'AUTH' | 'answer'
}
/** What comes next of a sign-in. */
export type LoginStep =
  /** Says a line; `secret` is what is never stored of it, as far as its words do not say so. */
  | { readonly do: 'say'; readonly sent: LoginLine; readonly text: string; readonly secret?: Ranges }
  | { readonly do: 'in'; readonly by: string }
  | { readonly do: 'failed'; readonly failure: Failure }
  | Extract<Effect, { do: 'note' | 'derive' }>

/** One sign-in: the ways there are, best first, until one leads in. Owns no wire: its steps say what is to be said. */
export class SignIn {
  readonly #options: ClientOptions
  /** latin1 text of what is secret and was said or may be said, to find it again in what comes in. */
  readonly secrets: string[]
  /** Ways in not tried yet, the one under way first. */
  #ways: readonly WayIn[] = []
  #sasl: SaslRun | undefined
  #goOn: ((salted: Uint8Array) => SaslAnswer) | undefined
  /** An exchange was broken off, and why. */
  #cancelled: string | undefined

  constructor(options: ClientOptions) {
    this.#options = options
    this.secrets = [latin1Of(options.password)]
  }

  /** Whether a challenge that comes now is one of SCRAM, with which a password can be searched. */
  get isScram(): boolean {
    return this.#sasl?.mechanism.startsWith('SCRAM') ?? true
  }

  /** Begins with the best way in. */
  *begin(known: KnownServer): Generator<LoginStep, void, void> {
    this.#ways = listWays(known, this.#options)
    const { login = 'password' } = this.#options
    if (this.#ways.length > 0) return yield* this.#tryWay()
    const offered = known.capabilities?.get('SASL') ?? []
    yield { do: 'failed', failure: { kind: 'no-way-in', login, offered } }
  }

  /** Goes on after a response to one of its lines. */
  *onResponse({ verb }: LoginLine, ok: boolean, reply: string): Generator<LoginStep, void, void> {
    switch (verb) {
      case 'USER':
        if (!ok) return yield refused(reply)
        return yield { do: 'say', sent: { verb: 'PASS' }, text: `PASS ${this.#options.password}` }
      case 'PASS':
        return yield ok ? { do: 'in', by: 'USER' } : refused(reply)
      case 'APOP':
        if (ok) return yield { do: 'in', by: 'APOP' }
        return yield* this.#tryOther(reply, true)
      case 'AUTH':
      case 'answer':
        return yield* this.#onAuthEnd(ok, reply)
      default:
        return never(verb, 'line of a sign-in')
    }
  }

  /** Answers a challenge of AUTH. */
  *onChallenge(text: string): Generator<LoginStep, void, void> {
    const run = this.#sasl
    if (run === undefined) return
    if (this.#cancelled !== undefined) return yield broken(this.#cancelled)
    const answer = answerChallenge(run, text)
    if (answer.do !== 'pending') return yield* this.#act(answer)
    this.#sasl = { ...run, pending: undefined, hasProved: !this.isScram }
    yield this.#answer(answer.line)
  }

  /** The key is there that was asked for with `derive`. */
  *onDerived(salted: Uint8Array): Generator<LoginStep, void, void> {
    const goOn = this.#goOn
    this.#goOn = undefined
    if (goOn !== undefined) yield* this.#act(goOn(salted))
  }

  *#tryWay(): Generator<LoginStep, void, void> {
    const [way] = this.#ways
    const { user, password, primitives } = this.#options
    switch (way?.by) {
      case undefined:
        return
      case 'USER':
        return yield { do: 'say', sent: { verb: 'USER' }, text: `USER ${user}` }
      case 'APOP': {
        yield {
          do: 'note',
          text: 'APOP is weak: it is used only where the server offers nothing better, and who listens can search for the password',
        }
        const digest = primitives.md5(way.timestamp + latin1Of(password))
        this.secrets.push(digest)
        // A blank in the name would make the digest a third word.
        if (/\s/.test(user)) return yield { do: 'failed', failure: { kind: 'unsayable', what: 'user name' } }
        return yield { do: 'say', sent: { verb: 'APOP' }, text: `APOP ${user} ${digest}` }
      }
      case 'sasl': {
        const { line, secret, run } = beginSasl(way.mechanism, this.#options)
        this.#sasl = run
        this.secrets.push(secret)
        return yield { do: 'say', sent: { verb: 'AUTH' }, text: line }
      }
      default:
        return never(way, 'way in')
    }
  }

  *#act(answer: SaslAnswer): Generator<LoginStep, void, void> {
    const run = this.#sasl
    if (run === undefined) return
    switch (answer.do) {
      case 'say':
        this.#sasl = { ...run, exchange: answer.next, hasProved: true }
        return yield this.#answer(encodeAnswer(answer.text))
      case 'derive': {
        this.#goOn = answer.goOn
        const { password, salt, rounds } = answer
        return yield { do: 'derive', password, salt, rounds }
      }
      case 'stop':
        // RFC 5034 §4: a lone asterisk breaks it off.
        this.#cancelled = answer.reason
        return yield { do: 'say', sent: { verb: 'answer' }, text: '*' }
      default:
        return never(answer, 'answer of SASL')
    }
  }

  #answer(text: string): LoginStep {
    this.secrets.push(text)
    return { do: 'say', sent: { verb: 'answer' }, text, secret: text === '' ? [] : [[0, text.length]] }
  }

  *#onAuthEnd(ok: boolean, reply: string): Generator<LoginStep, void, void> {
    const run = this.#sasl
    this.#sasl = undefined
    if (run === undefined) return
    if (this.#cancelled !== undefined) return yield broken(this.#cancelled)
    if (!ok) return yield* this.#tryOther(reply, run.hasProved)
    // Whoever lets us in without proof of the password may be anybody.
    if (!run.exchange.mayEnd) return yield broken('it let us in without showing that it knows the password')
    yield { do: 'in', by: run.mechanism }
  }

  *#tryOther(reply: string, hasProved: boolean): Generator<LoginStep, void, void> {
    const [way, ...others] = this.#ways
    if (way === undefined || others.length === 0 || !mayTryOtherWay(way, reply, hasProved)) return yield refused(reply)
    this.#ways = others
    yield* this.#tryWay()
  }
}

const latin1Of = (text: string) => Buffer.from(text, 'utf8').toString('latin1')
const refused = (reply: string): LoginStep => ({ do: 'failed', failure: { kind: 'refused', at: 'login', reply } })
const broken = (reason: string): LoginStep => ({ do: 'failed', failure: { kind: 'protocol', reason } })
