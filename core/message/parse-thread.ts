import { parentPort } from 'node:worker_threads'
import { reasonOf } from '../base/fault.ts'
import { readReport } from './dsn-read.ts'
import type { ParseAnswer, ParseRequest } from './parse-pool.ts'
import { readAttachment, readFields, readMessage } from './read.ts'
import { readStructure } from './structure.ts'
import { readPartAt, readTree } from './tree.ts'

/** The thread that reads large messages, so that no window waits for one. Started by the pool beside it. */
function answer({ what, chunks, index, path = '' }: ParseRequest): unknown {
  const raw = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks)
  if (what === 'fields') return readFields(raw)
  if (what === 'message') return readMessage(raw)
  if (what === 'report') return readReport(raw)
  if (what === 'tree') return readTree(raw, readStructure(raw))
  const found = what === 'part' ? readPartAt(raw, path) : readAttachment(raw, index)
  return found === undefined ? undefined : { ...found, bytes: Uint8Array.from(found.bytes) }
}

parentPort?.on('message', (request: ParseRequest) => {
  let said: ParseAnswer
  try {
    said = { id: request.id, value: answer(request) }
  } catch (error) {
    said = { id: request.id, reason: reasonOf(error) }
  }
  parentPort?.postMessage(said)
})
