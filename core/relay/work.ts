import type { Job, Settled } from '../model/delivery.ts'
import type { Cause } from '../model/outcome.ts'

/** What kept one recipient from being delivered on the way so far. */
interface Blame {
  readonly kind: 'deferred' | 'bounced'
  readonly why: Cause
}

/** One job under way: the recipients still open and what each has met. */
export class Work {
  readonly job: Job
  #open: Job['recipients']
  readonly #blames = new Map<number, Blame[]>()

  constructor(job: Job) {
    this.job = job
    this.#open = job.recipients
  }

  /** Recipients without an outcome. */
  get open(): Job['recipients'] {
    return this.#open
  }

  /** What chose the route of one of its recipients, in words. */
  whyOf(recipientId: number): string | undefined {
    return this.job.recipients.find((one) => one.recipientId === recipientId)?.routeWhy
  }

  /** All who are open have met this. */
  blame(kind: Blame['kind'], why: Cause): void {
    for (const { recipientId } of this.#open) this.blameOne(recipientId, kind, why)
  }

  blameOne(recipientId: number, kind: Blame['kind'], why: Cause): void {
    this.#blames.set(recipientId, [...(this.#blames.get(recipientId) ?? []), { kind, why }])
  }

  /** What it has met so far says nothing of what comes. */
  forgive(): void {
    this.#blames.clear()
  }

  settle(settled: readonly Settled[]): void {
    const done = new Set(settled.map(({ recipientId }) => recipientId))
    this.#open = this.#open.filter(({ recipientId }) => !done.has(recipientId))
  }

  /** Outcomes when nothing is left to try: bounced only where every host refused for good. */
  giveUp(): Settled[] {
    return this.#open.map(({ recipientId, to }) => {
      const blames = this.#blames.get(recipientId) ?? []
      const worst = blames.findLast(({ kind }) => kind === 'deferred') ?? blames.at(-1)
      const { kind, why }: Blame = worst ?? {
        kind: 'deferred',
        why: { at: 'lost', mx: '', reason: 'the session ended before its turn' },
      }
      return { recipientId, outcome: { kind, to, why } }
    })
  }
}
