import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Cause } from '../model/outcome.ts'
import type { TlsFacts } from '../model/transcript.ts'
import type { Transcript } from '../transcript/sink.ts'
import { ClientSession } from '../wire/smtp/client-session.ts'
import type { Effect, Verdict } from '../wire/smtp/client-words.ts'
import { FINAL_DOT } from '../wire/smtp/dot-stuffing.ts'
import { ownNameOf } from '../wire/sasl-name.ts'
import { encodeCommand, secretsOf, type ClientCommand } from '../wire/smtp/encode-command.ts'
import { formatLiteral } from './address.ts'
import { saltPassword, saslPrimitives } from './sasl-primitives.ts'
import { BodySender, type BodyWire } from './smtp-client-body.ts'
import { DEADLINE_MS, transactionCapMs, type Load, type NotOpened, type SmtpTarget } from './smtp-client-terms.ts'
import { secure } from './tls.ts'

/** A session that takes transactions, or why there is none. */
export type Opened = { readonly ok: true; readonly connection: SmtpConnection } | NotOpened

/** Drives the client machine over one connected socket, from greeting to close. */
export class SmtpConnection {
  readonly #session: ClientSession
  readonly #target: SmtpTarget
  readonly #clock: Clock
  readonly #transcript: Transcript
  #socket: Socket
  #deadline: Cancel = () => {}
  #cap: Cancel = () => {}
  #replies = 0
  #load: Load | undefined
  #sending: Promise<void> = Promise.resolve()
  #sender: BodySender | undefined
  readonly #bodyWire: BodyWire
  #tls: TlsFacts | null = null
  #isHandshake = false
  #endedBy = ''
  #state: 'ok' | 'deferred' | 'failed' | 'aborted' = 'ok'
  #onOpened: ((opened: Opened) => void) | undefined
  #onSettled: ((verdicts: readonly Verdict[]) => void) | undefined
  #onFault: ((error: unknown) => void) | undefined
  #onOver = () => {}
  readonly #isOver: Promise<void>

  /** Starts the session and resolves when it takes transactions or cannot. `transcript` is closed with the session. */
  static open(
    socket: Socket,
    target: SmtpTarget,
    transcript: Transcript,
    clock: Clock,
    signal?: AbortSignal,
  ): Promise<Opened> {
    return new Promise((resolve) => {
      const connection = new SmtpConnection(socket, target, transcript, clock)
      const abort = () => connection.abort()
      signal?.addEventListener('abort', abort)
      void connection.#isOver.then(() => signal?.removeEventListener('abort', abort))
      connection.#onOpened = resolve
      if (signal?.aborted) return connection.abort()
      if (target.tls === 'implicit') void connection.#secure(() => connection.#attach())
      else connection.#attach()
      return undefined
    })
  }

