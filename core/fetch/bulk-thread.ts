import { parentPort } from 'node:worker_threads'
import { letGo } from '../base/let-go.ts'
import { readFields } from '../message/read.ts'
import { foldFields, type IndexedFields } from '../store/search-index.ts'
import { PieceBuilder } from '../store/search-piece.ts'
import type { BulkAnswer, BulkMessage, BulkRequest } from './bulk-words.ts'
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
const begin = (): Making => ({ builder: new PieceBuilder(), ids: [], open: 0 })

let making = begin()
/** By batch: the piece its words are in, and how many messages were taken. */
const batches = new Map<number, { readonly of: Making; readonly taken: number }>()
const sealed = new Set<Making>()

const say = (answer: BulkAnswer, buffers: ArrayBuffer[] = []) => port.postMessage(answer, buffers)

function take(fields: IndexedFields): boolean {
  const { subject, author, addressees, cc, body, files } = foldFields(fields)
  return making.builder.add([subject, author, addressees, cc, body, files])
}

function readOne(raw: Uint8Array): BulkMessage | null {
  try {
    const fields = readFields(raw)
    const isTaken = take(fields)
    return { fields: isTaken ? { ...fields, body: '' } : fields, receivedMs: receivedTime(raw) ?? null, isTaken }
  } catch {
    return null
  }
}

function read({ n, bytes, ends, others }: Extract<BulkRequest, { do: 'read' }>): void {
  let from = 0
  const messages = ends.map((end) => {
    const raw = bytes.subarray(from, end)
    from = end
    return readOne(raw)
  })
  const taken = others.map(take)
  const count = messages.filter((one) => one?.isTaken === true).length + taken.filter(Boolean).length
  batches.set(n, { of: making, taken: count })
  letGo(bytes)
  making.open++
  say({ do: 'read', n, messages, others: taken })
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
    one.builder.drop()
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
