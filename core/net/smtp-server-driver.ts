import { X509Certificate } from 'node:crypto'
import type { Socket } from 'node:net'
import { createSecureContext, TLSSocket, type SecureContext } from 'node:tls'
import type { Cancel, Clock } from '../base/clock.ts'
import { isFault, reasonOf } from '../base/fault.ts'
import { never } from '../base/never.ts'
import type { ForwardPath, ReversePath } from '../model/address.ts'
import type { Reply } from '../model/reply.ts'
import type { Submission } from '../model/submission.ts'
import type { TlsFacts } from '../model/transcript.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import { countHops, type DataLimits } from '../wire/smtp/data-reader.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'
import { ServerSession, type Incoming, type SessionEffect } from '../wire/smtp/server-session.ts'
import type { Terms } from '../wire/smtp/server.ts'
import { SmtpContent, type Staging } from './smtp-content.ts'

/** What a session asks of whoever offers the service. A reply refuses; an exception is a fault of ours: `451`. */
export interface SmtpPolicy {
  login(user: string, password: string): Promise<{ readonly userId: number; readonly address: string } | undefined>
  sender(
    from: ReversePath,
    userId: number | undefined,
    sizeBytes: number | undefined,
  ): Reply | undefined | Promise<Reply | undefined>
  recipient(to: ForwardPath | 'postmaster', from: ReversePath): ForwardPath | Reply | Promise<ForwardPath | Reply>
  accept(
    message: Incoming,
    body: Submission['body'],
    head: Uint8Array,
  ): Promise<
    { readonly accepted: true; readonly entryId: number } | { readonly accepted: false; readonly reply: Reply }
  >
  stage(): Promise<Staging>
}
/** Our key and certificate, made once for all sessions. */
export interface ServerTls {
  readonly context: SecureContext
  readonly subject: string
  readonly fingerprint256: string
}
export interface SmtpServerOptions {
  readonly terms: Omit<Terms, 'isSecure' | 'isTrusted' | 'offersTls'>
  readonly limits: DataLimits
  readonly tls: ServerTls | undefined
  readonly policy: SmtpPolicy
  readonly recorder: Recorder
  readonly clock: Clock
}
/** One session that is being served. */
export interface ServedSession {
  /** Says goodbye at the next command boundary, and keeps nobody waiting who has nothing under way. */
  drain(): void
  /** Ends it now. */
  destroy(why: string): void
}

/** RFC 5321 §4.5.3.2.7: five minutes for each command. */
const COMMAND_MS = 300_000
/** From the connection to EHLO, and for the TLS handshake: nobody types these. */
const HELLO_MS = 60_000
/** Longest time without a login, a message or a minute of content at the least rate. */
const PROGRESS_MS = 600_000
const RATE_WINDOW_MS = 60_000
/** Content slower than this is a way to keep a connection busy, not a slow line. Postfix's number. */
const LEAST_BYTES_PER_SECOND = 500
/** After our last words the client has so long to close. */
const LINGER_MS = 5000
/** And so long when the program ends: who has not closed by then has not heard us, or does not care. */
const LINGER_AT_EXIT_MS = 200
/** RFC 5321 §6.3 asks for at least 100 or a limit that finds loops; Postfix's number. */
const MOST_HOPS = 50
/** Bytes that may wait, on either side, before the socket is left alone. */
const WAITING_BYTES = 64 * 1024

const FULL = reply(452, '4.3.1', 'no room for the message now')
const FAULT = reply(451, '4.3.0', 'something failed here: try again later')

