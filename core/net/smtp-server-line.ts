import type { Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import type { Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import { hangUp } from './hang-up.ts'
import { acceptTls, type ServerTls } from './server-tls.ts'

/** Bytes that may wait, on either side, before the socket is left alone. */
const WAITING_BYTES = 64 * 1024

/** What a line tells its session. */
export interface LineEvents {
  received(bytes: Buffer): void
  /** What was written has left: there is room again. */
  drained(): void
  /** The client closed its side; it may still read. */
  ended(): void
  /** It has come to an end without any last words. */
  lost(by: 'C' | 'us', why: string): void
  closed(): void
}

/** The socket of one session, before and behind STARTTLS: gathers what is said into few writes, and holds the client back. */
export class SmtpServerLine {
  #socket: Socket
  readonly #events: LineEvents
  #out = ''
  #written = 0

  constructor(socket: Socket, events: LineEvents) {
    this.#socket = socket
    this.#events = events
    this.#listen()
  }

  #listen(): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('drain', this.#onDrain)
    this.#socket.once('end', this.#onEnd)
    this.#socket.on('error', this.#onError)
    this.#socket.once('close', this.#onClose)
  }
  #unlisten(): void {
    this.#socket.off('data', this.#onData)
    this.#socket.off('drain', this.#onDrain)
    this.#socket.off('end', this.#onEnd)
    this.#socket.off('error', this.#onError)
    this.#socket.off('close', this.#onClose)
  }
  readonly #onData = (bytes: Buffer) => this.#events.received(bytes)
  readonly #onDrain = () => this.#events.drained()
  readonly #onEnd = () => this.#events.ended()
  readonly #onError = (error: Error) => this.#events.lost('C', reasonOf(error))
  readonly #onClose = () => {
    this.#events.lost('C', 'the connection was closed')
    this.#events.closed()
  }

  /** The client does not read what it asked for: nothing more is done for it until it does. */
  get isBlocked(): boolean {
    return this.#socket.writableLength > WAITING_BYTES
  }

  /** Says it with the next `flush`. */
  say(text: string): void {
    this.#out += text
  }
  /** Writes what was said, in one piece. */
  flush(): void {
    if (this.#out === '') return
    if (this.#socket.writable) this.#socket.write(this.#out, 'latin1')
    this.#written += this.#out.length
    this.#out = ''
  }

  /** Writes bytes behind what was said; they may not change until they have left. */
  write(bytes: Uint8Array): void {
    this.flush()
    if (!this.#socket.writable) return
    this.#socket.write(bytes)
    this.#written += bytes.length
  }
  /** Bytes written by `write` and `flush` that have left for the client. */
  get leftBytes(): number {
    return this.#written - this.#socket.writableLength
  }

  /** Stops reading while more waits than is good. */
  holdBack(waitingBytes: number): void {
    if (waitingBytes > WAITING_BYTES) this.#socket.pause()
  }
  /** Reads on: what is held may be the start of a line, whose end is yet to be read. */
  letCome(waitingBytes: number): void {
    if (this.#socket.isPaused() && waitingBytes <= WAITING_BYTES) this.#socket.resume()
  }

  /** Begins TLS; `secured` is called once it stands. */
  secure(tls: ServerTls, clock: Clock, secured: (socket: TLSSocket) => void): void {
    this.flush()
    this.#unlisten()
    const socket = acceptTls(this.#socket, tls, clock, {
      left: (by, why) => this.#events.lost(by, why),
      secured: () => {
        socket.on('data', this.#onData).on('drain', this.#onDrain).once('end', this.#onEnd)
        secured(socket)
      },
    })
    socket.on('error', this.#onError).once('close', this.#onClose)
    this.#socket = socket
  }

  /** Closes behind our last words. Returns how to make it short where the program ends. */
  hangUp(clock: Clock): () => void {
    return hangUp(this.#socket, clock)
  }
  /** Closes once our last words are written, and waits for nothing that the client may still say. Returns what `hangUp` does. */
  part(): () => void {
    this.#socket.destroySoon()
    return () => {}
  }
  /** Closes now. */
  destroy(): void {
    this.#socket.destroy()
  }
}
