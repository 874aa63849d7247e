/** Times as people read them: clock times with the distance beside, days by name while they are near. */

const two = (n: number) => String(n).padStart(2, '0')
const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July'].concat([
  'August',
  'September',
  'October',
  'November',
  'December',
])

/** `14:05` */
export function clock(ms: number): string {
  const d = new Date(ms)
  return `${two(d.getHours())}:${two(d.getMinutes())}`
}

/** `14:05:09` */
export function clockSeconds(ms: number): string {
  return `${clock(ms)}:${two(new Date(ms).getSeconds())}`
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

/** The heading a message stands under: `Today, Thursday 19 November`, `Yesterday`, `Last week`, `November 2026`. */
export function dayHeading(ms: number, nowMs: number): string {
  const d = new Date(ms)
  const days = daysAgo(ms, nowMs)
  const long = `${DAYS[d.getDay()]} ${d.getDate()} ${MONTHS[d.getMonth()]}`
  if (days < 0) return `Ahead of time`
  if (days === 0) return `Today, ${long}`
  if (days === 1) return 'Yesterday'
  if (days < 7) return long
  if (days < 14) return 'Last week'
  const sameYear = d.getFullYear() === new Date(nowMs).getFullYear()
  return sameYear ? (MONTHS[d.getMonth()] ?? '') : `${MONTHS[d.getMonth()]} ${d.getFullYear()}`
}

/** A row's time: the clock today and yesterday, else the day. */
export function rowTime(ms: number, nowMs: number): string {
  const days = daysAgo(ms, nowMs)
  if (days === 0 || days === 1) return clock(ms)
  return shortDay(ms, nowMs)
}

/** `Fri 13 Nov`, with the year when it is another one. */
export function shortDay(ms: number, nowMs: number): string {
  const d = new Date(ms)
  const day = `${DAYS[d.getDay()]?.slice(0, 3)} ${d.getDate()} ${MONTHS[d.getMonth()]?.slice(0, 3)}`
  return d.getFullYear() === new Date(nowMs).getFullYear() ? day : `${day} ${d.getFullYear()}`
}

/** `Today 13:12`, `Yesterday 22:15`, `Fri 13 Nov 09:30` */
export function dayAndClock(ms: number, nowMs: number): string {
  const days = daysAgo(ms, nowMs)
  const day = days === 0 ? 'Today' : days === 1 ? 'Yesterday' : shortDay(ms, nowMs)
  return `${day} ${clock(ms)}`
}

/** The same within a sentence: `today 13:12`, `Fri 13 Nov 09:30`. */
export function whenWords(ms: number, nowMs: number): string {
  return dayAndClock(ms, nowMs).replace(/^(?:Today|Yesterday)/, (day) => day.toLowerCase())
}

/** A distance in one unit: `under 1 s`, `13 min`, `4 h`, `5 days`. */
export function distance(ms: number): string {
  const s = Math.abs(ms) / 1000
  if (s < 1) return 'under 1 s'
  if (s < 60) return `${Math.round(s)} s`
  const minutes = Math.round(s / 60)
  if (minutes < 60) return `${minutes} min`
  const hours = Math.round(s / 3600)
  if (hours < 48) return `${hours} h`
  return `${Math.round(s / 86_400)} days`
}

/** A moment ahead with its distance: `14:05, in 13 min`; `now` when it is due. */
export function ahead(ms: number, nowMs: number): string {
  if (ms <= nowMs) return 'now'
  const when = daysAgo(ms, nowMs) === 0 ? clock(ms) : `${shortDay(ms, nowMs)} ${clock(ms)}`
  return `${when}, in ${distance(ms - nowMs)}`
}

/** A moment past: `just now`, `2 min ago`. */
export function ago(ms: number, nowMs: number): string {
  return nowMs - ms < 5000 ? 'just now' : `${distance(nowMs - ms)} ago`
}

/** How long a thing took: `24 ms`, `0.2 s`, `14.0 s`, `5 min`. */
export function took(ms: number): string {
  if (ms < 100) return `${Math.max(0, Math.round(ms))} ms`
  return ms < 60_000 ? `${(ms / 1000).toFixed(1)} s` : distance(ms)
}

/** The wait before a wire line: `+2 ms`, `+1.2 s`. */
export function delta(ms: number): string {
  return ms < 1000 ? `+${Math.round(ms)} ms` : `+${(ms / 1000).toFixed(1)} s`
}
