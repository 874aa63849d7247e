import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Reply } from '../model/reply.ts'
import type { Transcript } from '../transcript/sink.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import type { BindingName } from '../wire/scram.ts'
import { ServerSession } from '../wire/smtp/server-session.ts'
import type { Incoming, SessionEffect } from '../wire/smtp/server-terms.ts'
import { channelBindings } from './channel-binding.ts'
import { notedLine } from './named-login.ts'
import { serverTlsFacts } from './server-tls.ts'
import { SmtpServerDeadlines } from './smtp-server-deadlines.ts'
import { SmtpServerLine } from './smtp-server-line.ts'
import { put, type Asker } from './smtp-server-questions.ts'
import { termsOf, type ServedClient, type ServedSession, type SmtpServerOptions } from './smtp-server-terms.ts'
import { SmtpServerTransaction } from './smtp-server-transaction.ts'
import { SmtpServerWait, STORE_MS } from './smtp-server-wait.ts'

const NO_ANSWER = reply(421, '4.3.0', 'no answer came in time here: try again later')
const FAULT = reply(421, '4.3.0', 'something failed here: try again later')

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
  readonly #line: SmtpServerLine
  readonly #options: SmtpServerOptions
  readonly #session: ServerSession
  readonly #transcript: Transcript
  #isPumping = false
  #bindings: ReadonlyMap<BindingName, Uint8Array> = new Map()
  /** While TLS is being agreed on, nothing can be said. */
  #isShaking = false
  /** Makes the end short, once our last words are said. */
  #leaveSoon: (() => void) | undefined
  #isDraining = false
  #isClosing = false
  #isEnded = false
  #hasInputEnded = false
  #hasQuit = false
  #last = 250
  #timer: Cancel | undefined
  /** When it looks, monotonic ms. */
  #timerAt = Infinity
  readonly #transaction: SmtpServerTransaction
  readonly #deadlines: SmtpServerDeadlines
  readonly #wait: SmtpServerWait
  readonly #asker: Asker

  constructor(socket: Socket, client: ServedClient, options: SmtpServerOptions, onEnd: () => void) {
    this.#options = options
    const { recorder, clock, limits } = options
    this.#session = new ServerSession(termsOf(options, client), limits, client.isSecureFromStart, options.answer)
    this.#transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
    this.#transaction = new SmtpServerTransaction(options.policy, this.#transcript)
    this.#deadlines = new SmtpServerDeadlines(clock.monotonicMs())
    this.#line = new SmtpServerLine(socket, {
      received: (bytes) => this.#receive(bytes),
      drained: () => this.#pump(),
      ended: () => {
        // A client may close its side and still read: what it asked for is answered first.
        this.#hasInputEnded = true
        this.#pump()
      },
      lost: (by, why) => this.#end(by, why),
      closed: onEnd,
    })
    this.#wait = new SmtpServerWait({
      clock,
      begun: () => this.#line.flush(),
      settled: () => {
        this.#deadlines.onCommand(clock.monotonicMs())
        return !this.#isEnded
      },
      failed: (error) => this.#transcript.note(reasonOf(error)),
      broken: (error) => this.#fail(error),
      goOn: () => this.#pump(),
    })
    this.#asker = {
      session: this.#session,
      policy: options.policy,
      transcript: this.#transcript,
      bindings: () => this.#bindings,
      hold: (asked, answer, failed) => this.#wait.hold(asked, answer, failed),
      onSignedIn: () => {
        this.#deadlines.onProgress(clock.monotonicMs())
        this.#last = 250
      },
    }
  }

  start(): void {
    this.#pump()
    this.#arm()
  }

  drain(): void {
    this.#isDraining = true
    if (this.#isShaking) return this.destroy('shutting down')
    if (this.#leaveSoon !== undefined) return this.#leaveSoon()
    this.#wait.hurry()
    this.#pump()
  }

  destroy(why: string): void {
    this.#end('us', why)
    this.#line.destroy()
  }

  note(text: string): void {
    if (!this.#isEnded) this.#transcript.note(text)
  }

  #receive(bytes: Buffer): void {
    if (this.#isClosing) return
    this.#session.push(bytes)
    this.#pump()
    this.#line.holdBack(this.#session.heldBytes)
  }

  /** Takes effects until the session wants bytes or an answer; all replies of one round go out in one write. */
  #pump(): void {
    if (this.#isPumping || this.#isEnded) return
    this.#isPumping = true
    while (!this.#wait.isOn && !this.#isClosing && !this.#line.isBlocked) {
      try {
        const effect = this.#session.next()
        if (effect === undefined) break
        this.#do(effect)
      } catch (error) {
        this.#fail(error)
      }
    }
    this.#isPumping = false
    // Content that was copied leaves nothing behind in the buffers of the socket.
    if (this.#transaction.freesInput()) this.#session.letGo()
    const isQuiet = !this.#wait.isOn && !this.#isClosing && this.#session.isAtBoundary
    if (this.#isDraining && isQuiet) this.#goodbye(reply(421, '4.3.2', 'shutting down'), 'shutting down')
    this.#line.flush()
    if (this.#hasInputEnded && !this.#wait.isOn && !this.#isClosing && !this.#line.isBlocked) {
      return this.#close('C', 'the client closed the connection')
    }
    if (!this.#wait.isOn) this.#line.letCome(this.#session.heldBytes)
  }

  #say(said: Reply, isSecret = false): void {
    for (const line of replyLines(said)) {
      this.#line.say(`${line}\r\n`)
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
        this.#transcript.line('C', effect.line, notedLine(effect, this.#options.policy.isNameKept))
        return
      case 'reply':
        if (effect.reply.code === 221) this.#hasQuit = true
        this.#say(effect.reply, effect.isSecret)
        return
      case 'wait':
        this.#wait.putOff(this.#isDraining ? 0 : effect.ms)
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

  #beginContent(): void {
    this.#transaction.begin()
    this.#deadlines.beginContent(this.#options.clock.monotonicMs())
    this.#arm()
  }

  #take(bytes: Uint8Array, isSpoiled: boolean): void {
    this.#deadlines.onContent(bytes.length)
    const added = this.#transaction.take(bytes, isSpoiled)
    if (added !== undefined) this.#wait.hold(added, () => {})
  }

  #accept(message: Incoming): void {
    const asked = this.#transaction.accept(message)
    if (asked instanceof Promise) this.#wait.hold(asked, (answer) => this.#answerMessage(answer), undefined, STORE_MS)
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
    this.#wait.isOn = this.#isShaking = true
    this.#line.secure(tls, clock, (socket) => {
      this.#wait.isOn = this.#isShaking = false
      if (this.#isEnded) return
      this.#transcript.secured(serverTlsFacts(socket, tls))
      this.#deadlines.onCommand(clock.monotonicMs())
      this.#bindings = channelBindings(socket)
      this.#session.onSecured([...this.#bindings.keys()])
      this.#pump()
    })
  }

  /** One timer a session, moved on lazily: neither a command nor a message costs a timer of its own. */
  #arm(): void {
    const dueAt = Math.min(this.#deadlines.dueAt(this.#standing), this.#wait.endsAt)
    if (dueAt >= this.#timerAt) return
    this.#timer?.()
    this.#timerAt = dueAt
    const wait = dueAt - this.#options.clock.monotonicMs()
    this.#timer = this.#options.clock.after(Math.max(wait, 0), () => this.#tick())
  }

  get #standing() {
    return { isGreeted: this.#session.at !== 'connected', hasContent: this.#session.isReading }
  }

  #tick(): void {
    this.#timerAt = Infinity
    if (this.#isEnded || this.#isClosing) return
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs >= this.#wait.endsAt) return this.#goodbye(NO_ANSWER, 'no answer came in time from what was asked here')
    if (this.#wait.isOn) this.#deadlines.excuse(nowMs)
    const late = this.#deadlines.look(nowMs, this.#standing)
    if (late !== undefined) return this.#goodbye(late.said, late.why)
    this.#arm()
  }

  /** Something threw that should not have: this session ends, and no other. */
  #fail(error: unknown): void {
    this.#goodbye(FAULT, reasonOf(error))
  }

  /** Ends the session with our last words. */
  #goodbye(said: Reply, why: string): void {
    this.#transaction.discard()
    this.#say(said)
    this.#close('us', why)
  }

  #close(by: 'C' | 'us', why?: string): void {
    this.#isClosing = true
    this.#line.flush()
    this.#end(by, why)
    // Who has said QUIT has said all: nothing is waited for that would be thrown away.
    const isDone = this.#hasQuit && this.#session.heldBytes === 0
    this.#leaveSoon = isDone ? this.#line.part() : this.#line.hangUp(this.#options.clock)
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
