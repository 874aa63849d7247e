import { expect, test } from 'vitest'
import { parseWhen } from './snooze-commands.ts'

const NOW = new Date(2026, 10, 22, 12, 30).getTime()

test.each([
  ['90m', NOW + 5_400_000],
  ['3h', NOW + 10_800_000],
  ['2d', NOW + 172_800_000],
  ['1w', NOW + 604_800_000],
  ['2026-11-24', new Date(2026, 10, 24).getTime()],
  ['2026-11-24T08:05', new Date(2026, 10, 24, 8, 5).getTime()],
  ['2026-11-24 08:05', new Date(2026, 10, 24, 8, 5).getTime()],
])('%s is a time', (text, ms) => expect(parseWhen(text, NOW)).toBe(ms))

test.each(['', 'soon', '2026-11-31', '2026-13-01', '2026-11-24T25:00', '2026-11-24T10:60', '-1d', '5'])(
  '%j is none',
  (text) => expect(parseWhen(text, NOW)).toBe(undefined),
)
