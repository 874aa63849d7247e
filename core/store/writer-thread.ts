import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads'
import { letGo } from '../base/let-go.ts'
import { asWriteDb, isFull, openDatabase, toStoreFault } from './database.ts'
import type { DatabaseAt } from './database.ts'
import { dropStagedBlobs } from './blob.ts'
import { commitGroup } from './group.ts'
import { LogKeeper } from './log-keeper.ts'
import { migrate } from './migrate.ts'
import { operations } from './operations.ts'
import { markAborted } from './session.ts'
import { ownBuffers, sendFault } from './thread-messages.ts'
import type { ThreadMessage, WriteRequest, WriterMessage } from './thread-messages.ts'
import { takeGroup } from './turns.ts'

/*
 * The only thread that writes. Groups clock themselves: what arrived while the last commit ran is the next group, so under
 * load a flush is shared by many and a lone operation never waits for a timer.
 */
const at = workerData as DatabaseAt & { readonly nowMs: number }
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
 * half waits: twice as many flushes. So a group waits, for this part of the time that the one before took, until all those are
 * there that were answered by it or came meanwhile. A lone operation has nobody to wait for.
 */
const COMPANY_PART = 0.25
/** Of more than these some are always late, and half of them are company enough. */
const MOST_COMPANY = 24
const LONGEST_COMPANY_MS = 3
const LISTEN_EVERY_MS = 0.1
const NOBODY = new Int32Array(new SharedArrayBuffer(4))

function open() {
  const db = openDatabase(at, 'write')
  migrate(db, at.path)
  whereThereIsRoom(() => {
    // Whoever opens the store holds the lock: nothing can still be arriving, no session can still be live.
    db.transaction(() => {
      dropStagedBlobs(asWriteDb(db))
      markAborted(asWriteDb(db), at.nowMs)
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

function serve(db: ReturnType<typeof open>): void {
  const log = new LogKeeper(db, at)
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
  const work = () => {
    log.busy()
    for (;;) {
      hear()
      while (waiting.length > 0 && waiting.length < company && !closing && performance.now() < untilMs) {
        Atomics.wait(NOBODY, 0, 0, LISTEN_EVERY_MS)
        hear()
      }
      if (waiting.length > 0) mailAt = performance.now()
      else if (waitingLow.length > 0 && !closing && performance.now() - mailAt < RIDE_MS) {
        isRiding ??= setTimeout(() => {
          isRiding = undefined
          work()
        }, RIDE_MS)
        break
      }
      const group = takeGroup(waiting, waitingLow)
      if (group.length === 0) break
      const fromMs = performance.now()
      const isLog = isOnlyLog(group)
      const answers = isLog
        ? unflushed(db, () => commitGroup(db, operations, group, at.path))
        : commitGroup(db, operations, group, at.path)
      say({ answers }, ownBuffers(answers))
      const tookMs = performance.now() - fromMs
      hear()
      const together = group.length + waiting.length
      company = isLog || together > MOST_COMPANY ? 0 : together
      untilMs = fromMs + tookMs + Math.min(LONGEST_COMPANY_MS, tookMs * COMPANY_PART)
      for (const { large } of group) for (const buffer of large ?? []) letGo(buffer)
      log.wrote(group)
    }
    if (closing) {
      clearTimeout(isRiding)
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

const isOnlyLog = (group: readonly WriteRequest[]) => group.every(({ name }) => name === 'session.record')

/** Commits that a power cut may take back, in their order and with nothing behind them: the next one that is flushed keeps them, too. */
function unflushed<T>(db: ReturnType<typeof open>, run: () => T): T {
  db.pragma('synchronous = NORMAL')
  try {
    return run()
  } finally {
    db.pragma('synchronous = FULL')
  }
}

try {
  serve(open())
} catch (error) {
  say({ failed: sendFault(toStoreFault(error, at.path, 'open the store')) })
}
