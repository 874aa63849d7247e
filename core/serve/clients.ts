import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Reply } from '../model/reply.ts'
import { peerOf } from '../net/smtp-server-driver.ts'
import type { ServedSession } from '../net/smtp-server-terms.ts'
import type { Recorder } from '../transcript/sink.ts'
import { reply, replyLines } from '../wire/smtp/server-reply.ts'

/** After this a session that is not done when we close is cut. */
const CLOSE_MS = 10_000
/** Whoever is turned away has so long to read why. */
const LEAVE_MS = 2000
/** Turned away with words at once; more are cut off without. */
const MOST_TURNED_AWAY = 200

const TOO_MANY = reply(421, '4.3.2', 'too many connections, try again later')

/** The clients of one service: who is served, who is turned away, and how all of them leave. */
export class Clients {
  readonly #deps: { readonly recorder: Recorder; readonly clock: Clock }
  readonly #most: () => { readonly inAll: number; readonly perClient: number }
  readonly #sessions = new Set<ServedSession>()
  readonly #perClient = new Map<string, number>()
  readonly #turnedAway = new Set<Socket>()
  #isClosing = false

  constructor(
    deps: { readonly recorder: Recorder; readonly clock: Clock },
    most: () => { readonly inAll: number; readonly perClient: number },
  ) {
    this.#deps = deps
    this.#most = most
  }

  /** How many are served now. */
  get size(): number {
    return this.#sessions.size
  }

  /** Serves a client, or turns it away when there are too many. `client` is who it counts as. */
  take(socket: Socket, client: string, serve: (onEnd: () => void) => ServedSession): void {
    const { inAll, perClient } = this.#most()
    const fromClient = this.#perClient.get(client) ?? 0
    if (this.#isClosing || this.#sessions.size >= inAll || fromClient >= perClient)
      return this.turnAway(socket, TOO_MANY, 'too many connections')
    this.#perClient.set(client, fromClient + 1)
    const session = serve(() => {
      this.#sessions.delete(session)
      const left = (this.#perClient.get(client) ?? 1) - 1
      if (left > 0) this.#perClient.set(client, left)
      else this.#perClient.delete(client)
    })
    this.#sessions.add(session)
  }

  /** RFC 5321 §3.8: a server that cannot serve says so before it closes. */
  turnAway(socket: Socket, said: Reply, why: string): void {
    const { recorder, clock } = this.#deps
    socket.on('error', () => {})
    if (this.#turnedAway.size >= MOST_TURNED_AWAY) return void socket.destroy()
    this.#turnedAway.add(socket)
    const transcript = recorder.open({ protocol: 'smtp', side: 'server', ...peerOf(socket) })
    const lines = replyLines(said)
    for (const line of lines) transcript.line('S', Buffer.from(line, 'latin1'))
    transcript.worst(String(said.code))
    transcript.close(said.code < 500 ? 'deferred' : 'failed', 'us', why)
    socket.resume()
    socket.end(`${lines.join('\r\n')}\r\n`, 'latin1')
    const cancel = clock.after(LEAVE_MS, () => socket.destroy())
    socket.once('close', () => {
      cancel()
      this.#turnedAway.delete(socket)
    })
  }

  /** Says goodbye to everyone at the next command; those who are not gone after a while are cut off. Returns how to stop waiting. */
  leave(): () => void {
    this.#isClosing = true
    for (const session of this.#sessions) session.drain()
    for (const socket of this.#turnedAway) socket.destroySoon()
    return this.#deps.clock.after(CLOSE_MS, () => {
      for (const session of this.#sessions) session.destroy('shutting down')
    })
  }
}
