import { LineSplitter } from '../../base/line-splitter.ts'
import type {
  ConsoleEffect,
  ConsoleLogin,
  ConsoleMachine,
  ConsolePrompt,
  ConsoleStanding,
} from '../../model/console-state.ts'
import type { ClientSaslPrimitives } from '../smtp/client-sasl.ts'
import { parseCommand } from '../smtp/command.ts'
import { Ear } from '../smtp/secrets.ts'
import { LONGEST_MESSAGE, NOT_OFFERED, OVER, UNKNOWN, WAITS, whyNoLine } from './commands.ts'
import { ConsoleSignIn, MECHANISMS, type SignInStep } from './sasl.ts'
import { promptOf, SaidInSecret } from './secrets.ts'
import { smtpGuide } from './smtp-guide.ts'
import { smtpVerbs, type SmtpFacts } from './smtp-verbs.ts'

/** What a session is told about itself. */
export interface ConsoleTerms {
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
  /** The name this computer gives itself in EHLO. */
  readonly ownName: string
  readonly primitives: ClientSaslPrimitives
}

type Asked =
  | 'greeting'
  | 'EHLO'
  | 'HELO'
  | 'STARTTLS'
  | 'AUTH'
  | 'MAIL'
  | 'RCPT'
  | 'DATA'
  | '.'
  | 'BDAT'
  | 'LAST'
  | 'RSET'
  | 'QUIT'
  | 'other'
const STEPS: ReadonlySet<string> = new Set(['EHLO', 'HELO', 'STARTTLS', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'RSET', 'QUIT'])

const DOT = 46
const bytesOf = (text: string) => new TextEncoder().encode(text)
const textOf = (line: Uint8Array) => Array.from(line.subarray(0, 2048), (byte) => String.fromCharCode(byte)).join('')

/** An SMTP session as a person leads it: knows what may be said, doubles dots, hides secrets, and changes nothing else. */
export class SmtpConsole implements ConsoleMachine {
  readonly #terms: ConsoleTerms
  readonly #ear = new Ear()
  readonly #said = new SaidInSecret()
  readonly #lines = new LineSplitter()
  #phase: SmtpFacts['phase'] = 'greeting'
  #isSecure: boolean
  #isSignedIn = false
  #features = new Map<string, string>()
  #recipients = 0
  #refused = 0
  #delivered = 0
  /** What was said and not answered, first things first. */
  #pending: Asked[] = ['greeting']
  #reply: string[] = []
  #asks = ''
  #signIn: ConsoleSignIn | undefined
  /** Bytes of the message typed so far; of a chunk those to come, and whether it is the last one. */
  #messageBytes = 0
  #chunk: { left: number; readonly isLast: boolean } | undefined
  #hasLeft = false
  #hasQuit = false

  constructor(terms: ConsoleTerms) {
    this.#terms = terms
    this.#isSecure = terms.isSecure
  }

