import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import type { Clock } from '../base/clock.ts'
import type { Protocol } from '../model/transcript.ts'
import { explain } from '../model/explain.ts'
import { contract } from '../rpc/contract.ts'
import type { LogPage, SavedLogQueryView } from '../rpc/log-contract.ts'
import { toView } from './handlers.ts'
import type { LogAlerts } from './log-alerts.ts'
import { parseLog, toLine, type FindSessions, type Found } from './log-find.ts'
import type { Keep } from './retention.ts'
import type { LogNode } from '../model/log-query.ts'
import type { Recorder } from './sink.ts'

/** Joints to the store and to the settings. */
export interface FindDeps {
  readonly recorder: Recorder
  readonly clock: Clock
  readonly find: FindSessions
  readonly alerts: LogAlerts
  readonly listQueries: () => SavedLogQueryView[]
  readonly saveQuery: (query: {
    readonly id: number | null
    readonly name: string
    readonly text: string
    readonly notify: boolean
  }) => Promise<SavedLogQueryView>
  readonly removeQuery: (id: number) => Promise<void>
  /** Told when queries found something. */
  readonly queryChanges: Changes<number>
  readonly use: () => Promise<
    readonly {
      readonly protocol: Protocol
      readonly sessions: number
      readonly bytes: number
      readonly oldestMs: number | null
    }[]
  >
  readonly keep: (protocol: Protocol) => Keep
}

const FIRST_HITS = 50
const HITS = 200

const toHit = ({ head, places, matches }: Found, query: LogNode) => ({
  session: toView(head),
  lines: places.map((place) => toLine(place, query)),
  matches,
})

/** Hits as they are found, newest session first. Stops when `signal` aborts. Throws `search.invalid`. */
async function* find(
  { recorder, clock, find: ask }: FindDeps,
  input: { readonly text: string; readonly limit: number; readonly before?: number | undefined },
  signal?: AbortSignal,
): AsyncGenerator<LogPage, void, void> {
  const query = parseLog(input.text)
  if (query === null) return yield { hits: [], searchedToMs: null, ended: true, more: false }
  // What was said a moment ago is found, too.
  await recorder.flush()
  let before = input.before ?? null
  let left = input.limit
  for (let most = FIRST_HITS; ; most = HITS) {
    const args = { query, before, limit: Math.min(left, most), nowMs: clock.nowMs() }
    const page = await ask(args, signal)
    left -= page.found.length
    before = page.before
    const ended = before === null || left === 0
    const hits = page.found.map((one) => toHit(one, query))
    yield { hits, searchedToMs: page.searchedToMs, ended, more: ended && before !== null }
    if (ended) return
  }
}

/** Answers the calls of `log.*` that look for something, and what the log takes up. */
export function findHandlers(deps: FindDeps) {
  const { alerts, queryChanges } = deps
  const os = implement(contract.log)
  return {
    find: os.find.handler(({ input, signal }) => find(deps, input, signal)),
    saved: {
      list: os.saved.list.handler(() => deps.listQueries()),
      save: os.saved.save.handler(async ({ input: { id = null, name, text, notify } }) => {
        parseLog(text)
        const saved = await deps.saveQuery({ id, name, text, notify })
        alerts.changed()
        queryChanges.emit(saved.id)
        return saved
      }),
      remove: os.saved.remove.handler(async ({ input: { id } }) => {
        await deps.removeQuery(id)
        alerts.changed()
        queryChanges.emit(id)
        return { ok: true as const }
      }),
      changes: os.saved.changes.handler(async function* ({ signal }) {
        for await (const ids of queryChanges.stream(signal)) yield { ids }
      }),
    },
    alerts: os.alerts.handler(async function* ({ signal }) {
      for await (const some of alerts.alerts.stream(signal))
        for (const { query, node, found } of some)
          yield { queryId: query.id, name: query.name, hit: toHit(found, node) }
    }),
    explain: os.explain.handler(({ input }) => {
      const { reply, words } = explain(input.text)
      return { reply, words: [...words] }
    }),
    use: os.use.handler(async () => {
      // What was said a moment ago takes up room, too.
      await deps.recorder.flush()
      const used = await deps.use()
      return {
        protocols: used.map((one) => {
          const { days, bytes } = deps.keep(one.protocol)
          return { ...one, keepDays: days, keepBytes: bytes }
        }),
      }
    }),
  }
}
