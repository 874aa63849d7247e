import type { Clock } from './base/clock.ts'
import { ConsoleDesk } from './console/desk.ts'
import { consoleHandlers } from './console/handlers.ts'
import type { NumberedEvent } from './model/log-exchange.ts'
import type { ConsolePeers } from './net/console-terms.ts'
import { ownNameOf } from './relay/route-plan.ts'
import type { Settings } from './settings.ts'
import { getSession } from './store/session.ts'
import type { Store } from './store/types.ts'

/** What the console of an engine is made from. */
export interface ConsoleWiring extends Pick<ConsolePeers, 'findHost' | 'dial' | 'recorder' | 'ownFingerprint'> {
  readonly store: Store
  readonly settings: () => Settings
  readonly clock: Clock
}

/** Events read at once. */
const SLICE = 1000
/** Of a stored session so much is looked at for a replay. */
const MOST_EVENTS = 20_000

/** Wires the guided console. */
export function openConsole({ store, settings, ...peers }: ConsoleWiring) {
  const desk = new ConsoleDesk({
    ...peers,
    caFile: () => settings()['relay.caFile'],
    ownName: () => ownNameOf(settings()),
    idleMs: () => settings()['console.idleSeconds'] * 1000,
  })
  return {
    handlers: consoleHandlers({
      desk,
      async readSession(id) {
        // What was said a moment ago is in it, too.
        await peers.recorder.flush()
        const head = getSession(store.read, id)
        if (head === undefined) return undefined
        const events: NumberedEvent[] = []
        for (let more = true; more && events.length < MOST_EVENTS;) {
          const fromSeq = (events.at(-1)?.seq ?? -1) + 1
          const slice = await store.query('session.events', { id, fromSeq, limit: SLICE })
          events.push(...slice)
          more = slice.length === SLICE
        }
        return { head, events }
      },
    }),
    close: () => desk.close(),
  }
}
