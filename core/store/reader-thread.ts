import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { asReadDb, keepPages, openDatabase, toStoreFault } from './database.ts'
import type { DatabaseAt } from './database.ts'
import { queries } from './queries.ts'
import { ownBuffers, sendFault } from './thread-messages.ts'
import type { Answer, QueryRequest, ReaderMessage, ThreadMessage } from './thread-messages.ts'
import type { Query, QueryName } from './types.ts'
import { WriteBack, type WriteBackLine } from './write-back.ts'

/*
 * Long reads. A query that is a generator yields between slices; slices of all running queries take turns, and between two
 * of them cancellations and new queries are heard. No statement is open while one waits, so the log can be written back, which is
 * done here as well.
 */
const { writeBack: line, ...at } = workerData as DatabaseAt & { readonly writeBack: WriteBackLine }
const port = parentPort
if (port === null) throw new Error('the reader runs as a thread')
const say = (message: ThreadMessage, buffers: readonly ArrayBuffer[] = []) => port.postMessage(message, buffers)
const answer = (ended: Answer) => say({ answers: [ended] }, 'value' in ended ? ownBuffers(ended.value) : [])

/** What is read by these is read once, and no page of it is asked for again. */
const PASSING: ReadonlySet<string> = new Set<QueryName>(['blob.small'])

interface Running {
  readonly request: QueryRequest
  slices?: Iterator<unknown, unknown>
}

function serve(): void {
  // Opened at the first question, so that this thread can start beside the writer, which may still be making the file.
  let db: ReturnType<typeof openDatabase> | undefined
  let keepsFew = false
  const table: Readonly<Record<string, Query<never, unknown>>> = queries
  const running: Running[] = []
  const writeBack = new WriteBack(at, line)
  let closing = false

  /** The connection, with as many pages kept as are worth it for this query. */
  const connection = (name: string) => {
    db ??= openDatabase(at, 'read')
    const isPassing = PASSING.has(name)
    if (isPassing !== keepsFew) keepPages(db, isPassing ? 'passing' : 'read')
    keepsFew = isPassing
    return db
  }
  /** Runs one slice. Returns true when the query has ended. */
  const step = (one: Running): boolean => {
    const { id, name, args } = one.request
    try {
      if (one.slices === undefined) {
        const query = table[name]
        if (query === undefined) throw new Error('there is no such query')
        const value = query(asReadDb(connection(name)), args as never)
        if (!isSliced(value)) {
          answer({ id, value })
          return true
        }
        one.slices = value
      }
      const slice = one.slices.next()
      if (slice.done === true) answer({ id, value: slice.value })
      return slice.done === true
    } catch (error) {
      answer({ id, fault: sendFault(toStoreFault(error, at.path, `run query "${name}"`)) })
      return true
    }
  }
  const take = (message: ReaderMessage) => {
    if ('close' in message) {
      closing = true
      return
    }
    for (const request of message.requests) running.push({ request })
    for (const id of message.cancelled) {
      const place = running.findIndex(({ request }) => request.id === id)
      if (place >= 0) running.splice(place, 1)[0]?.slices?.return?.()
    }
  }
  port!.on('message', (first: ReaderMessage) => {
    take(first)
    for (let one; (one = running.shift()) !== undefined;) {
      if (!step(one)) running.push(one)
      writeBack.hear()
      for (let more; (more = receiveMessageOnPort(port!)) !== undefined;) take(more.message as ReaderMessage)
    }
    if (!closing) return
    writeBack.close()
    db?.close()
    port!.close()
  })
  say({ ready: true })
}

function isSliced(value: unknown): value is Iterator<unknown, unknown> {
  return typeof value === 'object' && value !== null && 'next' in value && Symbol.iterator in value
}

serve()
