import type { FolderView, MessageRow } from '../../../../core/rpc/views.ts'
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

/** Takes every tag off all of them. */
export async function clearTags(rows: readonly Pick<MessageRow, 'id' | 'tags'>[]): Promise<void> {
  const remove = [...new Set(rows.flatMap(({ tags }) => tags))]
  if (remove.length === 0) return
  await act('Tagging', () => api.mail.setTags({ ids: rows.map(({ id }) => id), add: [], remove }))
}

/** Where messages can be moved, and what is said when they are there. */
const MOVED = {
  archive: ['archived', 'archive'],
  trash: ['moved to Trash', 'trash'],
  junk: ['moved to Junk', 'spam'],
  inbox: ['moved to the Inbox', 'inbox'],
} as const

/** Moves messages and offers to move them back. True when it worked. */
export async function moveTo(rows: Rows, to: keyof typeof MOVED | Pick<FolderView, 'id' | 'name'>): Promise<boolean> {
  const ids = rows.map((row) => row.id)
  const target = typeof to === 'string' ? { role: to } : { folderId: to.id }
  const done = await act('Moving', () => api.mail.move({ ids, to: target }))
  if (done === undefined) return false
  const [words, icon] = typeof to === 'string' ? MOVED[to] : ([`moved to ${to.name}`, 'folder'] as const)
  toast(`${count(ids.length, 'message')} ${words}.`, {
    icon,
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
