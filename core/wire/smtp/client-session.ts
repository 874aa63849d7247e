import {
  connected,
  isEcho,
  onBodyFailed,
  onChunk,
  onDot,
  onLost,
  onMalformed,
  onQuit,
  onReply,
  onSecured,
  onTransaction,
  type ClientState,
} from './client.ts'
import { onDerived } from './client-auth.ts'
import type { ClientOptions, Effect, Transaction, Verdict } from './client-words.ts'
import { ReplyReader, type Heard } from './reply.ts'
import { SaidBack } from './said-back.ts'

/** A client session from bytes to effects: the machine with its reader. Owns no socket and no clock. */
export class ClientSession {
  readonly options: ClientOptions
  #state: ClientState
  readonly #saidBack: SaidBack | undefined
  #reader = new ReplyReader()
  #replies = 0
  #transactions = 0

  constructor(options: ClientOptions) {
    this.options = options
    this.#state = connected(options)
    this.#saidBack = options.login && new SaidBack(options.login, options.login.primitives)
  }

  get at(): ClientState['at'] {
    return this.#state.at
  }

  /** What the server owes us, for the driver's deadline; DATA has one of its own (RFC 5321 §4.5.3.2.4). */
  get phase(): ClientState['at'] | 'data' {
    return this.#state.at === 'envelope' && this.#state.awaited[0]?.verb === 'DATA' ? 'data' : this.#state.at
  }

  /** Replies taken so far. */
  get replies(): number {
    return this.#replies
  }

  /** The server has said how many transactions it takes in a session, and has had them (RFC 9422 §4.1). */
  get isSpent(): boolean {
    const most = this.#state.at === 'ready' ? this.#state.features.mostTransactions : undefined
    return most !== undefined && this.#transactions >= most
  }

  /** The largest message that the server takes, in octets (RFC 1870); undefined where it names no limit, or is not ready. */
  get largestBytes(): number | undefined {
    return this.#state.at === 'ready' ? this.#state.features.largestBytes : undefined
  }

  /** What the reply to EHLO began with; '' where there was none, or no transaction can begin now. */
  get hello(): string {
    return this.#state.at === 'ready' ? this.#state.features.hello : ''
  }

  /** Bytes of the server. */
  receive(chunk: Uint8Array): Effect[] {
    const effects: Effect[] = []
    const heard = this.#reader.push(chunk)
    for (let n = 0; n < heard.length; n++) {
      const one = heard[n] as Heard
      if (one.kind === 'line') effects.push(this.#heard(one.bytes, one.odd, isEcho(this.#state)))
      else if (one.kind === 'malformed') effects.push(...this.#step(onMalformed(this.#state, one.reason, this.options)))
      else {
        this.#replies += 1
        // A challenge is answered, and kept nowhere.
        const reply = one.reply.code === 334 ? one.reply : (this.#saidBack?.hide(one.reply) ?? one.reply)
        const step = this.#step(onReply(this.#state, reply, this.options))
        const isEarly = n < heard.length - 1 || this.#reader.isMidReply
        // What comes in clear behind the 220 was put there by somebody else (RFC 3207 §6): never read it as if inside TLS.
        if (isEarly && step.some((effect) => effect.do === 'start-tls'))
          effects.push(
            ...this.#step(onMalformed(this.#state, 'bytes came in clear behind the reply to STARTTLS', this.options)),
          )
        else effects.push(...step)
      }
    }
    return effects
  }

  /** TLS is up: reader and offers begin anew. */
  secured(isVerified: boolean): Effect[] {
    this.#reader = new ReplyReader()
    return this.#step(onSecured(isVerified, this.options))
  }

  /** The key is made that `derive` asked for. */
  derived(salted: Uint8Array): Effect[] {
    return this.#state.at === 'auth' ? this.#step(onDerived(this.#state, salted)) : []
  }

  /** Only when `at` is `ready`. */
  transact(transaction: Transaction): Effect[] {
    const step = onTransaction(this.#state, transaction, this.options)
    if (step[0].at === 'envelope') this.#transactions += 1
    return this.#step(step)
  }

  /** To be called right before a chunk that is not the last is written. */
  chunk(): void {
    this.#state = onChunk(this.#state)
  }

  /** To be called right before the final dot, or the last bytes of the last chunk, are written, in the same turn. */
  dot(): void {
    this.#state = onDot(this.#state)
  }

  bodyFailed(verdict: Verdict, why: string): Effect[] {
    return this.#step(onBodyFailed(this.#state, verdict, why))
  }

  /** The connection is gone or silent for too long. */
  lost(reason: string): Effect[] {
    const rest = this.#reader.rest
    const cut: Effect[] = rest.length > 0 && this.at !== 'over' ? [this.#heard(rest, true, false)] : []
    return [...cut, ...this.#step(onLost(this.#state, reason, this.options))]
  }

  quit(): Effect[] {
    return this.#step(onQuit(this.#state))
  }

  #heard(bytes: Uint8Array, odd: boolean, echo: boolean): Effect {
    const secrets = this.#saidBack?.rangesIn(bytes)
    if (secrets === undefined || secrets.length === 0) return { do: 'heard', bytes, odd, echo }
    return { do: 'heard', bytes, odd, echo, secrets }
  }

  #step([state, ...effects]: readonly [ClientState, ...Effect[]]): Effect[] {
    this.#state = state
    return effects
  }
}
