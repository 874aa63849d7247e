import { implement } from '@orpc/server'
import type { ByteHandles } from '../base/byte-handles.ts'
import type { Clock } from '../base/clock.ts'
import { Fault } from '../base/fault.ts'
import type { LoggedSession } from '../model/log-file.ts'
import { contract } from '../rpc/contract.ts'
import { share } from './share.ts'

/** What `log.share` is wired to. */
export interface ShareDeps {
  readonly handles: ByteHandles
  readonly clock: Clock
  /** Name and version of this program. */
  readonly program: string
  /** A session with at most so many of its events. Throws `not-found`. */
  readonly read: (id: number, most: number) => Promise<LoggedSession>
}

/** All sessions of a file together: what nobody can read anywhere is refused, and memory has an end. */
const MOST_EVENTS = 200_000

/** Answers `log.share`. */
export function shareHandlers({ handles, clock, program, read }: ShareDeps) {
  const os = implement(contract.log)
  return {
    share: os.share.handler(async ({ input: { ids, format, pseudonyms } }) => {
      const sessions: LoggedSession[] = []
      let left = MOST_EVENTS
      for (const id of new Set(ids)) {
        const session = await read(id, left + 1)
        left -= session.events.length
        if (left < 0)
          throw new Fault(
            'conflict',
            `put ${ids.length} sessions into a file: they have more than ${MOST_EVENTS} lines`,
            {
              what: 'export',
              reason: `more than ${MOST_EVENTS} lines`,
            },
          )
        sessions.push(session)
      }
      const { bytes, filename, contentType, redaction } = share(sessions, {
        format,
        pseudonyms,
        program,
        nowMs: clock.nowMs(),
      })
      const handle = handles.make({
        filename,
        contentType,
        sizeBytes: bytes.length,
        async *bytes() {
          yield bytes
        },
      })
      return {
        handle,
        filename,
        sizeBytes: bytes.length,
        redaction: { ...redaction, replaced: [...redaction.replaced] },
      }
    }),
  }
}
