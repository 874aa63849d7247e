import type { Socket } from 'node:net'
import type { Cancel } from '../base/clock.ts'
import { letGo } from '../base/let-go.ts'
import { never } from '../base/never.ts'
import type { ContentRef } from '../model/transcript.ts'
import type { Transcript } from '../transcript/sink.ts'
import { ownNameOf } from '../wire/sasl-name.ts'
import { Pop3Client } from '../wire/pop3/client.ts'
import type { Effect, ServerFacts, Want } from '../wire/pop3/client-words.ts'
import { LineMeter } from './line-speed.ts'
import { listingInto } from './pop3-listing-transcript.ts'
import {
  closeWith,
  type Answer,
  type Pop3Peers,
  type Pop3Session,
  type Pop3Target,
  type Pop3Trouble,
  type Retrieval,
} from './pop3-words.ts'
import { pop3Primitives, saltPassword } from './sasl-primitives.ts'
import { secure } from './tls.ts'

/** RFC 1939 names no deadline for clients; its servers wait 10 minutes (§3). Checked in steps of a third. */
const SILENCE_MS = 180_000
const TICKS = 3
/** Less than this in a tick is no progress: a server that trickles must not hold a fetch for days. */
const PROGRESS_BYTES = 30_000

/** Of a server that nobody has signed in at. */
const NO_FACTS: ServerFacts = {
  pipelining: false,
  top: false,
  utf8: false,
  signedInBy: '',
  loginDelaySeconds: null,
  expireDays: null,
}

/** Drives the machine over a connected socket: writes, deadlines, transcript, and one answer for each want. */
export class DrivenSession implements Pop3Session {
  readonly transcript: Transcript
  /** Undefined when signed in, otherwise why not. */
  readonly ready: Promise<Pop3Trouble | undefined>
  readonly over: Promise<void>
  readonly line = new LineMeter()
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
  #facts: ServerFacts = NO_FACTS
  /** The one RETR or TOP whose message comes now. */
  #coming: Want | undefined
  #socket: Socket
  #chunks: Buffer[] = []
  /** The one whose effects are done now. */
  #chunk: Buffer | undefined
  #effects: Iterator<Effect, void, void> | undefined
  #busy = false
  /** Of the responses under way when bytes came: how many are still to come. */
  #asked = 0
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
    this.#client = new Pop3Client({ ...target, primitives: pop3Primitives })
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

  get sessionId(): number | undefined {
    return this.transcript.sessionId
  }

  ask(want: Want): Promise<Answer> {
    return this.#ask(want, undefined, undefined)
  }

  retrieve(want: Retrieval, ref: ContentRef, take: (bytes: Uint8Array) => void | Promise<void>): Promise<Answer> {
    return this.#ask(want, ref, take)
  }

  get facts(): ServerFacts {
    return this.#facts
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
      this.line.came(chunk.length, this.#peers.clock.monotonicMs())
      this.#asked = this.#client.underWay
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
          else this.line.wait(this.#asked > 0 && this.#isMessageDue(), this.#peers.clock.monotonicMs())
          return
        }
        this.#chunk = chunk
        this.#effects = this.#client.receive(chunk)
      }
      const step = this.#effects.next()
      if (step.done) {
        this.#effects = undefined
        // Nobody keeps a view of it: whoever takes a message copies what he keeps.
        if (this.#chunk !== undefined && this.#chunk.byteLength === this.#chunk.buffer.byteLength) letGo(this.#chunk)
        this.#chunk = undefined
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
        transcript.line('C', effect.line.subarray(0, -2), {
          secrets: effect.secrets,
          ...ownNameOf(effect.line, effect.secrets, { user: this.#target.user, secret: this.#target.password }),
        })
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
      case 'note':
        return transcript.note(effect.text)
      case 'derive':
        return this.#derive(effect)
      case 'ready':
        this.#facts = effect.facts
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
      if (want.verb === 'RETR' || want.verb === 'TOP') {
        this.#coming = want
        return open
      }
    return undefined
  }

  /** Not a listing: a server may take its time to make one. */
  #isMessageDue(): boolean {
    const verb = this.#open.keys().next().value?.verb
    return verb === 'RETR' || verb === 'TOP'
  }

  #onAnswer({ want, ok, text, listing }: Extract<Effect, { do: 'answer' }>): void {
    const open = this.#open.get(want)
    this.#open.delete(want)
    this.#asked--
    this.#coming = undefined
    this.#answeredInTick = true
    if (!ok) this.transcript.worst('-ERR')
    if (ok && open?.ref) {
      this.transcript.content('S', open.bytes, open.ref)
      if (want.verb === 'RETR') this.transcript.countMessage()
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

  /** Makes the key of SCRAM, off the main thread; nothing is due from the server meanwhile. */
  async #derive({ password, salt, rounds }: Extract<Effect, { do: 'derive' }>): Promise<void> {
    const salted = await saltPassword(password, salt, rounds)
    if (this.#closed) return
    for (const effect of this.#client.derived(salted)) void this.#handle(effect)
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
