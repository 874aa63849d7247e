/** A day, a month or a year, or how long ago a day was. */
export type SearchDate =
  | { readonly kind: 'calendar'; readonly year: number; readonly month?: number; readonly day?: number }
  | { readonly kind: 'ago'; readonly amount: number; readonly unit: 'd' | 'w' | 'm' | 'y' }

const CALENDAR = /^(\d{4})(?:[-/](\d{1,2})(?:[-/](\d{1,2}))?)?$/
const AGO = /^(\d{1,4})([dwmy])$/i
const SIZE = /^(\d{1,15}(?:\.\d{1,6})?)(?:([kmg])(?:i?b)?|b)?$/i
const FACTORS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 }

/** Reads a date of a query; undefined for what is none, such as the 30th of February. */
export function parseSearchDate(text: string): SearchDate | undefined {
  const word = text.toLowerCase()
  if (word === 'today') return { kind: 'ago', amount: 0, unit: 'd' }
  if (word === 'yesterday') return { kind: 'ago', amount: 1, unit: 'd' }
  const ago = AGO.exec(word)
  if (ago !== null) return { kind: 'ago', amount: Number(ago[1]), unit: ago[2] as 'd' }
  const [, year, month, day] = (CALENDAR.exec(word) ?? []).map((one) => (one === undefined ? undefined : Number(one)))
  if (year === undefined || year < 1970) return undefined
  if (month === undefined) return { kind: 'calendar', year }
  if (month < 1 || month > 12) return undefined
  if (day === undefined) return { kind: 'calendar', year, month }
  const isThere = day >= 1 && new Date(Date.UTC(year, month - 1, day)).getUTCDate() === day
  return isThere ? { kind: 'calendar', year, month, day } : undefined
}

/** From when until before when that date is, Unix ms, in this computer's time zone. */
export function spanOf(date: SearchDate, nowMs: number): { readonly fromMs: number; readonly toMs: number } {
  const at = (year: number, month: number, day: number) => new Date(year, month, day).getTime()
  if (date.kind === 'calendar') {
    const { year, month, day } = date
    if (month === undefined) return { fromMs: at(year, 0, 1), toMs: at(year + 1, 0, 1) }
    if (day === undefined) return { fromMs: at(year, month - 1, 1), toMs: at(year, month, 1) }
    return { fromMs: at(year, month - 1, day), toMs: at(year, month - 1, day + 1) }
  }
  const now = new Date(nowMs)
  const back = (unit: string, factor = 1) => (date.unit === unit ? date.amount * factor : 0)
  const [year, month] = [now.getFullYear() - back('y'), now.getMonth() - back('m')]
  // A month before the 31st may end earlier; its last day is meant.
  const last = new Date(year, month + 1, 0).getDate()
  const day = Math.min(now.getDate(), last) - back('d') - back('w', 7)
  return { fromMs: at(year, month, day), toMs: at(year, month, day + 1) }
}

/** Reads a size of a query in bytes; undefined for what is none. */
export function parseSize(text: string): number | undefined {
  const [, amount, unit] = SIZE.exec(text) ?? []
  return amount === undefined ? undefined : Math.round(Number(amount) * (FACTORS[unit?.toLowerCase() ?? ''] ?? 1))
}
