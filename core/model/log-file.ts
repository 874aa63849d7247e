import type { ContentRef, SessionHead, TlsFacts, TranscriptEvent } from './transcript.ts'

/** What sessions can be shared as. */
export const SHARE_FORMATS = ['dialogue', 'json', 'pcapng', 'eml'] as const
export type ShareFormat = (typeof SHARE_FORMATS)[number]

/** Name of the format, and the version of it that is written here. A reader takes this version and none that is newer. */
export const LOG_FILE = { format: 'posthorn-protocol-log', version: 1 } as const

/** A session of a file: its head and all that was said. */
export interface LoggedSession {
  readonly head: SessionHead
  readonly events: readonly TranscriptEvent[]
}

/** An event as a file has it; the moments are UTC, Unix ms, and ms since the session began. */
export type FileEvent = TranscriptEvent
export type { ContentRef, TlsFacts }

/** The whole of a file. docs/protocol-log-file.md says what each part is. */
export interface LogFile {
  readonly format: typeof LOG_FILE.format
  readonly version: typeof LOG_FILE.version
  /** Which program wrote it, and when, Unix ms. */
  readonly program: string
  readonly writtenMs: number
  readonly redaction: FileRedaction
  readonly sessions: readonly LoggedSession[]
}
/** What is not in the file as it was. */
export interface FileRedaction {
  readonly secrets: number
  readonly contents: number
  /** How many different things have another name in it; 0 where none was given. */
  readonly pseudonyms: number
}