  get #facts(): SmtpFacts {
    return {
      phase: this.#phase,
      isSecure: this.#isSecure,
      isSignedIn: this.#isSignedIn,
      features: this.#features,
      recipients: this.#recipients,
      ownName: this.#terms.ownName,
    }
  }

  get standing(): ConsoleStanding {
    const waits = this.#waits
    const offered = (this.#features.get('AUTH') ?? '').split(' ').filter((one) => one !== '')
    return {
      verbs: smtpVerbs(this.#facts),
      prompt: this.#prompt,
      waits,
      isSignedIn: this.#isSignedIn,
      mechanisms: MECHANISMS.filter((one) => offered.includes(one)),
      guide: smtpGuide(this.#facts, {
        waits,
        refused: this.#refused,
        delivered: this.#delivered,
        hasLeft: this.#hasLeft,
        isTyping: this.#messageBytes > 0,
        isDone: this.#hasQuit,
      }),
    }
  }

  /** A sign-in that is carried out speaks by itself, also while it makes a key. */
  get #waits(): boolean {
    return this.#pending.length > 0 || this.#signIn !== undefined
  }

  get #prompt(): ConsolePrompt {
    if (this.#chunk !== undefined) return { is: 'chunk', left: this.#chunk.left }
    if (this.#phase === 'data') return { is: 'message' }
    return this.#phase === 'auth' ? { is: 'answer', asks: this.#asks } : { is: 'command' }
  }

  *receive(bytes: Uint8Array): Generator<ConsoleEffect, void, void> {
    for (const { line, odd } of this.#lines.push(bytes)) yield* this.#hear(line, odd)
  }

  *#hear(line: Uint8Array, odd: boolean): Generator<ConsoleEffect, void, void> {
    const text = textOf(line)
    const [, code = '', mark] = /^(\d{3})([ -]|$)/.exec(text) ?? []
    const isLast = code !== '' && mark !== '-'
    // What a mechanism asks may help to search for the password; what LOGIN asks is a word.
    const isChallenge = code === '334' && promptOf(text.slice(4).trim()) === ''
    const secrets =
      isChallenge && text.length > 4
        ? [[4, line.length] as const]
        : this.#said.echoesIn(line, code !== '334' && this.#pending[0] === 'AUTH')
    yield { do: 'heard', line, odd, secrets, code: isLast ? code : '', listing: 0 }
    if (this.#reply.length < 200) this.#reply.push(text)
    if (!isLast) return
    const lines = this.#reply
    this.#reply = []
    const asked = this.#pending.shift()
    if (asked === undefined) {
      yield { do: 'note', text: 'the server said this without being asked' }
      return
    }
    yield* this.#answered(asked, Number(code), lines)
  }

  *#answered(asked: Asked, code: number, lines: readonly string[]): Generator<ConsoleEffect, void, void> {
    const isDone = code >= 200 && code < 300
    switch (asked) {
      case 'greeting':
        this.#phase = code === 220 ? 'connected' : 'refused'
        return
      case 'EHLO':
      case 'HELO':
        if (!isDone) return
        this.#features = new Map(asked === 'EHLO' ? lines.slice(1).map(feature) : [])
        this.#begin('ready')
        return
      case 'STARTTLS': {
        if (code !== 220) return
        this.#phase = 'handshake'
        const left = this.#lines.take().length
        // CVE-2011-0411: what came in the clear must not be taken for what comes inside TLS.
        if (left > 0)
          yield { do: 'note', text: `${left} bytes came in clear text behind that answer: they are dropped` }
        yield { do: 'secure' }
        return
      }
      case 'AUTH':
        return yield* this.#onAuth(code, lines)
      case 'MAIL':
        if (isDone) this.#begin('mail')
        return
      case 'RCPT':
        if (isDone) this.#recipients++
        else this.#refused++
        return
      case 'DATA':
        if (code === 354) this.#phase = 'data'
        this.#messageBytes = 0
        return
      case '.':
      case 'LAST':
        if (isDone) {
          this.#delivered++
          yield { do: 'message' }
        }
        this.#begin('ready')
        return
      case 'BDAT':
        this.#phase = isDone ? 'chunks' : 'ready'
        return
      case 'RSET':
        if (isDone && this.#phase !== 'connected') this.#begin('ready')
        return
      case 'QUIT':
        this.#hasQuit = isDone
        return
      case 'other':
        return
    }
  }

  *#onAuth(code: number, lines: readonly string[]): Generator<ConsoleEffect, void, void> {
    const signIn = this.#signIn
    if (code === 334) {
      this.#phase = 'auth'
      const challenge = (lines.at(-1) ?? '').slice(4).trim()
      this.#asks = promptOf(challenge)
      if (signIn !== undefined) yield* this.#carryOut(signIn.onChallenge(challenge))
      return
    }
    this.#signIn = undefined
    this.#phase = 'ready'
    if (code !== 235) return
    this.#isSignedIn = true
    if (signIn !== undefined && !signIn.mayEnd)
      yield { do: 'note', text: 'the server let us in without showing that it knows the password: it may be anybody' }
  }

  *#carryOut(step: SignInStep): Generator<ConsoleEffect, void, void> {
    if (step.do === 'derive') return yield step
    if (step.do === 'stop') {
      this.#signIn = undefined
      yield { do: 'note', text: `the sign-in is broken off: ${step.why}` }
      yield this.#answer(bytesOf('*')) // RFC 4954 §4
      return
    }
    yield this.#answer(bytesOf(step.text))
  }

  /** A transaction begins or has ended. */
  #begin(phase: 'ready' | 'mail'): void {
    this.#phase = phase
    this.#recipients = 0
    this.#refused = 0
    this.#messageBytes = 0
    this.#chunk = undefined
  }

  say(line: Uint8Array, anything: boolean): readonly ConsoleEffect[] {
    const why = whyNoLine(line)
    if (why !== undefined) return [{ do: 'refuse', why }]
    if (this.#chunk !== undefined) return this.#sayInChunk(line, this.#chunk)
    if (this.#phase === 'data' && this.#pending.length === 0) return this.#sayInMessage(line)
    if (this.#phase === 'handshake') return [{ do: 'refuse', why: WAITS }]
    if (this.#phase === 'auth') return this.#waits ? [{ do: 'refuse', why: WAITS }] : [this.#answer(line)]
    // After DATA nobody knows whether commands or a message come next.
    if (this.#waits && (!anything || this.#pending.includes('DATA'))) return [{ do: 'refuse', why: WAITS }]
    return this.#sayCommand(line, anything)
  }

  #sayCommand(line: Uint8Array, anything: boolean): readonly ConsoleEffect[] {
    const text = textOf(line)
    const verb = /^[A-Za-z]+/.exec(text)?.[0].toUpperCase() ?? ''
    const whyNot = smtpVerbs(this.#facts).find((one) => one.verb === verb)?.whyNot ?? UNKNOWN
    if (whyNot !== '' && !anything) return [{ do: 'refuse', why: whyNot }]
    const secrets = this.#ear.hear(line, false, parseCommand(line))
    this.#said.note(line, secrets)
    if (this.#delivered > 0 && verb !== 'QUIT') this.#hasLeft = true
    const chunk = verb === 'BDAT' ? /^BDAT +(\d{1,7})( +LAST)?\s*$/i.exec(text) : null
    if (verb === 'BDAT' && (chunk === null || Number(chunk[1]) > LONGEST_MESSAGE))
      return [{ do: 'refuse', why: 'Say how many bytes follow, at most a million: BDAT 80 LAST.' }]
    if (chunk !== null) {
      const isLast = chunk[2] !== undefined
      const left = Number(chunk[1])
      if (left > 0) this.#chunk = { left, isLast }
      else this.#pending.push(isLast ? 'LAST' : 'BDAT')
    } else this.#pending.push(STEPS.has(verb) ? (verb as Asked) : 'other')
    return [{ do: 'send', line, secrets }]
  }

  #answer(line: Uint8Array): ConsoleEffect {
    const secrets = this.#ear.hear(line, true)
    this.#said.note(line, secrets)
    this.#pending.push('AUTH')
    return { do: 'send', line, secrets }
  }

  #sayInMessage(line: Uint8Array): readonly ConsoleEffect[] {
    if (line.length === 1 && line[0] === DOT) return this.#endMessage()
    if (this.#messageBytes + line.length > LONGEST_MESSAGE)
      return [{ do: 'refuse', why: 'The message is too long for the console.' }]
    return this.#contentLine(line)
  }

  /** RFC 5321 §4.5.2. */
  #contentLine(line: Uint8Array): readonly ConsoleEffect[] {
    this.#messageBytes += line.length + 2
    if (line[0] !== DOT) return [{ do: 'send', line, secrets: [] }]
    const stuffed = new Uint8Array(line.length + 1)
    stuffed[0] = DOT
    stuffed.set(line, 1)
    return [
      { do: 'note', text: 'the next line begins with a dot, so it gets one more (RFC 5321 §4.5.2)' },
      { do: 'send', line: stuffed, secrets: [] },
    ]
  }

  #endMessage(): readonly ConsoleEffect[] {
    this.#pending.push('.')
    return [{ do: 'send', line: Uint8Array.of(DOT), secrets: [] }]
  }

  #sayInChunk(line: Uint8Array, chunk: { left: number; readonly isLast: boolean }): readonly ConsoleEffect[] {
    const size = line.length + 2
    if (size > chunk.left) return [{ do: 'refuse', why: 'With its line end that is more than is left of the chunk.' }]
    chunk.left -= size
    if (chunk.left === 0) {
      this.#chunk = undefined
      this.#pending.push(chunk.isLast ? 'LAST' : 'BDAT')
    }
    return [{ do: 'send', line, secrets: [] }]
  }

  sayMessage(lines: readonly Uint8Array[]): readonly ConsoleEffect[] {
    if (this.#phase !== 'data' || this.#pending.length > 0)
      return [{ do: 'refuse', why: 'A message follows the answer 354 to DATA.' }]
    const total = lines.reduce((sum, line) => sum + line.length + 2, 0)
    if (this.#messageBytes + total > LONGEST_MESSAGE)
      return [{ do: 'refuse', why: 'The message is too long for the console.' }]
    const why = lines.map(whyNoLine).find((one) => one !== undefined)
    if (why !== undefined) return [{ do: 'refuse', why }]
    return [...lines.flatMap((line) => this.#contentLine(line)), ...this.#endMessage()]
  }

  signIn(login: ConsoleLogin): readonly ConsoleEffect[] {
    const { verbs, mechanisms, waits } = this.standing
    const whyNot = waits ? WAITS : (verbs.find(({ verb }) => verb === 'AUTH')?.whyNot ?? OVER)
    if (whyNot !== '') return [{ do: 'refuse', why: whyNot }]
    if (!mechanisms.includes(login.mechanism)) return [{ do: 'refuse', why: NOT_OFFERED }]
    const { host, port, primitives } = this.#terms
    this.#said.add(login.secret)
    const signIn = new ConsoleSignIn(login, { host, port }, primitives)
    this.#signIn = signIn
    const line = bytesOf(`AUTH ${login.mechanism}${signIn.initial === undefined ? '' : ` ${signIn.initial}`}`)
    return this.#sayCommand(line, true)
  }

  derived(salted: Uint8Array): readonly ConsoleEffect[] {
    return this.#signIn === undefined ? [] : [...this.#carryOut(this.#signIn.derived(salted))]
  }

  secured(): void {
    // RFC 3207 §4.2: what was learnt before counts no more. Of TLS from the first byte the greeting is still to come.
    if (this.#phase === 'handshake') this.#phase = 'connected'
    this.#isSecure = true
    this.#features = new Map()
    this.#isSignedIn = false
    this.#ear.forget()
  }
}

/** `SIZE 52428800`; some servers still say `AUTH=PLAIN`. */
function feature(line: string): [string, string] {
  const [, word = '', rest = ''] = /^(\S*?)(?:[ =]+(.*))?$/.exec(line.slice(4).trim()) ?? []
  return [word.toUpperCase(), rest.toUpperCase()]
}
