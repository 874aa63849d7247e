import { never } from '../../base/never.ts'
import type { ClientOptions, Effect, Failure, Want } from './client-words.ts'
import { parseCapabilities } from './listing.ts'
import { ResponseReader, type Expected, type Heard } from './response-reader.ts'
import { echoesOf, secretsOfCommand, withoutSecrets } from './secrets.ts'

/** Commands under way at once where the server takes them so (RFC 2449 §6.8). */
export const WINDOW = 64

// eslint-disable-next-line no-control-regex
const hasControls = (text: string) => /[\u0000-\u001f\u007f]/.test(text)

type Sent = { readonly verb: 'greeting' | 'CAPA' | 'STLS' | 'USER' | 'PASS' } | Want

/**
 * The client side of one POP3 session (RFC 1939). Signs in by itself: greeting, CAPA, STLS where asked for, CAPA again,
 * USER, PASS. Then it takes wants, as many at once as the server allows. Owns no socket and no clock.
 */
export class Pop3Client {
  readonly #options: ClientOptions
  /** latin1 text of the bytes that go out, to find it again in what comes in. */
  readonly #password: string
  #reader: ResponseReader
  /** Commands whose responses have not come, in order. */
  #sent: Sent[] = [{ verb: 'greeting' }]
  #wanted: Want[] = []
  #reply = ''
  /** Bytes came behind that reply in the same piece. */
  #more = false
  #capabilities: ReadonlySet<string> = new Set()
  #isSecure: boolean
  #at: 'signing-in' | 'securing' | 'ready' | 'over' = 'signing-in'

  constructor(options: ClientOptions) {
    this.#options = options
    this.#password = Buffer.from(options.password, 'utf8').toString('latin1')
    this.#isSecure = options.tls === 'implicit'
    this.#reader = this.#newReader()
  }

  get at(): 'signing-in' | 'securing' | 'ready' | 'over' {
    return this.#at
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
    this.#capabilities = new Set()
    yield* this.#send({ verb: 'CAPA' })
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
      case 'UIDL':
      case 'LIST':
        return 'listing'
      case 'RETR':
        return 'message'
      default:
        return 'status'
    }
  }

  *#fill(): Generator<Effect, void, void> {
    if (this.#at !== 'ready') return
    const window = this.#capabilities.has('PIPELINING') ? WINDOW : 1
    // Filled up by halves, so that many commands share a write.
    if (this.#sent.length > window / 2) return
    while (this.#sent.length < window && this.#wanted.length > 0) yield* this.#send(this.#wanted.shift()!)
  }

  *#send(command: Sent): Generator<Effect, void, void> {
    this.#sent.push(command)
    const text =
      command.verb === 'USER'
        ? `USER ${this.#options.user}`
        : command.verb === 'PASS'
          ? `PASS ${this.#options.password}`
          : 'number' in command
            ? `${command.verb} ${command.number}`
            : command.verb
    // A user name with a line break in it would be a command of its own. UTF-8 is what servers take (RFC 6856 §2).
    if (hasControls(text))
      return yield* this.#fail({ kind: 'unsayable', what: command.verb === 'USER' ? 'user name' : 'password' })
    const line = Buffer.from(`${text}\r\n`, 'utf8')
    yield { do: 'send', line, secrets: secretsOfCommand(line.toString('latin1', 0, line.length - 2)) }
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
        const secrets = this.#at === 'ready' ? [] : echoesOf(text, this.#password)
        yield { do: 'heard', line: heard.line, odd: heard.odd, secrets }
        this.#reply = withoutSecrets(text, secrets)
        this.#more = heard.more
        const { ok } = heard
        // Of a granted listing or message there is more to come; a violation follows what nobody asked for.
        if (command === undefined || ok === undefined || (ok && this.#expected() !== 'status')) return
        this.#sent.shift()
        return yield* this.#onResponse(command, ok, undefined)
      }
      case 'data':
        if (command?.verb === 'RETR') yield { do: 'data', number: command.number, bytes: heard.bytes }
        return
      case 'listing':
        yield { do: 'listing', bytes: heard.bytes }
        this.#sent.shift()
        return yield* this.#onResponse(command!, true, heard.bytes)
      case 'end':
        this.#sent.shift()
        return yield* this.#onResponse(command!, true, undefined)
      default:
        return never(heard, 'POP3 response')
    }
  }

  *#onResponse(command: Sent, ok: boolean, listing: Uint8Array | undefined): Generator<Effect, void, void> {
    const refused = (at: 'greeting' | 'tls' | 'login') => this.#fail({ kind: 'refused', at, reply: this.#reply })
    switch (command.verb) {
      case 'greeting':
        return yield* ok ? this.#send({ verb: 'CAPA' }) : refused('greeting')
      case 'CAPA': {
        if (listing) this.#capabilities = parseCapabilities(listing)
        if (this.#options.tls === 'starttls' && !this.#isSecure) {
          // A server too old for CAPA may know STLS all the same; one that lists what it can do, and not this, does not.
          if (ok && !this.#capabilities.has('STLS')) return yield* this.#fail({ kind: 'no-stls' })
          return yield* this.#send({ verb: 'STLS' })
        }
        yield { do: 'step', step: 'login' }
        return yield* this.#send({ verb: 'USER' })
      }
      case 'STLS':
        if (!ok) return yield* refused('tls')
        // RFC 2595 §4: nothing may follow before the handshake. Never read it as if it had come inside TLS.
        if (this.#more)
          return yield* this.#fail({ kind: 'protocol', reason: 'bytes came in clear behind the reply to STLS' })
        this.#at = 'securing'
        return yield { do: 'secure' }
      case 'USER':
        return yield* ok ? this.#send({ verb: 'PASS' }) : refused('login')
      case 'PASS':
        if (!ok) return yield* refused('login')
        this.#at = 'ready'
        yield { do: 'ready', pipelining: this.#capabilities.has('PIPELINING') }
        return yield* this.#fill()
      case 'UIDL':
      case 'LIST':
      case 'RETR':
      case 'DELE':
      case 'QUIT': {
        const text = this.#reply
        if (command.verb === 'QUIT') this.#at = 'over'
        yield { do: 'answer', want: command, ok, text, ...(listing ? { listing } : {}) }
        return yield* this.#fill()
      }
      default:
        return never(command, 'POP3 command')
    }
  }
}
