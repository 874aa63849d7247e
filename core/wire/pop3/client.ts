import { never } from '../../base/never.ts'
import { timestampOf } from './client-login.ts'
import { SignIn, type LoginLine, type LoginStep } from './client-sign-in.ts'
import type { ClientOptions, Effect, Failure, ServerFacts, Want } from './client-words.ts'
import { capabilityNumber, parseCapabilities, type Capabilities } from './listing.ts'
import { ResponseReader, type Expected, type Heard } from './response-reader.ts'
import { echoesOf, secretsOfCommand, withoutSecrets, type Ranges } from './secrets.ts'

/** Commands under way at once where the server takes them so (RFC 2449 §6.8). */
export const WINDOW = 128
/** What they ask for is no more than this in all, but for one message alone. */
export const WINDOW_BYTES = 32 * 1024 * 1024
/** What a message of unknown size counts. */
const USUAL_BYTES = 16 * 1024

// eslint-disable-next-line no-control-regex
const hasControls = (text: string) => /[\u0000-\u001f\u007f]/.test(text)

type Sent = { readonly verb: 'greeting' | 'CAPA' | 'STLS' | 'UTF8' | 'facts' } | LoginLine | Want

const sizeOf = (sent: Sent) => (sent.verb === 'RETR' ? (sent.sizeBytes ?? USUAL_BYTES) : 0)

/**
 * The client side of one POP3 session (RFC 1939). Signs in by itself: greeting, CAPA, STLS where asked for, CAPA again, UTF8
 * where offered, and the best way in there is. Then it takes wants, as many at once as the server allows. Owns no socket
 * and no clock.
 */
export class Pop3Client {
  readonly #options: ClientOptions
  readonly #signIn: SignIn
  #reader: ResponseReader
  /** Commands whose responses have not come, in order. */
  #sent: Sent[] = [{ verb: 'greeting' }]
  /** What the answers to them may have. */
  #sentBytes = 0
  #wanted: Want[] = []
  #taken = 0
  #reply = ''
  /** Bytes came behind that reply in the same piece. */
  #more = false
  #timestamp: string | undefined
  #capabilities: Capabilities | undefined
  #isSecure: boolean
  #utf8 = false
  #signedInBy = ''
  #at: 'signing-in' | 'securing' | 'ready' | 'over' = 'signing-in'

  constructor(options: ClientOptions) {
    this.#options = options
    this.#signIn = new SignIn(options)
    this.#isSecure = options.tls === 'implicit'
    this.#reader = this.#newReader()
  }

  get at(): 'signing-in' | 'securing' | 'ready' | 'over' {
    return this.#at
  }
  /** Commands whose responses have not come whole. */
  get underWay(): number {
    return this.#sent.length
  }
  /** True while a response is due. */
  get isWaiting(): boolean {
    return this.#at !== 'over' && this.#at !== 'securing' && this.#sent.length > 0
  }

