import { letGo } from '../../base/let-go.ts'
import type { ForwardPath, Mailbox } from '../../model/address.ts'
import type { Reply } from '../../model/reply.ts'
import type { ScramCredentials, ScramProof } from '../scram.ts'
import { nameInStep } from '../sasl-name.ts'
import { LONGEST_COMMAND, parseCommand, type Command } from './command.ts'
import type { ContentFacts, DataLimits } from './data-reader.ts'
import { Ear } from './secrets.ts'
import { onAuthLine, onLogin, onScramChecked, onScramFound } from './server-auth.ts'
import { ServerContent } from './server-content.ts'
import { explained } from './server-explain.ts'
import { ServerInput } from './server-input.ts'
import { ServerManners } from './server-manners.ts'
import { reply } from './server-reply.ts'
import type { AnswerCommand, AuthState, Effect, SessionEffect, State, Step, Terms } from './server-terms.ts'
import { greeting, onCommand, onExpanded, onMessage, onRecipient, onSender } from './server.ts'

/** RFC 4954 §4: a line within AUTH may be longer than a command. */
const LONGEST_AUTH_LINE = 12_288
const ERROR_WAIT_MS = 1000
/** The states in which a line is an answer within AUTH. */
const EXCHANGES: ReadonlySet<State['at']> = new Set<AuthState['at']>([
  'plain',
  'login-user',
  'login-password',
  'scram-first',
  'scram-final',
  'scram-end',
])

const isAt = <At extends State['at']>(state: State, at: At): state is Extract<State, { at: At }> => state.at === at
const begins = (step: Step, what: Effect['do']) => step.some((effect) => 'do' in effect && effect.do === what)
const FOREIGN: Command = { verb: 'foreign' }
const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

/**
 * One session over bytes: frames lines, asks the machine, reads content, counts errors. It owns no socket and no clock. The
 * driver pushes what came and takes effects by `next()` until there are none; an effect that asks (`check-…`, `find-scram`,
 * `expand`, `message`, `secure`) holds everything behind it back until its answer is given.
 */
export class ServerSession {
  #terms: Terms
  readonly #limits: DataLimits
  readonly #answer: AnswerCommand
  readonly #manners = new ServerManners()
  #state: State = { at: 'connected', failedLogins: 0 }
  #effects: SessionEffect[] = []
  #taken = 0
  #isAsking = false
  #isOver = false
  #isGreeted = false
  readonly #input = new ServerInput()
  /** The message that comes; between two chunks, too. */
  #content: ServerContent | undefined
  /** The next bytes are content. */
  #isReading = false
  #isFirst = true
  readonly #ear = new Ear()
  #isVerbose = false

  /** `isSecureFromStart`: TLS comes before the greeting (RFC 8314 §3). `answer`: who answers commands in the machine's place. */
  constructor(terms: Terms, limits: DataLimits, isSecureFromStart = false, answer: AnswerCommand = onCommand) {
    this.#terms = terms
    this.#answer = answer
    this.#limits = limits
    if (isSecureFromStart) {
      this.#isAsking = true
      this.#effects.push({ do: 'secure' })
    } else if (terms.greetingDelayMs > 0) this.#effects.push({ do: 'wait', ms: terms.greetingDelayMs })
  }

  /** Where the session stands, for deadlines. */
  get at(): State['at'] {
    return this.#state.at
  }
  /** Content is what comes next. */
  get isReading(): boolean {
    return this.#isReading
  }
  /** True between commands, or within a line that has not ended: a goodbye interrupts nothing there. */
  get isAtBoundary(): boolean {
    return !this.#isAsking && !this.#isReading && this.#taken >= this.#effects.length
  }
  /** Bytes that came and were not read yet: the driver stops reading the socket when there are many. */
  get heldBytes(): number {
    return this.#input.left
  }

