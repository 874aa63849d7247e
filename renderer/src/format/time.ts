/** Times as people read them: clock times with the distance beside, days by name while they are near. */
import { spokenLocale, t } from '../words/words.ts'

const two = (n: number) => String(n).padStart(2, '0')

/** Formats of one locale, made once: making one takes longer than using it. */
const made = new Map<string, Intl.DateTimeFormat>()
function date(ms: number, options: Intl.DateTimeFormatOptions): string {
  const key = `${spokenLocale()} ${JSON.stringify(options)}`
  let format = made.get(key)
  if (format === undefined) made.set(key, (format = new Intl.DateTimeFormat(spokenLocale(), options)))
  return format.format(ms)
}

/** `14:05`, or as the locale has it: `2:05 PM` */
export function clock(ms: number): string {
  return date(ms, { hour: '2-digit', minute: '2-digit' })
}

/** `14:05:09`, the same in every language, as a log has it */
export function clockSeconds(ms: number): string {
  const d = new Date(ms)
  return `${two(d.getHours())}:${two(d.getMinutes())}:${two(d.getSeconds())}`
}

/** `14:05:09.042` */
export function clockMillis(ms: number): string {
  return `${clockSeconds(ms)}.${String(Math.floor(((ms % 1000) + 1000) % 1000)).padStart(3, '0')}`
}

/** Whole calendar days from `ms` to `nowMs` in local time; 0 today, 1 yesterday. */
function daysAgo(ms: number, nowMs: number): number {
  const midnight = (t: number) => {
    const d = new Date(t)
    return Date.UTC(d.getFullYear(), d.getMonth(), d.getDate())
  }
  return Math.round((midnight(nowMs) - midnight(ms)) / 86_400_000)
}

const sameYear = (ms: number, nowMs: number) => new Date(ms).getFullYear() === new Date(nowMs).getFullYear()

/** The heading a message stands under: `Today, Thursday 19 November`, `Yesterday`, `Last week`, `November 2026`. */
export function dayHeading(ms: number, nowMs: number): string {
  const days = daysAgo(ms, nowMs)
  const day = () => date(ms, { weekday: 'long', day: 'numeric', month: 'long' })
  if (days < 0) return t('Ahead of time')
  if (days === 0) return t('Today, {day}', { day: day() })
  if (days === 1) return t('Yesterday')
  if (days < 7) return day()
  if (days < 14) return t('Last week')
  return date(ms, sameYear(ms, nowMs) ? { month: 'long' } : { month: 'long', year: 'numeric' })
}

/** A row's time: the clock today and yesterday, else the day. */
export function rowTime(ms: number, nowMs: number): string {
  const days = daysAgo(ms, nowMs)
  if (days === 0 || days === 1) return clock(ms)
  return shortDay(ms, nowMs)
}

/** `Fri 13 Nov`, with the year when it is another one. */
export function shortDay(ms: number, nowMs: number): string {
  const day = { weekday: 'short', day: 'numeric', month: 'short' } as const
  return date(ms, sameYear(ms, nowMs) ? day : { ...day, year: 'numeric' }).replace(',', '')
}

/** `Sunday 22 November 2026 at 09:26`: for who reads it some other day, in an answer for one. */
export function fullMoment(ms: number): string {
  return date(ms, { dateStyle: 'full', timeStyle: 'short' })
}

/** `13:12` today, `Yesterday 22:15`, `Fri 13 Nov 09:30` */
export function rowMoment(ms: number, nowMs: number): string {
  return daysAgo(ms, nowMs) === 0 ? clock(ms) : dayAndClock(ms, nowMs)
}

/** `Today 13:12`, `Yesterday 22:15`, `Fri 13 Nov 09:30` */
export function dayAndClock(ms: number, nowMs: number, time: (ms: number) => string = clock): string {
  const days = daysAgo(ms, nowMs)
  if (days === 0) return t('Today {clock}', { clock: time(ms) })
  return days === 1 ? t('Yesterday {clock}', { clock: time(ms) }) : `${shortDay(ms, nowMs)} ${time(ms)}`
}

/** The same within a sentence: `today 13:12`, `Fri 13 Nov 09:30`. */
export function whenWords(ms: number, nowMs: number): string {
  const days = daysAgo(ms, nowMs)
  if (days === 0) return t('today {clock}', { clock: clock(ms) })
  return days === 1 ? t('yesterday {clock}', { clock: clock(ms) }) : `${shortDay(ms, nowMs)} ${clock(ms)}`
}

/** A distance in one unit: `under 1 s`, `13 min`, `4 h`, `5 days`. */
export function distance(ms: number): string {
  const s = Math.abs(ms) / 1000
  if (s < 1) return t('under 1 s')
  if (s < 60) return t('{seconds} s', { seconds: Math.round(s) })
  const minutes = Math.round(s / 60)
  if (minutes < 60) return t('{minutes} min', { minutes })
  const hours = Math.round(s / 3600)
  if (hours < 48) return t('{hours} h', { hours })
  return t('{days, plural, one {# day} other {# days}}', { days: Math.round(s / 86_400) })
}

/** A moment ahead with its distance: `14:05, in 13 min`; `now` when it is due. */
export function ahead(ms: number, nowMs: number): string {
  if (ms <= nowMs) return t('now')
  const when = daysAgo(ms, nowMs) === 0 ? clock(ms) : `${shortDay(ms, nowMs)} ${clock(ms)}`
  return t('{when}, in {distance}', { when, distance: distance(ms - nowMs) })
}

/** A moment past: `just now`, `2 min ago`. */
export function ago(ms: number, nowMs: number): string {
  return nowMs - ms < 5000 ? t('just now') : t('{distance} ago', { distance: distance(nowMs - ms) })
}

/** How long a thing took: `24 ms`, `0.2 s`, `14.0 s`, `5 min`. */
export function took(ms: number): string {
  if (ms < 100) return t('{milliseconds} ms', { milliseconds: Math.max(0, Math.round(ms)) })
  return ms < 60_000 ? t('{seconds} s', { seconds: tenths(ms / 1000) }) : distance(ms)
}

/** The wait before a wire line: `+2 ms`, `+1.2 s`. */
export function delta(ms: number): string {
  return ms < 1000
    ? t('+{milliseconds} ms', { milliseconds: Math.round(ms) })
    : t('+{seconds} s', { seconds: tenths(ms / 1000) })
}

const tenths = (n: number) =>
  n.toLocaleString(spokenLocale(), { minimumFractionDigits: 1, maximumFractionDigits: 1, useGrouping: false })
