import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Reply } from '../model/reply.ts'
import type { Transcript } from '../transcript/sink.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import { ServerSession, type Incoming, type SessionEffect } from '../wire/smtp/server-session.ts'
import { hangUp } from './hang-up.ts'
import { acceptTls, serverTlsFacts } from './server-tls.ts'
import { SmtpServerDeadlines } from './smtp-server-deadlines.ts'
import type { ServedSession, SmtpServerOptions } from './smtp-server-terms.ts'
import { replyTo, SmtpServerTransaction } from './smtp-server-transaction.ts'

/** Bytes that may wait, on either side, before the socket is left alone. */
const WAITING_BYTES = 64 * 1024

/** Serves one client: drives the protocol machine over its socket until it ends, and calls `onEnd` then. */
export function serveSmtp(
  socket: Socket,
  isTrusted: boolean,
  options: SmtpServerOptions,
  onEnd: () => void,
): ServedSession {
  const driver = new Driver(socket, isTrusted, options, onEnd)
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

  constructor(socket: Socket, isTrusted: boolean, options: SmtpServerOptions, onEnd: () => void) {
    this.#socket = socket
    this.#options = options
    this.#onEnd = onEnd
    const { recorder, clock, terms, limits, tls } = options
    this.#session = new ServerSession({ ...terms, isTrusted, isSecure: false, offersTls: tls !== undefined }, limits)
    this.#transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
    this.#transaction = new SmtpServerTransaction(options.policy, this.#transcript)
    this.#deadlines = new SmtpServerDeadlines(clock.monotonicMs())
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

  #say(said: Reply): void {
    for (const line of replyLines(said)) {
      this.#out += `${line}\r\n`
      this.#transcript.line('S', Buffer.from(line, 'latin1'))
    }
    if (said.code < 400) return
    this.#last = said.code
    this.#transcript.worst(String(said.code))
  }

  #do(effect: SessionEffect): void {
    const { policy, clock } = this.#options
    switch (effect.do) {
      case 'heard':
        this.#deadlines.onCommand(clock.monotonicMs())
        this.#transcript.line('C', effect.line, { secrets: effect.secrets, odd: effect.isOdd })
        return
      case 'reply':
        if (effect.reply.code === 221) this.#hasQuit = true
        if (effect.reply.code === 354) this.#beginContent()
        this.#say(effect.reply)
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
        this.#ask(
          policy.login(effect.user, effect.password),
          (found) => {
            if (found !== undefined) {
              this.#transcript.note(`signed in as ${found.address}`)
              this.#deadlines.onProgress(clock.monotonicMs())
              this.#last = 250
            }
            this.#session.onLogin(found ?? 'refused')
          },
          () => this.#session.onLogin('unknown'),
        )
        return
      case 'check-sender':
        this.#check(
          () => policy.sender(effect.from, effect.userId, effect.sizeBytes),
          (refusal) => this.#session.onSender(refusal),
        )
        return
      case 'check-recipient':
        this.#check(
          () => policy.recipient(effect.to, effect.from),
          (found) => this.#session.onRecipient(found),
        )
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
  #ask<T>(asked: Promise<T>, answer: (value: T) => void, failed: (error: unknown) => void = () => {}): void {
    this.#isPending = true
    this.#flush()
    const settle = (run: () => void) => {
      this.#isPending = false
      this.#deadlines.onCommand(this.#options.clock.monotonicMs())
      run()
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

  /** As `#ask`, for questions that are mostly answered at once. */
  #check<T>(question: () => T | Promise<T>, answer: (value: T | Reply) => void): void {
    try {
      const asked = question()
      if (asked instanceof Promise) this.#ask(asked, answer, (error) => answer(replyTo(error)))
      else answer(asked)
    } catch (error) {
      this.#transcript.note(reasonOf(error))
      answer(replyTo(error))
    }
  }

  #beginContent(): void {
    this.#transaction.begin()
    this.#deadlines.beginContent(this.#options.clock.monotonicMs())
    this.#arm()
  }

  #take(bytes: Uint8Array, isSpoiled: boolean): void {
    this.#deadlines.onContent(bytes.length)
    const added = this.#transaction.take(bytes, isSpoiled)
    if (added !== undefined) this.#ask(added, () => {})
  }

  #accept(message: Incoming): void {
    const asked = this.#transaction.accept(message)
    if (asked instanceof Promise) this.#ask(asked, (answer) => this.#answerMessage(answer))
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
        this.#session.onSecured()
        this.#pump()
      },
    })
    secured.on('error', this.#onError).once('close', this.#onClose)
    this.#socket = secured
  }

  /** One timer a session, moved on lazily: a command costs no timer of its own. */
  #arm(): void {
    this.#timer?.()
    const wait = this.#deadlines.dueAt(this.#standing) - this.#options.clock.monotonicMs()
    this.#timer = this.#options.clock.after(Math.max(wait, 0), () => this.#tick())
  }

  get #standing() {
    return { isGreeted: this.#session.at !== 'connected', hasContent: this.#transaction.hasContent }
  }

  #tick(): void {
    if (this.#isEnded || this.#isClosing) return
    const nowMs = this.#options.clock.monotonicMs()
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