  /** Bytes of the server, and what is to be done about them, one after the other. */
  *receive(chunk: Uint8Array): Generator<Effect, void, void> {
    if (this.#at === 'securing')
      // Sent in clear where the handshake belongs: somebody else put it there.
      return yield* this.#fail({ kind: 'protocol', reason: 'bytes came in clear between STLS and TLS' })
    for (const heard of this.#reader.receive(chunk)) {
      yield* this.#onHeard(heard)
      if (this.#isOver()) return
    }
  }

  /** TLS stands. What was learnt in clear is forgotten (RFC 2595 §4). */
  *secured(): Generator<Effect, void, void> {
    if (this.#at !== 'securing') return
    this.#at = 'signing-in'
    this.#isSecure = true
    this.#reader = this.#newReader()
    this.#capabilities = undefined
    this.#timestamp = undefined
    yield* this.#send({ verb: 'CAPA' })
  }

  /** The key is there that was asked for with `derive`. */
  *derived(salted: Uint8Array): Generator<Effect, void, void> {
    if (!this.#isOver()) yield* this.#goOn(this.#signIn.onDerived(salted))
  }

  /** Asks for these, in order; answers come as effects. */
  *want(...wants: readonly Want[]): Generator<Effect, void, void> {
    for (const want of wants) this.#wanted.push(want)
    yield* this.#fill()
  }

  #isOver(): boolean {
    return this.#at === 'over'
  }

  #newReader(): ResponseReader {
    return new ResponseReader(() => this.#expected())
  }

  #expected(): Expected | undefined {
    switch (this.#sent[0]?.verb) {
      case undefined:
        return undefined
      case 'CAPA':
      case 'facts':
      case 'UIDL':
      case 'LIST':
        return 'listing'
      case 'RETR':
      case 'TOP':
        return 'message'
      case 'AUTH':
      case 'answer':
        return 'auth'
      default:
        return 'status'
    }
  }

  *#fill(): Generator<Effect, void, void> {
    if (this.#at !== 'ready') return
    const isPipelining = this.#capabilities?.has('PIPELINING') === true
    const window = isPipelining ? WINDOW : 1
    // Filled up by halves, so that many commands share a write; small answers only, or the server would run out of questions.
    if (this.#sent.length > window / 2) return
    while (this.#sent.length < window && this.#taken < this.#wanted.length) {
      const next = this.#wanted[this.#taken]!
      if (this.#sent.length > 0 && this.#sentBytes + sizeOf(next) > WINDOW_BYTES) break
      this.#taken++
      this.#sentBytes += sizeOf(next)
      yield* this.#send(next)
    }
    if (this.#taken < 1024 && this.#taken < this.#wanted.length) return
    this.#wanted = this.#wanted.slice(this.#taken)
    this.#taken = 0
  }

  *#send(command: Exclude<Sent, LoginLine>): Generator<Effect, void, void> {
    switch (command.verb) {
      case 'facts':
        return yield* this.#say(command, 'CAPA')
      case 'TOP':
        return yield* this.#say(command, `TOP ${command.number} 0`)
      case 'RETR':
      case 'DELE':
        return yield* this.#say(command, `${command.verb} ${command.number}`)
      default:
        return yield* this.#say(command, command.verb)
    }
  }

  /** Does what a sign-in says is next. */
  *#goOn(steps: Iterable<LoginStep>): Generator<Effect, void, void> {
    for (const step of steps)
      switch (step.do) {
        case 'say':
          yield* this.#say(step.sent, step.text, step.secret)
          break
        case 'failed':
          yield* this.#fail(step.failure)
          break
        case 'in':
          yield* this.#signedIn(step.by)
          break
        default:
          yield step
      }
  }

  /** Sends one line; `secret` is what is never stored of it, as far as its words do not say so. */
  *#say(sent: Sent, text: string, secret?: Ranges): Generator<Effect, void, void> {
    this.#sent.push(sent)
    // A user name with a line break in it would be a command of its own. UTF-8 is what servers take (RFC 6856 §2).
    if (hasControls(text))
      return yield* this.#fail({
        kind: 'unsayable',
        what: sent.verb === 'PASS' ? 'password' : 'user name',
      })
    const line = Buffer.from(`${text}\r\n`, 'utf8')
    const secrets = secret ?? secretsOfCommand(line.toString('latin1', 0, line.length - 2))
    yield { do: 'send', line, secrets }
  }

  *#fail(failure: Failure): Generator<Effect, void, void> {
    if (this.#at === 'over') return
    this.#at = 'over'
    yield { do: 'fail', failure }
  }

