import type { FolderView } from '../../../../core/rpc/views.ts'
import { api } from '../../bridge/client.ts'
import { whenWords } from '../../format/time.ts'
import { act } from '../../state/act.ts'
import { undoable } from '../../state/undo.ts'
import { t } from '../../words/words.ts'

type Ids = readonly number[]
type Standing = Awaited<ReturnType<typeof api.mail.standing>>[number]

/** Most the engine takes at once. */
const AT_ONCE = 1000

/** Does a thing with messages, as many at once as the engine takes. */
async function inPieces(ids: Ids, run: (some: number[]) => Promise<unknown>): Promise<void> {
  for (let from = 0; from < ids.length; from += AT_ONCE) await run(ids.slice(from, from + AT_ONCE))
}

/** How messages stand before something is done with them, so that it can be taken back. */
async function standing(ids: Ids): Promise<Standing[]> {
  const found: Standing[] = []
  await inPieces(ids, async (some) => found.push(...(await api.mail.standing({ ids: some }))))
  return found
}
const idsOf = (some: readonly Standing[]) => some.map(({ id }) => id)

/** Read if any of them is not, else unread. */
export async function toggleSeen(ids: Ids): Promise<void> {
  await act(t('Marking'), async () => {
    const before = await standing(ids)
    const seen = before.some((one) => !one.seen)
    const changed = idsOf(before.filter((one) => one.seen !== seen))
    const set = (to: boolean) => inPieces(changed, (some) => api.mail.setSeen({ ids: some, seen: to }))
    await set(seen)
    undoable(() => act(t('Marking'), () => set(!seen)))
  })
}

/** Read, all of them. */
export async function markSeen(ids: Ids): Promise<void> {
  await act(t('Marking'), async () => {
    const changed = idsOf((await standing(ids)).filter((one) => !one.seen))
    if (changed.length === 0) return
    const set = (to: boolean) => inPieces(changed, (some) => api.mail.setSeen({ ids: some, seen: to }))
    await set(true)
    undoable(() => act(t('Marking'), () => set(false)), {
      text: t('{count, plural, one {# message marked as read.} other {# messages marked as read.}}', {
        count: changed.length,
      }),
      icon: 'check',
    })
  })
}

/** Starred if any of them is not, else not. */
export async function toggleStar(ids: Ids): Promise<void> {
  await act(t('Starring'), async () => {
    const before = await standing(ids)
    const starred = before.some((one) => !one.starred)
    const changed = idsOf(before.filter((one) => one.starred !== starred))
    const set = (to: boolean) => inPieces(changed, (some) => api.mail.setStarred({ ids: some, starred: to }))
    await set(starred)
    undoable(() => act(t('Starring'), () => set(!starred)))
  })
}

/** Puts a tag on all of them if any of them has it not, else takes it off. */
export async function toggleTag(ids: Ids, tagId: number): Promise<void> {
  const before = await act(t('Tagging'), () => standing(ids))
  if (before !== undefined)
    await setTag(
      before,
      tagId,
      before.some(({ tags }) => !tags.includes(tagId)),
    )
}

/** Puts a tag on messages, as dragging them to it does. */
export async function putTag(ids: Ids, tagId: number): Promise<void> {
  const before = await act(t('Tagging'), () => standing(ids))
  if (before !== undefined) await setTag(before, tagId, true)
}

async function setTag(before: readonly Standing[], tagId: number, on: boolean): Promise<void> {
  const changed = idsOf(before.filter(({ tags }) => tags.includes(tagId) !== on))
  const set = (to: boolean) =>
    inPieces(changed, (ids) => api.mail.setTags({ ids, add: to ? [tagId] : [], remove: to ? [] : [tagId] }))
  await act(t('Tagging'), async () => {
    await set(on)
    if (changed.length > 0) undoable(() => act(t('Tagging'), () => set(!on)))
  })
}

