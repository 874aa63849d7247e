import { Changes } from '../base/changes.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Said, Segment } from '../model/segment.ts'
import type { Protocol, SessionHead, SessionLink } from '../model/transcript.ts'
import { KEPT_LINE_BYTES, keptLine } from './kept-line.ts'
import type { Recorder, Sink, Transcript, TranscriptBatch } from './sink.ts'
import { numberedEvents, WaitingSegments, type Speaker } from './waiting-segments.ts'

/** What a recorder is made of. */
export interface RecorderOptions {
  readonly sink: Sink
  readonly clock: Clock
  /** Id of the first session; the ones after it count up. */
  readonly firstSessionId: number
  /** Asked at the start of each session; without it all are recorded. */
  readonly isRecorded?: (protocol: Protocol) => boolean
  /** Told once when the sink starts to fail, and again after it has worked in between. */
  readonly onFailure?: (reason: string) => void
}

const FLUSH_MS = 100
/** The head of a session that goes on is stored so often and no more: its counts change with each line. */
const HEAD_MS = 1000
/** Lines of a session beyond this, not yet committed, are counted and not kept: a slow disk must not eat the memory. */
const PENDING_BYTES_PER_SESSION = 1024 * 1024
const PENDING_BYTES = 32 * 1024 * 1024
/** Roughly what an event costs beside its text. */
const EVENT_BYTES = 32
/** While the sink fails. */
const MOST_SESSIONS = 5000
const MOST_LINKS = 10_000

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

interface Session extends Speaker {
  readonly head: Mutable<SessionHead>
  readonly startedAt: number
  /** When its head was handed over, monotonic ms; whether it has changed since. */
  headAt: number
  isHeadOld: boolean
  /** It goes with the next batch; who watches was told in that round last. */
  isDirty: boolean
  toldIn: number
  waitingBytes: number
  /** Lines that found no room: they become one note. */
  folded: { lines: number; bytes: number } | undefined
}