  *#onHeard(heard: Heard): Generator<Effect, void, void> {
    const [command] = this.#sent
    switch (heard.kind) {
      case 'violation':
        return yield* this.#fail({ kind: 'protocol', reason: heard.reason })
      case 'status': {
        const text = Buffer.from(heard.line).toString('latin1')
        const secrets = this.#at === 'ready' ? [] : echoesOf(text, this.#signIn.secrets)
        yield { do: 'heard', line: heard.line, odd: heard.odd, secrets }
        this.#reply = withoutSecrets(text, secrets)
        this.#more = heard.more
        const { ok } = heard
        const isMore = this.#expected() === 'listing' || this.#expected() === 'message'
        // Of a granted listing or message there is more to come; a violation follows what nobody asked for.
        if (command === undefined || ok === undefined || (ok && isMore)) return
        return yield* this.#onResponse(command, ok, undefined)
      }
      case 'challenge': {
        const secrets: Ranges = this.#signIn.isScram && heard.text !== '' ? [[2, heard.line.length]] : []
        yield { do: 'heard', line: heard.line, odd: heard.odd, secrets }
        this.#sent.shift()
        return yield* this.#goOn(this.#signIn.onChallenge(heard.text))
      }
      case 'data':
        if (command?.verb === 'RETR' || command?.verb === 'TOP')
          yield { do: 'data', number: command.number, bytes: heard.bytes }
        return
      case 'listing':
        yield { do: 'listing', bytes: heard.bytes }
        return yield* this.#onResponse(command!, true, heard.bytes)
      case 'end':
        return yield* this.#onResponse(command!, true, undefined)
      default:
        return never(heard, 'POP3 response')
    }
  }

  *#onResponse(command: Sent, ok: boolean, listing: Uint8Array | undefined): Generator<Effect, void, void> {
    this.#sent.shift()
    const refused = (at: 'greeting' | 'tls') => this.#fail({ kind: 'refused', at, reply: this.#reply })
    switch (command.verb) {
      case 'greeting':
        // Where TLS is still to come, whoever is on the way could have put in a timestamp.
        if (this.#options.tls !== 'starttls') this.#timestamp = timestampOf(this.#reply)
        return yield* ok ? this.#send({ verb: 'CAPA' }) : refused('greeting')
      case 'CAPA': {
        if (listing) this.#capabilities = parseCapabilities(listing)
        if (this.#options.tls === 'starttls' && !this.#isSecure) {
          // A server too old for CAPA may know STLS all the same; one that lists what it can do, and not this, does not.
          if (ok && this.#capabilities?.has('STLS') !== true) return yield* this.#fail({ kind: 'no-stls' })
          return yield* this.#send({ verb: 'STLS' })
        }
        yield { do: 'step', step: 'login' }
        // RFC 6856 §2.1: before signing in, and never before STLS.
        return yield* this.#capabilities?.has('UTF8') ? this.#send({ verb: 'UTF8' }) : this.#beginSignIn()
      }
      case 'STLS':
        if (!ok) return yield* refused('tls')
        // RFC 2595 §4: nothing may follow before the handshake. Never read it as if it had come inside TLS.
        if (this.#more)
          return yield* this.#fail({ kind: 'protocol', reason: 'bytes came in clear behind the reply to STLS' })
        this.#at = 'securing'
        return yield { do: 'secure' }
      case 'UTF8':
        this.#utf8 = ok
        return yield* this.#beginSignIn()
      case 'USER':
      case 'PASS':
      case 'APOP':
      case 'AUTH':
      case 'answer':
        return yield* this.#goOn(this.#signIn.onResponse(command, ok, this.#reply))
      case 'facts':
        if (listing) this.#capabilities = parseCapabilities(listing)
        return yield* this.#ready()
      case 'UIDL':
      case 'LIST':
      case 'RETR':
      case 'TOP':
      case 'DELE':
      case 'QUIT': {
        const text = this.#reply
        this.#sentBytes -= sizeOf(command)
        if (command.verb === 'QUIT') this.#at = 'over'
        yield { do: 'answer', want: command, ok, text, ...(listing ? { listing } : {}) }
        return yield* this.#fill()
      }
      default:
        return never(command, 'POP3 command')
    }
  }

  *#beginSignIn(): Generator<Effect, void, void> {
    const known = { capabilities: this.#capabilities, timestamp: this.#timestamp, isSecure: this.#isSecure }
    yield* this.#goOn(this.#signIn.begin(known))
  }

  *#signedIn(by: string): Generator<Effect, void, void> {
    this.#signedInBy = by
    // Of these the server says after the login what it has for this user (RFC 2449 §6.5, §6.7).
    const isPersonal = ['EXPIRE', 'LOGIN-DELAY'].some((tag) =>
      this.#capabilities?.get(tag)?.some((word) => word.toUpperCase() === 'USER'),
    )
    return yield* isPersonal ? this.#send({ verb: 'facts' }) : this.#ready()
  }

  *#ready(): Generator<Effect, void, void> {
    this.#at = 'ready'
    const capabilities = this.#capabilities ?? new Map()
    const facts: ServerFacts = {
      pipelining: capabilities.has('PIPELINING'),
      top: capabilities.has('TOP'),
      utf8: this.#utf8,
      signedInBy: this.#signedInBy,
      loginDelaySeconds: capabilityNumber(capabilities, 'LOGIN-DELAY'),
      expireDays: capabilityNumber(capabilities, 'EXPIRE'),
    }
    yield { do: 'ready', facts }
    yield* this.#fill()
  }
}
