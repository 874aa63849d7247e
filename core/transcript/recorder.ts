import { Changes } from '../base/changes.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { reasonOf } from '../base/fault.ts'
import type { Protocol, SessionHead, SessionLink, TranscriptEvent } from '../model/transcript.ts'
import { KEPT_LINE_BYTES, lineJson } from './line-json.ts'
import type { Recorder, Sink, Transcript, TranscriptBatch } from './sink.ts'

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

/** One batch costs pages for each session in it, however little they said: under load a batch holds more. */
const FLUSH_EVENTS = 2048
const FLUSH_MS = 100
/** Lines of a session beyond this, not yet committed, are counted and not kept: a slow disk must not eat the memory. */
const PENDING_BYTES_PER_SESSION = 1024 * 1024
const PENDING_BYTES = 32 * 1024 * 1024
/** Roughly what an event costs beside its text. */
const EVENT_BYTES = 128

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type Written<E> = E extends unknown ? Omit<E, 'atMs' | 'sinceMs'> : never
type Said = Written<TranscriptEvent>

interface Session {
  readonly head: Mutable<SessionHead>
  readonly startedAt: number
  /** Number of the next event. */
  seq: number
  /** Events with no batch yet, as JSON with commas between; the last one has `seq - 1`. */
  waiting: string
  waitingEvents: number
  waitingBytes: number
  /** Lines that found no room: they become one note. */
  folded: { lines: number; bytes: number } | undefined
  /** Events of the batch under way. */
  sent: Sent | undefined
}
interface Sent {
  readonly seq: number
  readonly count: number
  readonly json: string
}

const read = (json: string) => JSON.parse(json) as TranscriptEvent[]

