import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { errnoWords, shortErrno } from '../base/errno.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { ConsoleEffect, ConsoleLogin, ConsoleMachine, ConsoleStanding } from '../model/console-state.ts'
import type { NumberedEvent } from '../model/log-exchange.ts'
import type { TlsFacts } from '../model/transcript.ts'
import { MirroredTranscript } from '../transcript/mirror.ts'
import { Pop3Console } from '../wire/console/pop3.ts'
import { SmtpConsole } from '../wire/console/smtp.ts'
import { ownNameOf } from '../wire/sasl-name.ts'
import { formatEndpoint, formatLiteral } from './address.ts'
import { ConsoleListing } from './console-listing.ts'
import { Autopilot } from './console-replay.ts'
import {
  SENTENCES,
  UPGRADE,
  verdictOf,
  type CertificateVerdict,
  type ConsolePeers,
  type ConsoleStage,
  type ConsoleTarget,
} from './console-terms.ts'
import type { FoundHost } from './find-host.ts'
import { pop3Primitives, saltPassword } from './sasl-primitives.ts'
import { secure } from './tls.ts'

const CONNECT_MS = 30_000
/** After goodbye the server has so long to close. */
const LINGER_MS = 5000
/** However busy it is, no session is longer than this. */
const LONGEST_MS = 4 * 3_600_000
/** Lines of one answer that is no list, and of what a server says unasked: each costs more than its bytes. */
const MOST_LINES = 2000
/** Of all that a server says so much is read. */
const MOST_BYTES = 64 * 1024 * 1024

/** One session that a person leads: drives a machine over a socket, line by line, bounded in time and size. */
export class ConsoleSession {
  readonly target: ConsoleTarget
  readonly startedMs: number
  readonly #peers: ConsolePeers
  readonly #onChange: () => void
  readonly #transcript: MirroredTranscript
  readonly #listing: ConsoleListing
  #autopilot: Autopilot
  readonly #given = new AbortController()
  #machine: ConsoleMachine | undefined
  #socket: Socket | undefined
  #address = ''
  #stage: ConsoleStage = 'dialling'
  #facts: TlsFacts | null = null
  #verdict: CertificateVerdict | null = null
  #ended = ''
  #endsAt = 0
  #idle: Cancel = () => {}
  readonly #longest: Cancel
  #linger: Cancel = () => {}
  /** What a sign-in was last carried out with. A name that is typed by hand may be a password. */
  #login: ConsoleLogin | undefined
  #heardBytes = 0
  /** Since something was said to it. */
  #heardLines = 0
  #hasQuit: 'no' | 'said' | 'answered' = 'no'

  /** Looks the host up and begins to dial. `onChange` is called whenever there is something new to look at. */
  static async open(target: ConsoleTarget, peers: ConsolePeers, onChange: () => void): Promise<ConsoleSession> {
    return new ConsoleSession(target, peers, onChange, await peers.findHost(target.host))
  }

