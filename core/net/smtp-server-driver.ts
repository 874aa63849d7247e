import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Reply } from '../model/reply.ts'
import type { Transcript } from '../transcript/sink.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import type { BindingName } from '../wire/scram.ts'
import { ServerSession, type Incoming, type SessionEffect } from '../wire/smtp/server-session.ts'
import { channelBindings } from './channel-binding.ts'
import { hangUp } from './hang-up.ts'
import { acceptTls, serverTlsFacts } from './server-tls.ts'
import { SmtpServerDeadlines } from './smtp-server-deadlines.ts'
import { put, type Asker } from './smtp-server-questions.ts'
import { termsOf, type ServedClient, type ServedSession, type SmtpServerOptions } from './smtp-server-terms.ts'
import { SmtpServerTransaction } from './smtp-server-transaction.ts'

/** Bytes that may wait, on either side, before the socket is left alone. */
const WAITING_BYTES = 64 * 1024
/** Whoever is asked has this long: then the client hears that it has to come again, and its place is free. */
const ANSWER_MS = 300_000
/** A message may take longer to store, but not until its client gives up (RFC 5321 §4.5.3.2.6: ten minutes). */
const STORE_MS = 540_000
const NO_ANSWER = reply(421, '4.3.0', 'no answer came in time here: try again later')

/** Serves one client: drives the protocol machine over its socket until it ends, and calls `onEnd` then. */
export function serveSmtp(
  socket: Socket,
  client: ServedClient,
  options: SmtpServerOptions,
  onEnd: () => void,
): ServedSession {
  const driver = new Driver(socket, client, options, onEnd)
  driver.start()
  return driver
}

/** The other end of an accepted socket, as transcripts name it. */
export function peerOf(socket: Socket): { readonly peer: string; readonly address: string } {
  const peer = socket.remoteAddress ?? 'unknown' // It may have left already.
  return { peer, address: `${peer.includes(':') ? `[${peer}]` : peer}:${socket.remotePort ?? 0}` }
}

class Driver implements ServedSession {
  #socket: Socket
  readonly #options: SmtpServerOptions
  readonly #session: ServerSession
  readonly #transcript: Transcript
  readonly #onEnd: () => void
  #out = ''
  #isPumping = false
  #isPending = false
  /** When what is waited for has taken too long, monotonic ms. */
  #answerBy = Infinity
  #bindings: ReadonlyMap<BindingName, Uint8Array> = new Map()
  /** While TLS is being agreed on, nothing can be said. */
  #isShaking = false
  /** Makes the end short, once our last words are said. */
  #leaveSoon: (() => void) | undefined
  /** Ends a wait that the client is put off with. */
  #hurry: (() => void) | undefined
  #isDraining = false
  #isClosing = false
  #isEnded = false
  #hasInputEnded = false
  #hasQuit = false
  #last = 250
  #timer: Cancel | undefined
  readonly #transaction: SmtpServerTransaction
  readonly #deadlines: SmtpServerDeadlines
  readonly #asker: Asker

