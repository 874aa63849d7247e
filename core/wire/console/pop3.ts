import { LineSplitter } from '../../base/line-splitter.ts'
import type {
  ConsoleEffect,
  ConsoleLogin,
  ConsoleMachine,
  ConsolePrompt,
  ConsoleStanding,
} from '../../model/console-state.ts'
import { timestampOf } from '../pop3/client-login.ts'
import { parseCommand } from '../pop3/server-command.ts'
import { Pop3Ear } from '../pop3/server-secrets.ts'
import { OVER, UNKNOWN, WAITS, whyNoLine, NOT_OFFERED } from './commands.ts'
import { pop3Guide, type Pop3Step } from './pop3-guide.ts'
import { pop3Verbs, type Pop3Facts } from './pop3-verbs.ts'
import { ConsoleSignIn, MECHANISMS, type SignInStep } from './sasl.ts'
import { promptOf, SaidInSecret } from './secrets.ts'
import type { ConsoleTerms } from './smtp.ts'

interface Asked {
  readonly verb: string
  /** A good answer has more lines, up to one with a lone dot (RFC 1939 §3). */
  readonly isLong: boolean
}

interface LongAnswer {
  readonly verb: string
  /** How many of its lines have come. */
  lines: number
  readonly capabilities: Map<string, string>
}

const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (line: Uint8Array) => Array.from(line.subarray(0, 2048), (byte) => String.fromCharCode(byte)).join('')
/** Commands whose answer is long; of LIST, UIDL and AUTH only where nothing stands behind them. */
const LONG = /^(?:CAPA|LIST|UIDL|AUTH|RETR \S.*|TOP \S.*|LANG)\s*$/i
const MOST_CAPABILITIES = 200
const LOGIN = new Set(['AUTH', 'PASS', 'APOP'])

/** A POP3 session as a person leads it: knows what may be said, hides secrets, and changes nothing else. */
export class Pop3Console implements ConsoleMachine {
  readonly #terms: ConsoleTerms & { md5(text: string): string }
  readonly #ear = new Pop3Ear()
  readonly #said = new SaidInSecret()
  readonly #lines = new LineSplitter()
  #phase: Pop3Facts['phase'] = 'greeting'
  #isSecure: boolean
  #capabilities: Map<string, string> | undefined
  #timestamp: string | undefined
  #pending: Asked[] = [{ verb: 'greeting', isLong: false }]
  /** The long answer that comes now. */
  #long: LongAnswer | undefined
  #asks = ''
  #signIn: ConsoleSignIn | undefined
  readonly #done = new Set<Pop3Step>()
  #messages: number | undefined
  #hasLeft = false
  #hasQuit = false

  constructor(terms: ConsoleTerms & { md5(text: string): string }) {
    this.#terms = terms
    this.#isSecure = terms.isSecure
  }

