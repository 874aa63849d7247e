import { createHash } from 'node:crypto'
import type { Transcript } from '../transcript/sink.ts'

/** A listing of more lines is kept as its beginning and end: a large maildrop is listed at every fetch. */
const KEPT_LINES = 100
const KEPT_BYTES = 4096

/** Records a listing of the server: line by line, or as cut-off content when it is long. */
export function listingInto(transcript: Transcript, bytes: Uint8Array): void {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const ends: number[] = []
  for (let at = buffer.indexOf('\r\n'); at >= 0 && ends.length <= KEPT_LINES; at = buffer.indexOf('\r\n', at + 2))
    ends.push(at)
  if (ends.length > KEPT_LINES) {
    transcript.content('S', buffer.length, {
      kind: 'kept',
      first: buffer.toString('latin1', 0, KEPT_BYTES),
      last: buffer.toString('latin1', Math.max(KEPT_BYTES, buffer.length - KEPT_BYTES)),
      sha256: createHash('sha256').update(buffer).digest('hex'),
    })
    return
  }
  let from = 0
  for (const end of ends) {
    const line = buffer.subarray(from, end)
    // As it was on the wire: a dot at the beginning had another one before it.
    transcript.line('S', line[0] === 46 ? Buffer.concat([Buffer.from('.'), line]) : line)
    from = end + 2
  }
  transcript.line('S', Buffer.from('.'))
}