  constructor(socket: Socket, client: ServedClient, options: SmtpServerOptions, onEnd: () => void) {
    this.#socket = socket
    this.#options = options
    this.#onEnd = onEnd
    const { recorder, clock, limits } = options
    this.#session = new ServerSession(termsOf(options, client), limits, client.isSecureFromStart)
    this.#transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
    this.#transaction = new SmtpServerTransaction(options.policy, this.#transcript)
    this.#deadlines = new SmtpServerDeadlines(clock.monotonicMs())
    this.#asker = {
      session: this.#session,
      policy: options.policy,
      transcript: this.#transcript,
      bindings: () => this.#bindings,
      hold: (asked, answer, failed) => this.#hold(asked, answer, failed),
      onSignedIn: () => {
        this.#deadlines.onProgress(clock.monotonicMs())
        this.#last = 250
      },
    }
  }

  start(): void {
    this.#listen()
    this.#pump()
    this.#arm()
  }

  drain(): void {
    this.#isDraining = true
    if (this.#isShaking) return this.destroy('shutting down')
    if (this.#leaveSoon !== undefined) return this.#leaveSoon()
    this.#hurry?.()
    this.#pump()
  }

  destroy(why: string): void {
    this.#end('us', why)
    this.#socket.destroy()
  }

  note(text: string): void {
    if (!this.#isEnded) this.#transcript.note(text)
  }

  #listen(): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('drain', this.#onDrain)
    this.#socket.once('end', this.#onEndOfInput)
    this.#socket.on('error', this.#onError)
    this.#socket.once('close', this.#onClose)
  }
  #unlisten(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('drain', this.#onDrain)
    this.#socket.off('end', this.#onEndOfInput)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
  }
  readonly #onData = (bytes: Buffer) => {
    if (this.#isClosing) return
    this.#session.push(bytes)
    this.#pump()
    if (this.#session.heldBytes > WAITING_BYTES) this.#socket.pause()
  }
  readonly #onDrain = () => this.#pump()
  /** A client may close its side and still read: what it asked for is answered first. */
  readonly #onEndOfInput = () => {
    this.#hasInputEnded = true
    this.#pump()
  }
  readonly #onError = (error: Error) => this.#end('C', reasonOf(error))
  readonly #onClose = () => {
    this.#end('C', 'the connection was closed')
    this.#onEnd()
  }

  /** Takes effects until the session wants bytes or an answer; all replies of one round go out in one write. */
  #pump(): void {
    if (this.#isPumping || this.#isEnded) return
    this.#isPumping = true
    while (!this.#isPending && !this.#isClosing && this.#socket.writableLength <= WAITING_BYTES) {
      const effect = this.#session.next()
      if (effect === undefined) break
      this.#do(effect)
    }
    this.#isPumping = false
    const isQuiet = !this.#isPending && !this.#isClosing && this.#session.isAtBoundary
    if (this.#isDraining && isQuiet) this.#goodbye(reply(421, '4.3.2', 'shutting down'), 'shutting down')
    this.#flush()
    const isBlocked = this.#socket.writableLength > WAITING_BYTES
    if (this.#hasInputEnded && !this.#isPending && !this.#isClosing && !isBlocked) {
      return this.#close('C', 'the client closed the connection')
    }
    // What is held may be the start of a line, whose end is yet to be read.
    if (!this.#isPending && this.#socket.isPaused() && this.#session.heldBytes <= WAITING_BYTES) this.#socket.resume()
  }

  #flush(): void {
    if (this.#out === '') return
    if (this.#socket.writable) this.#socket.write(this.#out, 'latin1')
    this.#out = ''
  }

  #say(said: Reply, isSecret = false): void {
    for (const line of replyLines(said)) {
      this.#out += `${line}\r\n`
      // The code may be seen; what follows it is a secret.
      this.#transcript.line('S', line, isSecret ? { secrets: [[4, line.length]] } : undefined)
    }
    if (said.code < 400) return
    this.#last = said.code
    this.#transcript.worst(String(said.code))
  }

  #do(effect: SessionEffect): void {
    switch (effect.do) {
      case 'heard':
        this.#deadlines.onCommand(this.#options.clock.monotonicMs())
        this.#transcript.line('C', effect.line, { secrets: effect.secrets, odd: effect.isOdd })
        return
      case 'reply':
        if (effect.reply.code === 221) this.#hasQuit = true
        this.#say(effect.reply, effect.isSecret)
        return
      case 'wait':
        this.#isPending = true
        this.#flush()
        this.#putOff(effect.ms)
        return
      case 'secure':
        this.#secure()
        return
      case 'check-login':
      case 'find-scram':
      case 'check-scram':
      case 'expand':
      case 'check-sender':
      case 'check-recipient':
        put(effect, this.#asker)
        return
      case 'login-failed':
        this.#options.policy.loginFailed?.(effect.user)
        return
      case 'begin':
        this.#beginContent()
        return
      case 'content':
        this.#take(effect.bytes, effect.isSpoiled)
        return
      case 'discard':
        this.#transaction.discard()
        return
      case 'message':
        this.#accept(effect.message)
        return
      case 'hang-up':
        this.#close('us')
        return
      default:
        never(effect, 'effect of an SMTP session')
    }
  }

  #putOff(ms: number): void {
    const goOn = () => {
      cancel()
      this.#hurry = undefined
      this.#isPending = false
      this.#pump()
    }
    const cancel = this.#options.clock.after(this.#isDraining ? 0 : ms, goOn)
    this.#hurry = goOn
  }

  /** Holds the session until `asked` settles. What was said before is sent first: it must not wait for us. */
  #hold<T>(asked: Promise<T>, answer: (value: T) => void, failed: (error: unknown) => void, ms = ANSWER_MS): void {
    this.#isPending = true
    this.#flush()
    this.#answerBy = this.#options.clock.monotonicMs() + ms
    const settle = (run: () => void) => {
      this.#isPending = false
      this.#answerBy = Infinity
      this.#deadlines.onCommand(this.#options.clock.monotonicMs())
      if (!this.#isEnded) run()
      this.#pump()
    }
    asked.then(
      (value) => settle(() => answer(value)),
      (error: unknown) => {
        this.#transcript.note(reasonOf(error))
        settle(() => failed(error))
      },
    )
  }

  #beginContent(): void {
    this.#transaction.begin()
    this.#deadlines.beginContent(this.#options.clock.monotonicMs())
    this.#arm()
  }

  #take(bytes: Uint8Array, isSpoiled: boolean): void {
    this.#deadlines.onContent(bytes.length)
    const added = this.#transaction.take(bytes, isSpoiled)
    if (added !== undefined)
      this.#hold(
        added,
        () => {},
        () => {},
      )
  }

  #accept(message: Incoming): void {
    const asked = this.#transaction.accept(message)
    if (asked instanceof Promise)
      this.#hold(
        asked,
        (answer) => this.#answerMessage(answer),
        () => {},
        STORE_MS,
      )
    else if (asked !== undefined) this.#session.onMessage(asked)
  }

  #answerMessage(answer: Reply): void {
    if (answer.code === 250) {
      this.#last = 250
      this.#deadlines.onProgress(this.#options.clock.monotonicMs())
    }
    this.#session.onMessage(answer)
  }

  #secure(): void {
    const { tls, clock } = this.#options
    if (tls === undefined) return
    this.#flush()
    this.#unlisten()
    this.#isPending = this.#isShaking = true
    const secured = acceptTls(this.#socket, tls, clock, {
      left: (by, why) => this.#end(by, why),
      secured: () => {
        this.#isPending = this.#isShaking = false
        if (this.#isEnded) return
        secured.on('data', this.#onData).on('drain', this.#onDrain).once('end', this.#onEndOfInput)
        this.#transcript.secured(serverTlsFacts(secured, tls))
        this.#deadlines.onCommand(clock.monotonicMs())
        this.#bindings = channelBindings(secured)
        this.#session.onSecured([...this.#bindings.keys()])
        this.#pump()
      },
    })
    secured.on('error', this.#onError).once('close', this.#onClose)
    this.#socket = secured
  }

  /** One timer a session, moved on lazily: a command costs no timer of its own. */
  #arm(): void {
    this.#timer?.()
    const dueAt = Math.min(this.#deadlines.dueAt(this.#standing), this.#answerBy)
    const wait = dueAt - this.#options.clock.monotonicMs()
    this.#timer = this.#options.clock.after(Math.max(wait, 0), () => this.#tick())
  }

  get #standing() {
    return { isGreeted: this.#session.at !== 'connected', hasContent: this.#session.isReading }
  }

  #tick(): void {
    if (this.#isEnded || this.#isClosing) return
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs >= this.#answerBy) return this.#goodbye(NO_ANSWER, 'no answer came in time from what was asked here')
    if (this.#isPending) this.#deadlines.excuse(nowMs)
    const late = this.#deadlines.look(nowMs, this.#standing)
    if (late !== undefined) return this.#goodbye(late.said, late.why)
    this.#arm()
  }

  /** Ends the session with our last words. */
  #goodbye(said: Reply, why: string): void {
    this.#transaction.discard()
    this.#say(said)
    this.#close('us', why)
  }

  #close(by: 'C' | 'us', why?: string): void {
    this.#isClosing = true
    this.#flush()
    this.#end(by, why)
    this.#leaveSoon = hangUp(this.#socket, this.#options.clock)
    if (this.#isDraining) this.#leaveSoon()
  }

  #end(by: 'C' | 'us', why?: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#timer?.()
    this.#transaction.discard()
    const verdict = this.#last >= 500 ? 'failed' : this.#last >= 400 ? 'deferred' : 'ok'
    this.#transcript.close(this.#hasQuit || verdict !== 'ok' ? verdict : 'aborted', by, why)
  }
}
