import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { isFault, reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { Transcript } from '../transcript/sink.ts'
import { Pop3ServerSession } from '../wire/pop3/server-session.ts'
import type { RemoveAnswer, SessionEffect } from '../wire/pop3/server-terms.ts'
import type { BindingName, ScramLogin } from '../wire/scram.ts'
import { channelBindings } from './channel-binding.ts'
import { notedLine } from './named-login.ts'
import { Pop3ServerDeadlines, type Pop3Standing } from './pop3-server-deadlines.ts'
import { ListingRecord } from './pop3-server-listing.ts'
import { askLogin, type LoginAsker } from './pop3-server-logins.ts'
import { sendMessage, type FoundMessage } from './pop3-server-message.ts'
import type { OpenMaildrop, Pop3Client, Pop3ServerOptions } from './pop3-server-terms.ts'
import { serverTlsFacts } from './server-tls.ts'
import { peerOf } from './smtp-server-driver.ts'
import { SmtpServerLine } from './smtp-server-line.ts'
import type { ServedSession } from './smtp-server-terms.ts'
import { SmtpServerWait } from './smtp-server-wait.ts'

/** Serves one client: drives the protocol machine over its socket until it ends, and calls `onEnd` then. */
export function servePop3(
  socket: Socket,
  client: Pop3Client,
  options: Pop3ServerOptions,
  onEnd: () => void,
): ServedSession {
  const driver = new Driver(socket, client, options, onEnd)
  driver.start()
  return driver
}

class Driver implements ServedSession {
  readonly #options: Pop3ServerOptions
  readonly #line: SmtpServerLine
  readonly #session: Pop3ServerSession
  readonly #transcript: Transcript
  readonly #listing: ListingRecord
  readonly #deadlines: Pop3ServerDeadlines
  readonly #wait: SmtpServerWait
  readonly #asker: LoginAsker
  #bindings: ReadonlyMap<BindingName, Uint8Array> = new Map()
  #drop: OpenMaildrop | undefined
  #found: FoundMessage | undefined
  #isPumping = false
  #isShaking = false
  #isDraining = false
  #isClosing = false
  #isEnded = false
  #hasInputEnded = false
  /** QUIT was said and done. */
  #hasQuit = false
  #verdict: 'ok' | 'deferred' | 'failed' = 'ok'
  #timer: Cancel | undefined
  #leaveSoon: (() => void) | undefined
  #onRoom = () => {}

  constructor(socket: Socket, client: Pop3Client, options: Pop3ServerOptions, onEnd: () => void) {
    this.#options = options
    const { recorder, clock, tls } = options
    const terms = {
      isSecure: false,
      offersTls: tls !== undefined,
      allowsClearLogin: client.allowsClearLogin,
      bindings: [],
    }
    this.#session = new Pop3ServerSession(terms, client.isSecureFromStart)
    this.#transcript = recorder.open({ protocol: 'pop3', side: 'server', ...peerOf(socket) })
    this.#listing = new ListingRecord(this.#transcript)
    this.#deadlines = new Pop3ServerDeadlines(clock.monotonicMs())
    this.#line = new SmtpServerLine(socket, {
      received: (bytes) => this.#receive(bytes),
      drained: () => {
        this.#onRoom()
        this.#pump()
      },
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
        this.#deadlines.onDone(clock.monotonicMs())
        return !this.#isEnded
      },
      failed: (error) => this.#transcript.note(reasonOf(error)),
      broken: (error) => this.destroy(reasonOf(error)),
      goOn: () => this.#pump(),
    })
    this.#asker = {
      session: this.#session,
      policy: options.policy,
      bindings: () => this.#bindings,
      hold: (asked, answer, failed) => this.#wait.hold(asked, answer, failed),
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

  /** Takes effects until the session wants bytes or an answer; all that is said in one round goes out in one write. */
  #pump(): void {
    if (this.#isPumping || this.#isEnded) return
    this.#isPumping = true
    while (!this.#wait.isOn && !this.#isClosing && !this.#line.isBlocked) {
      try {
        const effect = this.#session.next()
        if (effect === undefined) break
        this.#do(effect)
        // What a listing adds has to count before it goes on.
        if (effect.do === 'list') this.#line.flush()
      } catch (error) {
        // What throws ends its own session, without a word, and no other.
        this.destroy(reasonOf(error))
        break
      }
    }
    this.#isPumping = false
    const isQuiet = !this.#wait.isOn && !this.#isClosing
    this.#line.flush()
    // RFC 1939 §3: a server that ends a session says nothing, and removes nothing.
    if (this.#isDraining && isQuiet && this.#session.isAtBoundary) return this.#close('us', 'shutting down')
    if (this.#hasInputEnded && isQuiet && !this.#line.isBlocked)
      return this.#close('C', 'the client closed the connection')
    if (!this.#wait.isOn) this.#line.letCome(this.#session.heldBytes)
    if (this.#line.isBlocked) this.#arm()
  }

  #do(effect: SessionEffect): void {
    const { policy, clock } = this.#options
    switch (effect.do) {
      case 'heard':
        this.#deadlines.onCommand(clock.monotonicMs())
        this.#transcript.line('C', effect.line, notedLine(effect, policy.isNameKept))
        return
      case 'say':
        return this.#say(effect)
      case 'list':
        this.#line.say(effect.text)
        this.#listing.add(effect.text, effect.isLast)
        return
      case 'wait':
        this.#wait.putOff(this.#isDraining ? 0 : effect.ms)
        return
      case 'secure':
        return this.#secure()
      case 'check-login':
      case 'find-scram':
      case 'check-scram':
        return askLogin(effect, this.#asker)
      case 'login-failed':
        return policy.loginFailed(effect.user)
      case 'open-maildrop':
        return this.#openMaildrop(effect.login)
      case 'find-message':
        return this.#find(effect.number)
      case 'send-message':
        return this.#send(effect.lines)
      case 'remove':
        return this.#remove(effect.numbers)
      case 'hang-up':
        return this.#close('us')
      default:
        never(effect, 'effect of a POP3 session')
    }
  }

  #say({ line, isOk, secretFrom }: SessionEffect & { do: 'say' }): void {
    this.#line.say(`${line}\r\n`)
    this.#transcript.line('S', line, secretFrom === undefined ? undefined : { secrets: [[secretFrom, line.length]] })
    if (isOk) {
      this.#hasQuit = this.#session.at === 'over'
      return
    }
    this.#verdict = /^-ERR \[(?:IN-USE|SYS\/TEMP)\]/.test(line) ? 'deferred' : 'failed'
    this.#transcript.worst('-ERR')
  }

  #openMaildrop(login: ScramLogin): void {
    this.#transcript.note(`signed in as ${login.address}`)
    const asked = this.#options.policy.openMaildrop(login)
    // It may come when nobody is there for it any more.
    void asked.then(
      (drop) => {
        if (this.#isEnded && drop !== 'in-use') drop.close()
      },
      () => {},
    )
    this.#wait.hold(
      asked,
      (drop) => {
        if (drop !== 'in-use') {
          this.#drop = drop
          this.#verdict = 'ok'
        }
        this.#session.onMaildrop(drop)
      },
      () => this.#session.onMaildrop('unknown'),
    )
  }

  #find(number: number): void {
    const session = this.#session
    if (!this.#options.policy.isStanding()) return session.onMessage('revoked')
    let opened: ReturnType<OpenMaildrop['open']>
    try {
      opened = this.#drop?.open(number) ?? 'gone'
    } catch (error) {
      this.#transcript.note(reasonOf(error))
      return session.onMessage('unknown')
    }
    if (opened === 'gone' || opened === 'damaged') return session.onMessage(opened)
    const { messageId, chunks } = opened
    this.#wait.hold(
      chunks.next(),
      (first) => {
        this.#found = { messageId, chunks, first }
        this.#verdict = 'ok'
        session.onMessage('found')
      },
      (error) => session.onMessage(isFault(error, 'blob.damaged') ? 'damaged' : 'unknown'),
    )
  }

  #send(lines: number | undefined): void {
    const message = this.#found
    this.#found = undefined
    if (message === undefined) throw new Error('a message is to be sent that nobody has found')
    const isEnded = () => this.#isEnded
    const { clock } = this.#options
    this.#transcript.link({ messageId: message.messageId })
    const sending = sendMessage(message, lines, {
      transcript: this.#transcript,
      write: (bytes) => this.#line.write(bytes),
      room: () => {
        this.#deadlines.onDone(clock.monotonicMs())
        return this.#room()
      },
      get isEnded() {
        return isEnded()
      },
    })
    this.#wait.hold(
      sending,
      () => this.#session.onSent(),
      (error) => this.destroy(`the message could not be read to its end: ${reasonOf(error)}`),
      Infinity,
    )
  }

  /** Resolves when the client has read enough for more to be written. */
  async #room(): Promise<void> {
    if (this.#line.isBlocked) this.#arm()
    while (this.#line.isBlocked && !this.#isEnded) await new Promise<void>((resolve) => (this.#onRoom = resolve))
  }

  #remove(numbers: readonly number[]): void {
    const answer = (found: RemoveAnswer) => this.#session.onRemoved(found)
    if (this.#drop === undefined || !this.#options.policy.isStanding()) return answer('revoked')
    this.#wait.hold(
      this.#drop.remove(numbers),
      () => {
        this.#transcript.note(`${numbers.length} messages were deleted for good`)
        answer('done')
      },
      () => answer('unknown'),
    )
  }

  #secure(): void {
    const { tls, clock } = this.#options
    if (tls === undefined) return
    this.#wait.isOn = this.#isShaking = true
    this.#line.secure(tls, clock, (socket) => {
      this.#wait.isOn = this.#isShaking = false
      if (this.#isEnded) return
      this.#transcript.secured(serverTlsFacts(socket, tls))
      this.#deadlines.onDone(clock.monotonicMs())
      this.#bindings = channelBindings(socket)
      this.#session.onSecured([...this.#bindings.keys()])
      this.#pump()
    })
  }

  get #standing(): Pop3Standing {
    return {
      isSignedIn: this.#drop !== undefined,
      isBlocked: this.#line.isBlocked,
      leftBytes: this.#line.leftBytes,
    }
  }

  /** One timer a session, moved on lazily: a command costs no timer of its own. */
  #arm(): void {
    if (this.#isEnded) return
    this.#timer?.()
    const nowMs = this.#options.clock.monotonicMs()
    const dueAt = Math.min(this.#deadlines.dueAt(this.#standing, nowMs), this.#wait.endsAt)
    this.#timer = this.#options.clock.after(Math.max(dueAt - nowMs, 0), () => this.#tick())
  }

  #tick(): void {
    if (this.#isEnded || this.#isClosing) return
    const nowMs = this.#options.clock.monotonicMs()
    if (nowMs >= this.#wait.endsAt) return this.destroy('no answer came in time from what was asked here')
    if (this.#wait.isOn && !this.#line.isBlocked && this.#wait.endsAt < Infinity) this.#deadlines.onDone(nowMs)
    const why = this.#deadlines.look(nowMs, this.#standing)
    // RFC 1939 §3: the connection is closed without a word, and nothing is removed.
    if (why !== undefined) return this.destroy(why)
    this.#arm()
  }

  #close(by: 'C' | 'us', why?: string): void {
    this.#isClosing = true
    this.#line.flush()
    this.#end(by, why)
    this.#leaveSoon = this.#line.hangUp(this.#options.clock)
    if (this.#isDraining) this.#leaveSoon()
  }

  #end(by: 'C' | 'us', why?: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#timer?.()
    this.#drop?.close()
    this.#onRoom()
    this.#listing.end()
    void this.#found?.chunks.return?.()
    this.#transcript.close(this.#hasQuit || this.#verdict !== 'ok' ? this.#verdict : 'aborted', by, why)
  }
}
