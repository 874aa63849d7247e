import type { WriteRequest } from './thread-messages.ts'

/** Caps on one group: a commit that takes long holds up everybody in it. */
const GROUP_OPERATIONS = 512
const GROUP_BYTES = 8 * 1024 * 1024
/** After so many groups without them, transcripts ride along, so that they can't wait for ever. */
const LOW_WAITS = 8
const LOW_BYTES = 512 * 1024

/**
 * Takes the next group off the front of the queues. Transcripts (`low`) go alone while nothing else waits, and join a group
 * of others, a few at a time, once they have waited for eight.
 */
export function takeGroup(high: WriteRequest[], low: WriteRequest[], lowWaited: number): WriteRequest[] {
  const group = take(high, GROUP_OPERATIONS, GROUP_BYTES)
  if (group.length === 0) return take(low, GROUP_OPERATIONS, LOW_BYTES)
  return lowWaited >= LOW_WAITS ? [...group, ...take(low, GROUP_OPERATIONS, LOW_BYTES)] : group
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