/** Takes every tag off all of them. */
export async function clearTags(ids: Ids): Promise<void> {
  await act(t('Tagging'), async () => {
    const before = (await standing(ids)).filter(({ tags }) => tags.length > 0)
    const all = [...new Set(before.flatMap(({ tags }) => tags))]
    if (all.length === 0) return
    await inPieces(idsOf(before), (some) => api.mail.setTags({ ids: some, add: [], remove: all }))
    undoable(() =>
      act(t('Tagging'), async () => {
        for (const tag of all)
          await inPieces(idsOf(before.filter(({ tags }) => tags.includes(tag))), (some) =>
            api.mail.setTags({ ids: some, add: [tag], remove: [] }),
          )
      }),
    )
  })
}

/** Where messages can be moved by the role of the folder. */
export type Place = 'archive' | 'trash' | 'junk' | 'inbox'
const ICONS = { archive: 'archive', trash: 'trash', junk: 'spam', inbox: 'inbox' } as const

function movedWords(count: number, to: Place | Pick<FolderView, 'name'>): string {
  if (to === 'archive') return t('{count, plural, one {# message archived.} other {# messages archived.}}', { count })
  if (to === 'trash')
    return t('{count, plural, one {# message moved to Trash.} other {# messages moved to Trash.}}', { count })
  if (to === 'junk')
    return t('{count, plural, one {# message moved to Junk.} other {# messages moved to Junk.}}', { count })
  if (to === 'inbox')
    return t('{count, plural, one {# message moved to the Inbox.} other {# messages moved to the Inbox.}}', { count })
  return t('{count, plural, one {# message moved to {name}.} other {# messages moved to {name}.}}', {
    count,
    name: to.name,
  })
}

/** Moves messages and offers to move them back. True when it worked. */
export async function moveTo(ids: Ids, to: Place | Pick<FolderView, 'id' | 'name'>): Promise<boolean> {
  const target = typeof to === 'string' ? { role: to } : { folderId: to.id }
  const done = await act(t('Moving'), async () => {
    const before = await standing(ids)
    await inPieces(ids, (some) => api.mail.move({ ids: some, to: target }))
    return before
  })
  if (done === undefined) return false
  undoable(() => moveBack(done), {
    text: movedWords(ids.length, to),
    icon: typeof to === 'string' ? ICONS[to] : 'folder',
  })
  return true
}

async function moveBack(before: readonly Standing[]): Promise<void> {
  await act(t('Moving back'), async () => {
    for (const [folderId, group] of Map.groupBy(before, (one) => one.folderId))
      await inPieces(idsOf(group), (ids) => api.mail.move({ ids, to: { folderId } }))
    await snoozeAgain(before)
  })
}

async function snoozeAgain(before: readonly Standing[]): Promise<void> {
  for (const [untilMs, group] of Map.groupBy(before, (one) => one.snoozedMs))
    if (untilMs === null || untilMs > Date.now())
      await inPieces(idsOf(group), (ids) => api.mail.snooze({ ids, untilMs }))
}

/** Takes messages out of sight until then, or brings them back (null). True when it worked. */
export async function snooze(ids: Ids, untilMs: number | null): Promise<boolean> {
  const done = await act(t('Snoozing'), async () => {
    const before = await standing(ids)
    await inPieces(ids, (some) => api.mail.snooze({ ids: some, untilMs }))
    return before
  })
  if (done === undefined) return false
  const count = ids.length
  undoable(() => act(t('Taking it back'), () => snoozeAgain(done)), {
    icon: 'clock',
    text:
      untilMs === null
        ? t('{count, plural, one {# message is back.} other {# messages are back.}}', { count })
        : t('{count, plural, one {# message comes back {when}.} other {# messages come back {when}.}}', {
            count,
            when: whenWords(untilMs, Date.now()),
          }),
  })
  return true
}

/** Removes messages for good. True when it worked. */
export async function removeForGood(ids: Ids): Promise<boolean> {
  const run = async () => {
    await inPieces(ids, (some) => api.mail.remove({ ids: some }))
    return true
  }
  return (await act(t('Deleting'), run)) === true
}
