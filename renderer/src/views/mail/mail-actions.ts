import type { MessageRow } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { count } from '../../format/size.ts'
import { act } from '../../state/act.ts'
import { toast } from '../../state/toasts.ts'

type Rows = readonly Pick<MessageRow, 'id' | 'folderId' | 'seen' | 'starred'>[]

/** Seen if any of them is not, else unseen. */
export async function toggleSeen(rows: Rows): Promise<void> {
  const seen = rows.some((row) => !row.seen)
  await act('Marking', () => api.mail.setSeen({ ids: rows.map((row) => row.id), seen }))
}

/** Starred if any of them is not, else not. */
export async function toggleStar(rows: Rows): Promise<void> {
  const starred = rows.some((row) => !row.starred)
  await act('Starring', () => api.mail.setStarred({ ids: rows.map((row) => row.id), starred }))
}

/** Puts a tag on all of them if any of them has it not, else takes it off. */
export async function toggleTag(rows: readonly Pick<MessageRow, 'id' | 'tags'>[], tagId: number): Promise<void> {
  const add = rows.some(({ tags }) => !tags.includes(tagId))
  const ids = rows.map(({ id }) => id)
  await act('Tagging', () => api.mail.setTags({ ids, add: add ? [tagId] : [], remove: add ? [] : [tagId] }))
}

/** Moves messages and offers to move them back. True when it worked. */
export async function moveTo(rows: Rows, role: 'archive' | 'trash'): Promise<boolean> {
  const ids = rows.map((row) => row.id)
  const done = await act('Moving', () => api.mail.move({ ids, to: { role } }))
  if (done === undefined) return false
  toast(`${count(ids.length, 'message')} ${role === 'trash' ? 'moved to Trash' : 'archived'}.`, {
    icon: role === 'trash' ? 'trash' : 'archive',
    action: { label: 'Undo', run: () => void moveBack(rows) },
  })
  return true
}

async function moveBack(rows: Rows): Promise<void> {
  const folders = Map.groupBy(rows, (row) => row.folderId)
  for (const [folderId, group] of folders)
    await act('Moving back', () => api.mail.move({ ids: group.map((row) => row.id), to: { folderId } }))
}

/** Removes messages for good. True when it worked. */
export async function removeForGood(rows: Rows): Promise<boolean> {
  return (await act('Deleting', () => api.mail.remove({ ids: rows.map((row) => row.id) }))) !== undefined
}