/** Opens transcripts, hands what they say to the sink in batches, one at a time, and tells who watches. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sink, clock, onFailure } = options
  const sessions = new Map<number, Session>()
  const dirty = new Set<Session>()
  const waiting = new WaitingSegments()
  const changes = new Changes<number>()
  /** Who watches is told in rounds, of each session once. */
  let round = 0
  changes.watch(() => void round++)
  let links: { sessionId: number; link: SessionLink }[] = []
  let sent: readonly Segment[] = []
  let nextId = options.firstSessionId
  let waitingBytes = 0
  let timer: Cancel | undefined
  let underWay: Promise<void> | undefined
  let failing = false

  const mark = (session: Session) => {
    if (session.isDirty) return
    session.isDirty = true
    dirty.add(session)
  }
  const touch = (session: Session) => {
    mark(session)
    if (session.toldIn !== round) {
      session.toldIn = round
      changes.emit(session.id)
    }
    if (underWay !== undefined) return
    if (waiting.hasFull) send(false)
    else timer ??= clock.after(FLUSH_MS, () => send(false))
  }

  /** One for all: it is read before the next event comes. */
  const now = { atMs: 0, sinceMs: 0 }
  const moment = (session: Session) => {
    now.atMs = clock.nowMs()
    now.sinceMs = clock.monotonicMs() - session.startedAt
    return now
  }
  const count = (session: Session, cost: number) => {
    session.waitingBytes += cost
    waitingBytes += cost
    touch(session)
  }
  const push = (session: Session, said: Said, cost = 0) => {
    waiting.event(session, moment(session), said)
    count(session, EVENT_BYTES + cost)
  }
  const unfold = (session: Session) => {
    if (session.folded === undefined) return
    const { lines, bytes } = session.folded
    session.folded = undefined
    const text = `${lines} lines (${bytes} bytes) were not kept: they came faster than the log could be written`
    push(session, { kind: 'note', text }, text.length)
  }
  const link = (session: Session, made: SessionLink) => {
    waiting.link(session, moment(session), made)
    links.push({ sessionId: session.id, link: made })
    sessions.set(session.id, session) // It may have been committed and let go of already.
    count(session, EVENT_BYTES)
  }

  /** Hands all that waits to the sink. Called only while no batch is under way. `isAll`: heads that could wait, too. */
  function send(isAll: boolean): void {
    timer?.()
    timer = undefined
    for (const session of dirty) unfold(session)
    if (dirty.size === 0) return
    const taken = [...dirty]
    const nowMs = clock.monotonicMs()
    const heads: SessionHead[] = []
    for (const session of taken) {
      session.isDirty = false
      session.waitingBytes = 0
      session.isHeadOld = !isAll && session.head.state === 'live' && nowMs - session.headAt < HEAD_MS
      if (session.isHeadOld) continue
      session.headAt = nowMs
      heads.push({ ...session.head })
    }
    sent = waiting.take()
    const batch = toBatch(heads, sent, links)
    links = []
    dirty.clear()
    waitingBytes = 0
    underWay = deliver(batch, taken)
  }

  async function deliver(batch: TranscriptBatch, taken: readonly Session[]): Promise<void> {
    const failure = await handOver(batch)
    underWay = undefined
    sent = []
    if (failure === undefined) {
      for (const session of taken) if (session.head.state !== 'live' && !session.isDirty) sessions.delete(session.id)
      // Events can be read before they are kept, links cannot: who looks for the sessions of a message asks again now.
      for (const { sessionId } of batch.links) changes.emit(sessionId)
    } else keepForLater(batch, taken, failure)
    // After a failure the next try waits for the timer: a disk that is full stays so for a while.
    if (waiting.hasFull && failure === undefined) send(false)
    else if (dirty.size > 0) timer ??= clock.after(FLUSH_MS, () => send(false))
  }

  async function handOver(batch: TranscriptBatch): Promise<string | undefined> {
    try {
      await sink(batch)
      failing = false
      return undefined
    } catch (error) {
      if (!failing) onFailure?.(reasonOf(error))
      failing = true
      return reasonOf(error)
    }
  }

  /** What is lost is said; heads and links go again with the next batch. */
  function keepForLater(batch: TranscriptBatch, taken: readonly Session[], failure: string): void {
    const lost = new Map<number, number>()
    for (const { sessionId, count: events } of batch.segments.flatMap(({ parts }) => parts))
      lost.set(sessionId, (lost.get(sessionId) ?? 0) + events)
    for (const session of taken) {
      mark(session)
      session.headAt = -Infinity // events can't be kept without it
      const events = lost.get(session.id) ?? 0
      const text = `${events} events were not kept: ${failure}`
      if (events > 0) push(session, { kind: 'note', text }, text.length)
    }
    const links = batch.links.slice(-MOST_LINKS)
    for (const one of links) {
      const session = sessions.get(one.sessionId)
      if (session !== undefined) link(session, one.link)
    }
    forgetOldest()
  }

  /** While the sink fails, ended sessions can't be let go of by a commit. */
  function forgetOldest(): void {
    for (const session of sessions.values()) {
      if (sessions.size <= MOST_SESSIONS) return
      if (session.head.state === 'live') continue
      sessions.delete(session.id)
      dirty.delete(session)
      session.isDirty = false
    }
  }

  return {
    open(head): Transcript {
      if (options.isRecorded?.(head.protocol) === false) return UNRECORDED
      const id = nextId++
      const session: Session = {
        id,
        protocol: head.protocol,
        head: {
          ...head,
          id,
          startedMs: clock.nowMs(),
          state: 'live',
          worst: '',
          tls: false,
          bytesIn: 0,
          bytesOut: 0,
          messages: 0,
        },
        startedAt: clock.monotonicMs(),
        headAt: -Infinity,
        isHeadOld: false,
        isDirty: false,
        toldIn: -1,
        seq: 0,
        part: undefined,
        waitingBytes: 0,
        folded: undefined,
      }
      sessions.set(id, session)
      touch(session)
      const ours = head.side === 'client' ? 'C' : 'S'
      const total = (from: 'C' | 'S', bytes: number) => {
        if (from === ours) session.head.bytesOut += bytes
        else session.head.bytesIn += bytes
      }
      const isOpen = () => session.head.state === 'live'
      const hasRoom = () => session.waitingBytes <= PENDING_BYTES_PER_SESSION && waitingBytes <= PENDING_BYTES
      const fold = (bytes: number) => {
        session.folded ??= { lines: 0, bytes: 0 }
        session.folded.lines++
        session.folded.bytes += bytes
      }

      return {
        sessionId: id,
        line(from, line, said) {
          if (!isOpen()) return
          const { secrets, odd = false, user } = said ?? NOTHING
          const { tls } = session.head
          const ending = odd ? 0 : 2
          if ((secrets === undefined || secrets.length === 0) && line.length <= KEPT_LINE_BYTES) {
            total(from, line.length + ending)
            if (!hasRoom()) return fold(line.length)
            unfold(session)
            waiting.line(session, moment(session), from, tls, line, odd)
            return count(session, EVENT_BYTES + line.length)
          }
          const { spans, bytes } = keptLine(line, secrets, user)
          // Sizes leave secrets out, too: a total would give the length of a password away.
          total(from, bytes + ending)
          if (!hasRoom()) return fold(bytes)
          unfold(session)
          const size = Math.min(bytes, KEPT_LINE_BYTES)
          push(session, { kind: 'line', from, tls, spans, bytes, ...(odd && { odd }) }, size)
        },
        content(from, bytes, ref) {
          if (!isOpen()) return
          total(from, bytes)
          unfold(session)
          const cost = ref.kind === 'kept' ? ref.first.length + ref.last.length : 0
          push(session, { kind: 'content', from, tls: session.head.tls, bytes, ref }, cost)
        },
        note(text) {
          if (!isOpen()) return
          const kept = text.slice(0, KEPT_LINE_BYTES)
          push(session, { kind: 'note', text: kept }, kept.length)
        },
        secured(facts) {
          if (!isOpen()) return
          session.head.tls = true
          push(session, { kind: 'tls', facts }, EVENT_BYTES)
        },
        link: (made) => link(session, made),
        countMessage() {
          session.head.messages++
          touch(session)
        },
        worst(code) {
          if (code === session.head.worst) return
          session.head.worst = worse(session.head.worst, code)
          touch(session)
        },
        close(state, by, why) {
          if (!isOpen()) return
          unfold(session)
          session.head.endedMs = clock.nowMs()
          push(session, why === undefined ? { kind: 'closed', by } : { kind: 'closed', by, why })
          session.head.state = state
        },
      }
    },
    live: () => [...sessions.values()].map((session) => ({ ...session.head })),
    pending(sessionId) {
      return sessions.has(sessionId) ? numberedEvents([...sent, ...waiting.all()], sessionId) : []
    },
    watch: (listen) => changes.watch(listen),
    async flush() {
      while (underWay !== undefined) await underWay
      for (const session of sessions.values()) if (session.isHeadOld) mark(session)
      if (dirty.size === 0) return
      send(true)
      await underWay
    },
  }
}

const NOTHING: { readonly secrets?: undefined; readonly odd?: undefined; readonly user?: undefined } = {}

function toBatch(
  heads: readonly SessionHead[],
  segments: readonly Segment[],
  links: TranscriptBatch['links'],
): TranscriptBatch {
  return {
    heads,
    segments,
    links,
    get events() {
      return segments.flatMap((segment) =>
        segment.parts.flatMap(({ sessionId, seq, count }) =>
          count === 0
            ? []
            : [{ sessionId, seq, events: numberedEvents([segment], sessionId).map(({ event }) => event) }],
        ),
      )
    },
  }
}

/** Of a session that is not recorded. */
const UNRECORDED: Transcript = {
  sessionId: undefined,
  line() {},
  content() {},
  note() {},
  secured() {},
  link() {},
  countMessage() {},
  worst() {},
  close() {},
}

/** Of two codes the one a list should show: the greater number, and a word rather than a number. */
function worse(known: string, code: string): string {
  const isNumber = (text: string) => /^\d+$/.test(text)
  if (known === '' || !isNumber(code)) return code
  return isNumber(known) && Number(code) > Number(known) ? code : known
}
