import { firstValue, readHeader } from '../message/headers.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Store } from '../store/types.ts'

/** Postfix returns as much of a message; of a larger one the header. */
const LONGEST_RETURNED_BYTES = 50_000
const LONGEST_HEADER_BYTES = 100 * 1024

/** What goes back of a message. */
export interface Original {
  readonly kind: 'message' | 'headers'
  readonly bytes: Uint8Array
}

/** The message of an entry for its report, or of a large one, and where no more is wanted, its header. */
export async function originalOf(
  entry: QueueEntry,
  store: Pick<Store, 'openBody' | 'readBody'>,
  most: Original['kind'],
): Promise<Original> {
  try {
    if (most === 'message' && entry.view.sizeBytes <= LONGEST_RETURNED_BYTES)
      return { kind: 'message', bytes: await store.readBody(entry.view) }
    const chunks: Uint8Array[] = []
    let total = 0
    for await (const chunk of store.openBody(entry.view)) {
      chunks.push(chunk)
      total += chunk.length
      if (total >= LONGEST_HEADER_BYTES) break
    }
    return { kind: 'headers', bytes: headerOf(Buffer.concat(chunks).subarray(0, LONGEST_HEADER_BYTES)) }
  } catch {
    // A damaged message must be reported all the more: what the rows know of it stands in for its header.
    const known = `Message-ID: ${entry.messageId}\r\n`
    return { kind: 'headers', bytes: Buffer.from(entry.messageId === '' ? '' : known) }
  }
}

/** The header block without its blank line. */
export function headerOf(bytes: Uint8Array): Uint8Array {
  return bytes.subarray(0, readHeader(bytes).end)
}

/** Whether the header says that a program wrote it (RFC 3834 §5), or that it went to many (RFC 2369, RFC 2919). */
export function isAutomatic(bytes: Uint8Array): boolean {
  const header = readHeader(bytes)
  const value = (name: string) => (firstValue(bytes, header, name) ?? '').toLowerCase()
  const automatic = value('auto-submitted')
  return (
    (automatic !== '' && !automatic.startsWith('no')) ||
    /^(?:bulk|list|junk)\b/.test(value('precedence')) ||
    header.fields.some(({ name }) => name.startsWith('list-'))
  )
}
