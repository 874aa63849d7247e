import type { WriteRequest } from './thread-messages.ts'

/** Caps on one group: a commit that takes long holds up everybody in it. */
const GROUP_OPERATIONS = 512
const GROUP_BYTES = 8 * 1024 * 1024
/** Transcripts that go alone, while nothing else waits. */
const LOW_BYTES = 256 * 1024
/** Those that ride along with a group of others: so much, or that part of all that wait. */
const RIDING_BYTES = 32 * 1024
const RIDING_PART = 1 / 16

/** Takes what goes next into a group off the front of what waits; something at least, where it is the first of the group. */
export function takeTurn(waiting: WriteRequest[], group: readonly WriteRequest[] = []): WriteRequest[] {
  const bytes = group.reduce((sum, one) => sum + one.bytes, 0)
  return take(waiting, GROUP_OPERATIONS - group.length, GROUP_BYTES - bytes, group.length === 0)
}

/**
 * Takes transcripts: by the dozen where they go alone, and a few to ride along with a group of others, for a flush of their own would
 * hold up the group behind it, and so would a great many at once.
 */
export function takeTranscripts(waiting: WriteRequest[], isAlone: boolean): WriteRequest[] {
  if (isAlone) return take(waiting, GROUP_OPERATIONS, LOW_BYTES, true)
  const bytes = waiting.reduce((sum, one) => sum + one.bytes, 0)
  return take(waiting, GROUP_OPERATIONS, Math.max(RIDING_BYTES, bytes * RIDING_PART), true)
}

function take(from: WriteRequest[], most: number, mostBytes: number, isSome: boolean): WriteRequest[] {
  let count = 0
  let bytes = 0
  for (const request of from) {
    bytes += request.bytes
    if ((count > 0 || !isSome) && (count >= most || bytes > mostBytes)) break
    count++
  }
  return from.splice(0, count)
}
