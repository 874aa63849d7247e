import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** The pace somebody set for a destination; null: as the profile has it, 0 messages: no limit. */
export interface OwnPace {
  readonly destination: string
  readonly connections: number | null
  readonly gapSeconds: number | null
  readonly perConnection: number | null
  readonly perMinute: number | null
  readonly perHour: number | null
  readonly perDay: number | null
}

/** Messages are counted in slots of five minutes: what a whole hour or day may hold is known to one slot, and never too few. */
export const SLOT_MS = 300_000

const COLUMNS = `
  SELECT destination, connections, gap_seconds AS gapSeconds, per_connection AS perConnection, per_minute AS perMinute,
    per_hour AS perHour, per_day AS perDay
  FROM pace`
const LIST = `${COLUMNS} ORDER BY destination LIMIT 1000`
const SET = `
  INSERT INTO pace (destination, connections, gap_seconds, per_connection, per_minute, per_hour, per_day, changed_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT (destination) DO UPDATE SET connections = excluded.connections, gap_seconds = excluded.gap_seconds,
    per_connection = excluded.per_connection, per_minute = excluded.per_minute, per_hour = excluded.per_hour,
    per_day = excluded.per_day, changed_ms = excluded.changed_ms`
const RESET = 'DELETE FROM pace WHERE destination = ?'
const COUNT = `
  INSERT INTO pace_count (destination, slot, messages) VALUES (?, ?, ?)
  ON CONFLICT (destination, slot) DO UPDATE SET messages = messages + excluded.messages`
const COUNTS = 'SELECT slot, messages FROM pace_count WHERE destination = ? AND slot > ? ORDER BY slot'
const USED = 'SELECT DISTINCT destination FROM pace_count WHERE slot > ? ORDER BY destination LIMIT 1000' // index pace_count_slot
const FORGET = `
  DELETE FROM pace_count WHERE (destination, slot) IN (SELECT destination, slot FROM pace_count WHERE slot < ? LIMIT ?)`

/** Every pace somebody set, by destination. */
export function listPaces(db: ReadDb): OwnPace[] {
  return prepared<[], OwnPace>(db, LIST).all()
}

/** Messages handed to a destination in slots after `afterSlot`, oldest first. */
export function listPaceCounts(
  db: ReadDb,
  destination: string,
  afterSlot: number,
): { readonly slot: number; readonly messages: number }[] {
  return prepared<[string, number], { slot: number; messages: number }>(db, COUNTS).all(destination, afterSlot)
}

/** Destinations that were handed a message in a slot after `afterSlot`; at most 1,000. */
export function listPacedDestinations(db: ReadDb, afterSlot: number): string[] {
  return prepared<[number], { destination: string }>(db, USED)
    .all(afterSlot)
    .map(({ destination }) => destination)
}

/** Counts a message that is about to be handed over, in the operation that says so. */
export function countPace(db: WriteDb, destination: string, messages: number, nowMs: number): void {
  prepared(db, COUNT).run(destination, Math.floor(nowMs / SLOT_MS), messages)
}

/** Forgets up to `limit` counts that no day holds any more. Returns how many went. */
export function forgetPaceCounts(db: WriteDb, nowMs: number, limit: number): number {
  return prepared(db, FORGET).run(Math.floor(nowMs / SLOT_MS) - 2 * 288, limit).changes
}

export const paceOperations = {
  'pace.set': (db: WriteDb, args: OwnPace, nowMs: number): void => {
    const { destination, connections, gapSeconds, perConnection, perMinute, perHour, perDay } = args
    prepared(db, SET).run(destination, connections, gapSeconds, perConnection, perMinute, perHour, perDay, nowMs)
  },
  /** False when nothing was set. */
  'pace.reset': (db: WriteDb, args: { readonly destination: string }): boolean =>
    prepared(db, RESET).run(args.destination).changes === 1,
} satisfies Record<string, Operation<never, unknown>>