  private constructor(socket: Socket, target: SmtpTarget, transcript: Transcript, clock: Clock) {
    this.#socket = socket
    this.#target = target
    this.#transcript = transcript
    this.#clock = clock
    this.#session = new ClientSession({
      mx: target.mx,
      ehloName: target.ehloName === '' ? formatLiteral(socket.localAddress ?? '127.0.0.1') : target.ehloName,
      tls: target.tls === 'opportunistic' ? 'opportunistic' : target.tls === 'starttls' ? 'required' : 'none',
      isSecured: target.tls === 'implicit',
      ...(target.login && { login: { ...target.login, primitives: saslPrimitives } }),
      ...(target.chunkFromBytes === undefined ? {} : { chunkFromBytes: target.chunkFromBytes }),
    })
    this.#bodyWire = {
      session: this.#session,
      transcript,
      write: (bytes) => this.#socket.write(bytes),
      arm: () => this.#arm(),
      run: (effects) => this.#run(effects),
      lost: (reason) => this.#lost(reason),
      fault: (error) => this.#onFault?.(error),
    }
    this.#isOver = new Promise((resolve) => (this.#onOver = resolve))
  }

  get sessionId(): number | undefined {
    return this.#transcript.sessionId
  }

  /** True while another transaction can begin here. */
  get isReady(): boolean {
    return this.#session.at === 'ready' && !this.#session.isSpent
  }

  /** The largest message that the server takes, in octets; undefined where it names no limit, or no transaction can begin now. */
  get largestBytes(): number | undefined {
    return this.#session.largestBytes
  }

  /** What the server's reply to EHLO began with; '' where there was none, or no transaction can begin now. */
  get hello(): string {
    return this.#session.hello
  }

  /** The address of this computer that the connection has; '' when it is closed. */
  get localAddress(): string {
    return this.#socket.localAddress ?? ''
  }

  /** What encrypts the session; null for clear text. */
  get tls(): TlsFacts | null {
    return this.#tls
  }

  /** Why the session ended; '' while it has not. */
  get endedBy(): string {
    return this.#endedBy
  }

  /** One transaction. Rejects only on a fault of ours, and the session is over then. */
  async transact(load: Load): Promise<readonly Verdict[]> {
    this.#load = load
    const capMs = transactionCapMs(load.transaction.sizeBytes)
    this.#cap = this.#clock.after(capMs, () => this.#lost('the transaction took too long'))
    try {
      const verdicts = await new Promise<readonly Verdict[]>((resolve, reject) => {
        this.#onSettled = resolve
        this.#onFault = reject
        this.#run(this.#session.transact(load.transaction))
      })
      // The queue must not hear of an outcome while it is still told that the body goes out.
      await this.#sending
      return verdicts
    } finally {
      this.#cap()
      this.#onSettled = undefined
      this.#onFault = undefined
      this.#load = undefined
      this.#sender = undefined
    }
  }

  /** Says goodbye and resolves when the connection is closed. */
  async quit(): Promise<void> {
    if (this.#session.at !== 'quitting') this.#run(this.#session.quit())
    await this.#isOver
  }

  /** Drops the connection unless the final dot is out: then its reply is worth waiting for. */
  abort(): void {
    if (this.#session.at === 'dot' || this.#session.at === 'over') return
    this.#state = 'aborted'
    this.#lost('Posthorn is closing')
  }

  #attach(): void {
    const socket = this.#socket
    socket.on('data', (chunk: Buffer) => this.#onData(chunk))
    socket.on('drain', () => this.#sender?.wake())
    socket.on('error', (error: NodeJS.ErrnoException) => this.#lost(`${error.code ?? 'error'}: ${error.message}`))
    socket.on('close', () => this.#lost('the server closed the connection'))
    this.#arm()
  }

  #onData(chunk: Buffer): void {
    this.#run(this.#session.receive(chunk))
    // Only a whole reply buys more time: a server that trickles does not.
    if (this.#session.replies !== this.#replies) this.#arm()
    this.#replies = this.#session.replies
  }

  #arm(): void {
    this.#deadline()
    const { phase } = this.#session
    if (phase === 'over' || phase === 'handshake') return // the handshake keeps its own deadline
    const ms = DEADLINE_MS[phase]
    this.#deadline = this.#clock.after(ms, () => this.#lost(`no answer within ${ms / 1000} s`))
  }

  #lost(reason: string): void {
    if (this.#session.at !== 'over') this.#run(this.#session.lost(reason))
  }

  #run(effects: readonly Effect[]): void {
    this.#target.onPhase?.(this.#session.at, this.#tls)
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case 'heard':
        this.#heard(effect)
        return
      case 'send': {
        const lines = this.#encode(effect.commands)
        if (!lines) return
        this.#socket.write(lines.length === 1 ? (lines[0] as Uint8Array) : Buffer.concat(lines))
        this.#arm()
        return
      }
      case 'start-tls':
        void this.#secure(() => {
          this.#attach()
          this.#run(this.#session.secured(this.#tls?.trusted === true))
        })
        return
      case 'derive':
        this.#deadline() // the server waits for us now
        void saltPassword(effect.password, effect.salt, effect.rounds).then(
          (salted) => this.#run(this.#session.derived(salted)),
          (error: unknown) => this.#lost(`the key could not be made: ${reasonOf(error)}`),
        )
        return
      case 'ready':
        this.#onOpened?.({ ok: true, connection: this })
        this.#onOpened = undefined
        return
      case 'fail':
        if (effect.why.at !== 'reply') this.#transcript.worst(effect.why.at)
        this.#blame(effect.isFinal ? 'failed' : 'deferred')
        // Told when the connection is closed: its transcript is whole before the next host is dialled.
        void this.#isOver.then(() =>
          this.#onOpened?.({ ok: false, why: effect.why, isFinal: effect.isFinal, isHandshake: this.#isHandshake }),
        )
        return
      case 'send-body':
        if (!this.#load) return
        this.#sender = new BodySender(this.#bodyWire, this.#load, effect.accepted, effect.chunked)
        this.#sending = this.#sender.send()
        return
      case 'next-chunk':
        this.#sender?.taken()
        return
      case 'send-empty':
        this.#transcript.note('nobody was accepted: a final dot without a message')
        this.#transcript.line('C', FINAL_DOT.subarray(0, 1))
        this.#socket.write(FINAL_DOT)
        this.#arm()
        return
      case 'settle':
        this.#record(effect.verdicts)
        this.#onSettled?.(effect.verdicts)
        return
      case 'hang-up':
        this.#close(effect.why)
        return
      default:
        never(effect, 'SMTP client effect')
    }
  }

  #heard({ bytes, odd, echo, secrets }: Extract<Effect, { do: 'heard' }>): void {
    this.#transcript.line('S', bytes, odd || secrets ? { odd, ...(secrets && { secrets }) } : undefined)
    const [first = 0, second = 0, third = 0, mark] = bytes
    // 51 is `3`: an intermediate reply is no worse than none.
    if (!echo && mark !== 45 && first !== 51 && bytes.length >= 3)
      this.#transcript.worst(String.fromCharCode(first, second, third))
  }

  /** An argument that is no such thing is a fault of ours, and must not be met in a socket's event. */
  #encode(commands: readonly ClientCommand[]): Uint8Array[] | undefined {
    try {
      const lines = commands.map((command) => encodeCommand(command))
      for (const [n, line] of lines.entries()) {
        const inner = line.subarray(0, -2)
        const secrets = secretsOf(commands[n] as ClientCommand, inner)
        const said = secrets.length === 0 ? undefined : { secrets, ...ownNameOf(inner, secrets, this.#target.login) }
        this.#transcript.line('C', inner, said)
      }
      return lines
    } catch (error) {
      this.#onFault?.(error)
      this.#lost(reasonOf(error))
      return undefined
    }
  }

  #record(verdicts: readonly Verdict[]): void {
    for (const one of verdicts) {
      if (one.kind === 'unknown') this.#transcript.worst('unknown')
      else if ((one.kind === 'deferred' || one.kind === 'bounced') && one.why.at !== 'reply')
        this.#transcript.worst(one.why.at)
    }
    if (verdicts.some((one) => one.kind === 'delivered')) this.#transcript.countMessage()
    if (verdicts.some((one) => one.kind === 'bounced')) this.#blame('failed')
    if (verdicts.some((one) => one.kind === 'deferred' || one.kind === 'unknown')) this.#blame('deferred')
  }

  #blame(state: 'deferred' | 'failed'): void {
    if (this.#state === 'ok' || (this.#state === 'deferred' && state === 'failed')) this.#state = state
  }

  async #secure(goOn: () => void): Promise<void> {
    const raw = this.#socket
    for (const event of ['data', 'drain', 'error', 'close']) raw.removeAllListeners(event)
    raw.on('error', () => {}) // reported by the TLS socket above it
    this.#deadline()
    const { mx: host, caFile, authorities, tls, hello = 'full' } = this.#target
    const verify = tls === 'opportunistic' ? 'opportunistic' : 'strict'
    const trust = { caFile, ...(authorities !== undefined && { authorities }) }
    const secured = await secure(raw, { host, ...trust, verify, hello }, this.#clock)
    if (this.#session.at === 'over') return void (secured.ok && secured.socket.destroy())
    if (!secured.ok) {
      raw.destroy()
      this.#transcript.note(`TLS handshake failed: ${secured.reason}`)
      return this.#tlsFailed(secured.reason)
    }
    this.#socket = secured.socket
    this.#tls = secured.facts
    this.#transcript.secured(secured.facts)
    goOn()
  }

  /** Before the greeting (implicit TLS) the machine cannot know that it was the handshake. */
  #tlsFailed(reason: string): void {
    this.#isHandshake = true
    const effects = this.#session.lost(reason)
    const why: Cause = { at: 'tls', mx: this.#target.mx, reason }
    this.#run(effects.map((effect) => (effect.do === 'fail' ? { ...effect, why } : effect)))
  }

  #close(why: string): void {
    this.#endedBy = why
    this.#deadline()
    this.#sender?.wake()
    this.#cap()
    this.#sender?.recordContent()
    this.#socket.on('error', () => {}) // a reset after the end is nobody's concern
    this.#socket.destroy()
    const by = why === 'done' ? 'C' : why.startsWith('the server') ? 'S' : 'us'
    if (why === 'done') this.#transcript.close(this.#state, by)
    else {
      if (this.#state === 'ok' && this.#session.replies === 0) this.#state = 'failed'
      this.#transcript.close(this.#state, by, why)
    }
    this.#onOver()
  }
}
