import { deserialize, serialize } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../base/fault.ts'
import { letGo } from '../base/let-go.ts'
import { readFields } from '../message/read.ts'
import type { ImportedMessage, ImportedPart } from '../store/import-batch.ts'
import { digestOf } from '../store/import-digest.ts'
import { foldFields } from '../store/search-index.ts'
import type { ParseBatch, ParsedBatch, TakenMessage, TakenPart } from './import-messages.ts'

/** The thread that reads what a list, the index and a thread need of imported messages. */
const port = parentPort
if (port === null) throw new Error('reading imported mail runs as a thread')

function toImported(message: TakenMessage, isHeaderOnly: boolean): ImportedMessage {
  const { bytes, staged, flags, arrivalMs, keptMs } = message
  const { body, ...fields } = readFields(isHeaderOnly ? headerOf(bytes) : bytes)
  const { seen, starred, answered, forwarded, tags } = flags
  return {
    body: staged ?? { raw: bytes },
    digest: staged === null ? digestOf(bytes) : null,
    fields,
    folded: foldFields({ ...fields, body }),
    receivedMs: arrivalMs ?? fields.dateMs ?? keptMs,
    seen,
    starred,
    answered,
    forwarded,
    tags,
  }
}

const LONGEST_HEADER_BYTES = 100 * 1024

/** The first bytes of a message up to its body. */
function headerOf(bytes: Uint8Array): Uint8Array {
  const head = bytes.subarray(0, LONGEST_HEADER_BYTES)
  const end = Buffer.from(head.buffer, head.byteOffset, head.byteLength).indexOf('\r\n\r\n')
  return end < 0 ? head : head.subarray(0, end)
}

function toPart({ source, messages, ...rest }: TakenPart, isHeaderOnly: boolean): ImportedPart {
  const read = messages.map((message) => toImported(message, isHeaderOnly))
  // Search is fast because ids are in the order of dates, and adding to its index is where dates come in order.
  read.sort((a, b) => a.receivedMs - b.receivedMs)
  return { ...rest, sourceId: source.id, folder: source.folder, role: source.role, messages: read }
}

port.on('message', ({ n, packed, isHeaderOnly }: ParseBatch) => {
  try {
    const parts = (deserialize(packed) as TakenPart[]).map((part) => toPart(part, isHeaderOnly))
    const done = serialize(parts)
    letGo(packed) // the messages' bytes were views of it
    port.postMessage({ n, packed: done } satisfies ParsedBatch, [done.buffer as ArrayBuffer])
  } catch (error) {
    port.postMessage({ n, reason: reasonOf(error) } satisfies ParsedBatch)
  }
})
