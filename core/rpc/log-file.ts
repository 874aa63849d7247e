import { z } from 'zod'
import { readDialogueFile } from '../model/dialogue-file.ts'
import { attachedLog } from '../model/log-mail.ts'
import { LOG_FILE, type LogFile, type LoggedSession } from '../model/log-file.ts'
import type { TranscriptEvent } from '../model/transcript.ts'

const ms = z.number()
const bytes = z.number().int().min(0)
const text = z.string().max(65_536)
const at = { atMs: ms, sinceMs: ms }
const speaker = z.enum(['C', 'S'])
const Facts = z.object({
  version: text,
  cipher: text,
  trusted: z.boolean(),
  distrust: text.exactOptional(),
  subject: text,
  fingerprint256: text,
  chain: z.array(text).max(100).exactOptional(),
  nameFits: z.boolean().exactOptional(),
  names: z.array(text).max(100).exactOptional(),
  validToMs: ms.exactOptional(),
})
const Ref = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('entry'), entryId: z.number() }),
  z.object({ kind: z.literal('message'), messageId: z.number() }),
  z.object({ kind: z.literal('fetched'), uidl: text }),
  z.object({ kind: z.literal('kept'), first: text, last: text, sha256: text }),
])
const Event: z.ZodType<TranscriptEvent> = z.discriminatedUnion('kind', [
  z.object({
    ...at,
    kind: z.literal('line'),
    from: speaker,
    tls: z.boolean(),
    spans: z.array(z.union([text, z.object({ secret: z.literal(true), user: text.exactOptional() })])).max(10_000),
    bytes,
    odd: z.boolean().exactOptional(),
  }),
  z.object({ ...at, kind: z.literal('content'), from: speaker, tls: z.boolean(), bytes, ref: Ref }),
  z.object({ ...at, kind: z.literal('tls'), facts: Facts }),
  z.object({ ...at, kind: z.literal('note'), text }),
  z.object({ ...at, kind: z.literal('closed'), by: z.enum(['C', 'S', 'us']), why: text.exactOptional() }),
])
const Session: z.ZodType<LoggedSession> = z.object({
  head: z.object({
    id: z.number().int(),
    protocol: z.enum(['smtp', 'pop3', 'imap']),
    side: z.enum(['client', 'server']),
    peer: text,
    address: text,
    accountId: z.number().int().exactOptional(),
    startedMs: ms,
    endedMs: ms.exactOptional(),
    state: z.enum(['live', 'ok', 'deferred', 'failed', 'aborted']),
    worst: text,
    tls: z.boolean(),
    bytesIn: bytes,
    bytesOut: bytes,
    messages: bytes,
  }),
  events: z.array(Event).max(1_000_000),
})

/** Version 1 of the file; docs/protocol-log-file.md says what each part is. */
export const LogFileSchema: z.ZodType<LogFile> = z.object({
  format: z.literal(LOG_FILE.format),
  version: z.literal(LOG_FILE.version),
  program: text,
  writtenMs: ms,
  redaction: z.object({ secrets: bytes, contents: bytes, pseudonyms: bytes }),
  sessions: z.array(Session).max(100_000),
})

/** Sessions of a file; or a sentence on why there are none to be had. */
export type OpenedLog =
  | { readonly kind: 'json' | 'dialogue'; readonly sessions: readonly LoggedSession[]; readonly error: null }
  | { readonly kind: 'json' | 'dialogue'; readonly sessions: null; readonly error: string }

/** Opens what an export has written: JSON, a dialogue, or the message that has them attached. The file is anybody's: nothing in it is believed. Never throws. */
export function openLogFile(content: string): OpenedLog {
  const whole = content.replace(/^\ufeff/, '')
  const bare = attachedLog(whole) ?? whole
  if (!bare.trimStart().startsWith('{')) {
    const { sessions, error } = readDialogueFile(bare)
    return sessions === null
      ? { kind: 'dialogue', sessions, error: `Line ${error.line} cannot be read: ${error.reason}.` }
      : { kind: 'dialogue', sessions, error: null }
  }
  const fail = (error: string): OpenedLog => ({ kind: 'json', sessions: null, error })
  let json: unknown
  try {
    json = JSON.parse(bare)
  } catch (error) {
    return fail(`It is not whole JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
  const about = z.object({ format: z.literal(LOG_FILE.format), version: z.number() }).safeParse(json)
  if (!about.success) return fail('It is JSON, and no file of the protocol log.')
  if (about.data.version > LOG_FILE.version)
    return fail(
      `A newer version of Posthorn has written it (its format is ${about.data.version}, known is ${LOG_FILE.version}).`,
    )
  const parsed = LogFileSchema.safeParse(json)
  if (parsed.success) return { kind: 'json', sessions: parsed.data.sessions, error: null }
  const [issue] = parsed.error.issues
  return fail(`It is damaged at ${issue?.path.join('.') ?? 'some place'}: ${issue?.message ?? 'it does not fit'}.`)
}
