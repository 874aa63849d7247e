import { spokenLocale, t } from '../words/words.ts'

/** Bytes as people read them: `0 bytes`, `812 KB`, `2.4 MB` (1 KB is 1,000 bytes). */
export function size(bytes: number): string {
  if (bytes < 1000) return t('{bytes, plural, one {# byte} other {# bytes}}', { bytes })
  const [n, say] = (
    [
      [1e3, (size: string) => t('{size} KB', { size })],
      [1e6, (size: string) => t('{size} MB', { size })],
      [1e9, (size: string) => t('{size} GB', { size })],
    ] as const
  ).flatMap(([scale, say]) => (bytes / scale < 999.5 ? [[bytes / scale, say] as const] : []))[0] ?? [
    bytes / 1e12,
    (size: string) => t('{size} TB', { size }),
  ]
  const digits = n < 9.95 ? 1 : 0
  return say(n.toLocaleString(spokenLocale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }))
}

/** A number as the language writes it: `2,318` */
export function whole(n: number): string {
  return n.toLocaleString(spokenLocale())
}
