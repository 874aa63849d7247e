import type { ByteHandles } from './base/byte-handles.ts'
import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { Fault } from './base/fault.ts'
import { VERSION } from './base/version.ts'
import type { Protocol, TranscriptEvent } from './model/transcript.ts'
import type { Settings } from './settings.ts'
import { traceHandlers } from './queue/trace-handlers.ts'
import { messageOfImapRef } from './store/imap.ts'
import { listLogQueries } from './store/log-query.ts'
import { messageOfUidl } from './store/pop3-seen.ts'
import { getSession, listSessions } from './store/session.ts'
import type { Store } from './store/types.ts'
import { findHandlers } from './transcript/find-handlers.ts'
import { logHandlers } from './transcript/handlers.ts'
import { LogAlerts } from './transcript/log-alerts.ts'
import type { FindSessions } from './transcript/log-find.ts'
import { Retention, type Keep } from './transcript/retention.ts'
import { shareHandlers } from './transcript/share-handlers.ts'
import type { Recorder } from './transcript/sink.ts'

/** Events read at once. */
const EVENTS = 1000

/** The protocol log, wired. */
export interface ProtocolLog {
  readonly handlers: ReturnType<typeof logHandlers> & ReturnType<typeof findHandlers> & ReturnType<typeof shareHandlers>
  /** Follows a message through log and queue. */
  readonly trace: ReturnType<typeof traceHandlers>
  /** Begins to keep it short. */
  start(): void
  /** A setting was changed. */
  onSetting(name: string): void
  close(): Promise<void>
}

/** Joins what is recorded with what is asked of it. */
export function openProtocolLog(deps: {
  readonly store: Store
  readonly recorder: Recorder
  readonly settings: () => Settings
  readonly clock: Clock
  readonly handles: ByteHandles
  readonly log: (line: string) => void
}): ProtocolLog {
  const { store, recorder, settings, clock, log } = deps
  const queryChanges = new Changes<number>()
  const find: FindSessions = (args, signal) => store.query('log.find', args, signal)
  const keep = (protocol: Protocol): Keep => {
    const values = settings()
    return { days: values[`log.${protocol}.keepDays`], bytes: values[`log.${protocol}.keepBytes`] }
  }
  const use = () => store.query('log.use', null)
  const alerts = new LogAlerts({
    recorder,
    clock,
    queries: () => listLogQueries(store.read),
    find,
    headOf: (id) => getSession(store.read, id),
    async onFound(found) {
      await store.write('log-query.found', found)
      queryChanges.emit(...found.map(({ id }) => id))
    },
    log,
  })
  const byUidl = (accountId: number, uidl: string) =>
    messageOfImapRef(store.read, accountId, uidl) ?? messageOfUidl(store.read, accountId, uidl)
  const reading = logHandlers({
    recorder,
    listSessions: (filter) => listSessions(store.read, filter),
    getSession: (id) => getSession(store.read, id),
    listEvents: (id, fromSeq, limit) => store.query('session.events', { id, fromSeq, limit }),
    countEvents: (id) => store.query('session.extent', { id }),
    linksOf: (id) => store.query('session.links', { id }),
    messageOfUidl: byUidl,
    clear: () => store.write('session.clear', null),
  })
  const finding = findHandlers({
    recorder,
    clock,
    find,
    alerts,
    listQueries: () => listLogQueries(store.read),
    saveQuery: (query) => store.write('log-query.save', query),
    removeQuery: (id) => store.write('log-query.remove', { id }),
    queryChanges,
    use,
    keep,
  })
  const sharing = shareHandlers({
    handles: deps.handles,
    clock,
    program: `Posthorn ${VERSION}`,
    async read(id, most) {
      // What was said a moment ago is in it, too.
      await recorder.flush()
      const head = getSession(store.read, id)
      if (head === undefined)
        throw new Fault('not-found', `find session ${id}: there is none`, { what: 'session', id: String(id) })
      const events: TranscriptEvent[] = []
      for (let fromSeq = 0; events.length < most;) {
        const some = await store.query('session.events', { id, fromSeq, limit: Math.min(EVENTS, most - events.length) })
        for (const { event } of some) events.push(event)
        const last = some.at(-1)
        if (last === undefined) break
        fromSeq = last.seq + 1
      }
      return { head, events }
    },
  })
  const retention = new Retention({ clock, use, expire: (what) => store.write('session.expire', what), keep, log })
  return {
    handlers: { ...reading, ...finding, ...sharing },
    trace: traceHandlers({ store, flushLog: () => recorder.flush(), messageOfUidl: byUidl }),
    start: () => retention.start(),
    onSetting(name) {
      if (/^log\..*\.keep/.test(name)) void retention.run()
    },
    async close() {
      await alerts.close()
      await retention.close()
    },
  }
}
