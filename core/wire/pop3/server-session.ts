import type { ScramProof } from '../scram.ts'
import { isSayable, nameInStep } from '../sasl-name.ts'
import { ServerInput } from '../smtp/server-input.ts'
import { err, onAuthLine, onLogin, onMaildrop, onScramChecked, onScramFound } from './server-auth.ts'
import { LONGEST_AUTH_LINE, LONGEST_COMMAND, parseCommand, type Command } from './server-command.ts'
import { bareNameIn, Pop3Ear } from './server-secrets.ts'
import type {
  AuthState,
  Effect,
  LoginAnswer,
  MaildropAnswer,
  MessageAnswer,
  RemoveAnswer,
  ScramAnswer,
  SessionEffect,
  State,
  Status,
  Step,
  Terms,
} from './server-terms.ts'
import { GREETING, onCommand, onMessage, onRemoved, onSent } from './server.ts'

/** Errors after which every further one costs a second, and after which the session ends: those of our SMTP server. */
const SOFT_ERRORS = 10
const HARD_ERRORS = 20
const ERROR_WAIT_MS = 1000
/** Commands in a row that bring no mail; each one beyond counts as an error. */
const JUNK_COMMANDS = 1000
const JUNK: ReadonlySet<Command['verb']> = new Set<Command['verb']>(['NOOP', 'RSET', 'CAPA', 'STAT', 'LANG', 'UTF8'])
/** Lines of a listing that are made at once: some 30 KiB. */
const LISTED_AT_ONCE = 500
const EXCHANGES: ReadonlySet<State['at']> = new Set<AuthState['at']>([
  'plain',
  'scram-first',
  'scram-final',
  'scram-end',
])

