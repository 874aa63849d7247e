import { eachRecord } from './segment-reader.ts'

/** Sessions of which a record of a segment holds one of those texts (in small letters), in large letters or small. */
export function sessionsWith(
  bytes: Uint8Array,
  texts: readonly string[],
  isWanted: (sessionId: number) => boolean,
): Set<number> {
  const found = new Set<number>()
  // One character a byte, and as many small letters as there were large ones: places are the same in both.
  const lower = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1').toLowerCase()
  const next = texts.map((text) => lower.indexOf(text))
  if (next.every((at) => at < 0)) return found
  eachRecord(bytes, undefined, (sessionId, start, end) => {
    if (found.has(sessionId) || !isWanted(sessionId)) return
    for (const [n, text] of texts.entries()) {
      let at = next[n] as number
      if (at < 0) continue
      if (at < start) next[n] = at = lower.indexOf(text, start)
      if (at >= 0 && at < end) {
        found.add(sessionId)
        return
      }
    }
  })
  return found
}
