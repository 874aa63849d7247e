import { SLOT_MS } from '../store/pace.ts'
import type { Pace } from './pace.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000
/** A limit is told of when so much of it is used. */
const NEAR = 0.8

/**
 * Messages handed to one destination, and promised to it: what is under way counts as handed over, so that no limit is ever
 * overrun. Hours and days are counted in slots of five minutes and hold a slot more than they are long: too many, never too few.
 */
export class Handed {
  /** By slot, oldest first. */
  readonly #slots: Map<number, number>
  /** Moments of the last minute (Unix ms). */
  #minute: number[] = []
  #promised = 0

  constructor(counts: readonly { readonly slot: number; readonly messages: number }[]) {
    this.#slots = new Map(counts.map(({ slot, messages }) => [slot, messages]))
  }

  /** A job is begun: its message will be handed over, or be given back. */
  promise(): void {
    this.#promised++
  }

  giveBack(): void {
    this.#promised = Math.max(0, this.#promised - 1)
  }

  /** A promised message is on its way. */
  hand(nowMs: number): void {
    this.giveBack()
    const slot = Math.floor(nowMs / SLOT_MS)
    this.#slots.set(slot, (this.#slots.get(slot) ?? 0) + 1)
    this.#minute.push(nowMs)
  }

  /** Messages of the last hour or day, slots that have begun before it included. */
  within(ms: number, nowMs: number): number {
    this.#forget(nowMs)
    const from = Math.floor((nowMs - ms) / SLOT_MS)
    let sum = 0
    for (const [slot, messages] of this.#slots) if (slot >= from) sum += messages
    return sum
  }

  /** How many messages may be promised now. */
  room(pace: Pace, nowMs: number): number {
    const { perMinute, perHour, perDay } = pace
    if (perMinute + perHour + perDay === Infinity && Math.min(perMinute, perHour, perDay) === Infinity) return Infinity
    const left = Math.min(
      perMinute - this.#lastMinute(nowMs).length,
      perHour === Infinity ? Infinity : perHour - this.within(HOUR_MS, nowMs),
      perDay === Infinity ? Infinity : perDay - this.within(DAY_MS, nowMs),
    )
    return Math.max(0, left - this.#promised)
  }

  /** When there will be room for one more, seen from now (Unix ms): soon, where only what is promised takes it. */
  roomAtMs(pace: Pace, nowMs: number): number {
    const minute = this.#lastMinute(nowMs)
    const times = [
      minute.length < pace.perMinute ? nowMs + 1000 : (minute[minute.length - pace.perMinute] ?? nowMs) + MINUTE_MS,
      this.#roomIn(HOUR_MS, pace.perHour, nowMs),
      this.#roomIn(DAY_MS, pace.perDay, nowMs),
    ]
    return Math.max(...times)
  }

  /** One sentence for a person where a limit is near or reached; null where none is. */
  words(destination: string, pace: Pace, nowMs: number): string | null {
    const day = this.within(DAY_MS, nowMs)
    const hour = pace.perHour === Infinity ? 0 : this.within(HOUR_MS, nowMs)
    const said = (n: number, most: number, span: string) =>
      n >= most
        ? `${destination} got ${n} messages within ${span}, as many as are allowed: the rest waits.`
        : `${destination} got ${n} of ${most} messages that are allowed within ${span}.`
    if (hour >= pace.perHour * NEAR) return said(hour, pace.perHour, 'an hour')
    if (day >= pace.perDay * NEAR) return said(day, pace.perDay, 'a day')
    if (day >= pace.warnPerDay)
      return `${destination} got ${day} messages within a day. That is much for a home line: its postmaster may take it for a flood.`
    return null
  }

  /** Whether nothing of it tells anything any more. */
  isIdle(nowMs: number): boolean {
    this.#forget(nowMs)
    return this.#slots.size === 0 && this.#promised === 0
  }

  #lastMinute(nowMs: number): readonly number[] {
    const gone = this.#minute.findIndex((ms) => ms > nowMs - MINUTE_MS && ms <= nowMs)
    if (gone !== 0) this.#minute = gone < 0 ? [] : this.#minute.slice(gone)
    return this.#minute
  }

  #roomIn(spanMs: number, most: number, nowMs: number): number {
    let over = most === Infinity ? -1 : this.within(spanMs, nowMs) - most
    if (over < 0) return nowMs
    const from = Math.floor((nowMs - spanMs) / SLOT_MS)
    for (const [slot, messages] of this.#slots) {
      if (slot < from) continue
      over -= messages
      if (over < 0) return (slot + 1) * SLOT_MS + spanMs
    }
    return nowMs + spanMs // a limit of nothing
  }

  #forget(nowMs: number): void {
    const from = Math.floor((nowMs - DAY_MS) / SLOT_MS)
    for (const slot of this.#slots.keys()) {
      if (slot >= from) return
      this.#slots.delete(slot)
    }
  }
}
