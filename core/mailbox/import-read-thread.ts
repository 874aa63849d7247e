import { parentPort } from 'node:worker_threads'
import { serialize } from 'node:v8'
import { reasonOf } from '../base/fault.ts'
import type { ReadAnswer, ReadOrder, ReadRequest, StageRequest } from './import-messages.ts'
import { ImportReader } from './import-reader.ts'
import { scanPaths, scanUploads } from './import-scan.ts'
import type { StagingLine } from './import-take.ts'

/** The thread that reads files of other programs and takes the messages out of them. Nothing else of an import touches a file. */
const port = parentPort
if (port === null) throw new Error('the import runs as a thread')
const say = (answer: ReadAnswer, buffers: readonly ArrayBuffer[] = []) => port.postMessage(answer, buffers)

let leave = 0
let wake = () => {}
let onStaged: (body: Extract<ReadRequest, { staged: unknown }>['staged']) => void = () => {}

/** Asks for one step of a long message's way into the store, and waits for it. */
function stage(request: StageRequest, buffers: readonly ArrayBuffer[] = []) {
  const answered = new Promise<Parameters<typeof onStaged>[0]>((resolve) => (onStaged = resolve))
  say({ stage: request }, buffers)
  return answered
}
const staging: StagingLine = {
  begin: async () => void (await stage({ do: 'begin' })),
  async append(bytes) {
    const own = new Uint8Array(bytes)
    await stage({ do: 'append', bytes: own }, [own.buffer])
  },
  async finish() {
    const body = await stage({ do: 'finish' })
    if (body === null) throw new Error('the message was not kept')
    return body
  },
  drop: async () => void (await stage({ do: 'drop' })),
}

async function read(order: ReadOrder): Promise<void> {
  leave = 0 // of what an order before this one has left
  for await (const { parts, at } of new ImportReader(order, staging).batches()) {
    while (leave === 0) await new Promise<void>((resolve) => (wake = resolve))
    leave--
    const taken = serialize(parts)
    say({ taken, at }, [taken.buffer as ArrayBuffer])
  }
  say({ ended: true })
}

port.on('message', (request: ReadRequest) => {
  const failed = (error: unknown) => say({ failed: reasonOf(error) })
  if ('go' in request) {
    leave += request.go
    wake()
  } else if ('staged' in request) onStaged(request.staged)
  else if ('read' in request) read(request.read).catch(failed)
  else
    try {
      const { scan } = request
      const { sources, problems } = 'paths' in scan ? scanPaths(scan.paths) : scanUploads(scan.uploads)
      say({ scanned: { sources, problems } })
    } catch (error) {
      failed(error)
    }
})
