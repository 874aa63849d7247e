import type { PaceView } from '../rpc/views.ts'
import type { Settings } from '../settings.ts'
import { listPaceCounts, listPacedDestinations, listPaces, SLOT_MS, type OwnPace } from '../store/pace.ts'
import type { Store } from '../store/types.ts'
import { Handed } from './handed.ts'
import { paceOf } from './pace.ts'
import type { DestinationState, Queue } from './queue.ts'

const HOUR_MS = 3_600_000
const DAY_SLOTS = 288
const MOST = 1000

/** What a list of paces needs. */
export interface PaceContext {
  readonly store: Pick<Store, 'read'>
  readonly queue: Pick<Queue, 'destinations'>
  readonly settings: () => Settings
  readonly nowMs: () => number
}

/** How mail leaves for each destination that somebody set a pace for, that has mail waiting or had some within a day. */
export function listPaceViews(context: PaceContext): PaceView[] {
  const { store, queue, nowMs } = context
  const own = new Map(listPaces(store.read).map((one) => [one.destination, one]))
  const states = new Map(queue.destinations().map((one) => [one.name, one]))
  const used = listPacedDestinations(store.read, Math.floor(nowMs() / SLOT_MS) - DAY_SLOTS)
  const names = [...new Set([...own.keys(), ...used, ...states.keys()])].toSorted().slice(0, MOST)
  return names.map((name) => toView(name, own.get(name), states.get(name), context))
}

/** The same of one destination. */
export function paceView(name: string, context: PaceContext): PaceView {
  const own = listPaces(context.store.read).find(({ destination }) => destination === name)
  const state = context.queue.destinations().find((one) => one.name === name)
  return toView(name, own, state, context)
}

function toView(
  name: string,
  own: OwnPace | undefined,
  state: DestinationState | undefined,
  { store, settings, nowMs }: PaceContext,
): PaceView {
  const pace = paceOf(state?.isOwnNetwork ? 'ownNetwork' : 'elsewhere', settings(), own)
  const handed = new Handed(listPaceCounts(store.read, name, Math.floor(nowMs() / SLOT_MS) - DAY_SLOTS - 1))
  const shown = (limit: number) => (limit === Infinity ? 0 : limit)
  return {
    destination: name,
    connections: pace.connections,
    gapSeconds: Math.round(pace.gapMs / 1000),
    perConnection: pace.perConnection,
    perMinute: shown(pace.perMinute),
    perHour: shown(pace.perHour),
    perDay: shown(pace.perDay),
    isOwn: own !== undefined,
    lastHour: handed.within(HOUR_MS, nowMs()),
    lastDay: handed.within(24 * HOUR_MS, nowMs()),
    waiting: state?.waiting ?? 0,
    running: state?.running ?? 0,
    restUntilMs: state?.restUntilMs ?? null,
    text: handed.words(name, pace, nowMs()),
  }
}
