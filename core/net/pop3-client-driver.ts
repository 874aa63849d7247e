import type { Socket } from 'node:net'
import type { Cancel, Clock } from '../base/clock.ts'
import { never } from '../base/never.ts'
import type { TlsMode } from '../model/outcome.ts'
import type { ContentRef } from '../model/transcript.ts'
import type { Recorder, Transcript } from '../transcript/sink.ts'
import { Pop3Client } from '../wire/pop3/client.ts'
import type { Effect, Failure, Want } from '../wire/pop3/client-words.ts'
import { formatEndpoint } from './address.ts'
import { CONNECT_TIMEOUT_MS, CONNECT_TIMEOUT_SHORT_MS, type Dialer } from './dial.ts'
import type { FindHost } from './find-host.ts'
import { listingInto } from './pop3-listing-transcript.ts'
import { secure } from './tls.ts'

/** Where a maildrop is and who opens it. */
export interface Pop3Target {
  readonly host: string
  readonly port: number
  readonly tls: TlsMode
  readonly user: string
  readonly password: string
  readonly accountId?: number
}
/** What the driver works with; all of it handed in. */
export interface Pop3Peers {
  readonly recorder: Recorder
  readonly dial: Dialer
  readonly findHost: FindHost
  readonly clock: Clock
  /** The setting relay.caFile, asked at each handshake. */
  readonly caFile: () => string
}
/** Why there is no session, or none any more. Expected, so a value. */
export type Pop3Trouble =
  | Failure
  | { readonly kind: 'host'; readonly host: string; readonly reason: string }
  | { readonly kind: 'connect'; readonly address: string; readonly errno: string }
  | { readonly kind: 'handshake'; readonly host: string; readonly reason: string }
  | { readonly kind: 'silent'; readonly seconds: number }
  | { readonly kind: 'lost' | 'given-up' }
/** What became of one command. */
export type Answer =
  | { readonly kind: 'granted'; readonly text: string; readonly listing?: Uint8Array }
  | { readonly kind: 'refused'; readonly text: string }
  | { readonly kind: 'lost'; readonly trouble: Pop3Trouble }
/** Where opening a session stands. */
export type Pop3Step = 'connect' | 'tls' | 'login'

/** One signed-in session. Every answer comes, as `lost` when the session ends first. */
export interface Pop3Session {
  readonly sessionId: number
  readonly transcript: Transcript
  ask(want: Want): Promise<Answer>
  /** RETR. While `take` has a promise open, no more is read from the server. */
  retrieve(number: number, ref: ContentRef, take: (bytes: Uint8Array) => void | Promise<void>): Promise<Answer>
  /** Says QUIT, which makes deletions real (RFC 1939 §6), and hangs up. */
  quit(): Promise<Answer>
  /** Hangs up without a word: nothing is deleted. A second call does nothing. */
  abandon(trouble: Pop3Trouble): void
}
export type OpenedPop3 =
  | { readonly ok: true; readonly session: Pop3Session }
  | { readonly ok: false; readonly trouble: Pop3Trouble; readonly sessionId: number }

/** RFC 1939 names no deadline for clients; its servers wait 10 minutes (§3). Checked in steps of a third. */
const SILENCE_MS = 180_000
const TICKS = 3
/** Less than this in a tick is no progress: a server that trickles must not hold a fetch for days. */
const PROGRESS_BYTES = 30_000

