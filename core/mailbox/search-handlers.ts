import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { contract } from '../rpc/contract.ts'
import { listSavedSearches } from '../store/saved-search.ts'
import { getRebuild } from '../store/search-index.ts'
import type { ReadDb, Store } from '../store/types.ts'
import { parseQuery } from './find-handlers.ts'
import type { Reindexer } from './reindex.ts'

/** What `search.*` is wired to. */
export interface SearchDeps {
  readonly store: Pick<Store, 'read' | 'write'>
  readonly reindexer: Reindexer
  readonly changes: Changes<'saved' | 'index'>
}

function indexing(db: ReadDb): { done: number; total: number } | null {
  const rebuild = getRebuild(db)
  return rebuild === null ? null : { done: rebuild.done, total: rebuild.total }
}

/** Answers `search.*`. */
export function searchHandlers({ store, reindexer, changes }: SearchDeps) {
  const os = implement(contract.search)
  const done = { ok: true as const }
  return {
    saved: {
      list: os.saved.list.handler(() => listSavedSearches(store.read)),
      save: os.saved.save.handler(async ({ input: { id = null, name, text } }) => {
        parseQuery(text)
        const saved = await store.write('saved-search.save', { id, name, text })
        changes.emit('saved')
        return saved
      }),
      remove: os.saved.remove.handler(async ({ input }) => {
        await store.write('saved-search.remove', input)
        changes.emit('saved')
        return done
      }),
    },
    indexing: os.indexing.handler(() => indexing(store.read)),
    reindex: os.reindex.handler(async function* ({ signal }) {
      await reindexer.begin()
      const steps = new AbortController()
      const watched = changes.stream(AbortSignal.any([steps.signal, ...(signal ? [signal] : [])]))
      const total = getRebuild(store.read)?.total ?? 0
      // Whoever asked may go; what was begun goes on.
      const ended = reindexer.run().finally(() => steps.abort())
      ended.catch(() => {})
      yield { done: 0, total }
      for await (const what of watched) {
        const now = what.includes('index') ? indexing(store.read) : null
        if (now !== null) yield now
      }
      if (signal?.aborted === true) return
      await ended
      yield { done: total, total }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const what of changes.stream(signal)) yield { what }
    }),
  }
}
