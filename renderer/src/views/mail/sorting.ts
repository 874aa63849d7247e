import type { SortBy } from '../../../../core/rpc/mail-list-contract.ts'
import { api } from '../../bridge/client.ts'
import { act } from '../../state/act.ts'
import { look } from '../../state/look.ts'
import { t } from '../../words/words.ts'

/** What a folder is sorted by. */
export interface Sorting {
  readonly by: SortBy
  readonly isUp: boolean
}

const NEWEST_FIRST: Sorting = { by: 'date', isUp: false }
const keyOf = (folderId: number | null) => (folderId === null ? 'all' : String(folderId))

/** A folder's sorting by the setting `look.sorting`. */
export function sortingOf(lines: readonly string[], folderId: number | null): Sorting {
  const line = lines.find((one) => one.startsWith(`${keyOf(folderId)}=`))
  const [, by, way] = /=(date|from|subject|size)-(up|down)$/.exec(line ?? '') ?? []
  return by === undefined ? NEWEST_FIRST : { by: by as SortBy, isUp: way === 'up' }
}

/** The setting with another sorting of one folder. */
export function withSorting(lines: readonly string[], folderId: number | null, { by, isUp }: Sorting): string[] {
  const key = keyOf(folderId)
  const others = lines.filter((one) => !one.startsWith(`${key}=`))
  return by === 'date' && !isUp ? others : [...others, `${key}=${by}-${isUp ? 'up' : 'down'}`]
}

/** What a click on a column's head asks for: the other way round, or this column in its usual order. */
export function turned(now: Sorting, by: SortBy): Sorting {
  return now.by === by ? { by, isUp: !now.isUp } : { by, isUp: by === 'from' || by === 'subject' }
}

/** Keeps a folder's sorting. */
export function keepSorting(folderId: number | null, sorting: Sorting): void {
  setLook('look.sorting', withSorting(look.get().sorting, folderId, sorting))
}

/** Sets how mail is listed and read. */
export function setLook(key: `look.${string}`, value: unknown): void {
  void act(t('Changing the view'), () => api.app.setSetting({ key, value }))
}