/** Connects, secures and signs in. `onStep` hears of each part before it begins. */
export async function openPop3(
  target: Pop3Target,
  peers: Pop3Peers,
  signal?: AbortSignal,
  onStep: (step: Pop3Step, sessionId: number) => void = () => {},
): Promise<OpenedPop3> {
  const { recorder, clock, dial, findHost } = peers
  const found = await findHost(target.host)
  const transcript = recorder.open({
    protocol: 'pop3',
    side: 'client',
    peer: target.host,
    address: found.ok ? formatEndpoint(found.addresses[0]!, target.port) : '',
    ...(target.accountId === undefined ? {} : { accountId: target.accountId }),
  })
  const { sessionId } = transcript
  const failed = (trouble: Pop3Trouble): OpenedPop3 => {
    closeWith(transcript, trouble)
    return { ok: false, trouble, sessionId }
  }
  onStep('connect', sessionId)
  for (const line of found.trace) transcript.note(line)
  if (!found.ok) return failed({ kind: 'host', host: target.host, reason: found.reason })

  let socket: Socket | undefined
  let trouble: Pop3Trouble = { kind: 'given-up' }
  for (const [index, address] of found.addresses.entries()) {
    const endpoint = formatEndpoint(address, target.port)
    const isLast = index === found.addresses.length - 1
    const timeoutMs = isLast ? CONNECT_TIMEOUT_MS : CONNECT_TIMEOUT_SHORT_MS
    const dialled = await dial({ address, port: target.port, timeoutMs }, signal)
    if (dialled.ok) {
      transcript.note(`connected to ${endpoint}`)
      socket = dialled.socket
      break
    }
    transcript.note(`dial ${endpoint}: ${dialled.reason}`)
    trouble = signal?.aborted ? { kind: 'given-up' } : { kind: 'connect', address: endpoint, errno: dialled.errno }
    if (signal?.aborted) break
  }
  if (socket === undefined) return failed(trouble)

  if (target.tls === 'implicit') {
    onStep('tls', sessionId)
    const secured = await secure(socket, { host: target.host, caFile: peers.caFile(), verify: 'strict' }, clock)
    if (!secured.ok) {
      socket.destroy()
      return failed({ kind: 'handshake', host: target.host, reason: secured.reason })
    }
    transcript.secured(secured.facts)
    socket = secured.socket
  } else if (target.tls === 'starttls') onStep('tls', sessionId)
  const session = new DrivenSession(target, peers, transcript, socket, () => onStep('login', sessionId))
  const onAbort = () => session.abandon({ kind: 'given-up' })
  if (signal?.aborted) onAbort()
  signal?.addEventListener('abort', onAbort, { once: true })
  session.over.then(() => signal?.removeEventListener('abort', onAbort)).catch(() => {})
  const why = await session.ready
  return why === undefined ? { ok: true, session } : { ok: false, trouble: why, sessionId }
}

function closeWith(transcript: Transcript, trouble: Pop3Trouble): void {
  const word: Readonly<Record<Pop3Trouble['kind'], string>> = {
    'refused': '-ERR',
    'no-stls': 'no STLS',
    'unsayable': 'not sent',
    'protocol': 'protocol',
    'host': 'no host',
    'connect': 'refused',
    'handshake': 'tls',
    'silent': 'timeout',
    'lost': 'lost',
    'given-up': 'given up',
  }
  transcript.worst(trouble.kind === 'connect' ? trouble.errno : word[trouble.kind])
  const why =
    'reason' in trouble
      ? trouble.reason
      : trouble.kind === 'silent'
        ? `nothing came for ${trouble.seconds} s`
        : word[trouble.kind]
  transcript.close(trouble.kind === 'given-up' ? 'aborted' : 'failed', trouble.kind === 'lost' ? 'S' : 'us', why)
}

class DrivenSession implements Pop3Session {
  readonly transcript: Transcript
  /** Undefined when signed in, otherwise why not. */
  readonly ready: Promise<Pop3Trouble | undefined>
  readonly over: Promise<void>
  readonly #target: Pop3Target
  readonly #peers: Pop3Peers
  readonly #client: Pop3Client
  readonly #onLogin: () => void
  readonly #settleReady: (trouble: Pop3Trouble | undefined) => void
  readonly #settleOver: () => void
  readonly #open = new Map<
    Want,
    {
      readonly settle: (answer: Answer) => void
      readonly take: ((bytes: Uint8Array) => void | Promise<void>) | undefined
      readonly ref: ContentRef | undefined
      bytes: number
    }
  >()
  /** The one RETR whose message comes now. */
  #coming: Want | undefined
  #socket: Socket
  #chunks: Buffer[] = []
  #effects: Iterator<Effect, void, void> | undefined
  #busy = false
  #out: Uint8Array[] = []
  #trouble: Pop3Trouble | undefined
  #closed = false
  #tick: Cancel = () => {}
  #idleTicks = 0
  #bytesInTick = 0
  #answeredInTick = false

