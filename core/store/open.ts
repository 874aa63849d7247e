import { MessageChannel, type MessagePort } from 'node:worker_threads'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import { BodiesAhead } from './ahead.ts'
import { openBody, readBody } from './body.ts'
import type { BodySource } from './body.ts'
import { asMainReadDb, databasePath, openDatabase, prepareFolder, toStoreFault } from './database.ts'
import type { DatabaseAt } from './database.ts'
import { packBatch, type Batch } from './session-record.ts'
import { stage } from './staged.ts'
import { ThreadLine } from './thread-line.ts'
import { BytesToHandOver, withOwnBytes } from './thread-messages.ts'
import type { OperationResult, QueryName, QueryResult, Store } from './types.ts'
import type { WriteBackLine } from './write-back.ts'

export interface StoreOptions {
  /** The data folder; made if it is missing. Whoever opens the store holds its lock (core/store/lock.ts). */
  readonly folder: string
  /** The database key, 32 bytes, from core/vault/. */
  readonly key: Uint8Array
  readonly clock: Clock
  /** Path of the native addon, where a bundle can't find it by itself. */
  readonly nativeBinding?: string | undefined
  /** Largest size in pages of 4 KiB, for tests of a full disk. */
  readonly maxPages?: number | undefined
  /** Flushes that take longer than this are waited for beside the next writes; with 0 all are. Left out, the store decides. */
  readonly slowFlushMs?: number | undefined
  /** Called when a thread of the store ended by itself: nothing can be stored any more. */
  readonly onDied?: ((fault: Fault) => void) | undefined
}

/**
 * Opens the store of a data folder, encrypted from its first byte, and starts its threads. Throws `vault.key-wrong`,
 * `store.corrupt`, `store.newer`, `store.full` or `store.io`, and leaves the file as it is.
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { folder, clock } = options
  const path = databasePath(folder)
  const at: DatabaseAt = {
    path,
    key: options.key,
    nativeBinding: options.nativeBinding,
    maxPages: options.maxPages,
  }
  try {
    prepareFolder(folder)
  } catch (error) {
    throw toStoreFault(error, path, 'open the store')
  }
  const onDied = options.onDied ?? (() => {})
  const { port1, port2 } = new MessageChannel()
  const busy = new Int32Array(new SharedArrayBuffer(4))
  const line = (port: MessagePort) => ({ writeBack: { port, busy } satisfies WriteBackLine })
  const [writer, reader] = await Promise.allSettled([
    ThreadLine.start(
      'writer',
      path,
      { ...at, nowMs: clock.nowMs(), slowFlushMs: options.slowFlushMs, ...line(port1) },
      [port1],
      onDied,
    ),
    ThreadLine.start('reader', path, { ...at, ...line(port2) }, [port2], onDied),
  ])
  const opened: { close(): unknown }[] = [reader, writer].flatMap((one) => ('value' in one ? [one.value] : []))
  try {
    if (writer.status === 'rejected') throw writer.reason
    if (reader.status === 'rejected') throw reader.reason
    const connection = openDatabase(at, 'read', 'points')
    opened.unshift(connection)
    return joined(path, clock, asMainReadDb(connection, path), writer.value, reader.value, opened)
  } catch (error) {
    await closeAll(opened)
    throw toStoreFault(error, path, 'open the store')
  }
}

/** One after the other, the writer last: the connection that closes last writes the log back. */
async function closeAll(opened: readonly { close(): unknown }[]): Promise<void> {
  for (const one of opened) await one.close()
}

function joined(
  path: string,
  clock: Clock,
  read: Store['read'],
  writer: ThreadLine,
  reader: ThreadLine,
  opened: readonly { close(): unknown }[],
): Store {
  let closed: Promise<void> | undefined
  const closedFault = () => new Fault('store.closed', `use the store at "${path}": it is closed`, { path })
  const refuseClosed = () => {
    if (closed !== undefined) throw closedFault()
  }
  const bytesOnTheWay = new BytesToHandOver()
  writer.onPost = () => bytesOnTheWay.take()
  const write: Store['write'] = (name, args, given = []) => {
    if (closed !== undefined) return Promise.reject(closedFault())
    let bytes = 0
    const large = [...given]
    const own = withOwnBytes(args, (one) => {
      bytes += one.length
      return given.some((buffer) => buffer === one.buffer) ? one : bytesOnTheWay.copy(one, large)
    })
    const request = { name, args: own, nowMs: clock.nowMs(), bytes, ...(large.length > 0 && { large }) }
    return writer.ask(request, [...given]) as Promise<OperationResult<typeof name>>
  }
  const record = async (batch: Batch): Promise<void> => {
    refuseClosed()
    const nowMs = clock.nowMs()
    await Promise.all(
      packBatch(batch).map(([args, bytes]) => {
        const large = args.segment === null ? [] : [args.segment.parts.buffer, args.segment.data.buffer]
        return writer.ask({ name: 'session.record', args, nowMs, bytes, large }, large)
      }),
    )
  }
  const query: Store['query'] = async (name, args, signal) => {
    refuseClosed()
    return (await reader.ask({ name, args }, [], signal)) as QueryResult<typeof name & QueryName>
  }
  const ahead = new BodiesAhead(query)
  const source: BodySource = { path, read, query, write, ahead }
  return {
    write,
    record,
    read,
    query,
    stage: () => stage(write),
    openBody: (view) => openBody(source, view),
    readAhead: (views) => void ahead.read(views.map(({ blobId }) => blobId)),
    readBody: (view) => readBody(source, view),
    close() {
      closed ??= closeAll(opened)
      return closed
    },
  }
}
