/** RFC 1939 §3: a client may be silent for ten minutes. */
const SILENCE_MS = 600_000
/** From the connection to the first command: nobody types it. */
const FIRST_MS = 60_000
/** From the connection to the login. */
const LOGIN_MS = 600_000
const WINDOW_MS = 60_000
/** Who reads more slowly than this keeps a connection and a maildrop busy: the number of our SMTP server. */
const LEAST_BYTES_PER_SECOND = 500

/** Where a session stands, as far as its deadlines go. */
export interface Pop3Standing {
  readonly isSignedIn: boolean
  /** More waits for the client than it should: it does not read. */
  readonly isBlocked: boolean
  /** Bytes that have left for the client. */
  readonly leftBytes: number
}

/** When a client has been silent, slow or without a login for too long. Times are monotonic ms. */
export class Pop3ServerDeadlines {
  readonly #startedAt: number
  #aliveAt: number
  #hasSpoken = false
  #window: { readonly atMs: number; readonly leftBytes: number } | undefined

  constructor(nowMs: number) {
    this.#startedAt = this.#aliveAt = nowMs
  }

  /** The client spoke. */
  onCommand(nowMs: number): void {
    this.#hasSpoken = true
    this.#aliveAt = nowMs
  }
  /** Something was done for the client: its silence counts from here. */
  onDone(nowMs: number): void {
    this.#aliveAt = nowMs
  }

  dueAt({ isSignedIn, isBlocked, leftBytes }: Pop3Standing, nowMs: number): number {
    if (isBlocked) return (this.#window ??= { atMs: nowMs, leftBytes }).atMs + WINDOW_MS
    this.#window = undefined
    const silent = this.#aliveAt + (this.#hasSpoken ? SILENCE_MS : FIRST_MS)
    return isSignedIn ? silent : Math.min(silent, this.#startedAt + LOGIN_MS)
  }

  /** Why a client has to go; undefined while it may go on. */
  look(nowMs: number, standing: Pop3Standing): string | undefined {
    if (nowMs < this.dueAt(standing, nowMs)) return undefined
    if (!standing.isBlocked) return standing.isSignedIn ? 'no command came in time' : 'no login came in time'
    const read = standing.leftBytes - (this.#window?.leftBytes ?? 0)
    if (read < (LEAST_BYTES_PER_SECOND * WINDOW_MS) / 1000) return 'the client reads too slowly'
    this.#window = { atMs: nowMs, leftBytes: standing.leftBytes }
    this.#aliveAt = nowMs
    return undefined
  }
}
