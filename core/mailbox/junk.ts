import type { Changes } from '../base/changes.ts'
import { reasonOf } from '../base/fault.ts'
import { judgeJunk, junkWords, type JunkVerdict } from '../model/junk.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { listFolders } from '../store/folder.ts'
import { junkCounts, junkLessons } from '../store/junk.ts'
import { getMessage, listPage, type Message } from '../store/message-list.ts'
import type { MoveTarget } from '../store/message.ts'
import type { ReadDb, Store } from '../store/types.ts'
import { readStart } from './message-start.ts'

/** What learning junk from mail needs. */
export interface JunkDeps {
  readonly store: Store
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
  readonly changes: Changes<number>
  readonly log: (line: string) => void
}
/** A message with what it teaches. */
interface Lesson {
  readonly messageId: number
  readonly isJunk: boolean
}

/** Messages of one kind that are learnt of what lies in the folders already. */
const MOST_OF_A_KIND = 1000
const A_PAGE = 100
/** Lessons that wait: what is sorted faster than it is read is not all needed. */
const MOST_WAITING = 5000

/** What a message looks like by what was learnt; null where that is too little. */
export function judge(read: ReadDb, fields: MessageFields): JunkVerdict | null {
  const words = junkWords(fields)
  return judgeJunk(words, junkCounts(read, words), junkLessons(read))
}

/** Whether a message looks like junk, as surely as is asked for. */
export function looksJunk(read: ReadDb, fields: MessageFields, certaintyPercent: number): boolean {
  const verdict = judge(read, fields)
  return verdict !== null && verdict.score * 100 >= certaintyPercent
}

/** What moving messages teaches: what goes among the junk is junk; what comes back from there, or is archived, is not. */
export function lessonsOf(read: ReadDb, ids: readonly number[], to: MoveTarget): Lesson[] {
  const roles = new Map(listFolders(read).map(({ id, role }) => [id, role]))
  const target = 'role' in to ? to.role : roles.get(to.folderId)
  return ids.flatMap((messageId): Lesson[] => {
    const from = roles.get(getMessage(read, messageId)?.folderId ?? -1)
    if (from === undefined || from === target || from === 'sent' || from === 'drafts') return []
    if (target === 'junk') return [{ messageId, isJunk: true }]
    if (target === 'trash') return []
    return from === 'junk' || target === 'archive' ? [{ messageId, isJunk: false }] : []
  })
}

/** Learns what junk is like from what a person sorts, one message after the other behind everything else. */
export class JunkSchool {
  readonly #deps: JunkDeps
  #waiting: Lesson[] = []
  #running: Promise<void> | undefined
  #isClosed = false

  constructor(deps: JunkDeps) {
    this.#deps = deps
  }

  /** Somebody is about to move these: what that teaches is learnt afterwards. */
  sorted(ids: readonly number[], to: MoveTarget): void {
    this.#learn(lessonsOf(this.#deps.store.read, ids, to))
  }

  /** Learns what lies in the folders now: junk folders as junk; what was read in inboxes, and archives, as mail. Resolves when it is done. */
  async learnFolders(): Promise<void> {
    const { read } = this.#deps.store
    const lessons: Record<'junk' | 'good', Lesson[]> = { junk: [], good: [] }
    for (const { id, role, userId } of listFolders(read)) {
      if (userId !== null || (role !== 'junk' && role !== 'inbox' && role !== 'archive')) continue
      const some = lessons[role === 'junk' ? 'junk' : 'good']
      let after: Parameters<typeof listPage>[2] = null
      while (some.length < MOST_OF_A_KIND) {
        const { rows, more } = listPage(read, id, after, A_PAGE)
        for (const row of rows)
          if (role !== 'inbox' || row.seen) some.push({ messageId: row.id, isJunk: role === 'junk' })
        const last = rows.at(-1)
        if (!more || last === undefined) break
        after = { id: last.id, dateMs: last.dateMs }
      }
    }
    this.#learn([...lessons.junk.slice(0, MOST_OF_A_KIND), ...lessons.good.slice(0, MOST_OF_A_KIND)])
    await this.idle()
  }

  /** Resolves when nothing is left to learn. */
  async idle(): Promise<void> {
    while (this.#running) await this.#running
  }

  async close(): Promise<void> {
    this.#isClosed = true
    this.#waiting = []
    await this.#running
  }

  #learn(lessons: readonly Lesson[]): void {
    if (lessons.length === 0 || this.#isClosed) return
    this.#waiting = [...this.#waiting, ...lessons].slice(-MOST_WAITING)
    this.#running ??= this.#run().finally(() => (this.#running = undefined))
  }

  async #run(): Promise<void> {
    const { changes, log } = this.#deps
    let learnt = false
    for (;;) {
      const next = this.#waiting.shift()
      if (next === undefined || this.#isClosed) break
      try {
        learnt = (await this.#one(next)) || learnt
      } catch (error) {
        if (!this.#isClosed) log(`learn from message ${next.messageId}: ${reasonOf(error)}`)
      }
    }
    if (learnt) changes.emit(0)
  }

  async #one({ messageId, isJunk }: Lesson): Promise<boolean> {
    const { store, describe } = this.#deps
    const message: Message | undefined = getMessage(store.read, messageId)
    if (message === undefined) return false
    const words = junkWords(await describe(await readStart(store, message, true)))
    return (await store.write('junk.learn', { messageId, isJunk, words })).changed
  }
}