  get #facts(): Pop3Facts {
    return {
      phase: this.#phase,
      isSecure: this.#isSecure,
      capabilities: this.#capabilities,
      hasTimestamp: this.#timestamp !== undefined,
    }
  }

  get standing(): ConsoleStanding {
    const offered = (this.#capabilities?.get('SASL') ?? '').split(' ')
    const apop = this.#timestamp === undefined ? [] : ['APOP']
    return {
      verbs: pop3Verbs(this.#facts),
      prompt: this.#prompt,
      waits: this.#waits,
      isSignedIn: this.#phase === 'transaction',
      mechanisms: [...MECHANISMS.filter((one) => offered.includes(one)), ...apop],
      guide: pop3Guide(this.#facts, {
        done: this.#done,
        messages: this.#messages,
        hasLeft: this.#hasLeft,
        isDone: this.#hasQuit,
      }),
    }
  }

  /** A sign-in that is carried out speaks by itself, also while it makes a key. */
  get #waits(): boolean {
    return this.#pending.length > 0 || this.#long !== undefined || this.#signIn !== undefined
  }

  get #prompt(): ConsolePrompt {
    return this.#phase === 'auth' ? { is: 'answer', asks: this.#asks } : { is: 'command' }
  }

  *receive(bytes: Uint8Array): Generator<ConsoleEffect, void, void> {
    for (const { line, odd } of this.#lines.push(bytes))
      yield* this.#long === undefined ? this.#hear(line, odd) : this.#list(this.#long, line, odd)
  }

  *#list(long: LongAnswer, line: Uint8Array, odd: boolean): Generator<ConsoleEffect, void, void> {
    long.lines++
    const secrets = this.#said.echoesIn(line, false)
    const isEnd = line.length === 1 && line[0] === 46
    yield { do: 'heard', line, odd, secrets, code: '', listing: long.lines }
    if (!isEnd) {
      const [, word = '', rest = ''] = /^(\S+)(?: +(.*))?$/.exec(textOf(line).trim()) ?? []
      if (long.verb === 'CAPA' && long.capabilities.size < MOST_CAPABILITIES)
        long.capabilities.set(word.toUpperCase(), rest.toUpperCase())
      return
    }
    this.#long = undefined
    if (long.verb === 'CAPA') this.#capabilities = long.capabilities
    yield { do: 'listed' }
    if (long.verb === 'RETR') yield { do: 'message' }
  }

  *#hear(line: Uint8Array, odd: boolean): Generator<ConsoleEffect, void, void> {
    const text = textOf(line)
    const [status = ''] = /^(?:\+OK|-ERR)(?=[ \t]|$)/i.exec(text) ?? []
    const asked = this.#pending[0]
    const challenge = asked?.verb === 'AUTH' ? /^\+(?: (.*))?$/.exec(text) : null
    const isHidden = challenge !== null && promptOf((challenge[1] ?? '').trim()) === '' && line.length > 2
    const secrets = isHidden
      ? [[2, line.length] as const]
      : this.#said.echoesIn(line, challenge === null && LOGIN.has(asked?.verb ?? ''))
    yield { do: 'heard', line, odd, secrets, code: status.toUpperCase(), listing: 0 }
    if (challenge !== null) return yield* this.#onChallenge((challenge[1] ?? '').trim())
    if (asked === undefined || status === '') {
      yield {
        do: 'note',
        text: asked === undefined ? 'the server said this without being asked' : 'that is no answer of POP3',
      }
      return
    }
    this.#pending.shift()
    yield* this.#answered(asked, status === '+OK', text)
  }

  *#answered({ verb, isLong }: Asked, ok: boolean, text: string): Generator<ConsoleEffect, void, void> {
    if (ok && isLong) this.#long = { verb, lines: 0, capabilities: new Map() }
    if (verb === 'CAPA' && !ok) this.#capabilities = new Map()
    if (verb === 'greeting') {
      this.#phase = ok ? 'authorization' : 'refused'
      this.#timestamp = ok ? timestampOf(text) : undefined
    }
    if (verb === 'AUTH' && !isLong) {
      if (this.#signIn !== undefined && ok && !this.#signIn.mayEnd)
        yield { do: 'note', text: 'the server let us in without showing that it knows the password: it may be anybody' }
      this.#signIn = undefined
      this.#phase = ok ? 'transaction' : 'authorization'
    }
    if (verb === 'USER' && ok) this.#phase = 'user'
    if (verb === 'PASS' || verb === 'APOP') this.#phase = ok ? 'transaction' : 'authorization'
    if (verb === 'STAT' && ok) this.#messages = Number(/^\+OK +(\d{1,9})/i.exec(text)?.[1] ?? 0)
    if (ok && isStep(verb)) this.#done.add(verb)
    if (verb === 'QUIT') this.#hasQuit = ok
    if (verb !== 'STLS' || !ok) return
    this.#phase = 'handshake'
    const left = this.#lines.take().length
    if (left > 0) yield { do: 'note', text: `${left} bytes came in clear text behind that answer: they are dropped` }
    yield { do: 'secure' }
  }

  *#onChallenge(challenge: string): Generator<ConsoleEffect, void, void> {
    this.#pending.shift()
    this.#phase = 'auth'
    this.#asks = promptOf(challenge)
    if (this.#signIn !== undefined) yield* this.#carryOut(this.#signIn.onChallenge(challenge))
  }

  *#carryOut(step: SignInStep): Generator<ConsoleEffect, void, void> {
    if (step.do === 'derive') return yield step
    if (step.do === 'say') return yield this.#answer(bytesOf(step.text))
    this.#signIn = undefined
    yield { do: 'note', text: `the sign-in is broken off: ${step.why}` }
    yield this.#answer(bytesOf('*')) // RFC 5034 §4
  }

  say(line: Uint8Array, anything: boolean): readonly ConsoleEffect[] {
    const why = whyNoLine(line)
    if (why !== undefined) return [{ do: 'refuse', why }]
    const waits = this.#waits
    if (this.#phase === 'handshake') return [{ do: 'refuse', why: WAITS }]
    if (this.#phase === 'auth') return waits ? [{ do: 'refuse', why: WAITS }] : [this.#answer(line)]
    if (waits && !anything) return [{ do: 'refuse', why: WAITS }]
    return this.#sayCommand(line, anything)
  }

  #sayCommand(line: Uint8Array, anything: boolean): readonly ConsoleEffect[] {
    const text = textOf(line)
    const verb = /^[A-Za-z0-9]+/.exec(text)?.[0].toUpperCase() ?? ''
    const whyNot = pop3Verbs(this.#facts).find((one) => one.verb === verb)?.whyNot ?? UNKNOWN
    if (whyNot !== '' && !anything) return [{ do: 'refuse', why: whyNot }]
    const secrets = this.#ear.hear(line, false, parseCommand(line))
    this.#said.note(line, secrets)
    if (this.#done.has('RETR') && verb !== 'QUIT') this.#hasLeft = true
    this.#pending.push({ verb, isLong: LONG.test(text) })
    return [{ do: 'send', line, secrets }]
  }

  #answer(line: Uint8Array): ConsoleEffect {
    const secrets = this.#ear.hear(line, true)
    this.#said.note(line, secrets)
    this.#pending.push({ verb: 'AUTH', isLong: false })
    return { do: 'send', line, secrets }
  }

  sayMessage(): readonly ConsoleEffect[] {
    return [{ do: 'refuse', why: 'POP3 gives mail out and takes none.' }]
  }

  signIn(login: ConsoleLogin): readonly ConsoleEffect[] {
    const { verbs, mechanisms, waits } = this.standing
    const isApop = login.mechanism === 'APOP'
    const whyNot = waits ? WAITS : (verbs.find(({ verb }) => verb === (isApop ? 'APOP' : 'AUTH'))?.whyNot ?? OVER)
    if (whyNot !== '') return [{ do: 'refuse', why: whyNot }]
    if (!mechanisms.includes(login.mechanism)) return [{ do: 'refuse', why: NOT_OFFERED }]
    const { host, port, primitives, md5 } = this.#terms
    this.#said.add(login.secret)
    if (isApop) {
      // RFC 1939 §7: over the bytes of the password.
      const secret = textOf(bytesOf(login.secret))
      return this.#sayCommand(bytesOf(`APOP ${login.user} ${md5(`${this.#timestamp ?? ''}${secret}`)}`), true)
    }
    const signIn = new ConsoleSignIn(login, { host, port }, primitives)
    this.#signIn = signIn
    const initial = signIn.initial === undefined ? '' : ` ${signIn.initial || '='}`
    return this.#sayCommand(bytesOf(`AUTH ${login.mechanism}${initial}`), true)
  }

  derived(salted: Uint8Array): readonly ConsoleEffect[] {
    return this.#signIn === undefined ? [] : [...this.#carryOut(this.#signIn.derived(salted))]
  }

  secured(): void {
    if (this.#phase === 'handshake') this.#phase = 'authorization'
    this.#isSecure = true
    this.#capabilities = undefined
    this.#timestamp = undefined // RFC 2595 §4: what was said before counts no more
    this.#ear.forget()
  }
}

const isStep = (verb: string): verb is Pop3Step => ['STAT', 'LIST', 'RETR'].includes(verb)
