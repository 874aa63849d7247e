import { z } from 'zod'
import { RECIPIENT_STATES } from '../model/outcome.ts'

/** What a window sees of the engine's things: plain data, checked on the way out. Times are Unix ms. */

const id = z.number().int().nonnegative()
const ms = z.number()
export const Id = id
export const Tls = z.enum(['implicit', 'starttls', 'none'])

export const StatusView = z.object({
  version: z.string(),
  locked: z.boolean(),
  dataFolder: z.string(),
  submission: z.object({ host: z.string(), port: z.number().int() }).nullable(),
  /** Fingerprint of the submission server's own certificate. */
  certificate: z.string().nullable(),
  queuePaused: z.boolean(),
  /** Recipients that wait, and when the next one is tried. */
  waiting: z.number().int(),
  nextAttemptMs: ms.nullable(),
  liveSessions: z.number().int(),
  /** Things a person should know, in words: `danger` needs somebody, `warn` heals itself or is a choice. */
  warnings: z.array(z.object({ level: z.enum(['warn', 'danger']), text: z.string() })),
  /** True until there is an identity: the first-run screen shows. */
  fresh: z.boolean(),
  canDetachEngine: z.boolean(),
})
export const FolderView = z.object({
  id,
  role: z.enum(['inbox', 'sent', 'drafts', 'archive', 'trash', 'other']),
  name: z.string(),
  total: z.number().int(),
  unread: z.number().int(),
  /** Whose: an account's, a local user's, or null for the person who runs Posthorn. */
  owner: z.object({ kind: z.enum(['account', 'user']), id, name: z.string() }).nullable(),
})
export const MessageRow = z.object({
  id,
  folderId: id,
  subject: z.string(),
  authorName: z.string(),
  authorAddress: z.string(),
  addressees: z.string(),
  preview: z.string(),
  dateMs: ms,
  attachments: z.number().int(),
  seen: z.boolean(),
  starred: z.boolean(),
})
const Address = z.object({ name: z.string(), address: z.string() })
export const AttachmentView = z.object({
  /** Place of the part in the message, for `mail.attachment`. */
  index: z.number().int(),
  filename: z.string(),
  contentType: z.string(),
  sizeBytes: z.number().int(),
  contentId: z.string().nullable(),
})
export const MessageView = MessageRow.extend({
  from: z.array(Address),
  to: z.array(Address),
  cc: z.array(Address),
  replyTo: z.array(Address),
  messageId: z.string(),
  inReplyTo: z.string(),
  references: z.string(),
  text: z.string().nullable(),
  html: z.string().nullable(),
  parts: z.array(AttachmentView),
  sizeBytes: z.number().int(),
  /** Sessions that brought it or sent it. */
  sessions: z.array(id),
  /** Set when the stored bytes failed their checksum: what can be shown is shown. */
  damaged: z.string().nullable(),
})
export const IdentityView = z.object({
  id,
  name: z.string(),
  address: z.string(),
  routeId: id.nullable(),
  routeName: z.string(),
})
export const RouteView = z.object({
  id,
  kind: z.literal('smarthost'),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
})
export const AccountView = z.object({
  id,
  kind: z.literal('pop3'),
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
  user: z.string(),
  keep: z.boolean(),
  everySeconds: z.number().int(),
  lastFetchMs: ms.nullable(),
  lastError: z.string().nullable(),
  fetching: z.boolean(),
})
export const UserView = z.object({ id, address: z.string(), createdMs: ms, lastLoginMs: ms.nullable() })
export const RecipientView = z.object({
  id,
  address: z.string(),
  state: z.enum(RECIPIENT_STATES),
  attempts: z.number().int(),
  lastReply: z.string().nullable(),
  lastAttemptMs: ms.nullable(),
  nextAttemptMs: ms.nullable(),
  mx: z.string().nullable(),
  sessions: z.array(id),
  /** One sentence for a person: why it stands where it stands. */
  why: z.string().nullable(),
})
export const QueueEntryView = z.object({
  id,
  from: z.string(),
  subject: z.string(),
  sizeBytes: z.number().int(),
  createdMs: ms,
  doneMs: ms.nullable(),
  messageId: z.string(),
  recipients: z.array(RecipientView),
})
export const SessionView = z.object({
  id,
  protocol: z.enum(['smtp', 'pop3', 'imap']),
  side: z.enum(['client', 'server']),
  peer: z.string(),
  address: z.string(),
  accountId: id.nullable(),
  startedMs: ms,
  endedMs: ms.nullable(),
  state: z.enum(['live', 'ok', 'deferred', 'failed', 'aborted']),
  worst: z.string(),
  tls: z.boolean(),
  bytesIn: z.number(),
  bytesOut: z.number(),
  messages: z.number().int(),
})
const Span = z.union([z.string(), z.object({ secret: z.literal(true) })])
const ContentRef = z.union([
  z.object({ kind: z.literal('entry'), entryId: id }),
  z.object({ kind: z.literal('message'), messageId: id }),
  z.object({ kind: z.literal('kept'), first: z.string(), last: z.string(), sha256: z.string() }),
])
const at = { seq: z.number().int(), atMs: ms, sinceMs: z.number() }
export const EventView = z.discriminatedUnion('kind', [
  z.object({
    ...at,
    kind: z.literal('line'),
    from: z.enum(['C', 'S']),
    tls: z.boolean(),
    spans: z.array(Span),
    bytes: z.number().int(),
    odd: z.boolean().optional(),
  }),
  z.object({
    ...at,
    kind: z.literal('content'),
    from: z.enum(['C', 'S']),
    tls: z.boolean(),
    bytes: z.number(),
    ref: ContentRef,
  }),
  z.object({
    ...at,
    kind: z.literal('tls'),
    facts: z.object({
      version: z.string(),
      cipher: z.string(),
      trusted: z.boolean(),
      distrust: z.string().optional(),
      subject: z.string(),
      fingerprint256: z.string(),
    }),
  }),
  z.object({ ...at, kind: z.literal('note'), text: z.string() }),
  z.object({ ...at, kind: z.literal('closed'), by: z.enum(['C', 'S', 'us']), why: z.string().optional() }),
])
export const DraftContent = z.object({
  identityId: id.nullable(),
  to: z.string(),
  cc: z.string(),
  bcc: z.string(),
  subject: z.string(),
  text: z.string(),
  inReplyTo: z.string(),
  references: z.string(),
  attachments: z.array(
    z.object({ handle: z.string(), filename: z.string(), contentType: z.string(), sizeBytes: z.number().int() }),
  ),
})
export const Pop3Settings = z.object({
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535),
  tls: Tls,
  user: z.string().min(1).max(500),
  password: z.string().min(1).max(1000),
})

export type StatusView = z.infer<typeof StatusView>
export type FolderView = z.infer<typeof FolderView>
export type MessageRow = z.infer<typeof MessageRow>
export type MessageView = z.infer<typeof MessageView>
export type AttachmentView = z.infer<typeof AttachmentView>
export type IdentityView = z.infer<typeof IdentityView>
export type RouteView = z.infer<typeof RouteView>
export type AccountView = z.infer<typeof AccountView>
export type UserView = z.infer<typeof UserView>
export type RecipientView = z.infer<typeof RecipientView>
export type QueueEntryView = z.infer<typeof QueueEntryView>
export type SessionView = z.infer<typeof SessionView>
export type EventView = z.infer<typeof EventView>
export type DraftContent = z.infer<typeof DraftContent>
export type Pop3Settings = z.infer<typeof Pop3Settings>
