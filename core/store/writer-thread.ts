import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { letGo } from '../base/let-go.ts'
import { asWriteDb, isFull, openDatabase, toStoreFault } from './database.ts'
import type { DatabaseAt } from './database.ts'
import { dropStagedBlobs } from './blob.ts'
import { Durability } from './durability.ts'
import { Group } from './group.ts'
import { LogKeeper } from './log-keeper.ts'
import { migrate } from './migrate.ts'
import { operations } from './operations.ts'
import { markAborted } from './session.ts'
import { ownBuffers, sendFault } from './thread-messages.ts'
import type { Answer, ThreadMessage, WriteRequest, WriterMessage } from './thread-messages.ts'
import { takeTranscripts, takeTurn } from './turns.ts'
import type { WriteBackLine } from './write-back.ts'

/*
 * The only thread that writes. Groups clock themselves: what arrived while the last commit ran is the next group, so under
 * load a flush is shared by many and a lone operation never waits for a timer. Where flushes are slow, several are under way
 * while the next group is written.
 */
const { bell, nowMs, slowFlushMs, writeBack, ...at } = workerData as DatabaseAt & {
  readonly nowMs: number
  readonly slowFlushMs?: number
  /** Rung when a message was sent here. */
  readonly bell: Int32Array
  readonly writeBack: WriteBackLine
}
const port = parentPort
if (port === null) throw new Error('the writer runs as a thread')
const say = (message: ThreadMessage, buffers: readonly ArrayBuffer[] = []) => port.postMessage(message, buffers)

/**
 * While mail comes, transcripts wait so long for a group that they can ride along with: a commit of their own would hold up the mail
 * that comes meanwhile.
 */
const RIDE_MS = 20

/**
 * Who was just answered mostly comes back at once. Without a moment for them, half of all would always be committed while the other
 * half waits: twice as many flushes. So a group waits, for this part of the time that the last commit took, until all those are
 * there that were answered by it or came meanwhile; what they ask for is done as they come. A lone operation has nobody to wait for.
 */
const COMPANY_PART = 1 / 3
/** Of more than these some are always late, and half of them are company enough. */
const MOST_COMPANY = 24
const LONGEST_COMPANY_MS = 3

function open() {
  const db = openDatabase(at, 'write')
  migrate(db, at.path)
  whereThereIsRoom(() => {
    // Whoever opens the store holds the lock: nothing can still be arriving, no session can still be live.
    db.transaction(() => {
      dropStagedBlobs(asWriteDb(db))
      markAborted(asWriteDb(db), nowMs)
    })()
  })
  whereThereIsRoom(() => db.pragma('wal_checkpoint(TRUNCATE)'))
  return db
}

/** Tidying up must not keep a person with a full disk from his mail. */
function whereThereIsRoom(tidy: () => unknown): void {
  try {
    tidy()
  } catch (error) {
    if (!isFull(error)) throw error
  }
}

/** Roughly what a group writes. */
const BYTES_OF_AN_OPERATION = 4096
const sizeOf = (group: readonly WriteRequest[]) =>
  group.reduce((sum, { bytes }) => sum + bytes + BYTES_OF_AN_OPERATION, 0)

function serve(db: ReturnType<typeof open>): void {
  const log = new LogKeeper(db, writeBack)
  const answer = (answers: readonly Answer[]) => say({ answers }, ownBuffers(answers))
  const durable = new Durability(db, at.path, slowFlushMs, {
    kept: answer,
    hasRoom: () => work(),
    failed(fault, ids) {
      answer(ids.map((id) => ({ id, fault: sendFault(fault) })))
      throw fault // the thread ends, and the store with it: what is on the disk is known again once it is opened anew
    },
  })
  const waiting: WriteRequest[] = []
  const waitingLow: WriteRequest[] = []
  let closing = false
  const take = (message: WriterMessage) => {
    if ('close' in message) closing = true
    else
      for (const request of message.requests) (request.name.startsWith('session.') ? waitingLow : waiting).push(request)
  }
  let isRiding: NodeJS.Timeout | undefined
  let mailAt = -Infinity
  /** How many the next group is to be, and until when they are waited for. */
  let company = 0
  let untilMs = -Infinity
  const hear = () => {
    for (let more; (more = receiveMessageOnPort(port!)) !== undefined;) take(more.message as WriterMessage)
  }
  /** Runs what waits, and what comes as company for it. */
  const gather = (group: Group) => {
    group.add(takeTurn(waiting))
    while (group.requests.length < company && !closing) {
      const leftMs = untilMs - performance.now()
      if (leftMs <= 0) break
      const rung = Atomics.load(bell, 0)
      hear()
      if (waiting.length === 0) {
        Atomics.wait(bell, 0, rung, leftMs)
        continue
      }
      const more = takeTurn(waiting, group.requests)
      if (more.length === 0) break // it holds as much as a group may
      group.add(more)
    }
  }
  /** Commits a group, and learns of it what company the next one may expect. */
  const commit = (group: Group) => {
    const startMs = performance.now()
    const others = group.requests.length
    const isLog = others === 0
    const run = () => {
      group.add(takeTranscripts(waitingLow, isLog))
      return group.commit()
    }
    if (isLog) answer(durable.never(run))
    else durable.commit(run, sizeOf(group.requests))
    hear()
    const together = others + waiting.length
    company = isLog || durable.isBeside || together > MOST_COMPANY ? 0 : together
    const endMs = performance.now()
    untilMs = endMs + Math.min(LONGEST_COMPANY_MS, (endMs - startMs) * COMPANY_PART)
    for (const { large } of group.requests) for (const buffer of large ?? []) letGo(buffer)
    log.wrote(group.requests)
  }
  const work = () => {
    log.busy()
    for (;;) {
      hear()
      if (waiting.length === 0 && waitingLow.length === 0) break
      if (!durable.isReady()) return
      if (waiting.length > 0) mailAt = performance.now()
      else if (!closing && performance.now() - mailAt < RIDE_MS) {
        isRiding ??= setTimeout(() => {
          isRiding = undefined
          work()
        }, RIDE_MS)
        break
      }
      const group = new Group(db, operations, at.path)
      if (waiting.length > 0) gather(group)
      commit(group)
    }
    if (closing) {
      if (!durable.isIdle) return
      clearTimeout(isRiding)
      durable.close()
      log.close()
      db.close() // writes back what is left of the log
      port!.close()
    } else log.idle()
  }
  port!.on('message', (first: WriterMessage) => {
    take(first)
    work()
  })
  say({ ready: true })
}

try {
  serve(open())
} catch (error) {
  say({ failed: sendFault(toStoreFault(error, at.path, 'open the store')) })
}
