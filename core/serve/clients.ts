import type { Socket } from 'node:net'
import type { Clock } from '../base/clock.ts'
import type { Reply } from '../model/reply.ts'
import type { ServedSession } from '../net/smtp-server-terms.ts'
import type { Recorder } from '../transcript/sink.ts'
import { TurnedAway } from './turned-away.ts'

/** After this a session that is not done when we close is cut. */
const CLOSE_MS = 10_000

interface ClientsDeps {
  readonly recorder: Recorder
  readonly clock: Clock
  /** SMTP where this is left out. */
  readonly protocol?: 'smtp' | 'pop3'
}

/** The clients of one service: who is served, who is turned away, and how all of them leave. */
export class Clients {
  readonly #deps: ClientsDeps
  readonly #most: () => { readonly inAll: number; readonly perClient: number }
  readonly #sessions = new Set<ServedSession>()
  readonly #perClient = new Map<string, number>()
  readonly #turnedAway: TurnedAway
  #isClosing = false

  constructor(deps: ClientsDeps, most: () => { readonly inAll: number; readonly perClient: number }) {
    this.#deps = deps
    this.#turnedAway = new TurnedAway(deps.clock, deps.recorder, deps.protocol ?? 'smtp')
    this.#most = most
  }

  /** How many are served now. */
  get size(): number {
    return this.#sessions.size
  }

  /**
   * Serves a client, or turns it away when there are too many. `client` is who it counts as; `isTls`: it waits for a handshake
   * first.
   */
  take(socket: Socket, client: string, serve: (onEnd: () => void) => ServedSession, isTls = false): void {
    const { inAll, perClient } = this.#most()
    const fromClient = this.#perClient.get(client) ?? 0
    if (this.#isClosing || this.#sessions.size >= inAll || fromClient >= perClient)
      return this.#turnedAway.add(socket, isTls)
    this.#perClient.set(client, fromClient + 1)
    const session = serve(() => {
      this.#sessions.delete(session)
      const left = (this.#perClient.get(client) ?? 1) - 1
      if (left > 0) this.#perClient.set(client, left)
      else this.#perClient.delete(client)
    })
    this.#sessions.add(session)
  }

  /** Turns a client away with these words. */
  turnAway(socket: Socket, said: Reply): void {
    this.#turnedAway.add(socket, false, said)
  }

  /** Says goodbye to everyone at the next command; those who are not gone after a while are cut off. Returns how to stop waiting. */
  leave(): () => void {
    this.#isClosing = true
    for (const session of this.#sessions) session.drain()
    this.#turnedAway.close()
    return this.#deps.clock.after(CLOSE_MS, () => {
      for (const session of this.#sessions) session.destroy('shutting down')
    })
  }
}
