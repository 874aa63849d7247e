/** Bytes as people read them: `0 bytes`, `812 KB`, `2.4 MB` (1 KB is 1,000 bytes). */
export function size(bytes: number): string {
  if (bytes < 1000) return bytes === 1 ? '1 byte' : `${bytes} bytes`
  for (const [unit, scale] of [
    ['KB', 1e3],
    ['MB', 1e6],
    ['GB', 1e9],
  ] as const) {
    const n = bytes / scale
    if (n < 999.5) return `${n < 9.95 ? n.toFixed(1) : Math.round(n)} ${unit}`
  }
  return `${(bytes / 1e12).toFixed(1)} TB`
}

/** `1 message`, `2,318 messages` */
export function count(n: number, one: string, many = `${one}s`): string {
  return `${n.toLocaleString('en')} ${n === 1 ? one : many}`
}