  constructor(target: Pop3Target, peers: Pop3Peers, transcript: Transcript, socket: Socket, onLogin: () => void) {
    this.#target = target
    this.#peers = peers
    this.transcript = transcript
    this.#onLogin = onLogin
    this.#client = new Pop3Client({ tls: target.tls, user: target.user, password: target.password })
    const ready = Promise.withResolvers<Pop3Trouble | undefined>()
    const over = Promise.withResolvers<void>()
    this.ready = ready.promise
    this.over = over.promise
    this.#settleReady = ready.resolve
    this.#settleOver = over.resolve
    this.#socket = socket
    this.#listen()
    this.#watch()
  }

  get sessionId(): number {
    return this.transcript.sessionId
  }

  ask(want: Want): Promise<Answer> {
    return this.#ask(want, undefined, undefined)
  }

  retrieve(number: number, ref: ContentRef, take: (bytes: Uint8Array) => void | Promise<void>): Promise<Answer> {
    return this.#ask({ verb: 'RETR', number }, ref, take)
  }

  quit(): Promise<Answer> {
    return this.ask({ verb: 'QUIT' })
  }

  abandon(trouble: Pop3Trouble): void {
    this.#end(trouble)
  }

  #ask(
    want: Want,
    ref: ContentRef | undefined,
    take: ((bytes: Uint8Array) => void | Promise<void>) | undefined,
  ): Promise<Answer> {
    if (this.#closed) return Promise.resolve({ kind: 'lost', trouble: this.#trouble ?? { kind: 'lost' } })
    const { promise, resolve } = Promise.withResolvers<Answer>()
    this.#open.set(want, { settle: resolve, take, ref, bytes: 0 })
    for (const effect of this.#client.want(want)) void this.#handle(effect)
    return promise
  }

  #listen(): void {
    this.#socket.on('data', (chunk: Buffer) => {
      this.#bytesInTick += chunk.length
      this.#chunks.push(chunk)
      if (!this.#busy) this.#drain()
    })
    this.#socket.on('error', () => {})
    this.#socket.on('close', () => this.#onClose())
    this.#socket.on('end', () => this.#onClose())
  }

  /** A server that hangs up may have said things that we have not read yet, because a write of ours is under way. */
  #onClose(): void {
    if (!this.#busy) this.#end({ kind: 'lost' })
    else this.#trouble ??= { kind: 'lost' }
  }

  /** Does what is to be done, until something of it takes time; then no more is read before it is done. */
  #drain(): void {
    while (!this.#closed) {
      if (this.#effects === undefined) {
        const chunk = this.#chunks.shift()
        if (chunk === undefined) {
          if (this.#trouble) this.#end(this.#trouble)
          return
        }
        this.#effects = this.#client.receive(chunk)
      }
      const step = this.#effects.next()
      if (step.done) {
        this.#effects = undefined
        continue
      }
      const done = this.#handle(step.value)
      if (done === undefined) continue
      this.#busy = true
      this.#socket.pause()
      done.then(
        () => {
          this.#busy = false
          this.#answeredInTick = true
          this.#socket.resume()
          this.#drain()
        },
        () => this.#end({ kind: 'given-up' }),
      )
      return
    }
  }

  #handle(effect: Effect): void | Promise<void> {
    const { transcript } = this
    switch (effect.do) {
      case 'send':
        transcript.line('C', effect.line.subarray(0, -2), { secrets: effect.secrets })
        // Commands of one turn share a write.
        if (this.#out.push(effect.line) === 1) queueMicrotask(() => this.#write())
        return
      case 'heard':
        return transcript.line('S', effect.line, {
          ...(effect.secrets.length > 0 ? { secrets: effect.secrets } : {}),
          ...(effect.odd ? { odd: true } : {}),
        })
      case 'listing':
        return listingInto(transcript, effect.bytes)
      case 'secure':
        return this.#secure()
      case 'step':
        return this.#onLogin()
      case 'ready':
        return this.#settleReady(undefined)
      case 'data': {
        const open = this.#coming === undefined ? this.#firstRetrieval() : this.#open.get(this.#coming)
        if (open === undefined) return
        open.bytes += effect.bytes.length
        return open.take?.(effect.bytes)
      }
      case 'answer':
        return this.#onAnswer(effect)
      case 'fail':
        return this.#end(effect.failure)
      default:
        return never(effect, 'effect')
    }
  }

  /** Wants are kept in the order they were asked for, and so are answers. */
  #firstRetrieval() {
    for (const [want, open] of this.#open)
      if (want.verb === 'RETR') {
        this.#coming = want
        return open
      }
    return undefined
  }

  #onAnswer({ want, ok, text, listing }: Extract<Effect, { do: 'answer' }>): void {
    const open = this.#open.get(want)
    this.#open.delete(want)
    this.#coming = undefined
    this.#answeredInTick = true
    if (!ok) this.transcript.worst('-ERR')
    if (ok && open?.ref) {
      this.transcript.content('S', open.bytes, open.ref)
      this.transcript.countMessage()
    }
    // At once: the server hangs up after it, and that is no loss then.
    if (want.verb === 'QUIT') this.#end(undefined, ok ? undefined : 'the server refused to say goodbye')
    open?.settle(ok ? { kind: 'granted', text, ...(listing ? { listing } : {}) } : { kind: 'refused', text })
  }

  #write(): void {
    const out = this.#out
    this.#out = []
    if (!this.#closed && out.length > 0) this.#socket.write(out.length === 1 ? out[0]! : Buffer.concat(out))
  }

  async #secure(): Promise<void> {
    const { host } = this.#target
    const raw = this.#socket
    for (const event of ['data', 'end', 'close']) raw.removeAllListeners(event)
    const secured = await secure(raw, { host, caFile: this.#peers.caFile(), verify: 'strict' }, this.#peers.clock)
    if (this.#closed) return
    if (!secured.ok) {
      raw.destroy()
      return this.#end({ kind: 'handshake', host, reason: secured.reason })
    }
    this.transcript.secured(secured.facts)
    this.#socket = secured.socket
    this.#listen()
    for (const effect of this.#client.secured()) void this.#handle(effect)
  }

  /** Ends a session that makes no progress though something is due from the server. */
  #watch(): void {
    this.#tick = this.#peers.clock.after(SILENCE_MS / TICKS, () => {
      const isDue = this.#client.isWaiting && !this.#busy
      const progressed = this.#answeredInTick || this.#bytesInTick >= PROGRESS_BYTES || !isDue
      this.#idleTicks = progressed ? 0 : this.#idleTicks + 1
      this.#bytesInTick = 0
      this.#answeredInTick = false
      if (this.#idleTicks >= TICKS) this.#end({ kind: 'silent', seconds: SILENCE_MS / 1000 })
      else this.#watch()
    })
  }

  #end(trouble: Pop3Trouble | undefined, why?: string): void {
    if (this.#closed) return
    this.#closed = true
    this.#tick()
    this.#trouble = trouble
    if (trouble === undefined) {
      this.transcript.close('ok', 'C', why)
      this.#socket.end()
      this.#socket.resume()
    } else {
      closeWith(this.transcript, trouble)
      this.#socket.destroy()
    }
    this.#settleReady(trouble)
    for (const open of this.#open.values()) open.settle({ kind: 'lost', trouble: trouble ?? { kind: 'lost' } })
    this.#open.clear()
    this.#settleOver()
  }
}
