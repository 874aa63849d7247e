import { eachRecord } from './segment-reader.ts'

const patterns = new WeakMap<readonly string[], RegExp>()

/** The texts as one pattern, made once. It finds them in large letters and small without a copy in small ones. */
function patternOf(texts: readonly string[]): RegExp {
  let known = patterns.get(texts)
  if (known === undefined) {
    known = new RegExp(texts.map((text) => text.replaceAll(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')).join('|'), 'i')
    patterns.set(texts, known)
  }
  return known
}

const octetsOf = (bytes: Uint8Array) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')

/** Whether one of those texts (ASCII, in small letters) stands anywhere in a segment, in large letters or small. */
export function holdsOneOf(bytes: Uint8Array, texts: readonly string[]): boolean {
  return patternOf(texts).test(octetsOf(bytes))
}

/** Sessions of which a record of a segment holds one of those texts (ASCII, in small letters), in large letters or small. */
export function sessionsWith(
  bytes: Uint8Array,
  texts: readonly string[],
  isWanted: (sessionId: number) => boolean,
): Set<number> {
  const found = new Set<number>()
  const octets = octetsOf(bytes)
  if (!patternOf(texts).test(octets)) return found
  // One character a byte, and as many small letters as there were large ones: places are the same in both.
  const lower = octets.toLowerCase()
  const next = texts.map((text) => lower.indexOf(text))
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
