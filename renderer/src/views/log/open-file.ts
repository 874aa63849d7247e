import type { LoggedSession } from '../../../../core/model/log-file.ts'
import { openLogFile } from '../../../../core/rpc/log-file.ts'
import type { EventView, SessionView } from '../../../../core/rpc/views.ts'

/** Sessions of a file, as the log shows its own. Nothing of them is stored. */
export interface OpenedFile {
  readonly name: string
  readonly sessions: readonly { readonly session: SessionView; readonly events: readonly EventView[] }[]
}

/** A file that is larger is none that a person made. */
export const LARGEST_FILE_BYTES = 256 * 1024 * 1024

/** Reads what an export has written: JSON, a dialogue, or the message that has them attached; or a sentence on why it cannot. */
export function readOpened(name: string, content: string): OpenedFile | { readonly error: string } {
  const { sessions, error } = openLogFile(content)
  return sessions === null ? { error } : { name, sessions: sessions.map(toOpened) }
}

/** Ids of a file are those of the log it comes from, or none: here each has its place. */
function toOpened({ head, events }: LoggedSession, place: number): OpenedFile['sessions'][number] {
  // Whose account it was is known there and not here.
  const { accountId: _, endedMs, ...rest } = head
  return {
    session: { ...rest, id: place + 1, accountId: null, endedMs: endedMs ?? null },
    events: events.map((event, seq): EventView => {
      if (event.kind === 'line') return { ...event, spans: [...event.spans], seq }
      // What it refers to is in another store.
      if (event.kind === 'content')
        return {
          ...event,
          ref: event.ref.kind === 'kept' ? event.ref : { kind: 'kept', first: '', last: '', sha256: '' },
          seq,
        }
      return { ...event, seq }
    }),
  }
}
