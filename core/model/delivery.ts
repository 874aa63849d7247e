import type { ForwardPath, ReversePath } from './address.ts'
import type { BlobView } from './blob-view.ts'
import type { MailOptions, RecipientOptions } from './envelope-options.ts'
import type { AttemptFacts, Outcome, Route } from './outcome.ts'

/** One transaction's worth of work: one message to those of its recipients that go the same way. */
export interface Job {
  readonly entryId: number
  readonly from: ReversePath
  readonly view: BlobView
  readonly is8bit: boolean
  readonly needsUtf8: boolean
  readonly options?: MailOptions
  /**
   * The server that was given this message before, by name: for one of unknown arrival (`isOnly`) no other is tried while that one is
   * among the hosts, or two of them would have it; a greylist remembers who asked it, so there it is only tried first.
   */
  readonly sameHost?: { readonly mx: string; readonly isOnly: boolean }
  readonly recipients: readonly {
    readonly recipientId: number
    readonly attemptId: number
    readonly to: ForwardPath
    readonly options?: RecipientOptions
    /** What chose the route for it, in words. */
    readonly routeWhy?: string
  }[]
}
/** What became of one recipient of a job. */
export interface Settled {
  readonly recipientId: number
  readonly outcome: Outcome
  /** Kept with the attempt: what chose its route, and how the session was protected that this came of. */
  readonly facts?: AttemptFacts
}

/**
 * One connection's worth of deliveries, as the queue hands it to the relay. The queue has committed phase `dialling` of every
 * job before the relay sees it.
 */
export interface Delivery {
  readonly route: Exclude<Route, { kind: 'local' }>
  readonly first: Job
  /** Tells that a session stands, and whether its server is in a network of one's own: there more connections are no burden. */
  onConnected(isOwnNetwork: boolean): void
  /** Commits phase `body` of these recipients at the server `mx`. Awaited before the final dot is written. */
  beforeBody(job: Job, recipientIds: readonly number[], mx: string): Promise<void>
  /** Commits outcomes. Awaited before anything more goes out on that connection. Each recipient of a job is settled once. */
  onOutcome(job: Job, settled: readonly Settled[], sessionId: number | undefined): Promise<void>
  /** The next job for the same route, for a connection that is still good; undefined when none waits. */
  next(): Promise<Job | undefined>
}
/** Joint: queue ← relay. Resolves when every job it was given has been settled; throws only on a fault of ours. */
export type Deliver = (delivery: Delivery, signal: AbortSignal) => Promise<void>
