import type { ForwardPath } from '../model/address.ts'
import type { Way } from '../model/way.ts'
import { Fault } from '../base/fault.ts'
import type { OwnPace } from '../store/pace.ts'
import type { Asked } from '../store/queue-audit.ts'
import { BULK_START } from '../store/queue-bulk.ts'
import { listDueOfEntry, type DueCursor, type DueRecipient } from '../store/queue-due.ts'
import { getEntry, getRecipient, listRecipients } from '../store/queue.ts'
import { waitingIn } from './lanes.ts'
import type { DestinationState, Queue, QueueContext, Target } from './queue.ts'
import { failureReport } from './report.ts'
import { Scheduler } from './scheduler.ts'
import { CANCELLED } from './settle.ts'

type OfEntry = { readonly entryId: number; readonly recipientId?: number | undefined }
type Slice = { readonly recipients: number; readonly next: DueCursor | null }

/** Nobody in particular: the engine itself. */
const ENGINE: Asked = { who: 'engine', why: '' }

/** The queue while it runs: what people ask of it, over the scheduler that does the work. */
export class RunningQueue implements Queue {
  readonly #context: QueueContext
  readonly #scheduler: Scheduler

  constructor(context: QueueContext) {
    this.#context = context
    this.#scheduler = new Scheduler(context)
  }

  get steps(): number {
    return this.#scheduler.steps
  }

  add(due: readonly DueRecipient[]): void {
    this.#scheduler.add(due)
  }

  wake(): void {
    this.#scheduler.wake()
  }

  resume(what: 'sleep' | 'network'): void {
    this.#scheduler.resume(what)
  }

  async retry(target: Exclude<Target, { routeId: number }>, asked: Asked = ENGINE): Promise<number> {
    const { store, clock, changes } = this.#context
    this.#context.onRetry?.()
    if (target !== 'all' && 'entryId' in target) {
      const { recipients } = await store.write('queue.retry', { ...target, asked })
      changes.emit(target.entryId)
      this.#scheduler.takeNow(listDueOfEntry(store.read, target.entryId, clock.nowMs()))
      return recipients
    }
    const domain = target === 'all' ? null : target.domain
    const recipients = await this.#walk((after) => store.write('queue.retrySlice', { domain, after }))
    await this.#note('retry', recipients, domain, asked)
    await this.#scheduler.tryAll(domain ?? undefined)
    return recipients
  }

