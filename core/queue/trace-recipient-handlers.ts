import { formatMailbox } from '../model/address.ts'
import { SessionTrace, type TraceRun } from '../model/delivery-trace.ts'
import type { NumberedEvent } from '../model/log-exchange.ts'
import type { SessionHead, SessionLink } from '../model/transcript.ts'
import type { RecipientTrace, TracePart } from '../rpc/trace-contract.ts'
import { countAttempts, listAttempts, type AttemptRow } from '../store/attempt.ts'
import { listAuditOfEntry } from '../store/queue-audit.ts'
import { getEntry, getRecipient, type QueueEntry, type QueueRecipient } from '../store/queue.ts'
import { getSession, sessionsOfEntry, sessionsOfRecipient } from '../store/session.ts'
import type { Store } from '../store/types.ts'
import { toAuditView } from './view-handlers.ts'
import { explain } from './why.ts'

/** What following a message takes. */
export interface TraceDeps {
  readonly store: Store
  /** Resolves when what was said until now is in the store. */
  readonly flushLog: () => Promise<void>
  /** Which message came to an account under a unique-id. */
  readonly messageOfUidl: (accountId: number, uidl: string) => number | undefined
}

/** Tries that are shown, and sessions that are read for them: more are reached through the log. */
const MOST_TRIES = 40
const MOST_SESSIONS = 60
/** Events of one session that are looked through: a connection can carry any number of messages. */
const MOST_EVENTS = 50_000
const PAGE = 1000

/** Reads a session's events page by page until `take` has had enough, or there are no more. */
export async function eachEvent(
  store: Store,
  id: number,
  take: (one: NumberedEvent) => boolean,
  most = MOST_EVENTS,
): Promise<void> {
  for (let fromSeq = 0; fromSeq < most;) {
    const page = await store.query('session.events', { id, fromSeq, limit: PAGE })
    for (const one of page) if (!take(one)) return
    const last = page.at(-1)
    if (last === undefined || page.length < PAGE) return
    fromSeq = last.seq + 1
  }
}

/** The way of a recipient; undefined where it is gone. */
export async function traceRecipient(recipientId: number, deps: TraceDeps): Promise<RecipientTrace | undefined> {
  const { store } = deps
  const recipient = getRecipient(store.read, recipientId)
  const entry = recipient && getEntry(store.read, recipient.entryId)
  if (recipient === undefined || entry === undefined) return undefined
  await deps.flushLog()
  const attempts = listAttempts(store.read, recipientId, MOST_TRIES)
  const total = countAttempts(store.read, recipientId)
  const runs = await runsOf(entry, recipient, store)
  const tries = attempts.map((attempt, n) =>
    toTry(
      attempt,
      total - attempts.length + n + 1,
      runs.filter((run) => attemptAt(attempts, run.startedMs) === attempt),
    ),
  )
  const parts: TracePart[] = [
    await accepted(entry, store),
    ...tries,
    ...asked(entry, recipient, store),
    ...recipient.laterReports.map((report): TracePart => ({ kind: 'report', atMs: report.atMs, report })),
  ].toSorted((a, b) => a.atMs - b.atMs)
  if (recipient.nextAttemptMs !== null) parts.push({ kind: 'next', atMs: recipient.nextAttemptMs })
  return {
    entryId: entry.id,
    recipientId,
    address: formatMailbox(recipient.to),
    state: recipient.state,
    parts,
    leftOut: total - attempts.length,
  }
}

async function runsOf(entry: QueueEntry, { id, to, firstTo }: QueueRecipient, store: Store): Promise<TraceRun[]> {
  const addresses = [formatMailbox(to), ...(firstTo === null ? [] : [formatMailbox(firstTo)])]
  const runs: TraceRun[] = []
  for (const sessionId of sessionsOfRecipient(store.read, entry.id, id).slice(-MOST_SESSIONS)) {
    const head = getSession(store.read, sessionId)
    if (head === undefined) continue
    const trace = new SessionTrace(head, { entryId: entry.id, addresses })
    await eachEvent(store, sessionId, (one) => {
      trace.push(one)
      return true
    })
    runs.push(...trace.end())
  }
  return runs
}

/** The try under way at that moment. */
function attemptAt(attempts: readonly AttemptRow[], atMs: number): AttemptRow | undefined {
  return attempts.findLast(({ startedMs }) => startedMs <= atMs) ?? attempts[0]
}

function toTry(attempt: AttemptRow, number: number, runs: readonly TraceRun[]): TracePart {
  const { startedMs, endedMs, outcome, cause, mx, route, tls } = attempt
  return {
    kind: 'try',
    number,
    atMs: startedMs,
    endedMs,
    outcome,
    why: cause === null ? '' : explain(cause, outcome === 'bounced').words,
    route: route ?? '',
    mx: mx ?? '',
    demand: tls?.policy ?? null,
    tlsTrouble: tls?.trouble ?? null,
    steps: runs.flatMap(({ steps }) => steps).map((step) => ({ ...step, words: [...step.words] })),
  }
}

/** How it came into the queue, and the line of the session that brought it, where one did. */
async function accepted(entry: QueueEntry, store: Store): Promise<TracePart> {
  const part = {
    kind: 'accepted' as const,
    atMs: entry.createdMs,
    origin: entry.origin,
    sizeBytes: entry.view.sizeBytes,
    signedBy: [...entry.signedBy],
  }
  // The oldest come first, and none before it was accepted.
  const brought = sessionsOfEntry(store.read, entry.id)
    .slice(0, 3)
    .flatMap((id) => getSession(store.read, id) ?? [])
    .find(({ side }) => side === 'server')
  if (brought === undefined) return { ...part, sessionId: null, seq: null }
  const seq = await contentSeq(store, brought, (ref) => ref.kind === 'entry' && ref.entryId === entry.id)
  return { ...part, sessionId: brought.id, seq }
}

type Content = Extract<NumberedEvent['event'], { kind: 'content' }>['ref']

/** Number of the event that carried some content; null where it is not found. */
export async function contentSeq(
  store: Store,
  { id }: Pick<SessionHead, 'id'>,
  isIt: (ref: Content) => boolean,
): Promise<number | null> {
  let found: number | null = null
  await eachEvent(store, id, ({ seq, event }) => {
    if (event.kind === 'content' && isIt(event.ref)) found = seq
    return found === null
  })
  return found
}

/** What was done to it by hand. */
function asked(entry: QueueEntry, { id, to }: QueueRecipient, store: Store): TracePart[] {
  return listAuditOfEntry(store.read, entry, new Set<string>([to.domain]))
    .filter(({ recipientId }) => recipientId === null || recipientId === id)
    .map((audit) => ({ kind: 'asked', atMs: audit.atMs, audit: toAuditView(audit) }))
}

/** The attempts that a session's links name. */
export const attemptIds = (links: readonly SessionLink[]): number[] => links.flatMap(({ attemptId }) => attemptId ?? [])
