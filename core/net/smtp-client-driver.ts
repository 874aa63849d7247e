import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Cause } from '../model/outcome.ts'
import type { Transcript } from '../transcript/sink.ts'
import { ClientSession } from '../wire/smtp/client-session.ts'
import type { Effect, Verdict } from '../wire/smtp/client-words.ts'
import { DotStuffer, FINAL_DOT } from '../wire/smtp/dot-stuffing.ts'
import { encodeCommand, type ClientCommand } from '../wire/smtp/encode-command.ts'
import { formatLiteral } from './address.ts'
import {
  DEADLINE_MS,
  EARLY_BYTES,
  transactionCapMs,
  WRITE_BYTES,
  type Load,
  type SmtpTarget,
} from './smtp-client-terms.ts'
import { secure } from './tls.ts'

/** A session that takes transactions, or why there is none. */
export type Opened =
  | { readonly ok: true; readonly connection: SmtpConnection }
  | { readonly ok: false; readonly why: Cause; readonly isFinal: boolean }

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
  /** Bytes of a message that is on its way. */
  #sentBytes: number | undefined
  #endedBy = ''
  #state: 'ok' | 'deferred' | 'failed' | 'aborted' = 'ok'
  #onOpened: ((opened: Opened) => void) | undefined
  #onSettled: ((verdicts: readonly Verdict[]) => void) | undefined
  #onFault: ((error: unknown) => void) | undefined
  #wake = () => {}
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
    })
    this.#isOver = new Promise((resolve) => (this.#onOver = resolve))
  }

  get sessionId(): number | undefined {
    return this.#transcript.sessionId
  }

  /** True while another transaction can begin here. */
  get isReady(): boolean {
    return this.#session.at === 'ready'
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
    socket.on('drain', () => this.#wake())
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
    for (const effect of effects) this.#perform(effect)
  }

  #perform(effect: Effect): void {
    switch (effect.do) {
      case 'heard':
        this.#transcript.line('S', effect.bytes, { odd: effect.odd })
        // 51 is `3`: an intermediate reply is no worse than none.
        if (!effect.echo && effect.bytes[3] !== 45 && effect.bytes[0] !== 51 && effect.bytes.length >= 3)
          this.#transcript.worst(String.fromCharCode(...effect.bytes.subarray(0, 3)))
        return
      case 'send': {
        const lines = this.#encode(effect.commands)
        if (!lines) return
        for (const line of lines) this.#transcript.line('C', line.subarray(0, -2))
        this.#socket.write(Buffer.concat(lines))
        this.#arm()
        return
      }
      case 'start-tls':
        void this.#secure(() => {
          this.#attach()
          this.#run(this.#session.secured())
        })
        return
      case 'ready':
        this.#onOpened?.({ ok: true, connection: this })
        this.#onOpened = undefined
        return
      case 'fail':
        if (effect.why.at !== 'reply') this.#transcript.worst(effect.why.at)
        this.#blame(effect.isFinal ? 'failed' : 'deferred')
        // Told when the connection is closed: its transcript is whole before the next host is dialled.
        void this.#isOver.then(() => this.#onOpened?.({ ok: false, why: effect.why, isFinal: effect.isFinal }))
        return
      case 'send-body':
        this.#sending = this.#sendBody(effect.accepted)
        return
      case 'send-empty':
        this.#transcript.note('nobody was accepted: a final dot without a message')
        this.#writeDot(new Uint8Array(0))
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

  /** An argument that is no such thing is a fault of ours, and must not be met in a socket's event. */
  #encode(commands: readonly ClientCommand[]): Uint8Array[] | undefined {
    try {
      return commands.map((command) => encodeCommand(command))
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
    const { mx: host, caFile, tls } = this.#target
    const verify = tls === 'opportunistic' ? 'opportunistic' : 'strict'
    const secured = await secure(raw, { host, caFile, verify }, this.#clock)
    if (this.#session.at === 'over') return void (secured.ok && secured.socket.destroy())
    if (!secured.ok) {
      raw.destroy()
      this.#transcript.note(`TLS handshake failed: ${secured.reason}`)
      return this.#tlsFailed(secured.reason)
    }
    this.#socket = secured.socket
    this.#transcript.secured(secured.facts)
    goOn()
  }

  /** Before the greeting (implicit TLS) the machine cannot know that it was the handshake. */
  #tlsFailed(reason: string): void {
    const effects = this.#session.lost(reason)
    const why: Cause = { at: 'tls', mx: this.#target.mx, reason }
    this.#run(effects.map((effect) => (effect.do === 'fail' ? { ...effect, why } : effect)))
  }

  async #sendBody(accepted: readonly number[]): Promise<void> {
    const load = this.#load
    if (!load) return
    const stuffer = new DotStuffer()
    this.#sentBytes = 0
    let sentBytes = 0
    let held: Uint8Array = new Uint8Array(0)
    let committed: Promise<unknown> | undefined
    /** Resolves to what went wrong, so that nobody needs to wait for it at once. */
    const commit = () =>
      (committed ??= load.beforeBody(accepted).then(
        () => undefined,
        (error: unknown) => ({ error }),
      ))
    const finish = (how: () => void) => {
      this.#recordContent()
      if (this.#session.at === 'body') how()
    }
    const unclean = () =>
      finish(() => this.#run(this.#session.bodyFailed(load.unclean, 'the message holds a bare CR or LF')))

    try {
      if (load.transaction.sizeBytes <= EARLY_BYTES) void commit()
      for await (const chunk of load.body()) {
        if (this.#session.at !== 'body') break
        await this.#write(held)
        const stuffed = stuffer.push(chunk)
        if (!stuffed) return unclean()
        held = stuffed
        sentBytes += chunk.length
        this.#sentBytes = sentBytes
        if (load.transaction.sizeBytes - sentBytes <= EARLY_BYTES) void commit()
      }
    } catch (error) {
      await committed
      return finish(() => this.#run(this.#session.bodyFailed(load.damaged(error), 'the message cannot be read')))
    }
    const tail = stuffer.end()
    if (!tail) return unclean()
    const failed = await commit()
    if (failed !== undefined) {
      this.#onFault?.((failed as { error: unknown }).error)
      return finish(() => this.#lost('phase body could not be committed'))
    }
    return finish(() => {
      this.#session.dot()
      // In one write with what was held back: a short message is one packet.
      this.#writeDot(Buffer.concat([held, tail]))
    })
  }

  #recordContent(): void {
    if (this.#sentBytes === undefined || !this.#load) return
    this.#transcript.content('C', this.#sentBytes, { kind: 'entry', entryId: this.#load.entryId })
    this.#sentBytes = undefined
  }

  #writeDot(before: Uint8Array): void {
    this.#transcript.line('C', FINAL_DOT.subarray(0, 1))
    this.#socket.write(Buffer.concat([before, FINAL_DOT]))
    this.#arm()
  }

  /** Writes and waits while the socket is full; each piece has the deadline of a data block. */
  async #write(bytes: Uint8Array): Promise<void> {
    for (let from = 0; from < bytes.length && this.#session.at === 'body'; from += WRITE_BYTES) {
      this.#arm()
      if (this.#socket.write(bytes.subarray(from, from + WRITE_BYTES))) continue
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #close(why: string): void {
    this.#endedBy = why
    this.#deadline()
    this.#wake()
    this.#cap()
    this.#recordContent()
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
