import { reasonOf } from '../base/fault.ts'
import type { DueCursor } from '../store/queue-due.ts'
import type { Alarm } from './alarm.ts'
import type { Destinations } from './destinations.ts'
import type { QueueContext } from './queue.ts'

/** After sleep or on a new network there is one run, a moment later: the network has just come up, for all machines there. */
const RESUME_MS = { least: 2000, most: 10_000 }
/** Who could not be reached on the old network is tried on the new one within so long. */
const SPREAD_MS = 60_000

/** What follows a clock that was set, a sleep or another network. */
export interface InterruptedQueue extends Pick<QueueContext, 'store' | 'clock' | 'random' | 'log' | 'onRetry'> {
  readonly destinations: Destinations
  readonly alarm: Alarm
  isStopping(): boolean
  /** Looks at all that is due, by what is known now. */
  wake(): void
  /** The next reading begins with the longest overdue, and lanes stand as their destinations allow. */
  startOver(): void
}

/** The schedule keeps its distances, whatever the clock says now. */
export function followClock(byMs: number, queue: InterruptedQueue): void {
  const { log, store, alarm, destinations } = queue
  const seconds = Math.round(Math.abs(byMs) / 1000)
  log(`the clock was set ${byMs < 0 ? 'back' : 'forward'} by ${seconds} seconds: the queue follows`)
  alarm.forgetTimes()
  destinations.forgetTimes()
  const walk = async () => {
    for (let afterId: number | null = 0; afterId !== null;)
      afterId = (await store.write('queue.shiftClock', { byMs, afterId })).nextId
  }
  walk().then(
    () => queue.wake(),
    (error: unknown) => log(`set the queue by the clock: ${reasonOf(error)}`),
  )
}

/** One run, a moment later, of all that came due meanwhile and of all that could not be reached before. */
export function resume(what: 'sleep' | 'network', queue: InterruptedQueue): void {
  const { log, random, store, clock, alarm, destinations } = queue
  if (queue.isStopping()) return
  const waitMs = Math.round(RESUME_MS.least + random() * (RESUME_MS.most - RESUME_MS.least))
  log(what === 'sleep' ? 'the computer was asleep: the queue runs again' : 'another network: the queue runs again')
  alarm.setOffline(false)
  queue.onRetry?.()
  destinations.forgetTimes()
  if (alarm.isHalted) return
  alarm.halt(waitMs)
  const walk = async () => {
    const seed = Math.floor(random() * 1000)
    for (let after: DueCursor | null = { ms: clock.nowMs(), id: 0 }; after !== null;)
      after = (await store.write('queue.retryUnreached', { after, spreadMs: SPREAD_MS, seed })).next
    queue.startOver()
    alarm.arm()
  }
  walk().catch((error: unknown) => log(`run the queue again: ${reasonOf(error)}`))
}
