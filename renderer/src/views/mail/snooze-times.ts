/** When snoozed mail may come back, in the time of this computer. */
export interface SnoozeTime {
  readonly id: 'later' | 'tomorrow' | 'weekend' | 'next-week'
  readonly atMs: number
}

const MORNING = 8
const LATER_HOURS = 3
/** Later than this is no longer today. */
const LATEST_HOUR = 21

/** The usual times: later today while there is a later, tomorrow, at the weekend and next week, in the morning. */
export function snoozeTimes(nowMs: number): SnoozeTime[] {
  const now = new Date(nowMs)
  const morning = (days: number) => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days, MORNING).getTime()
  // On the hour, so that it can be said.
  const later = new Date(now.getFullYear(), now.getMonth(), now.getDate(), now.getHours() + LATER_HOURS)
  const isToday = later.getDate() === now.getDate() && later.getHours() <= LATEST_HOUR
  const weekday = now.getDay()
  const toSaturday = (6 - weekday + 7) % 7
  const toMonday = (1 - weekday + 7) % 7 || 7
  return [
    ...(isToday ? [{ id: 'later' as const, atMs: later.getTime() }] : []),
    { id: 'tomorrow', atMs: morning(1) },
    // On Friday that is tomorrow, and on the weekend it is here.
    ...(toSaturday > 1 && weekday !== 0 ? [{ id: 'weekend' as const, atMs: morning(toSaturday) }] : []),
    ...(toMonday > 1 ? [{ id: 'next-week' as const, atMs: morning(toMonday) }] : []),
  ]
}

/** A time as the field of a form has it: `2026-11-24T08:00`, local. */
export function toField(ms: number): string {
  const at = new Date(ms)
  const two = (n: number) => String(n).padStart(2, '0')
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`
}

/** The time of a field; undefined for none. */
export function fromField(text: string): number | undefined {
  const ms = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}/.test(text) ? new Date(text).getTime() : Number.NaN
  return Number.isNaN(ms) ? undefined : ms
}
