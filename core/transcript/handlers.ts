import { implement } from '@orpc/server'
import { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import type { ContentRef, SessionHead, SessionLink, TranscriptEvent } from '../model/transcript.ts'
import { contract } from '../rpc/contract.ts'
import { exportDialogue } from './export.ts'
import type { Recorder } from './sink.ts'

interface Numbered {
  readonly seq: number
  readonly event: TranscriptEvent
}
/** What a list of sessions asks for. */
interface Filter {
  readonly before: number | null
  readonly limit: number
  readonly protocol: SessionHead['protocol'] | null
  readonly problemsOnly: boolean
  readonly entryId: number | null
  readonly messageId: number | null
  readonly accountId: number | null
}
/** Joints to the store, which keeps what the recorder says. */
export interface LogDeps {
  readonly recorder: Recorder
  readonly listSessions: (filter: Filter) => readonly SessionHead[]
  readonly getSession: (id: number) => SessionHead | undefined
  readonly listEvents: (id: number, fromSeq: number, limit: number) => Promise<readonly Numbered[]>
  /** How many events of a session are stored. */
  readonly countEvents: (id: number) => Promise<number>
  readonly linksOf: (id: number) => Promise<readonly SessionLink[]>
  /** Which message came to an account under a unique-id. */
  readonly messageOfUidl: (accountId: number, uidl: string) => number | undefined
  /** Removes some of the sessions that have ended. */
  readonly clear: () => Promise<{ readonly removed: number; readonly more: boolean }>
}

/** An export reads this many events at a time. */
const SLICE = 500
/** What nobody could read in a text editor is cut. */
const LONGEST_EXPORT_EVENTS = 100_000

const isProblem = (head: SessionHead) =>
  head.state === 'deferred' || head.state === 'failed' || head.state === 'aborted'

/** A head as the contract has it. */
export const toView = ({ accountId, endedMs, ...head }: SessionHead) => ({
  ...head,
  accountId: accountId ?? null,
  endedMs: endedMs ?? null,
})

/** Answers `log.*`: what is committed, joined with what the recorder has not handed over yet. */
export function logHandlers(deps: LogDeps) {
  const { recorder } = deps
  const os = implement(contract.log)
  const cleared = new Changes<number>()

  const headOf = (id: number): SessionHead => {
    const head = recorder.live().find((one) => one.id === id) ?? deps.getSession(id)
    if (head !== undefined) return head
    throw new Fault('not-found', `find session ${id}: there is none`, { what: 'session', id: String(id) })
  }

  const list = (filter: Filter): SessionHead[] => {
    const heads = new Map(deps.listSessions(filter).map((head) => [head.id, head]))
    const isShown = (head: SessionHead) =>
      // Links are known once they are committed, a moment later.
      filter.entryId === null &&
      filter.messageId === null &&
      (filter.before === null || head.id < filter.before) &&
      (filter.protocol === null || head.protocol === filter.protocol) &&
      (filter.accountId === null || head.accountId === filter.accountId) &&
      (!filter.problemsOnly || isProblem(head))
    // What the recorder says is newer than what the store has.
    for (const head of recorder.live()) if (heads.has(head.id) || isShown(head)) heads.set(head.id, head)
    return [...heads.values()]
      .filter((head) => !filter.problemsOnly || isProblem(head))
      .toSorted((a, b) => b.id - a.id)
      .slice(0, filter.limit)
  }

  const events = async (head: SessionHead, fromSeq: number, limit: number): Promise<Numbered[]> => {
    // Taken first: what is committed meanwhile is then in both, and not in neither.
    const pending = recorder.pending(head.id)
    const stored = await deps.listEvents(head.id, fromSeq, limit)
    const found = new Map(stored.map((one) => [one.seq, one]))
    for (const one of pending) if (one.seq >= fromSeq && found.size < limit) found.set(one.seq, one)
    return [...found.values()].toSorted((a, b) => a.seq - b.seq).slice(0, limit)
  }

  const toRef = (ref: ContentRef, head: SessionHead): Exclude<ContentRef, { kind: 'fetched' }> => {
    if (ref.kind !== 'fetched') return ref
    const messageId = head.accountId === undefined ? undefined : deps.messageOfUidl(head.accountId, ref.uidl)
    return messageId === undefined ? { kind: 'kept', first: '', last: '', sha256: '' } : { kind: 'message', messageId }
  }
  const toEventView = ({ seq, event }: Numbered, head: SessionHead) => {
    if (event.kind === 'content') return { ...event, ref: toRef(event.ref, head), seq }
    if (event.kind === 'line') return { ...event, spans: [...event.spans], seq }
    return { ...event, seq }
  }

  return {
    sessions: os.sessions.handler(({ input }) => list(input).map(toView)),
    session: os.session.handler(async ({ input }) => {
      const session = toView(headOf(input.id))
      const found = await deps.linksOf(input.id)
      const links = found.map(({ entryId, messageId }) => `${entryId ?? ''} ${messageId ?? ''}`)
      const number = (text: string | undefined) => (text ? Number(text) : null)
      return {
        session,
        links: [...new Set(links)].map((link) => {
          const [entryId, messageId] = link.split(' ')
          return { entryId: number(entryId), messageId: number(messageId) }
        }),
      }
    }),
    extent: os.extent.handler(async ({ input: { id } }) => {
      const session = toView(headOf(id))
      const pending = recorder.pending(id).at(-1)
      const stored = await deps.countEvents(id)
      return { session, events: Math.max(stored, pending === undefined ? 0 : pending.seq + 1) }
    }),
    events: os.events.handler(async ({ input }) => {
      const head = headOf(input.id)
      const found = await events(head, input.fromSeq, input.limit)
      return found.map((one) => toEventView(one, head))
    }),
    export: os.export.handler(async ({ input }) => {
      const head = headOf(input.id)
      const all: TranscriptEvent[] = []
      for (let fromSeq = 0; all.length < LONGEST_EXPORT_EVENTS;) {
        const slice = await events(head, fromSeq, SLICE)
        for (const one of slice) all.push(one.event)
        const last = slice.at(-1)
        if (last === undefined) break
        fromSeq = last.seq + 1
      }
      return { text: exportDialogue(head, all) }
    }),
    clear: os.clear.handler(async () => {
      await recorder.flush()
      let sessions = 0
      for (;;) {
        const { removed, more } = await deps.clear()
        sessions += removed
        if (!more) break
      }
      cleared.emit(0)
      return { sessions }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      const all = new Changes<number>(0)
      const stop = [recorder.watch((ids) => all.emit(...ids)), cleared.watch((ids) => all.emit(...ids))]
      try {
        for await (const ids of all.stream(signal)) yield { ids }
      } finally {
        for (const one of stop) one()
      }
    }),
  }
}
