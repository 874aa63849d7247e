/** Hours of the day without notifications, in minutes after midnight; over midnight where `from` is later. */
export interface QuietHours {
  readonly from: number
  readonly to: number
}

/** Reads `22:00-07:00`; undefined for everything else, and for hours that are none. */
export function parseQuietHours(text: string): QuietHours | undefined {
  const [, ...found] = /^([01]?\d|2[0-3]):([0-5]\d)\s*[-–]\s*([01]?\d|2[0-3]):([0-5]\d)$/.exec(text.trim()) ?? []
  if (found.length < 4) return undefined
  const [fromHour = 0, fromMinute = 0, toHour = 0, toMinute = 0] = found.map(Number)
  const hours = { from: fromHour * 60 + fromMinute, to: toHour * 60 + toMinute }
  return hours.from === hours.to ? undefined : hours
}

/** Whether a moment of this computer's day lies in them. */
export function isQuiet({ from, to }: QuietHours, at: Date): boolean {
  const minute = at.getHours() * 60 + at.getMinutes()
  return from < to ? minute >= from && minute < to : minute >= from || minute < to
}
