import { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { ConsoleSession } from '../net/console-session.ts'
import type { ConsolePeers, ConsoleTarget } from '../net/console-terms.ts'

/** Sessions a person may lead at once. */
const MOST_OPEN = 8
/** Of those that are over so many can still be looked at here; all stay in the log. */
const MOST_KEPT = 20

/** The sessions of the console, as long as the engine runs. */
export class ConsoleDesk {
  readonly changes = new Changes<number>(20)
  readonly #peers: ConsolePeers
  readonly #sessions = new Map<number, ConsoleSession>()
  #opening = 0
  #lastId = 0
  #isClosed = false

  constructor(peers: ConsolePeers) {
    this.#peers = peers
  }

  /** Throws `conflict` where too many are open. */
  async open(target: ConsoleTarget): Promise<number> {
    const open = [...this.#sessions.values()].filter(({ stage }) => stage !== 'over').length
    if (this.#isClosed || open + this.#opening >= MOST_OPEN) {
      const reason = `${MOST_OPEN} sessions are open already`
      throw new Fault('conflict', `open a session: ${reason}`, { what: 'console', reason })
    }
    this.#opening++
    try {
      const id = ++this.#lastId
      const session = await ConsoleSession.open(target, this.#peers, () => this.changes.emit(id))
      this.#sessions.set(id, session)
      if (this.#isClosed) session.hangUp('Posthorn is closing')
      this.#forgetOldest()
      this.changes.emit(id)
      return id
    } finally {
      this.#opening--
    }
  }

  /** Throws `not-found`. */
  get(id: number): ConsoleSession {
    const session = this.#sessions.get(id)
    if (session !== undefined) return session
    throw new Fault('not-found', `find session ${id} of the console: there is none`, {
      what: 'console session',
      id: String(id),
    })
  }

  /** Newest first. */
  ids(): number[] {
    return [...this.#sessions.keys()].toReversed()
  }

  /** Hangs up everywhere. */
  close(): void {
    this.#isClosed = true
    for (const session of this.#sessions.values()) session.hangUp('Posthorn is closing')
  }

  #forgetOldest(): void {
    const over = [...this.#sessions].filter(([, { stage }]) => stage === 'over')
    for (const [id] of over.slice(0, Math.max(over.length - MOST_KEPT, 0))) this.#sessions.delete(id)
  }
}
