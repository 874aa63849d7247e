import { createHash, randomBytes } from 'node:crypto'

const TICKET_MS = 60_000
const MOST_TOKENS = 100

/**
 * Who may use the window of the headless host. A printed address carries a ticket, good once and for a minute; the page changes
 * it into a token that it keeps for its session. Only hashes are kept here.
 */
export class Access {
  readonly #tickets = new Map<string, number>()
  readonly #tokens = new Set<string>()
  readonly #nowMs: () => number

  /** `nowMs` is a clock that never goes back. */
  constructor(nowMs: () => number) {
    this.#nowMs = nowMs
  }

  newTicket(): string {
    const ticket = randomBytes(24).toString('base64url')
    for (const [hash, until] of this.#tickets) if (until < this.#nowMs()) this.#tickets.delete(hash)
    this.#tickets.set(hashOf(ticket), this.#nowMs() + TICKET_MS)
    return ticket
  }

  /** A session token for a ticket that is good; undefined for one that is spent, late or made up. */
  redeem(ticket: string): string | undefined {
    const hash = hashOf(ticket)
    const until = this.#tickets.get(hash)
    this.#tickets.delete(hash)
    if (until === undefined || until < this.#nowMs()) return undefined
    const token = randomBytes(24).toString('base64url')
    this.#tokens.add(hashOf(token))
    for (const oldest of this.#tokens) {
      if (this.#tokens.size <= MOST_TOKENS) break
      this.#tokens.delete(oldest)
    }
    return token
  }

  knows(token: string): boolean {
    return this.#tokens.has(hashOf(token))
  }
}

/** Looked up by hash, so the time of a look-up says nothing about the secret. */
function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('base64')
}
