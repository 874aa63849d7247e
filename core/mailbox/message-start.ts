import type { Message } from '../store/message-list.ts'
import type { Store } from '../store/types.ts'

/** A header is looked for in so many bytes; a body's text is in front of what is attached. */
const HEAD_BYTES = 256 * 1024
const BODY_BYTES = 8 * 1024 * 1024

/** The beginning of a message: its header, or with as much of its text as rules look at. Throws `blob.damaged`. */
export async function readStart(store: Store, { view }: Message, isWhole: boolean): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  let left = isWhole ? BODY_BYTES : HEAD_BYTES
  for await (const chunk of store.openBody(view)) {
    chunks.push(chunk.subarray(0, left))
    left -= chunk.length
    if (left <= 0) break
  }
  const all = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)
  if (isWhole) return all
  const end = Buffer.from(all.buffer, all.byteOffset, all.byteLength).indexOf('\r\n\r\n')
  return end < 0 ? all : all.subarray(0, end + 4)
}
