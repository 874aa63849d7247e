import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import type { Protocol } from './model/transcript.ts'
import type { Settings } from './settings.ts'
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
import type { Recorder } from './transcript/sink.ts'

/** The protocol log, wired. */
export interface ProtocolLog {
  readonly handlers: ReturnType<typeof logHandlers> & ReturnType<typeof findHandlers>
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
  const reading = logHandlers({
    recorder,
    listSessions: (filter) => listSessions(store.read, filter),
    getSession: (id) => getSession(store.read, id),
    listEvents: (id, fromSeq, limit) => store.query('session.events', { id, fromSeq, limit }),
    linksOf: (id) => store.query('session.links', { id }),
    messageOfUidl: (accountId, uidl) =>
      messageOfImapRef(store.read, accountId, uidl) ?? messageOfUidl(store.read, accountId, uidl),
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
  const retention = new Retention({ clock, use, expire: (what) => store.write('session.expire', what), keep, log })
  return {
    handlers: { ...reading, ...finding },
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