  /** Bytes from the client, in order. The session keeps the array. */
  push(bytes: Uint8Array): void {
    if (!this.#isOver) this.#input.push(bytes)
  }
  /** Frees the bytes that were read to their end, content included: for a driver that has no use for them any more. */
  letGo(): void {
    if (this.#input.left > 0 || this.#taken < this.#effects.length) return
    letGo(this.#input.bytes)
    this.#input.clear()
  }

  /** The next thing to do; undefined when it waits for bytes or for an answer. */
  next(): SessionEffect | undefined {
    while (this.#taken >= this.#effects.length) {
      this.#effects.length = 0
      this.#taken = 0
      if (this.#isAsking || this.#isOver) return undefined
      if (!this.#isGreeted) this.#greet()
      else if (!this.#read()) return undefined
    }
    const effect = this.#effects[this.#taken++] as SessionEffect
    if (effect.do === 'hang-up') this.#isOver = true
    return effect
  }

  onLogin(found: Parameters<typeof onLogin>[1]): void {
    this.#resume('checking-login', (state) => onLogin(state, found))
  }
  onScramFound(found: ScramCredentials | 'unknown', serverNonce: string): void {
    this.#resume('finding-scram', (state) => onScramFound(state, found, serverNonce))
  }
  onScramChecked(proof: ScramProof | undefined): void {
    this.#resume('checking-scram', (state) => onScramChecked(state, proof))
  }
  onExpanded(members: readonly Mailbox[] | 'unknown' | undefined): void {
    this.#resume('expanding', (state) => onExpanded(state, members))
  }
  onSender(refusal: Reply | undefined): void {
    this.#resume('checking-sender', (state) => onSender(state, refusal))
  }
  onRecipient(found: ForwardPath | Reply): void {
    this.#resume('checking-recipient', (state) => onRecipient(state, found, this.#terms))
  }
  /** The answer to `message`. A message that was taken clears the errors made before it. */
  onMessage(answer: Reply): void {
    const state = this.#answered()
    if (answer.code < 400) this.#manners.forgive()
    if (state.at === 'data' || state.at === 'chunks') this.#apply(onMessage(state, answer))
  }
  /** TLS stands: the session begins anew (RFC 3207 §4.2), but what went wrong before still counts. */
  onSecured(bindings: Terms['bindings'] = []): void {
    const state = this.#answered()
    this.#terms = { ...this.#terms, isSecure: true, bindings }
    this.#state = { at: 'connected', failedLogins: state.at === 'connected' ? state.failedLogins : 0 }
    this.#input.clear()
    this.#isFirst = true
    this.#isVerbose = false
    this.#ear.forget()
    const { greetingDelayMs } = this.#terms
    if (!this.#isGreeted && greetingDelayMs > 0) this.#effects.push({ do: 'wait', ms: greetingDelayMs })
  }

  #resume<At extends State['at']>(at: At, step: (state: Extract<State, { at: At }>) => Step): void {
    const state = this.#answered()
    if (isAt(state, at)) this.#apply(step(state))
  }

  #answered(): State {
    if (!this.#isAsking) throw new Error('an answer came that nothing asked for')
    this.#isAsking = false
    return this.#state
  }

  /** RFC 5321 §3.1: the client waits for our first words. A program that sends mail in bulk saves itself the time. */
  #greet(): void {
    this.#isGreeted = true
    if (this.#terms.greetingDelayMs > 0 && this.heldBytes > 0) {
      this.#hear(this.#waiting, true, FOREIGN)
      this.#effects.push(
        { do: 'reply', reply: reply(554, '5.5.1', 'you spoke before you were greeted') },
        { do: 'hang-up' },
      )
    } else this.#effects.push({ do: 'reply', reply: greeting(this.#terms) })
  }

  /** Reads one line or a piece of content. False when there is not enough. */
  #read(): boolean {
    // A chunk of no octets is over before anything comes.
    if (this.#isReading) return this.#readContent()
    if (this.heldBytes === 0) return false
    if (this.#isFirst && !isLetter(this.#input.bytes[this.#input.at] as number)) {
      // A TLS hello or a web page: it will not send a line end for us to wait for.
      this.#hear(this.#waiting, true, FOREIGN)
      this.#apply(onCommand(this.#state, FOREIGN, this.#terms))
      return true
    }
    return this.#readLine()
  }

  /** What came and is not going to be read, as much of it as a command may have. */
  get #waiting(): Uint8Array {
    const { bytes, at } = this.#input
    return bytes.subarray(at, at + LONGEST_COMMAND)
  }

  #readLine(): boolean {
    const isAnswer = this.#isInExchange()
    const read = this.#input.readLine(isAnswer ? LONGEST_AUTH_LINE : LONGEST_COMMAND)
    if (read === undefined) return false
    this.#isFirst = false
    const { line, isWhole, tooLong } = read
    if (tooLong !== undefined) {
      if (tooLong !== 'end') this.#hear(line.subarray(0, LONGEST_COMMAND), true)
      if (tooLong !== 'start') this.#refuseLine(reply(500, '5.5.2', 'line too long'))
      return true
    }
    if (isAnswer && isWhole) {
      this.#hear(line, false)
      this.#apply(onAuthLine(this.#state as AuthState, String.fromCharCode(...line), this.#terms))
      return true
    }
    const command = parseCommand(line)
    this.#hear(line, !isWhole, command)
    // RFC 5321 §2.3.8: a line ends in CRLF. Whoever reads on at a bare LF may be made to read what another did not.
    if (isWhole) this.#obey(command)
    else {
      this.#refuseLine(reply(500, '5.5.2', 'lines end in CRLF'))
      // Its octets come unasked, and must not be taken for commands.
      if (command.verb === 'BDAT') this.#effects.push({ do: 'hang-up' })
    }
    return true
  }

  #obey(command: Command): void {
    if (this.#manners.isTooMuch(command)) this.#countError()
    const step = this.#answer(this.#state, command, this.#terms)
    if (command.verb === 'STARTTLS' && this.heldBytes > 0 && begins(step, 'secure')) {
      // RFC 3207 §4.2, CVE-2011-0411: what came in the clear must not be taken for what came inside TLS.
      this.#say(reply(554, '5.5.1', 'nothing may follow STARTTLS'))
      this.#effects.push({ do: 'hang-up' })
    } else this.#apply(step)
  }

  #isInExchange(): boolean {
    return EXCHANGES.has(this.#state.at)
  }

  /** Refuses a line that is no line; within AUTH that is its end, too. */
  #refuseLine(refusal: Reply): void {
    if (this.#isInExchange() && 'client' in this.#state) this.#state = { at: 'idle', client: this.#state.client }
    this.#say(refusal)
  }

  #hear(line: Uint8Array, isOdd: boolean, command?: Command): void {
    const secrets = this.#ear.hear(line, this.#isInExchange(), command)
    const name = isOdd || secrets.length === 0 ? undefined : this.#nameIn(line, command)
    this.#effects.push({ do: 'heard', line, secrets, isOdd, ...(name !== undefined && { name }) })
  }

  /** Whom a line of a login names: only where one can be under way, and where a name stands. */
  #nameIn(line: Uint8Array, command: Command | undefined): string | undefined {
    const { at } = this.#state
    if (command?.verb === 'AUTH') {
      const { initial, mechanism } = command
      return initial === undefined ? undefined : nameInStep(initial, mechanism === 'LOGIN')
    }
    if (at !== 'plain' && at !== 'login-user' && at !== 'scram-first') return undefined
    return nameInStep(String.fromCharCode(...line), at === 'login-user')
  }

