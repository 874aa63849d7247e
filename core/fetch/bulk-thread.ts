import { DefaultSerializer } from 'node:v8'
import { parentPort } from 'node:worker_threads'
import { letGo } from '../base/let-go.ts'
import { readFields } from '../message/read.ts'
import type { PackedArrival } from '../store/pop3-seen.ts'
import { foldFields } from '../store/search-index.ts'
import { PieceBuilder } from '../store/search-piece.ts'
import { PieceWriter } from '../store/search-piece-writer.ts'
import { READ, TAKEN, UNREAD, type BulkAnswer, type BulkRequest } from './bulk-words.ts'
import { receivedTime } from './received.ts'

/** The thread that reads mail which comes in bulk and sorts its words into pieces of the full-text index. */
const port = parentPort
if (port === null) throw new Error('reading mail in bulk runs as a thread')

/** Words of one piece: some 400 messages, a few megabytes for the writer to copy in. */
const PLACES = 450_000

/** A piece that is being made. */
interface Making {
  readonly builder: PieceBuilder
  /** Of each message it has taken, once that is stored. */
  readonly ids: (number | null)[]
  /** Batches it has messages of that are not stored yet. */
  open: number
}
const writer = new PieceWriter()
/** Those whose piece is made: fresh memory costs more than what is done with it. */
const spare: PieceBuilder[] = []
const begin = (): Making => ({ builder: spare.pop() ?? new PieceBuilder(writer), ids: [], open: 0 })

let making = begin()
/** By batch: the piece its words are in, and how many messages were taken. */
const batches = new Map<number, { readonly of: Making; readonly taken: number }>()
const sealed = new Set<Making>()

const say = (answer: BulkAnswer, buffers: ArrayBuffer[] = []) => port.postMessage(answer, buffers)

/** Undefined for one that cannot be read. */
function readOne(raw: Uint8Array): { readonly arrival: PackedArrival; readonly isTaken: boolean } | undefined {
  try {
    const fields = readFields(raw)
    const { subject, author, addressees, cc, body, files } = foldFields(fields)
    const isTaken = making.builder.add([subject, author, addressees, cc, body, files])
    const receivedMs = receivedTime(raw) ?? null
    return { arrival: { fields: isTaken ? { ...fields, body: '' } : fields, receivedMs }, isTaken }
  } catch {
    return undefined
  }
}

function read({ n, bytes, ends }: Extract<BulkRequest, { do: 'read' }>): void {
  const how = new Uint8Array(ends.length)
  // One by one: what was read of a message are parts of its text, and would keep all of that in memory to the end of the batch.
  const arrivals = new DefaultSerializer()
  arrivals.writeHeader()
  let from = 0
  let taken = 0
  for (const [index, end] of ends.entries()) {
    const one = readOne(bytes.subarray(from, end))
    from = end
    arrivals.writeValue(one?.arrival ?? null)
    how[index] = one === undefined ? UNREAD : one.isTaken ? TAKEN : READ
    if (one?.isTaken === true) taken++
  }
  batches.set(n, { of: making, taken })
  letGo(bytes)
  making.open++
  const packed = new Uint8Array(arrivals.releaseBuffer())
  say({ do: 'read', n, how, packed }, [how.buffer, packed.buffer])
  if (making.builder.places >= PLACES) seal()
}

/** What comes next goes into another piece. */
function seal(): void {
  sealed.add(making)
  making = begin()
}

function number(n: number, ids: readonly (number | null)[]): void {
  const batch = batches.get(n)
  if (batch === undefined) return
  batches.delete(n)
  const { of, taken } = batch
  // Batches are stored in the order they were read in.
  for (let i = 0; i < taken; i++) of.ids.push(ids[i] ?? null)
  of.open--
}

function sayPieces(): void {
  for (const one of sealed) {
    if (one.open > 0) continue
    sealed.delete(one)
    const piece = one.builder.finish(one.ids)
    spare.push(one.builder)
    if (piece !== undefined)
      say(
        { do: 'piece', piece },
        Object.values(piece).map((array: Uint8Array | Uint32Array | Float64Array) => array.buffer as ArrayBuffer),
      )
  }
}

port.on('message', (request: BulkRequest) => {
  switch (request.do) {
    case 'read':
      return read(request)
    case 'number':
      number(request.n, request.ids)
      return sayPieces()
    case 'finish':
      seal()
      sayPieces()
      return say({ do: 'finished' })
  }
})