  private constructor(target: ConsoleTarget, peers: ConsolePeers, onChange: () => void, found: FoundHost) {
    this.target = target
    this.#peers = peers
    this.#onChange = onChange
    this.startedMs = peers.clock.nowMs()
    const { protocol, host, port } = target
    const [first] = found.ok ? found.addresses : []
    const address = first === undefined ? '' : formatEndpoint(first, port)
    const head = { protocol, side: 'client', peer: host, address } as const
    this.#transcript = new MirroredTranscript(peers.recorder.open(head), peers.clock)
    this.#listing = new ConsoleListing(this.#transcript)
    this.#autopilot = new Autopilot(target.replay ?? [], (text) => this.#transcript.note(text))
    this.#transcript.note('the guided console: a person leads this session')
    this.#touch()
    this.#longest = peers.clock.after(LONGEST_MS, () =>
      this.#end('us', `a session ends after ${LONGEST_MS / 3_600_000} hours`),
    )
    void this.#connect(found)
  }

  get sessionId(): number | undefined {
    return this.#transcript.sessionId
  }
  get stage(): ConsoleStage {
    return this.#stage
  }
  /** `address:port` of the server, once it is connected to. */
  get address(): string {
    return this.#address
  }
  get facts(): TlsFacts | null {
    return this.#facts
  }
  get verdict(): CertificateVerdict | null {
    return this.#verdict
  }
  /** Why it is over; '' while it is not. */
  get ended(): string {
    return this.#ended
  }
  /** When it ends by itself where nothing is said (Unix ms). */
  get endsMs(): number {
    return this.#endsAt
  }
  /** Undefined before there is anything to say. */
  get standing(): ConsoleStanding | undefined {
    return this.#machine?.standing
  }
  /** How far a replay has come; undefined where there is none, or it has handed over. */
  get replay(): { readonly at: number; readonly of: number } | undefined {
    return this.#autopilot.progress
  }
  /** Why a replay has handed over; '' where there was none. */
  get handedOver(): string {
    return this.#autopilot.handedOver
  }
  events(fromSeq: number, limit: number): NumberedEvent[] {
    return this.#transcript.events(fromSeq, limit)
  }

  /** Says a line. Returns why it was not said; undefined when it was. */
  say(line: Uint8Array, anything: boolean): string | undefined {
    return this.#act((machine) => machine.say(line, anything))
  }
  /** Says a whole message where one is due. */
  sayMessage(lines: readonly Uint8Array[]): string | undefined {
    return this.#act((machine) => machine.sayMessage(lines))
  }
  /** Signs in by a mechanism. */
  signIn(login: ConsoleLogin): string | undefined {
    this.#login = login
    return this.#act((machine) => machine.signIn(login))
  }
  /** The person wants to go on in spite of the certificate, in this session. */
  goOn(): void {
    if (this.#stage !== 'certificate') return
    this.#transcript.note('the person goes on in spite of the certificate, in this session only')
    this.#touch()
    this.#enter()
  }
  /** The person takes over from a replay. */
  takeOver(): void {
    this.#autopilot.stop('You took over.')
    this.#onChange()
  }
  hangUp(why = 'the person hung up'): void {
    this.#end('us', why)
  }

  async #connect(found: FoundHost): Promise<void> {
    const { port, tls } = this.target
    for (const line of found.trace) this.#transcript.note(line)
    if (!found.ok) return this.#fail('dns', found.reason)
    let reason = ''
    for (const address of found.addresses.slice(0, 4)) {
      if (this.#stage === 'over') return
      this.#address = formatEndpoint(address, port)
      this.#transcript.note(`dialling ${this.#address}`)
      const dialled = await this.#peers.dial({ address, port, timeoutMs: CONNECT_MS }, this.#given.signal)
      if (dialled.ok) {
        this.#socket = dialled.socket
        dialled.socket.on('error', () => {})
        if (this.#ended !== '') return void dialled.socket.destroy()
        this.#transcript.note(`connected to ${this.#address}`)
        const ownName = this.#peers.ownName() || formatLiteral(dialled.socket.localAddress ?? '127.0.0.1')
        this.#machine = this.#newMachine(ownName)
        if (tls === 'starttls' && this.target.replay === undefined) this.#autopilot = this.#upgrade(ownName)
        return tls === 'implicit' ? this.#secure() : this.#enter()
      }
      reason = errnoWords(dialled.errno)
      this.#transcript.worst(shortErrno(dialled.errno))
    }
    this.#fail('', reason)
  }

  /** What has to be said for TLS is said for the person. */
  #upgrade(ownName: string): Autopilot {
    const steps =
      this.target.protocol === 'pop3'
        ? [{ line: 'STLS', code: '+OK' }]
        : [
            { line: `EHLO ${ownName}`, code: '250' },
            { line: 'STARTTLS', code: '220' },
          ]
    return new Autopilot(steps, (text) => this.#transcript.note(text), UPGRADE)
  }

  #newMachine(ownName: string): ConsoleMachine {
    const { host, port, protocol } = this.target
    const terms = {
      host,
      port,
      isSecure: false,
      ownName,
      primitives: pop3Primitives,
      md5: (text: string) => pop3Primitives.md5(text),
    }
    return protocol === 'smtp' ? new SmtpConsole(terms) : new Pop3Console(terms)
  }

  /** The handshake goes through whatever the certificate is worth: the facts are shown, and the person decides. */
  async #secure(): Promise<void> {
    const raw = this.#socket
    if (raw === undefined) return
    for (const event of ['data', 'close', 'error']) raw.removeAllListeners(event)
    raw.on('error', () => {})
    this.#stage = 'handshake'
    this.#onChange()
    const { caFile, ownFingerprint, clock } = this.#peers
    const secured = await secure(raw, { host: this.target.host, caFile: caFile(), verify: 'opportunistic' }, clock)
    if (this.#ended !== '') return void (secured.ok && secured.socket.destroy())
    if (!secured.ok) return this.#fail('tls', `the TLS handshake failed: ${secured.reason}`)
    const { socket, facts } = secured
    socket.on('error', () => {})
    socket.once('close', () => this.#end('S', 'the server closed the connection'))
    this.#socket = socket
    this.#facts = facts
    this.#transcript.secured(facts)
    this.#verdict = verdictOf(facts, ownFingerprint())
    this.#machine?.secured()
    if (this.#verdict === 'trusted' || this.#verdict === 'own') {
      if (this.#verdict === 'own') this.#transcript.note('the certificate is the one that Posthorn itself shows')
      return this.#enter()
    }
    this.#stage = 'certificate'
    this.#transcript.note('nothing is said before the person has looked at the certificate')
    this.#onChange()
  }

  /** From here on lines go to and fro. */
  #enter(): void {
    const socket = this.#socket
    if (socket === undefined) return
    this.#stage = 'open'
    socket.removeAllListeners('close')
    socket.on('data', (bytes: Buffer) => this.#receive(bytes))
    socket.once('close', () => this.#end('S', 'the server closed the connection'))
    this.#settle()
  }

  #receive(bytes: Uint8Array): void {
    this.#heardBytes += bytes.length
    if (this.#heardBytes > MOST_BYTES) return this.#end('us', `it said more than ${MOST_BYTES} bytes`)
    if (this.#machine === undefined) return
    for (const effect of this.#machine.receive(bytes)) {
      this.#perform(effect)
      if (this.#stage !== 'open') break
    }
    this.#settle()
  }

  #act(ask: (machine: ConsoleMachine) => readonly ConsoleEffect[]): string | undefined {
    if (this.#machine === undefined || this.#stage !== 'open')
      return this.#stage === 'over' ? 'The session is over.' : 'The session is not open yet.'
    this.#autopilot.stop('You took over.')
    const why = this.#run(ask(this.#machine))
    this.#settle()
    return why
  }

  /** Does it all; returns why something was not said. */
  #run(effects: readonly ConsoleEffect[]): string | undefined {
    const refused = effects.find((effect) => effect.do === 'refuse')
    if (refused !== undefined) return refused.why
    this.#touch()
    for (const effect of effects) this.#perform(effect)
    return undefined
  }

  /** What comes by itself now: the next line of a replay. */
  #settle(): void {
    while (this.#stage === 'open' && this.#machine !== undefined) {
      const next = this.#autopilot.next(this.#machine.standing)
      if (next === undefined) break
      const why = this.#run(this.#machine.say(next, true))
      if (why !== undefined) this.#autopilot.stop(why)
    }
    this.#onChange()
  }

  #perform(effect: ConsoleEffect): void {
    switch (effect.do) {
      case 'heard': {
        const { line, odd, secrets, code, listing } = effect
        this.#touch()
        if (listing > 0) return this.#listing.line(line, odd, secrets, listing)
        if (++this.#heardLines > MOST_LINES)
          return this.#end('us', `it said more than ${MOST_LINES} lines that nobody asked for`)
        this.#transcript.line('S', line, { secrets, odd })
        if (code === '') return
        this.#autopilot.heard(code)
        if (code.startsWith('4') || code.startsWith('5') || code === '-ERR') this.#transcript.worst(code)
        if (this.#hasQuit === 'said' && (code.startsWith('2') || code === '+OK')) this.#onGoodbye()
        return
      }
      case 'listed':
        return this.#listing.end()
      case 'send': {
        const { line, secrets } = effect
        this.#heardLines = 0
        this.#transcript.line('C', line, { secrets, ...ownNameOf(line, secrets, this.#login) })
        if (/^quit\s*$/i.test(Buffer.from(line.subarray(0, 16)).toString('latin1'))) this.#hasQuit = 'said'
        this.#socket?.write(Buffer.concat([line, CRLF]))
        return
      }
      case 'note':
        return this.#transcript.note(effect.text)
      case 'secure':
        return void this.#secure()
      case 'derive':
        return void saltPassword(effect.password, effect.salt, effect.rounds).then(
          (salted) => {
            if (this.#machine === undefined || this.#stage !== 'open') return
            this.#run(this.#machine.derived(salted))
            this.#settle()
          },
          (error: unknown) => this.#end('us', `the key could not be made: ${reasonOf(error)}`),
        )
      case 'message':
        return this.#transcript.countMessage()
      case 'refuse':
        return
      default:
        never(effect, 'effect of the console')
    }
  }

  #onGoodbye(): void {
    this.#hasQuit = 'answered'
    this.#linger = this.#peers.clock.after(LINGER_MS, () => this.#end('us', 'the server did not close after goodbye'))
  }

  /** Something was said: the time until it ends by itself begins anew. */
  #touch(): void {
    this.#idle()
    const idleMs = this.#peers.idleMs()
    this.#endsAt = this.#peers.clock.nowMs() + idleMs
    this.#idle = this.#peers.clock.after(idleMs, () => this.#end('us', 'nothing was said for too long'))
  }

  #fail(word: string, why: string): void {
    if (word !== '') this.#transcript.worst(word)
    this.#end('us', why, 'failed')
  }

  #end(by: 'S' | 'us', why: string, state?: 'failed'): void {
    if (this.#ended !== '') return
    const isDone = this.#hasQuit === 'answered'
    this.#ended = isDone ? 'Both said goodbye.' : (SENTENCES[why] ?? why)
    this.#stage = 'over'
    for (const cancel of [this.#idle, this.#longest, this.#linger]) cancel()
    this.#given.abort()
    this.#listing.end()
    this.#autopilot.stop('The session is over.')
    if (isDone) this.#transcript.close('ok', by)
    else this.#transcript.close(state ?? 'aborted', by, why)
    this.#socket?.destroy()
    this.#onChange()
  }
}

const CRLF = Buffer.from('\r\n')
