import type { Settings } from '../settings.ts'
import type { OwnPace } from '../store/pace.ts'
import type { LaneKind } from './lanes.ts'

/** How mail leaves for one destination; messages and connections without a limit are Infinity. */
export interface Pace {
  /** Connections at once: it begins with one and earns the others. */
  readonly connections: number
  readonly gapMs: number
  readonly perConnection: number
  readonly perMinute: number
  readonly perHour: number
  readonly perDay: number
  /** Messages a day from which on a warning is shown; nothing waits for it. */
  readonly warnPerDay: number
}

/** In a network of one's own nobody takes it for a flood; as many as Postfix opens to anybody. */
const FREE: Pace = {
  connections: 20,
  gapMs: 0,
  perConnection: 100,
  perMinute: Infinity,
  perHour: Infinity,
  perDay: Infinity,
  warnPerDay: Infinity,
}
/**
 * A relay of one's own takes what Postfix takes of one client (50), less those that are just saying goodbye. While the outcomes of
 * some of its connections are committed the others go on: with fewer of them network and store wait for each other in turns.
 */
const OWN_RELAY: Pace = { ...FREE, connections: 40 }
/** Connections to all destinations together where nobody minds. */
const MOST_FREE_CONNECTIONS = 40
const MOST_RELAY_CONNECTIONS = 80

const orNone = (limit: number) => (limit === 0 ? Infinity : limit)

/** The pace of a destination: what somebody set for it, else what the profile has for servers of its kind. */
export function paceOf(kind: LaneKind, settings: Settings, own: OwnPace | undefined): Pace {
  const base: Pace =
    settings['pace.profile'] === 'relay'
      ? OWN_RELAY
      : kind !== 'elsewhere'
        ? FREE
        : {
            connections: settings['pace.connectionsPerDestination'],
            gapMs: settings['pace.gapSeconds'] * 1000,
            perConnection: settings['pace.messagesPerConnection'],
            perMinute: orNone(settings['pace.messagesPerMinute']),
            perHour: orNone(settings['pace.messagesPerHour']),
            perDay: orNone(settings['pace.messagesPerDay']),
            warnPerDay: orNone(settings['pace.warnPerDay']),
          }
  if (!own) return base
  const limit = (set: number | null, otherwise: number) => (set === null ? otherwise : orNone(set))
  return {
    connections: own.connections ?? base.connections,
    gapMs: own.gapSeconds === null ? base.gapMs : own.gapSeconds * 1000,
    perConnection: own.perConnection ?? base.perConnection,
    perMinute: limit(own.perMinute, base.perMinute),
    perHour: limit(own.perHour, base.perHour),
    perDay: limit(own.perDay, base.perDay),
    warnPerDay: own.perDay === null ? base.warnPerDay : Infinity,
  }
}

/** Connections at once to all destinations of a kind together. */
export function mostConnections(kind: LaneKind, settings: Settings): number {
  if (kind === 'local') return Infinity
  if (settings['pace.profile'] === 'relay') return MOST_RELAY_CONNECTIONS
  return kind === 'ownNetwork' ? MOST_FREE_CONNECTIONS : settings['pace.connections']
}
