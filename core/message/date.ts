const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec']
/** RFC 5322 §4.3, and what else means one thing only; every other word is an unknown zone, which is read as UTC. */
const ZONES: Readonly<Record<string, number>> = {
  edt: -4,
  est: -5,
  cdt: -5,
  cst: -6,
  mdt: -6,
  mst: -7,
  pdt: -7,
  pst: -8,
  wet: 0,
  west: 1,
  cet: 1,
  met: 1,
  cest: 2,
  mest: 2,
  eet: 2,
  eest: 3,
  msk: 3,
  jst: 9,
}
const DATE =
  /^(?:[a-z]{2,9}\.?,? )?(\d{1,2})[ -]([a-z]{3})[a-z]*[ -](\d{2,5}),? (\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?:\.\d+)?(?: ?([+-])(\d{2}):?(\d{2})| ([a-z]{1,5}))?/i
/** As C libraries write it: `Mon Jun  1 10:00:00 2026`, a zone before the year or none. */
const ASCTIME = /^[a-z]{3} ([a-z]{3}) (\d{1,2}) (\d{2}:\d{2}(?::\d{2})?)(?: ([a-z]{1,5}))? (\d{4})$/i
/** What JavaScript's Date can hold: ±100,000,000 days, and no year a person would not know. */
const LATEST_MS = Date.UTC(9999, 11, 31, 23, 59, 59)

/** Unix ms of a Date field (RFC 5322 §3.3 and the obsolete forms of §4.3); null where it is none. */
export function parseDate(value: string): number | null {
  const text = value
    .slice(0, 200)
    .replaceAll(/\([^()]*\)/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(' ,', ',')
    .trim()
    .replace(ASCTIME, '$2 $1 $5 $3 $4')
    .trim()
  const found = DATE.exec(text)
  if (found === null) return parseIso(text)
  const [, day, monthName, year, hour, minute, second, sign, zoneHours, zoneMinutes, zoneName] = found
  const month = MONTHS.indexOf((monthName ?? '').toLowerCase())
  if (month < 0) return null
  const fields = [Number(day), Number(hour), Number(minute), Number(second ?? 0)] as const
  const years = fullYear(year ?? '')
  const days = new Date(Date.UTC(years, month + 1, 0)).getUTCDate()
  if (fields[0] < 1 || fields[0] > days || fields[1] > 24 || fields[2] > 59 || fields[3] > 60) return null
  const minutes = Number(zoneHours) * 60 + Number(zoneMinutes)
  const offset =
    sign === undefined
      ? (ZONES[(zoneName ?? '').toLowerCase()] ?? 0) * 60
      : minutes >= 24 * 60 // no place on earth
        ? 0
        : (sign === '-' ? -1 : 1) * minutes
  const ms = utc(years, month, ...fields) - offset * 60_000
  return inRange(ms)
}

/** RFC 5322 §4.3: 00–49 are 2000–2049, other years of two or three digits count from 1900. */
function fullYear(year: string): number {
  const n = Number(year)
  if (year.length >= 4) return n
  return year.length === 2 && n < 50 ? n + 2000 : n + 1900
}

function utc(year: number, month: number, day: number, hour: number, minute: number, second: number): number {
  return Date.UTC(year, month, day, hour, minute, second)
}

/** Some senders write ISO 8601; only with a zone is it a moment. */
function parseIso(text: string): number | null {
  const isIso = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})$/i.test(text)
  return isIso ? inRange(Date.parse(text)) : null
}

function inRange(ms: number): number | null {
  return Number.isFinite(ms) && ms >= 0 && ms <= LATEST_MS ? ms : null
}