  #readContent(): boolean {
    const content = this.#content
    if (content === undefined) return false
    const before = this.#input.at
    this.#input.at = content.read(this.#input.bytes, before)
    this.#pass(content)
    const reading = content.settle()
    switch (reading.is) {
      case 'more':
        return this.#input.at > before
      case 'whole':
        this.#pass(content)
        this.#isReading = false
        this.#content = undefined
        this.#ask(reading.facts)
        return true
      case 'chunk':
        this.#isReading = false
        this.#say(reply(250, '2.0.0', 'chunk taken'))
        return true
      case 'refused':
      case 'broken':
        this.#isReading = false
        this.#content = undefined
        this.#effects.push({ do: 'discard' })
        this.#refuse(reading.reply)
        if (reading.is === 'broken') this.#effects.push({ do: 'hang-up' })
        return true
    }
  }

  /** Hands on what was just read. */
  #pass({ content, isSpoiled }: ServerContent): void {
    if (content.length > 0) this.#effects.push({ do: 'content', bytes: content, isSpoiled })
  }

  /** Refuses content. Whatever transaction it belonged to is over. */
  #refuse(refusal: Reply): void {
    const state = this.#state
    if (state.at === 'data' || state.at === 'chunks') this.#apply(onMessage(state, refusal))
    else this.#say(refusal)
  }

  #ask(facts: ContentFacts): void {
    const state = this.#state
    if (state.at !== 'data' && state.at !== 'chunks') return
    this.#isAsking = true
    this.#effects.push({
      do: 'message',
      message: {
        ...state.transaction,
        userId: state.client.userId,
        hello: state.client.hello,
        isExtended: state.client.isExtended,
        isSecure: this.#terms.isSecure,
        sizeBytes: facts.bytes,
        headBytes: facts.headBytes,
        has8bit: facts.has8bit,
        hasLongLines: facts.hasLongLines,
      },
    })
  }

  #apply(step: Step): void {
    const state = step[0]
    // Between two chunks the message may be given up by any command that resets its transaction.
    const goesOn = state.at === 'chunks' || (state.at === 'expanding' && state.back.at === 'chunks')
    if (this.#content !== undefined && !this.#isReading && !goesOn) {
      this.#content = undefined
      this.#effects.push({ do: 'discard' })
    }
    this.#state = state
    for (let i = 1; i < step.length; i++) {
      const effect = step[i] as Effect
      switch (effect.do) {
        case 'reply':
          this.#say(effect.reply, effect.isPardoned, effect.isSecret)
          break
        case 'explain':
          this.#isVerbose = effect.isOn
          break
        case 'read-message':
          this.#begin('data')
          break
        case 'read-chunk':
          this.#begin('chunks').beginChunk(effect.sizeBytes, state.at === 'chunks' && state.isLast, effect.refusal)
          break
        case 'check-login':
        case 'find-scram':
        case 'check-scram':
        case 'expand':
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

  /** The next bytes are content: of a new message, or of the one whose chunks are coming. */
  #begin(by: 'data' | 'chunks'): ServerContent {
    this.#isReading = true
    if (this.#content === undefined) {
      this.#content = new ServerContent(this.#limits, by)
      this.#effects.push({ do: 'begin' })
    }
    return this.#content
  }

  /** Says a reply and counts it when it tells of an error. */
  #say(said: Reply, isPardoned = false, isSecret = false): void {
    if (said.code >= 400 && !isPardoned && said.code !== 421) this.#countError()
    const shown = this.#isVerbose ? explained(said) : said
    this.#effects.push(isSecret ? { do: 'reply', reply: shown, isSecret } : { do: 'reply', reply: shown })
    if (!this.#manners.isOver || said.code === 421) return
    this.#effects.push({ do: 'reply', reply: reply(421, '4.7.0', 'too many errors') }, { do: 'hang-up' })
  }

  #countError(): void {
    if (this.#manners.countError()) this.#effects.push({ do: 'wait', ms: ERROR_WAIT_MS })
  }
}
