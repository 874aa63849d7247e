import type { WriteRequest } from './thread-messages.ts'

/** Caps on one group: a commit that takes long holds up everybody in it. */
const GROUP_OPERATIONS = 512
const GROUP_BYTES = 8 * 1024 * 1024
/** Transcripts that go alone, while nothing else waits. */
const LOW_BYTES = 256 * 1024
/** Those that ride along with a group of others: so much, or that part of all that wait. */
const RIDING_BYTES = 32 * 1024
const RIDING_PART = 1 / 16

/**
 * Takes the next group off the front of the queues. A few transcripts (`low`) ride along with each group of others: a flush of
 * their own would hold up the group behind it, and so would a great many at once.
 */
export function takeGroup(high: WriteRequest[], low: WriteRequest[]): WriteRequest[] {
  const group = take(high, GROUP_OPERATIONS, GROUP_BYTES)
  if (low.length === 0) return group
  if (group.length === 0) return take(low, GROUP_OPERATIONS, LOW_BYTES)
  const waiting = low.reduce((sum, { bytes }) => sum + bytes, 0)
  return group.concat(take(low, GROUP_OPERATIONS, Math.max(RIDING_BYTES, waiting * RIDING_PART)))
}

function take(from: WriteRequest[], most: number, mostBytes: number): WriteRequest[] {
  let count = 0
  let bytes = 0
  for (const request of from) {
    bytes += request.bytes
    if (count > 0 && (count === most || bytes > mostBytes)) break
    count++
  }
  return from.splice(0, count)
}