/** Reads key and certificate for `SmtpServerOptions.tls`. Throws when they are none. */
export function serverTls(pem: { readonly key: string; readonly cert: string }): ServerTls {
  const certificate = new X509Certificate(pem.cert)
  return {
    // TLS 1.2 is the oldest that RFC 8996 leaves.
    context: createSecureContext({ ...pem, minVersion: 'TLSv1.2' }),
    subject: certificate.subject.replaceAll('\n', ', '),
    fingerprint256: certificate.fingerprint256,
  }
}

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
  #content: SmtpContent | undefined
  /** Why content of ours could not be stored; said once it has come to its end. */
  #failure: Reply | undefined
  #isPumping = false
  #isPending = false
  /** While TLS is being agreed on, nothing can be said. */
  #isShaking = false
  /** Ends a wait that the client is put off with. */
  #hurry: (() => void) | undefined
  #isDraining = false
  #isClosing = false
  #isEnded = false
  #hasInputEnded = false
  #hasQuit = false
  #last = 250
  #timer: Cancel | undefined
  #commandAt: number
  #progressAt: number
  #windowAt = 0
  #windowBytes = 0

  constructor(socket: Socket, isTrusted: boolean, options: SmtpServerOptions, onEnd: () => void) {
    this.#socket = socket
    this.#options = options
    this.#onEnd = onEnd
    const { recorder, clock, terms, limits, tls } = options
    this.#session = new ServerSession({ ...terms, isTrusted, isSecure: false, offersTls: tls !== undefined }, limits)
    this.#transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
    this.#commandAt = this.#progressAt = clock.monotonicMs()
  }

  start(): void {
    this.#listen()
    this.#pump()
    this.#arm()
  }

  drain(): void {
    this.#isDraining = true
    if (this.#isShaking) return this.destroy('shutting down')
    if (this.#isClosing) return this.#linger()
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
        this.#commandAt = clock.monotonicMs()
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
              this.#progressAt = clock.monotonicMs()
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
        this.#discard()
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
  #ask<T>(asked: Promise<T>, answer: (value: T) => void, failed: (error: unknown) => void): void {
    this.#isPending = true
    this.#flush()
    const settle = (run: () => void) => {
      this.#isPending = false
      this.#commandAt = this.#options.clock.monotonicMs()
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
    this.#content = new SmtpContent(this.#options.policy.stage)
    this.#failure = undefined
    this.#windowAt = this.#options.clock.monotonicMs()
    this.#windowBytes = 0
    this.#arm()
  }

  #take(bytes: Uint8Array, isSpoiled: boolean): void {
    this.#windowBytes += bytes.length
    const added = this.#content?.add(bytes, isSpoiled)
    if (added === undefined) return
    this.#ask(
      added,
      () => {},
      (error) => {
        // The client is told at the end of its message; until then it would not listen.
        this.#failure = replyTo(error)
        this.#content?.spoil()
      },
    )
  }

  #accept(message: Incoming): void {
    const content = this.#content
    if (content === undefined) return
    const head = content.head(message.headBytes)
    // RFC 5321 §6.3
    if (countHops(head) > MOST_HOPS) this.#failure = reply(554, '5.4.6', 'the message has passed too many servers')
    if (this.#failure !== undefined) {
      this.#discard()
      this.#session.onMessage(this.#failure)
      return
    }
    // From here on the message is the store's: a client that leaves now takes nothing back.
    this.#content = undefined
    const refuse = (refusal: Reply) => {
      this.#discard(content)
      this.#session.onMessage(refusal)
    }
    this.#ask(
      content.body().then((body) => this.#options.policy.accept(message, body, head)),
      (result) => (result.accepted ? this.#accepted(message, result.entryId) : refuse(result.reply)),
      (error) => refuse(replyTo(error)),
    )
  }

  #accepted(message: Incoming, entryId: number): void {
    this.#transcript.content('C', message.sizeBytes, { kind: 'entry', entryId })
    this.#transcript.link({ entryId })
    this.#transcript.countMessage()
    this.#transcript.worst('250')
    this.#last = 250
    this.#progressAt = this.#options.clock.monotonicMs()
    this.#session.onMessage(reply(250, '2.0.0', `ok, queued as ${entryId}`))
  }

  #discard(content = this.#content): void {
    if (content === undefined) return
    this.#content = undefined
    this.#transcript.content('C', content.bytes, content.kept())
    content.drop()
  }

  #secure(): void {
    const { tls, clock } = this.#options
    if (tls === undefined) return
    this.#flush()
    this.#unlisten()
    const plain = this.#socket
    plain.on('error', () => {}) // What goes wrong below is heard of above.
    // What came too early goes into the handshake and breaks it; nothing of it reaches the session (RFC 3207 §4.2).
    const secured = new TLSSocket(plain, { isServer: true, secureContext: tls.context })
    this.#socket = secured
    this.#isPending = this.#isShaking = true
    const cancel = clock.after(HELLO_MS, () => this.destroy('no TLS handshake came'))
    // Half-open sockets do not close by themselves, and what ends before it is secure never gets any further.
    const leave = () => {
      this.#end('C', 'the client closed the connection before TLS stood')
      secured.destroy()
    }
    secured.on('error', this.#onError)
    secured.once('end', leave)
    secured.once('close', () => {
      cancel()
      this.#onClose()
    })
    secured.once('secure', () => {
      cancel()
      this.#isPending = this.#isShaking = false
      if (this.#isEnded) return
      secured.off('end', leave)
      secured.on('data', this.#onData).on('drain', this.#onDrain).once('end', this.#onEndOfInput)
      this.#transcript.secured(factsOf(secured, tls))
      this.#commandAt = clock.monotonicMs()
      this.#session.onSecured()
      this.#pump()
    })
  }

  /** One timer a session, moved on lazily: a command costs no timer of its own. */
  #arm(): void {
    this.#timer?.()
    const wait = this.#dueAt() - this.#options.clock.monotonicMs()
    this.#timer = this.#options.clock.after(Math.max(wait, 0), () => this.#tick())
  }

  #dueAt(): number {
    const command = this.#commandAt + (this.#session.at === 'connected' ? HELLO_MS : COMMAND_MS)
    const idle = this.#content === undefined ? command : this.#windowAt + RATE_WINDOW_MS
    return Math.min(idle, this.#progressAt + PROGRESS_MS)
  }

  #tick(): void {
    if (this.#isEnded || this.#isClosing) return
    const now = this.#options.clock.monotonicMs()
    if (this.#isPending) {
      // The client waits for us.
      this.#commandAt = this.#progressAt = this.#windowAt = now
      this.#windowBytes = 0
    } else if (this.#content !== undefined && now >= this.#windowAt + RATE_WINDOW_MS) {
      const least = (LEAST_BYTES_PER_SECOND * RATE_WINDOW_MS) / 1000
      if (this.#windowBytes < least)
        return this.#goodbye(reply(421, '4.4.2', 'too slow'), 'the content came too slowly')
      this.#windowAt = this.#commandAt = this.#progressAt = now
      this.#windowBytes = 0
    } else if (now >= this.#dueAt()) {
      return this.#goodbye(reply(421, '4.4.2', 'no command came in time'), 'no command came in time')
    }
    this.#arm()
  }

  /** Ends the session with our last words. */
  #goodbye(said: Reply, why: string): void {
    this.#discard()
    this.#say(said)
    this.#close('us', why)
  }

  #close(by: 'C' | 'us', why?: string): void {
    this.#isClosing = true
    this.#flush()
    this.#end(by, why)
    // Unread bytes in a socket that closes would reset the connection and take our last words with them.
    this.#socket.resume()
    this.#socket.end()
    this.#options.clock.after(LINGER_MS, () => this.#socket.destroy())
    if (this.#isDraining) this.#linger()
  }

  /** When the program ends, whoever has our last words on the way gets a moment, and no more. */
  #linger(): void {
    const leave = () => this.#options.clock.after(LINGER_AT_EXIT_MS, () => this.#socket.destroy())
    if (this.#socket.writableFinished) leave()
    else this.#socket.once('finish', leave)
  }

  #end(by: 'C' | 'us', why?: string): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.#timer?.()
    this.#discard()
    const verdict = this.#last >= 500 ? 'failed' : this.#last >= 400 ? 'deferred' : 'ok'
    this.#transcript.close(this.#hasQuit || verdict !== 'ok' ? verdict : 'aborted', by, why)
  }
}

/** A fault of ours as a reply: general to the peer, for the cause stands in the transcript. */
function replyTo(error: unknown): Reply {
  return isFault(error, 'store.full') ? FULL : FAULT
}

/** The client shows no certificate, so the facts tell of ours. */
function factsOf(socket: TLSSocket, tls: ServerTls): TlsFacts {
  const { name, standardName } = socket.getCipher()
  return {
    version: socket.getProtocol() ?? 'unknown',
    cipher: standardName ?? name,
    trusted: true,
    subject: tls.subject,
    fingerprint256: tls.fingerprint256,
  }
}
