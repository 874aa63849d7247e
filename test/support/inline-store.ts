import type { Clock } from '../../core/base/clock.ts'
import { BodiesAhead } from '../../core/store/ahead.ts'
import { openBody, readBody, type BodySource } from '../../core/store/body.ts'
import { commitGroup } from '../../core/store/group.ts'
import { operations } from '../../core/store/operations.ts'
import { packBatch } from '../../core/store/session-record.ts'
import { queries } from '../../core/store/queries.ts'
import { stage } from '../../core/store/staged.ts'
import { receiveFault, type WriteRequest } from '../../core/store/thread-messages.ts'
import type { OperationResult, Query, QueryResult, Store } from '../../core/store/types.ts'
import { openTestDb } from './store.ts'
import type { TestStore } from './store.ts'

/**
 * The product's store without its threads: the same operations on the same engine, in memory. It opens in a few
 * milliseconds, for tests that want many stores and are not about the store.
 */
export function openInlineStore(clock: Clock): TestStore {
  const { db, connection } = openTestDb()
  let serial = 0
  let waiting: { readonly request: WriteRequest; readonly settle: (run: () => unknown) => void }[] = []
  const commit = () => {
    const group = waiting
    waiting = []
    const answers = commitGroup(
      connection,
      operations,
      group.map(({ request }) => request),
      ':memory:',
    )
    for (const [n, { settle }] of group.entries()) {
      const answer = answers[n]
      settle(() => {
        if (answer && 'value' in answer) return answer.value
        throw answer ? receiveFault(answer.fault) : new Error('the group has no answer')
      })
    }
  }
  const write: Store['write'] = (name, args) =>
    new Promise((resolve, reject) => {
      const request = { id: serial++, name, args: structuredClone(args), nowMs: clock.nowMs(), bytes: 0 }
      const settle = (run: () => unknown) => {
        try {
          resolve(structuredClone(run()) as OperationResult<typeof name>)
        } catch (error) {
          reject(error as Error)
        }
      }
      if (waiting.push({ request, settle }) === 1) setImmediate(commit)
    })
  const query: Store['query'] = async (name, args) => {
    const result = (queries[name] as Query<unknown, unknown>)(db, args)
    return run(result) as QueryResult<typeof name>
  }
  const ahead = new BodiesAhead(query)
  const source: BodySource = { path: ':memory:', read: db, query, write, ahead }
  const close = async () => void connection.close()
  return {
    write,
    record: async (batch) => void (await Promise.all(packBatch(batch).map(([args]) => write('session.record', args)))),
    read: db,
    query,
    stage: () => stage(write),
    openBody: (view) => openBody(source, view),
    readAhead: (views) => void ahead.read(views.map(({ blobId }) => blobId)),
    readBody: (view) => readBody(source, view),
    close,
    folder: '',
    closeAndRemove: close,
  }
}

/** A query's result, whether it comes at once or in slices. */
function run(result: unknown): unknown {
  if (typeof result !== 'object' || result === null || !('next' in result)) return result
  const slices = result as Generator<undefined, unknown, undefined>
  for (;;) {
    const slice = slices.next()
    if (slice.done) return slice.value
  }
}