const isAt = <At extends State['at']>(state: State, at: At): state is Extract<State, { at: At }> => state.at === at
const FOREIGN: Command = { verb: 'foreign' }
const named = (step: string) => {
  const name = nameInStep(step, false)
  return name === undefined ? {} : { name }
}
const isLetter = (byte: number) => (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a

/** The wire line of a status without its CRLF. */
export const statusLine = ({ isOk, code, text }: Status): string =>
  `${isOk ? '+OK' : '-ERR'}${code === undefined ? '' : ` [${code}]`} ${text}`

/**
 * One session over bytes: frames lines, asks the machine, counts errors. It owns no socket and no clock. The driver pushes what
 * came and takes effects by `next()` until there are none; an effect that asks (`check-…`, `find-…`, `open-maildrop`,
 * `send-message`, `remove`, `secure`) holds everything behind it back until its answer is given.
 */
export class Pop3ServerSession {
  #terms: Terms
  #state: State = { at: 'authorization', failedLogins: 0 }
  #effects: SessionEffect[] = []
  #taken = 0
  #isAsking = false
  #isOver = false
  #isGreeted = false
  #isFirst = true
  #errors = 0
  #junk = 0
  /** A listing under way, and the number it is to go on with. */
  #listing: { readonly of: 'sizes' | 'uidls'; next: number } | undefined
  readonly #input = new ServerInput()
  readonly #ear = new Pop3Ear()

  /** `isSecureFromStart`: TLS comes before the greeting (RFC 8314 §3). */
  constructor(terms: Terms, isSecureFromStart = false) {
    this.#terms = terms
    if (!isSecureFromStart) return
    this.#isAsking = true
    this.#effects.push({ do: 'secure' })
  }

  /** Where the session stands, for deadlines. */
  get at(): State['at'] {
    return this.#state.at
  }
  /** True between commands, or within a line that has not ended: an end interrupts nothing there. */
  get isAtBoundary(): boolean {
    return !this.#isAsking && this.#listing === undefined && this.#taken >= this.#effects.length
  }
  /** Bytes that came and were not read yet: the driver stops reading the socket when there are many. */
  get heldBytes(): number {
    return this.#input.left
  }

  /** Bytes from the client, in order. The session keeps the array. */
  push(bytes: Uint8Array): void {
    if (!this.#isOver) this.#input.push(bytes)
  }

  /** The next thing to do; undefined when it waits for bytes or for an answer. */
  next(): SessionEffect | undefined {
    while (this.#taken >= this.#effects.length) {
      this.#effects.length = 0
      this.#taken = 0
      if (this.#listing !== undefined) this.#list(this.#listing)
      else if (this.#isAsking || this.#isOver) return undefined
      else if (!this.#isGreeted) {
        this.#isGreeted = true
        this.#apply([this.#state, GREETING])
      } else if (!this.#read()) return undefined
    }
    const effect = this.#effects[this.#taken++] as SessionEffect
    if (effect.do === 'hang-up') this.#isOver = true
    return effect
  }

  onLogin(found: LoginAnswer): void {
    this.#resume('checking-login', (state) => onLogin(state, found))
  }
  onScramFound(found: ScramAnswer, serverNonce: string): void {
    this.#resume('finding-scram', (state) => onScramFound(state, found, serverNonce))
  }
  onScramChecked(proof: ScramProof | undefined): void {
    this.#resume('checking-scram', (state) => onScramChecked(state, proof))
  }
  onMaildrop(drop: MaildropAnswer): void {
    this.#errors = this.#junk = 0
    this.#resume('opening', (state) => onMaildrop(state, drop))
  }
  onMessage(found: MessageAnswer): void {
    if (found === 'found') this.#errors = this.#junk = 0
    this.#resume('finding', (state) => onMessage(state, found))
  }
  /** The message and its final dot have been written. */
  onSent(): void {
    this.#resume('sending', onSent)
  }
  onRemoved(answer: RemoveAnswer): void {
    this.#resume('update', (state) => onRemoved(state, answer))
  }
  /** TLS stands: what was said before is forgotten (RFC 2595 §4), failed logins apart. */
  onSecured(bindings: Terms['bindings'] = []): void {
    const state = this.#answered()
    this.#terms = { ...this.#terms, isSecure: true, bindings }
    this.#state = { at: 'authorization', failedLogins: 'failedLogins' in state ? state.failedLogins : 0 }
    this.#input.clear()
    this.#isFirst = true
    this.#ear.forget()
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

  /** Reads one line. False when there is none yet. */
  #read(): boolean {
    if (this.heldBytes === 0) return false
    const { bytes, at } = this.#input
    if (this.#isFirst && !isLetter(bytes[at] as number)) {
      // A TLS hello: it will not send a line end for us to wait for.
      this.#hear(bytes.subarray(at, at + LONGEST_COMMAND), true, FOREIGN)
      this.#apply(onCommand(this.#state, FOREIGN, this.#terms))
      return true
    }
    const isAnswer = this.#isInExchange
    const read = this.#input.readLine(isAnswer ? LONGEST_AUTH_LINE : LONGEST_COMMAND)
    if (read === undefined) return false
    this.#isFirst = false
    const { line, isWhole, tooLong } = read
    if (tooLong !== undefined) {
      if (tooLong !== 'end') this.#hear(line.subarray(0, LONGEST_COMMAND), true)
      if (tooLong !== 'start') this.#refuseLine('line too long')
      return true
    }
    if (isAnswer && isWhole) {
      this.#hear(line, false)
      this.#apply(onAuthLine(this.#state as AuthState, String.fromCharCode(...line), this.#terms))
      return true
    }
    const command = parseCommand(line)
    this.#hear(line, !isWhole, command)
    // Whoever reads on at a bare LF may be made to read what another did not.
    if (isWhole) this.#obey(command)
    else this.#refuseLine('lines end in CRLF')
    return true
  }

  #obey(command: Command): void {
    if (JUNK.has(command.verb) && ++this.#junk > JUNK_COMMANDS) this.#countError()
    const step = onCommand(this.#state, command, this.#terms)
    if (step.some((effect) => 'do' in effect && effect.do === 'secure') && this.heldBytes > 0) {
      // RFC 2595 §4, CVE-2011-0411: what came in the clear must not be taken for what came inside TLS.
      this.#apply([{ at: 'over' }, err('nothing may follow STLS'), { do: 'hang-up' }])
    } else this.#apply(step)
  }

  get #isInExchange(): boolean {
    return EXCHANGES.has(this.#state.at)
  }

  /** Refuses a line that is no line; within AUTH that is its end, too. */
  #refuseLine(text: string): void {
    const state = this.#state
    const next: State =
      this.#isInExchange && 'failedLogins' in state ? { at: 'authorization', failedLogins: state.failedLogins } : state
    this.#apply([next, err(text)])
  }

  #hear(line: Uint8Array, isOdd: boolean, command?: Command): void {
    const secrets = this.#ear.hear(line, this.#isInExchange, command)
    this.#effects.push({ do: 'heard', line, secrets, isOdd, ...this.#nameIn(line, isOdd, command) })
  }

  /** Whom a line of a login names. What follows USER or APOP is a name and nothing else, whatever the line is worth. */
  #nameIn(line: Uint8Array, isOdd: boolean, command: Command | undefined) {
    const { at } = this.#state
    if (command?.verb === 'AUTH' && command.initial !== undefined && !isOdd) return named(command.initial)
    if (this.#isInExchange)
      return isOdd || (at !== 'plain' && at !== 'scram-first') ? {} : named(String.fromCharCode(...line))
    const bare = bareNameIn(line)
    if (bare === undefined) return {}
    const name = command?.verb === 'USER' && isSayable(command.user) ? { name: command.user } : {}
    return { nameAt: bare, ...name }
  }

  #apply([state, ...effects]: Step): void {
    this.#state = state
    for (const effect of effects) this.#add(effect)
  }

  #add(effect: Effect): void {
    switch (effect.do) {
      case 'status':
        return this.#say(effect.status, effect.isPardoned ?? false)
      case 'challenge':
        this.#effects.push({ do: 'say', line: `+ ${effect.text}`, isOk: true, secretFrom: 2 })
        return
      case 'lines':
        this.#effects.push({ do: 'list', text: `${effect.lines.join('\r\n')}\r\n.\r\n`, isLast: true })
        return
      case 'listing':
        this.#listing = { of: effect.of, next: 1 }
        return
      case 'wait':
      case 'login-failed':
      case 'hang-up':
        this.#effects.push(effect)
        return
      default:
        this.#isAsking = true
        this.#effects.push(effect)
    }
  }

  /** The next lines of a listing: not all at once, for a client reads a long one in its own time. */
  #list(listing: { readonly of: 'sizes' | 'uidls'; next: number }): void {
    const state = this.#state
    if (state.at !== 'transaction') return void (this.#listing = undefined)
    const { drop, marks } = state
    const lines: string[] = []
    for (; listing.next <= drop.count && lines.length < LISTED_AT_ONCE; listing.next++) {
      const number = listing.next
      if (!marks.isLeft(number)) continue
      lines.push(`${number} ${listing.of === 'sizes' ? drop.sizeOf(number) : drop.uidlOf(number)}\r\n`)
    }
    const isLast = listing.next > drop.count
    if (isLast) {
      this.#listing = undefined
      lines.push('.\r\n')
    }
    this.#effects.push({ do: 'list', text: lines.join(''), isLast })
  }

  /** Says a status and counts it when it tells of an error. */
  #say(status: Status, isPardoned: boolean): void {
    const isError = !status.isOk && !isPardoned && this.#state.at !== 'over'
    if (isError) this.#countError()
    this.#effects.push({ do: 'say', line: statusLine(status), isOk: status.isOk })
    if (this.#errors < HARD_ERRORS || this.#state.at === 'over') return
    this.#state = { at: 'over' }
    this.#listing = undefined
    this.#effects.push({ do: 'say', line: '-ERR too many errors', isOk: false }, { do: 'hang-up' })
  }

  #countError(): void {
    if (++this.#errors > SOFT_ERRORS) this.#effects.push({ do: 'wait', ms: ERROR_WAIT_MS })
  }
}
