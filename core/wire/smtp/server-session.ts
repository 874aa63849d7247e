import type { ForwardPath } from '../../model/address.ts'
import type { Reply } from '../../model/reply.ts'
import { LONGEST_COMMAND, parseCommand, type Command } from './command.ts'
import { DataReader, type DataLimits } from './data-reader.ts'
import { announcesSecret, secretRanges, type SecretRange } from './secrets.ts'
import { reply } from './server-reply.ts'
import {
  greeting,
  onAuthLine,
  onCommand,
  onLogin,
  onMessage,
  onRecipient,
  onSender,
  type Effect,
  type AuthState,
  type State,
  type Terms,
  type Transaction,
} from './server.ts'

/** What the driver does next: the machine's effects, what was heard, and the content of messages. */
export type SessionEffect =
  | Exclude<Effect, { do: 'read-message' }>
  /** A line that came, for the transcript. `isOdd`: it did not end in CRLF, or is only the start of one too long. */
  | {
      readonly do: 'heard'
      readonly line: Uint8Array
      readonly secrets: readonly SecretRange[]
      readonly isOdd: boolean
    }
  /** A piece of content, valid until the next push. `isSpoiled`: it will be refused, so nothing more need be kept. */
  | { readonly do: 'content'; readonly bytes: Uint8Array; readonly isSpoiled: boolean }
  /** The content is whole and sound. The driver answers by `onMessage`. */
  | { readonly do: 'message'; readonly message: Incoming }
  /** The content came to its end, or was given up, and is refused by the reply that follows. */
  | { readonly do: 'discard' }

/** A whole message as the session knows it; the driver has its bytes. */
export interface Incoming extends Transaction {
  readonly userId: number | undefined
  readonly isExtended: boolean
  readonly isSecure: boolean
  readonly sizeBytes: number
  readonly headBytes: number
  readonly has8bit: boolean
}

/** RFC 4954 §4: a line within AUTH may be longer than a command. */
const LONGEST_AUTH_LINE = 12_288
/** Errors after which every further one costs a second, and after which the session ends. Postfix's numbers. */
const SOFT_ERRORS = 10
const HARD_ERRORS = 20
const ERROR_WAIT_MS = 1000
/** Commands that bring no mail; each one beyond counts as an error. */
const JUNK_COMMANDS = 100
const JUNK: ReadonlySet<Command['verb']> = new Set(['NOOP', 'RSET', 'VRFY', 'EXPN', 'HELP', 'EHLO', 'HELO'])
/** A message refused for its size is read to its end for this many times the limit, then the session is ended. */
const OVERRUN = 4

const LF = 10
const CR = 13
const EMPTY = new Uint8Array(0)
const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

const REFUSALS = {
  bare: reply(550, '5.5.2', 'a CR or LF stands alone in the message'),
  size: reply(552, '5.3.4', 'message too big'),
  header: reply(552, '5.3.4', 'header too big'),
  line: reply(554, '5.6.0', 'a line is longer than 998 octets'), // RFC 5321 §4.5.3.1.6
  nul: reply(554, '5.6.0', 'the message holds a NUL'), // RFC 6152 §2 leaves it out
} as const

/**
 * One submission session over bytes: frames lines, asks the machine, reads content, counts errors. It owns no socket and
 * no clock. The driver pushes what came and takes effects by `next()` until there are none; an effect that asks (`check-…`,
 * `message`, `secure`) holds everything behind it back until its answer is given.
 */
export class ServerSession {
  #terms: Terms
  readonly #limits: DataLimits
  #state: State = { at: 'connected' }
  #effects: SessionEffect[] = []
  #taken = 0
  #isAsking = false
  #isOver = false
  #held: Uint8Array = EMPTY
  #from = 0
  #searched = 0
  #reader: DataReader | undefined
  #isSkipping = false
  #isFirst = true
  #afterAuth = false
  #errors = 0
  #junk = 0

  constructor(terms: Terms, limits: DataLimits) {
    this.#terms = terms
    this.#limits = limits
    this.#effects.push({ do: 'reply', reply: greeting(terms) })
  }

  /** Where the session stands, for deadlines. */
  get at(): State['at'] {
    return this.#state.at
  }
  /** True between commands, or within a line that has not ended: a goodbye interrupts nothing there. */
  get isAtBoundary(): boolean {
    return !this.#isAsking && this.#reader === undefined && this.#taken >= this.#effects.length
  }
  /** Bytes that came and were not read yet: the driver stops reading the socket when there are many. */
  get heldBytes(): number {
    return this.#held.length - this.#from
  }