  async hold(target: Exclude<Target, { routeId: number }>, asked: Asked = ENGINE): Promise<number> {
    const { store } = this.#context
    if (target !== 'all' && 'entryId' in target)
      return this.#scheduler.withoutAhead(
        target.entryId,
        async () => (await store.write('queue.hold', { ...target, asked })).recipients,
      )
    const domain = target === 'all' ? null : target.domain
    const recipients = await this.#walk((after) => store.write('queue.holdSlice', { domain, after }))
    await this.#note('hold', recipients, domain, asked)
    await this.#scheduler.giveBackAhead()
    return recipients
  }

  async release(target: Target, asked: Asked = ENGINE): Promise<number> {
    const { store, clock, changes, settings } = this.#context
    const unknownAfterMs = settings()['retry.unknownAfterSeconds'] * 1000
    if (target !== 'all' && 'entryId' in target) {
      const { recipients } = await store.write('queue.letGo', { ...target, asked, unknownAfterMs })
      changes.emit(target.entryId)
      this.#scheduler.takeNow(listDueOfEntry(store.read, target.entryId, clock.nowMs()))
      return recipients
    }
    const domain = target !== 'all' && 'domain' in target ? target.domain : null
    const routeId = target !== 'all' && 'routeId' in target ? target.routeId : null
    const recipients = await this.#walk((after) =>
      store.write('queue.releaseSlice', { domain, routeId, after, unknownAfterMs }),
    )
    await this.#note('release', recipients, domain, asked, routeId === null ? '' : ` of route ${routeId}`)
    await this.#scheduler.tryAll(domain ?? undefined)
    return recipients
  }

  async cancel(target: OfEntry, asked: Asked = ENGINE, dsn = false): Promise<number> {
    const { store, onFolders } = this.#context
    return this.#scheduler.withoutAhead(target.entryId, async () => {
      for (;;) {
        const report = dsn ? await this.#cancelReport(target) : null
        const done = await store.write('queue.cancel', { ...target, asked, dsn, report })
        if (done.folderIds.length > 0) onFolders(done.folderIds)
        if (!done.again) return done.recipients
      }
    })
  }

  /** The report for recipients that wait and are to end now; null for a message that is not there. */
  async #cancelReport({ entryId, recipientId }: OfEntry) {
    const { store, clock } = this.#context
    const entry = getEntry(store.read, entryId)
    if (!entry) return null
    const ending = listRecipients(store.read, entryId).filter(
      ({ id, state }) =>
        (recipientId === undefined || id === recipientId) && ['waiting', 'deferred', 'unknown', 'held'].includes(state),
    )
    const reported = ending.map((recipient) => ({ recipient, why: CANCELLED }))
    const kept = await failureReport(entry, reported, { store, nowMs: clock.nowMs() })
    return { kept: kept ?? null, recipientIds: ending.map(({ id }) => id) }
  }

  async edit(recipientId: number, to: ForwardPath, asked: Asked = ENGINE): Promise<void> {
    const { store } = this.#context
    const entryId = this.#entryOf(recipientId)
    await this.#scheduler.withoutAhead(entryId, () => store.write('queue.edit', { recipientId, to, asked }))
  }

  async route(target: OfEntry, way: Way, asked: Asked = ENGINE): Promise<number> {
    const { store, settings } = this.#context
    const unknownAfterMs = settings()['retry.unknownAfterSeconds'] * 1000
    return this.#scheduler.withoutAhead(
      target.entryId,
      async () => (await store.write('queue.route', { ...target, way, asked, unknownAfterMs })).recipients,
    )
  }

  async decide(recipientId: number, decision: 'resend' | 'arrived', asked: Asked = ENGINE): Promise<boolean> {
    const { store, clock, changes } = this.#context
    const isDone = await store.write('queue.decide', { recipientId, decision, asked })
    const entryId = getRecipient(store.read, recipientId)?.entryId
    if (!isDone || entryId === undefined) return false
    changes.emit(entryId)
    this.#scheduler.takeNow(listDueOfEntry(store.read, entryId, clock.nowMs()))
    return true
  }

  async undo(entryId: number, asked: Asked = ENGINE): Promise<{ readonly draftId: number; readonly content: string }> {
    const { store, changes, onFolders } = this.#context
    const { folderIds, ...undone } = await store.write('queue.undo', { entryId, asked })
    changes.emit(entryId)
    if (folderIds.length > 0) onFolders(folderIds)
    return undone
  }

  async setPace(pace: OwnPace, asked: Asked = ENGINE): Promise<void> {
    const { store } = this.#context
    await store.write('pace.set', pace)
    const { destination, ...limits } = pace
    const said = Object.entries(limits).flatMap(([name, value]) => (value === null ? [] : [`${name} ${value}`]))
    const detail = said.join(', ')
    await store.write('queue.note', { ...asked, what: 'pace', domain: destination, detail })
    this.wake()
  }

  async resetPace(destination: string, asked: Asked = ENGINE): Promise<boolean> {
    const { store } = this.#context
    const wasSet = await store.write('pace.reset', { destination })
    if (!wasSet) return false
    await store.write('queue.note', { ...asked, what: 'pace', domain: destination, detail: 'as the settings have it' })
    this.wake()
    return true
  }

  destinations(): DestinationState[] {
    const nowMs = this.#context.clock.nowMs()
    return [...this.#scheduler.lanes()].flatMap((lane) => {
      if (lane.route.kind === 'local' || lane.route.kind === 'hold') return []
      const known = this.#scheduler.destinations.find(lane.key)
      const untilMs = Math.max(known?.restUntilMs ?? 0, known?.paceUntilMs ?? 0)
      return {
        name: 'domain' in lane.route ? lane.route.domain : lane.route.host,
        waiting: waitingIn(lane),
        running: lane.connections,
        restUntilMs: untilMs > nowMs ? untilMs : null,
        isOwnNetwork: lane.kind === 'ownNetwork',
      }
    })
  }

  warnings(): string[] {
    return this.#scheduler.destinations.warnings()
  }

  idle(): Promise<void> {
    return this.#scheduler.idle()
  }

  close(waitMs?: number): Promise<void> {
    return this.#scheduler.close(waitMs)
  }

  #entryOf(recipientId: number): number {
    const entryId = getRecipient(this.#context.store.read, recipientId)?.entryId
    if (entryId !== undefined) return entryId
    throw new Fault('not-found', `find recipient ${recipientId}: there is none`, {
      what: 'recipient',
      id: String(recipientId),
    })
  }

  /** Runs a change over the whole queue, slice by slice. */
  async #walk(slice: (after: DueCursor) => Promise<Slice>): Promise<number> {
    let recipients = 0
    for (let after: DueCursor | null = BULK_START; after !== null;) {
      const done: Slice = await slice(after)
      recipients += done.recipients
      after = done.next
    }
    return recipients
  }

  async #note(what: string, recipients: number, domain: string | null, asked: Asked, of = ''): Promise<void> {
    if (recipients === 0) return
    const detail = `${recipients} recipient${recipients === 1 ? '' : 's'}${of}`
    await this.#context.store.write('queue.note', { ...asked, what, domain, detail })
  }
}