/** Opens transcripts, hands what they say to the sink in batches, one at a time, and tells who watches. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { sink, clock, onFailure } = options
  const sessions = new Map<number, Session>()
  const dirty = new Set<Session>()
  const changes = new Changes<number>()
  let links: { sessionId: number; link: SessionLink }[] = []
  let nextId = options.firstSessionId
  let waitingEvents = 0
  let waitingBytes = 0
  let timer: Cancel | undefined
  let underWay: Promise<void> | undefined
  let failing = false

  const touch = (session: Session) => {
    dirty.add(session)
    changes.emit(session.head.id)
    if (underWay !== undefined) return
    if (waitingEvents >= FLUSH_EVENTS) send()
    else timer ??= clock.after(FLUSH_MS, send)
  }

  /** `said`: the inside of a JSON object. */
  const pushJson = (session: Session, said: string, cost: number) => {
    const sinceMs = Math.round((clock.monotonicMs() - session.startedAt) * 10) / 10
    const event = `{"atMs":${clock.nowMs()},"sinceMs":${sinceMs},${said}}`
    session.waiting = session.waitingEvents === 0 ? event : `${session.waiting},${event}`
    session.waitingEvents++
    session.seq++
    session.waitingBytes += cost
    waitingEvents++
    waitingBytes += cost
    touch(session)
  }

  const push = (session: Session, said: Said, cost: number) =>
    pushJson(session, JSON.stringify(said).slice(1, -1), cost)

  const unfold = (session: Session) => {
    if (session.folded === undefined) return
    const { lines, bytes } = session.folded
    session.folded = undefined
    const text = `${lines} lines (${bytes} bytes) were not kept: they came faster than the log could be written`
    push(session, { kind: 'note', text }, EVENT_BYTES + text.length)
  }

  /** Hands all that waits to the sink. Called only while no batch is under way. */
  function send(): void {
    timer?.()
    timer = undefined
    for (const session of dirty) unfold(session)
    if (dirty.size === 0) return
    const taken = [...dirty]
    const takenLinks = links
    const events: TranscriptBatch['events'][number][] = []
    for (const session of taken) {
      if (session.waitingEvents === 0) continue
      const seq = session.seq - session.waitingEvents
      const json = `[${session.waiting}]`
      session.sent = { seq, count: session.waitingEvents, json }
      events.push({
        sessionId: session.head.id,
        seq,
        json,
        get events() {
          return read(json)
        },
      })
      session.waiting = ''
      session.waitingEvents = session.waitingBytes = 0
    }
    dirty.clear()
    links = []
    waitingEvents = 0
    waitingBytes = 0
    underWay = deliver({ heads: taken.map((session) => ({ ...session.head })), events, links: takenLinks }, taken)
  }

  async function deliver(batch: TranscriptBatch, taken: readonly Session[]): Promise<void> {
    const failure = await handOver(batch)
    underWay = undefined
    for (const session of taken) {
      const lost = session.sent?.count ?? 0
      session.sent = undefined
      if (failure === undefined) {
        if (session.head.state !== 'live' && !dirty.has(session)) sessions.delete(session.head.id)
      } else {
        // The head goes again with the next batch, for events can't be kept without it.
        dirty.add(session)
        const text = `${lost} events were not kept: ${failure}`
        if (lost > 0) push(session, { kind: 'note', text }, EVENT_BYTES + text.length)
      }
    }
    // Events can be read before they are kept, links cannot: who looks for the sessions of a message asks again now.
    if (failure === undefined) changes.emit(...new Set(batch.links.map(({ sessionId }) => sessionId)))
    else {
      links = [...batch.links, ...links].slice(-10_000)
      forgetOldest()
    }
    // After a failure the next try waits for the timer: a disk that is full stays so for a while.
    if (waitingEvents >= FLUSH_EVENTS && failure === undefined) send()
    else if (dirty.size > 0) timer ??= clock.after(FLUSH_MS, send)
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

  /** While the sink fails, ended sessions can't be let go of by a commit. */
  function forgetOldest(): void {
    for (const session of sessions.values()) {
      if (sessions.size <= 5000) return
      if (session.head.state === 'live') continue
      sessions.delete(session.head.id)
      dirty.delete(session)
      waitingEvents -= session.waitingEvents
      waitingBytes -= session.waitingBytes
    }
  }

  return {
    open(head): Transcript {
      if (options.isRecorded?.(head.protocol) === false) return UNRECORDED
      const session: Session = {
        head: {
          ...head,
          id: nextId++,
          startedMs: clock.nowMs(),
          state: 'live',
          worst: '',
          tls: false,
          bytesIn: 0,
          bytesOut: 0,
          messages: 0,
        },
        startedAt: clock.monotonicMs(),
        seq: 0,
        waiting: '',
        waitingEvents: 0,
        waitingBytes: 0,
        folded: undefined,
        sent: undefined,
      }
      sessions.set(session.head.id, session)
      touch(session)
      const ours = head.side === 'client' ? 'C' : 'S'
      const count = (from: 'C' | 'S', bytes: number) => {
        if (from === ours) session.head.bytesOut += bytes
        else session.head.bytesIn += bytes
      }
      const isOpen = () => session.head.state === 'live'

      return {
        sessionId: session.head.id,
        line(from, bytes, { secrets, odd } = {}) {
          if (!isOpen()) return
          const { json, size } = lineJson(from, session.head.tls, bytes, secrets, odd)
          // Sizes leave secrets out, too: a total would give the length of a password away.
          count(from, size + (odd ? 0 : 2))
          if (session.waitingBytes > PENDING_BYTES_PER_SESSION || waitingBytes > PENDING_BYTES) {
            session.folded ??= { lines: 0, bytes: 0 }
            session.folded.lines++
            session.folded.bytes += size
            return
          }
          unfold(session)
          pushJson(session, json, EVENT_BYTES + Math.min(size, KEPT_LINE_BYTES))
        },
        content(from, bytes, ref) {
          if (!isOpen()) return
          count(from, bytes)
          unfold(session)
          const cost = ref.kind === 'kept' ? ref.first.length + ref.last.length : 0
          push(session, { kind: 'content', from, tls: session.head.tls, bytes, ref }, EVENT_BYTES + cost)
        },
        note(text) {
          if (!isOpen()) return
          const kept = text.slice(0, KEPT_LINE_BYTES)
          push(session, { kind: 'note', text: kept }, EVENT_BYTES + kept.length)
        },
        secured(facts) {
          if (!isOpen()) return
          session.head.tls = true
          push(session, { kind: 'tls', facts }, 2 * EVENT_BYTES)
        },
        link(link) {
          links.push({ sessionId: session.head.id, link })
          sessions.set(session.head.id, session) // It may have been committed and let go of already.
          touch(session)
        },
        countMessage() {
          session.head.messages++
          touch(session)
        },
        worst(code) {
          session.head.worst = worse(session.head.worst, code)
          touch(session)
        },
        close(state, by, why) {
          if (!isOpen()) return
          unfold(session)
          session.head.endedMs = clock.nowMs()
          push(session, why === undefined ? { kind: 'closed', by } : { kind: 'closed', by, why }, EVENT_BYTES)
          session.head.state = state
        },
      }
    },
    live: () => [...sessions.values()].map((session) => ({ ...session.head })),
    pending(sessionId) {
      const session = sessions.get(sessionId)
      if (session === undefined) return []
      const number = (events: readonly TranscriptEvent[], seq: number) =>
        events.map((event, index) => ({ seq: seq + index, event }))
      const sent = session.sent ? number(read(session.sent.json), session.sent.seq) : []
      return [...sent, ...number(read(`[${session.waiting}]`), session.seq - session.waitingEvents)]
    },
    watch: (listen) => changes.watch(listen),
    async flush() {
      while (underWay !== undefined) await underWay
      if (dirty.size === 0) return
      send()
      await underWay
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