  /** Bytes from the client, in order. The session keeps the array. */
  push(bytes: Uint8Array): void {
    if (this.#isOver) return
    if (this.#from >= this.#held.length) {
      this.#held = bytes
      this.#searched = 0
    } else {
      const rest = this.#held.subarray(this.#from)
      this.#held = new Uint8Array(rest.length + bytes.length)
      this.#held.set(rest)
      this.#held.set(bytes, rest.length)
      this.#searched = Math.max(this.#searched - this.#from, 0)
    }
    this.#from = 0
  }

  /** The next thing to do; undefined when it waits for bytes or for an answer. */
  next(): SessionEffect | undefined {
    while (this.#taken >= this.#effects.length) {
      this.#effects.length = 0
      this.#taken = 0
      if (this.#isAsking || this.#isOver || !this.#read()) return undefined
    }
    const effect = this.#effects[this.#taken++] as SessionEffect
    if (effect.do === 'hang-up') this.#isOver = true
    return effect
  }

  onLogin(found: Parameters<typeof onLogin>[1]): void {
    this.#answered()
    if (this.#state.at === 'checking-login') this.#apply(onLogin(this.#state, found))
  }
  onSender(refusal: Reply | undefined): void {
    this.#answered()
    if (this.#state.at === 'checking-sender') this.#apply(onSender(this.#state, refusal))
  }
  onRecipient(found: ForwardPath | Reply): void {
    this.#answered()
    if (this.#state.at === 'checking-recipient') this.#apply(onRecipient(this.#state, found))
  }
  /** The answer to `message`. A message that was taken clears the errors made before it. */
  onMessage(answer: Reply): void {
    this.#answered()
    if (answer.code < 400) this.#errors = this.#junk = 0
    if (this.#state.at === 'data') this.#apply(onMessage(this.#state, answer))
  }
  /** TLS stands: the session begins anew (RFC 3207 §4.2), but what went wrong before still counts. */
  onSecured(): void {
    this.#answered()
    this.#terms = { ...this.#terms, isSecure: true }
    this.#state = { at: 'connected' }
    this.#held = EMPTY
    this.#from = this.#searched = 0
    this.#isFirst = true
    this.#afterAuth = false
  }

  #answered(): void {
    if (!this.#isAsking) throw new Error('an answer came that nothing asked for')
    this.#isAsking = false
  }

  /** Reads one line or a piece of content. False when there is not enough. */
  #read(): boolean {
    if (this.#from >= this.#held.length) return false
    if (this.#reader !== undefined) return this.#readContent(this.#reader)
    const first = this.#held[this.#from] as number
    if (this.#isFirst && !isLetter(first)) {
      // A TLS hello or a web page: it will not send a line end for us to wait for.
      this.#hear(this.#held.subarray(this.#from), true, { verb: 'foreign' })
      this.#apply(onCommand(this.#state, { verb: 'foreign' }, this.#terms))
      return true
    }
    return this.#readLine()
  }

  #readLine(): boolean {
    const end = this.#held.indexOf(LF, Math.max(this.#from, this.#searched))
    const longest = this.#isInExchange() ? LONGEST_AUTH_LINE : LONGEST_COMMAND
    const size = (end < 0 ? this.#held.length : end + 1) - this.#from
    if (size > longest || this.#isSkipping) {
      if (!this.#isSkipping) this.#hear(this.#held.subarray(this.#from, this.#from + LONGEST_COMMAND), true)
      this.#isSkipping = end < 0
      this.#from = end < 0 ? this.#held.length : end + 1
      if (end >= 0) this.#refuseLine(reply(500, '5.5.2', 'line too long'))
      return true
    }
    if (end < 0) {
      this.#searched = this.#held.length
      return false
    }
    const isWhole = end > this.#from && this.#held[end - 1] === CR
    const line = this.#held.subarray(this.#from, isWhole ? end - 1 : end)
    this.#from = end + 1
    this.#isFirst = false
    if (this.#isInExchange() && isWhole) {
      this.#hear(line, false)
      this.#apply(onAuthLine(this.#state as AuthState, String.fromCharCode(...line)))
      return true
    }
    const command = parseCommand(line)
    this.#hear(line, !isWhole, command)
    // RFC 5321 §2.3.8: a line ends in CRLF. Whoever reads on at a bare LF may be made to read what another did not.
    if (!isWhole) this.#refuseLine(reply(500, '5.5.2', 'lines end in CRLF'))
    else this.#obey(command)
    return true
  }

  #obey(command: Command): void {
    if (JUNK.has(command.verb) && ++this.#junk > JUNK_COMMANDS) this.#countError()
    const step = onCommand(this.#state, command, this.#terms)
    if (step.some((effect) => 'do' in effect && effect.do === 'secure') && this.heldBytes > 0) {
      // RFC 3207 §4.2, CVE-2011-0411: what came in the clear must not be taken for what came inside TLS.
      this.#say(reply(554, '5.5.1', 'nothing may follow STARTTLS'))
      this.#effects.push({ do: 'hang-up' })
    } else this.#apply(step)
  }

  #isInExchange(): boolean {
    const { at } = this.#state
    return at === 'plain' || at === 'login-user' || at === 'login-password'
  }

  /** Refuses a line that is no line; within AUTH that is its end, too. */
  #refuseLine(refusal: Reply): void {
    if (this.#isInExchange() && 'client' in this.#state) this.#state = { at: 'idle', client: this.#state.client }
    this.#say(refusal)
  }

  #hear(line: Uint8Array, isOdd: boolean, command?: Command): void {
    const expected = this.#isInExchange() ? 'exchange' : this.#afterAuth ? 'after-refusal' : 'command'
    const secrets = secretRanges(line, expected, command)
    const announces = command?.verb === 'AUTH' || (command?.verb === 'malformed' && announcesSecret(line))
    if (secrets.length > 0 || announces || expected === 'exchange') this.#afterAuth = true
    else if (command !== undefined && command.verb !== 'malformed') this.#afterAuth = false
    this.#effects.push({ do: 'heard', line, secrets, isOdd })
  }

  #readContent(reader: DataReader): boolean {
    const { next, content } = reader.read(this.#held, this.#from)
    this.#from = next
    if (content.length > 0) this.#effects.push({ do: 'content', bytes: content, isSpoiled: reader.flaw !== undefined })
    if (reader.state === 'smuggled') {
      this.#reader = undefined
      this.#effects.push({ do: 'discard' })
      this.#say(reply(521, '5.5.2', 'a dot stands beside a CR or LF of its own: no more is read'))
      this.#effects.push({ do: 'hang-up' })
    } else if (reader.state === 'ended') {
      this.#reader = undefined
      this.#endContent(reader)
    } else if (reader.bytes > this.#limits.messageBytes * OVERRUN) {
      this.#reader = undefined
      this.#effects.push({ do: 'discard' })
      this.#say(reply(421, '4.3.4', 'message far too big'))
      this.#effects.push({ do: 'hang-up' })
    }
    return true
  }

  #endContent(reader: DataReader): void {
    const state = this.#state
    if (state.at !== 'data') return
    if (reader.flaw !== undefined) {
      this.#effects.push({ do: 'discard' })
      this.#apply(onMessage(state, REFUSALS[reader.flaw]))
      return
    }
    this.#isAsking = true
    this.#effects.push({
      do: 'message',
      message: {
        ...state.transaction,
        userId: state.client.userId,
        isExtended: state.client.isExtended,
        isSecure: this.#terms.isSecure,
        sizeBytes: reader.bytes,
        headBytes: reader.headBytes,
        has8bit: reader.has8bit,
      },
    })
  }

  #apply([state, ...effects]: readonly [State, ...Effect[]]): void {
    this.#state = state
    for (const effect of effects) {
      switch (effect.do) {
        case 'reply':
          this.#say(effect.reply, effect.isPardoned)
          break
        case 'read-message':
          this.#reader = new DataReader(this.#limits)
          break
        case 'check-login':
        case 'check-sender':
        case 'check-recipient':
        case 'secure':
          this.#isAsking = true
          this.#effects.push(effect)
          break
        default:
          this.#effects.push(effect)
      }
    }
  }

  /** Says a reply and counts it when it tells of an error. */
  #say(said: Reply, isPardoned = false): void {
    if (said.code >= 400 && !isPardoned && said.code !== 421) this.#countError()
    this.#effects.push({ do: 'reply', reply: said })
    if (this.#errors < HARD_ERRORS || said.code === 421) return
    this.#effects.push({ do: 'reply', reply: reply(421, '4.7.0', 'too many errors') }, { do: 'hang-up' })
  }

  #countError(): void {
    if (++this.#errors > SOFT_ERRORS) this.#effects.push({ do: 'wait', ms: ERROR_WAIT_MS })
  }
}
