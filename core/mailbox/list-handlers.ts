import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import { contract } from '../rpc/contract.ts'
import type { ListRow } from '../rpc/mail-list-contract.ts'
import type { FolderPage } from '../store/folder-page.ts'
import { listByIds, type Message } from '../store/message-list.ts'
import { listSnoozed } from '../store/snooze.ts'
import { tagsOfAll } from '../store/tag.ts'
import type { ReadDb, Store } from '../store/types.ts'
import { toRows } from './rows.ts'

/** Answers what of `mail.*` lists a folder as a person looks at it, and snoozes. */
export function listHandlers(deps: {
  readonly store: Pick<Store, 'read' | 'write' | 'query'>
  readonly nowMs: () => number
  /** Folders whose lists are others now. */
  readonly onFolders: (folderIds: readonly number[]) => void
  /** Something was snoozed. */
  readonly onSnoozed: () => void
}) {
  const os = implement(contract.mail)
  const { store } = deps
  return {
    page: os.page.handler(async ({ input, signal }) => {
      const { rows, total, count } = await store.query('folder.page', input, signal)
      return { rows: toListRows(store.read, rows), total, count }
    }),
    range: os.range.handler(({ input, signal }) => store.query('folder.range', input, signal)),
    place: os.place.handler(({ input, signal }) => store.query('folder.place', input, signal)),
    snoozed: os.snoozed.handler(({ input }) => {
      const { rows, total, more } = listSnoozed(store.read, input.after, input.limit)
      return { rows: toListRows(store.read, rows.map(alone)), total, more }
    }),
    standing: os.standing.handler(({ input }) => {
      const found: Message[] = []
      for (let from = 0; from < input.ids.length; from += 200)
        found.push(...listByIds(store.read, input.ids.slice(from, from + 200)))
      const tags = tagsOfAll(store.read, input.ids)
      return found.map(({ id, folderId, seen, starred, snoozedMs }) => {
        return { id, folderId, seen, starred, tags: [...(tags.get(id) ?? [])], snoozedMs }
      })
    }),
    snooze: os.snooze.handler(async ({ input }) => {
      if (input.untilMs !== null && input.untilMs <= deps.nowMs())
        throw new Fault('conflict', 'snooze messages: the time is past', { what: 'time', reason: 'the time is past' })
      deps.onFolders(await store.write('message.snooze', input))
      deps.onSnoozed()
      return { ok: true as const }
    }),
  }
}

type Listed = FolderPage['rows'][number]
const alone = (message: Message): Listed => ({ message, members: null, isBelow: false })

function toListRows(db: ReadDb, listed: readonly Listed[]): ListRow[] {
  return toRows(
    db,
    listed.map(({ message }) => message),
  ).map((row, n) => {
    const { message, members = null, isBelow = false } = listed[n] ?? {}
    const { listMs = row.dateMs, snoozedMs = null, wokenMs = null } = message ?? {}
    return { ...row, sizeBytes: message?.view.sizeBytes ?? 0, listMs, snoozedMs, wokenMs, isBelow, thread: members }
  })
}
