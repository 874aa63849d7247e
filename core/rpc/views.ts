import { z } from 'zod'
import { LATER_ACTIONS } from '../model/later-report.ts'
import { RECIPIENT_STATES } from '../model/outcome.ts'
import { REPLY_ACTORS, REPLY_KINDS } from '../model/reply-advice.ts'

/** What a window sees of the engine's things: plain data, checked on the way out. Times are Unix ms. */

const id = z.number().int().nonnegative()
const ms = z.number()
export const Id = id
export const Tls = z.enum(['implicit', 'starttls', 'none'])

/** Whether mail can be received, and from where. */
export const InboundView = z.object({
  state: z.enum(['off', 'listening', 'failed']),
  host: z.string(),
  port: z.number().int().nullable(),
  /** Who can reach it: programs on this computer, or others, too; null while nothing listens. */
  reach: z.enum(['this-computer', 'other-computers']).nullable(),
  /** One sentence for a person. */
  text: z.string(),
})
/** Whether other programs can read mail here by POP3, and from where. */
export const Pop3ServerView = z.object({
  state: z.enum(['off', 'listening', 'failed']),
  host: z.string(),
  /** Offers STLS; null where nothing listens or will. */
  port: z.number().int().nullable(),
  /** TLS from the first byte; null where nothing listens or will. */
  tlsPort: z.number().int().nullable(),
  /** Who can reach it: programs on this computer, or others, too; null while nothing listens. */
  reach: z.enum(['this-computer', 'other-computers']).nullable(),
  /** One sentence for a person. */
  text: z.string(),
})
export const StatusView = z.object({
  version: z.string(),
  locked: z.boolean(),
  dataFolder: z.string(),
  submission: z.object({ host: z.string(), port: z.number().int() }).nullable(),
  /** The submission server that speaks TLS from the first byte. */
  submissionTls: z.object({ host: z.string(), port: z.number().int() }).nullable(),
  inbound: InboundView,
  /** The POP3 server, for programs that read mail here. */
  pop3: Pop3ServerView,
  /** SHA-256 fingerprint of the certificate that the servers show. */
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
  role: z.enum(['inbox', 'sent', 'drafts', 'archive', 'trash', 'junk', 'other']),
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
  /** It was answered, and sent on, from here. */
  answered: z.boolean(),
  forwarded: z.boolean(),
  /** Messages of one conversation have the same; null until old mail has been looked at, after an upgrade. */
  threadId: id.nullable(),
  /** How many messages its conversation has here; 1 for one alone. */
  threadCount: z.number().int(),
  /** Ids of its tags, in the order of the tags. */
  tags: z.array(id),
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
  /** What of the message is not shown because it would have no end, in words; all of it is in its source. */
  leftOut: z.string().nullable(),
  /** Only the header is here: what the whole of it has on its server. `mail.getWhole` brings it. */
  partial: z.object({ sizeBytes: z.number().int() }).nullable(),
})
export const IdentityView = z.object({
  id,
  name: z.string(),
  address: z.string(),
  routeId: id.nullable(),
  routeName: z.string(),
  /** Where answers go in place of its address; '' for nowhere else. */
  replyTo: z.string(),
  /** Plain text below what is written; '' for none. */
  signature: z.string(),
  signsAnswers: z.boolean(),
  /** What it writes in (BCP 47); '' for the language of the window. */
  language: z.string(),
  /** Where copies of what it sends are kept; null for Sent of the account of its address, or else of this computer. */
  sentFolderId: id.nullable(),
})
export const RouteView = z.object({
  id,
  kind: z.literal('smarthost'),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
  /** Who signs in there; null where nobody does. */
  user: z.string().nullable(),
  login: z.enum(['none', 'password', 'token']),
  /** Of a token: the sign-in it comes from (`signIn.list`), which makes it anew; null where none does. */
  signInId: id.nullable(),
  /** Why its login was refused; its mail waits meanwhile. Null while nothing is wrong. */
  trouble: z.string().nullable(),
})
/** What is to become of mail on a POP3 server, and what comes first. */
export const Pop3Rules = z.object({
  /** Of an account that leaves its mail on the server: deletes it there so many days after it came. Null: never. */
  deleteAfterDays: z.number().int().min(1).max(3650).nullable(),
  /** Of such an account: deletes on the server what is removed here for good. */
  deleteWhenRemoved: z.boolean(),
  /** Of larger messages only the header comes, until somebody asks for the rest. Null: everything comes whole. */
  headersOnlyOverMb: z.number().int().min(1).max(1024).nullable(),
  newestFirst: z.boolean(),
  /** Whether a fetch of many messages brings all headers first, and then the messages. `auto`: where the line shows to be slow. */
  headersFirst: z.enum(['auto', 'always', 'never']),
  /** Signs in by APOP, which is weak, where the server offers nothing better than a password in the clear. */
  allowApop: z.boolean(),
})
export const AccountKind = z.enum(['pop3', 'imap'])
/** Who puts mail that was sent into an account's Sent folder: we (`append`), or its server by itself (`server`). */
export const SentCopy = z.enum(['append', 'server'])
/** Where drafts of an account's address are kept: in its Drafts folder, too, where it has one, or on this computer alone (`here`). */
export const Drafts = z.enum(['server', 'here'])
/** What only an IMAP account has. */
export const ImapView = z.object({
  sentCopy: SentCopy,
  drafts: Drafts,
  /** How much of its mail is here, of all there is, while it comes in; null while nothing comes. */
  progress: z.object({ done: z.number().int(), total: z.number().int() }).nullable(),
  /** Changes made here that the server has not heard of yet. */
  waiting: z.number().int(),
  /** Whether its server tells of new mail at once. */
  push: z.boolean(),
})
export const AccountView = z.object({
  id,
  kind: AccountKind,
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
  user: z.string(),
  /** What it signs in with; `token`: an OAuth 2.0 access token. */
  login: z.enum(['password', 'token']),
  /** Of a token: the sign-in it comes from (`signIn.list`), which makes it anew; null where none does. */
  signInId: id.nullable(),
  keep: z.boolean(),
  everySeconds: z.number().int(),
  lastFetchMs: ms.nullable(),
  lastError: z.string().nullable(),
  fetching: z.boolean(),
  /** What only a POP3 account has. `warnings`: sentences for its owner, such as that its sign-in is weak. */
  pop3: Pop3Rules.extend({ warnings: z.array(z.string()) }).nullable(),
  imap: ImapView.nullable(),
})
export const UserView = z.object({
  id,
  address: z.string(),
  createdMs: ms,
  lastLoginMs: ms.nullable(),
  /** Bytes of mail kept, and how many may be: null for what `local.quotaBytes` says, 0 for no limit. */
  usedBytes: z.number().int(),
  quotaBytes: z.number().int().nullable(),
})
/** A password made for one program. What it is was shown once and is not known here. */
export const AppPasswordView = z.object({
  id,
  /** What the program signs in as. */
  address: z.string(),
  /** What the person calls the program. */
  name: z.string(),
  /** Whether it signs in the person who runs Posthorn, who may write as every identity, or a local user. */
  owner: z.enum(['person', 'user']),
  createdMs: ms,
  lastUsedMs: ms.nullable(),
})
/** The certificate the servers show. */
export const CertificateView = z.object({
  /** Made here for this installation, or the person's own file. */
  from: z.enum(['own', 'file']),
  subject: z.string(),
  /** SHA-256, in hexadecimal with colons. */
  fingerprint256: z.string(),
  /** What it is for: host names and addresses. */
  names: z.array(z.string()),
  notAfterMs: ms,
  /** Why the file that the settings name is not what is shown, in words; null when nothing is wrong. */
  trouble: z.string().nullable(),
})
/** How one program is set up to submit mail here. */
export const ProgramView = z.object({
  id: z.enum(['thunderbird', 'outlook', 'apple-mail', 'mutt', 'msmtp', 'git', 'curl']),
  name: z.string(),
  host: z.string(),
  port: z.number().int(),
  security: z.enum(['starttls', 'implicit']),
  /** In order. `fields` are what to enter or choose, with the words the program has for them. */
  steps: z.array(z.object({ text: z.string(), fields: z.array(z.object({ label: z.string(), value: z.string() })) })),
  /** Ready text: what to put into a file, or the command to type where `path` is null. */
  texts: z.array(z.object({ path: z.string().nullable(), text: z.string() })),
})
/** How one program is set up to read mail here, by POP3: there is no IMAP server. */
export const ReaderView = ProgramView.extend({
  id: z.enum(['thunderbird', 'outlook', 'apple-mail', 'mutt', 'fetchmail', 'mpop']),
})
/** How programs are set up to submit mail here, and to read it. */
export const ConnectView = z.object({
  /** Where the servers listen; empty when none does. */
  servers: z.array(z.object({ host: z.string(), port: z.number().int(), security: z.enum(['starttls', 'implicit']) })),
  /** Whom a program may sign in as. */
  addresses: z.array(z.object({ address: z.string(), owner: z.enum(['person', 'user']) })),
  /** The one that the programs below are set up for; null when there is none. */
  address: z.string().nullable(),
  certificate: CertificateView,
  /** Stands in the texts where the password goes. */
  passwordPlace: z.string(),
  /** Empty when no server listens, or nobody can sign in. */
  programs: z.array(ProgramView),
  /** Where the POP3 server listens; empty when it does not. User name, password and certificate are the same. */
  receiving: z.array(
    z.object({ host: z.string(), port: z.number().int(), security: z.enum(['starttls', 'implicit']) }),
  ),
  /** The programs that read mail there. Empty when no POP3 server listens, or nobody can sign in. */
  readers: z.array(ReaderView),
})
/** One line of the table of aliases, as a person wrote it. */
export const AliasView = z.object({
  id,
  patterns: z.array(z.string()),
  targets: z.array(z.string()),
  /** What is wrong with it, in words, such as a target without a mailbox. */
  problems: z.array(z.string()),
})
/** Where mail to an address goes. `path` says, step by step, how that was found. */
export const ResolutionView = z.object({
  address: z.string(),
  /** Mailboxes here: whose, in words. Addresses elsewhere: where it is sent on to. */
  mailboxes: z.array(z.string()),
  forwards: z.array(z.string()),
  /** The reply that a server would get for it now: `250 2.1.5 …`, `550 5.1.1 …`, `452 4.2.2 …`. */
  reply: z.string(),
  path: z.array(z.object({ depth: z.number().int(), address: z.string(), text: z.string() })),
})
/** What encrypted a session. */
export const TlsFactsView = z.object({
  version: z.string(),
  cipher: z.string(),
  trusted: z.boolean(),
  distrust: z.string().optional(),
  subject: z.string(),
  fingerprint256: z.string(),
  /** Subjects of the certificates, the server's own first. */
  chain: z.array(z.string()).readonly().optional(),
  /** Whether the certificate is for the name of the host, whoever issued it. */
  nameFits: z.boolean().optional(),
  /** What it is for: host names and addresses. */
  names: z.array(z.string()).readonly().optional(),
  validToMs: ms.optional(),
})
/** How the session of a try was protected, and what demanded it. */
export const AttemptTlsView = z.object({
  policy: z.enum(['none', 'mta-sts', 'mta-sts-testing', 'ratchet', 'requiretls']),
  /** Null: clear text. */
  facts: TlsFactsView.nullable(),
  /** What went wrong on the way, or would have under a policy that only tests; null where nothing did. */
  trouble: z.string().nullable(),
})
/** What is known of the TLS of a domain mail goes to. */
export const TlsDomainView = z.object({
  domain: z.string(),
  /** Its MTA-STS policy; null where it has none that we know. */
  mtaSts: z
    .object({
      mode: z.enum(['enforce', 'testing', 'none']),
      id: z.string(),
      mx: z.array(z.string()),
      fetchedMs: ms,
      expiresMs: ms,
    })
    .nullable(),
  /** Why the policy could not be fetched the last time. */
  mtaStsError: z.string().nullable(),
  mtaStsCheckedMs: ms.nullable(),
  /** Verified TLS was seen first and last; until when none but it is accepted. Null where it never was. */
  ratchet: z.object({ sinceMs: ms, seenMs: ms, untilMs: ms }).nullable(),
  /** The last session; `facts` null for clear text. */
  last: z.object({ atMs: ms, mx: z.string(), facts: TlsFactsView.nullable() }).nullable(),
})
/** A DKIM key, its public half. */
export const DkimKeyView = z.object({
  id,
  domain: z.string(),
  selector: z.string(),
  algorithm: z.enum(['rsa-sha256', 'ed25519-sha256']),
  /** Signs all mail of authors of the domain. */
  active: z.boolean(),
  /** What DNS said the last time: `different` for a record with another key. */
  published: z.enum(['unchecked', 'published', 'missing', 'different']),
  checkedMs: ms.nullable(),
  createdMs: ms,
  /** The TXT record to publish: its name, its text, and that text in strings as zone files have them. */
  record: z.object({ name: z.string(), text: z.string(), zone: z.string() }),
  /** One sentence for a person: where it stands and what to do. */
  text: z.string(),
})
/** A server's refusal in plain words. */
export const AdviceView = z.object({
  kind: z.enum(REPLY_KINDS),
  /** The rule of the dictionary that knew it. */
  rule: z.string(),
  title: z.string(),
  meaning: z.string(),
  /** Who has to act. */
  who: z.enum(REPLY_ACTORS),
  next: z.string(),
})
export const LaterReportView = z.object({
  action: z.enum(LATER_ACTIONS),
  /** RFC 3463 code. */
  status: z.string(),
  /** The host that reported, by its own words. */
  reporter: z.string(),
  /** What it says of the reason; '' when it gives none. */
  diagnostic: z.string(),
  /** Where the mail had gone by then, when that is another address. */
  finalAddress: z.string().nullable(),
  atMs: ms,
  /** The report itself, in a folder; it may be gone by now. */
  messageId: id,
})
/** An address that refused mail again and again: its writer is warned, and may send all the same. */
export const SuppressionView = z.object({
  address: z.string(),
  /** Permanent failures in a row. */
  failures: z.number().int(),
  lastReply: z.string().nullable(),
  lastMs: ms,
  sinceMs: ms,
  byHand: z.boolean(),
})
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
  /** What the last refusal means, by the reply dictionary; null where no server refused. */
  advice: AdviceView.nullable(),
  /** What was reported after a server had taken the message: anybody who knows its Message-ID can have written it. */
  laterReports: z.array(LaterReportView),
  /** How the last session was protected; null where it did not come to one. */
  tls: AttemptTlsView.nullable(),
  /** The address it had before somebody changed it here; null where nobody did. */
  firstAddress: z.string().nullable(),
  /** The way somebody chose for it; `automatic`: the rules decide. */
  way: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('automatic') }),
    z.object({ kind: z.literal('direct') }),
    z.object({ kind: z.literal('smarthost'), routeId: id }),
  ]),
  /** Who holds it back: a person, a route that waits for its user, or a rule. Null where nobody does. */
  heldBy: z.enum(['user', 'route', 'rule']).nullable(),
  /** What its sender asked to be told of (RFC 3461); null where nothing was said. */
  notify: z.union([z.literal('never'), z.array(z.enum(['success', 'failure', 'delay']))]).nullable(),
})
/** One thing that was done to the queue by hand, or by the engine for a person to know of. */
export const AuditView = z.object({
  id,
  atMs: ms,
  who: z.enum(['window', 'command', 'engine']),
  /** `hold`, `release`, `retry`, `cancel`, `edit`, `route`, `export`, `pause`, `resume`, `undo`, `decide`, … */
  what: z.string(),
  /** Null: all of the queue. */
  entryId: id.nullable(),
  /** Null: all of the entry. */
  recipientId: id.nullable(),
  /** What was changed, in words; '' where `what` says it all. */
  detail: z.string(),
  /** The reason somebody gave; '' for none. */
  why: z.string(),
})
/** How mail leaves for one destination: a domain, or the name of a smarthost. 0 is no limit. */
export const PaceView = z.object({
  destination: z.string(),
  connections: z.number().int(),
  gapSeconds: z.number().int(),
  perConnection: z.number().int(),
  perMinute: z.number().int(),
  perHour: z.number().int(),
  perDay: z.number().int(),
  /** Somebody set it; otherwise it follows the settings. */
  isOwn: z.boolean(),
  /** Messages handed over in the last hour and day. */
  lastHour: z.number().int(),
  lastDay: z.number().int(),
  /** Recipients that are due and wait for their turn; connections that run. */
  waiting: z.number().int(),
  running: z.number().int(),
  /** Nothing is begun before that time; null where nothing holds it up. */
  restUntilMs: ms.nullable(),
  /** One sentence for a person where a limit is near, reached, or nobody answers. */
  text: z.string().nullable(),
})
export const QueueEntryView = z.object({
  id,
  from: z.string(),
  subject: z.string(),
  sizeBytes: z.number().int(),
  createdMs: ms,
  doneMs: ms.nullable(),
  messageId: z.string(),
  /** DKIM keys that signed it, as `selector._domainkey.domain`; none for mail that goes unsigned. */
  signedBy: z.array(z.string()),
  recipients: z.array(RecipientView),
  /** Nothing leaves before it: send later. */
  holdUntilMs: ms.nullable(),
  /** Until then its writer may take it back whole (`queue.undo`). */
  undoUntilMs: ms.nullable(),
  /** What its sender asked of the transaction (RFC 3461, 2852, 8689). */
  ret: z.enum(['full', 'headers']).nullable(),
  envid: z.string().nullable(),
  deliverBy: z.object({ atMs: ms, mode: z.enum(['return', 'notify']) }).nullable(),
  requireTls: z.boolean(),
  /** Set when the stored bytes failed their checksum: they are kept, and nothing is sent. */
  damaged: z.string().nullable(),
})
/** One entry with all that was done to it by hand, oldest first. */
export const QueueEntryDetail = QueueEntryView.extend({ history: z.array(AuditView) })
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
/** `user`: whom a secret names, decoded; from a client, so nothing to trust. */
const Span = z.union([z.string(), z.object({ secret: z.literal(true), user: z.string().exactOptional() })])
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
    facts: TlsFactsView,
  }),
  z.object({ ...at, kind: z.literal('note'), text: z.string() }),
  z.object({ ...at, kind: z.literal('closed'), by: z.enum(['C', 'S', 'us']), why: z.string().optional() }),
])
/** The name of a language (BCP 47), such as `de-CH`. */
export const LanguageTag = z.string().regex(/^[a-zA-Z]{2,3}(?:-[a-zA-Z0-9]{2,8}){0,3}$/)
export const DraftContent = z.object({
  identityId: id.nullable(),
  to: z.string(),
  cc: z.string(),
  bcc: z.string(),
  subject: z.string(),
  text: z.string(),
  inReplyTo: z.string(),
  references: z.string(),
  /** The message that this one answers or sends on: it is marked so when this is sent. Left out: found by `inReplyTo`. */
  about: z.object({ id, how: z.enum(['answered', 'forwarded']) }).optional(),
  /** Send later: not before then. Left out or null: now. */
  sendAtMs: ms.nullable().optional(),
  /** Rich text, of which `text` is the plain twin; left out or null: plain text alone. */
  html: z.string().nullable().optional(),
  /** How it is written; rich text without any looks is sent as plain text. */
  format: z.enum(['rich', 'plain']).optional(),
  /** Where answers go; left out: as the identity has it. */
  replyTo: z.string().optional(),
  priority: z.enum(['high', 'low']).nullable().optional(),
  /** Asks the servers for a report of delivery (RFC 3461), and the reader for a receipt (RFC 8098). */
  wantsDsn: z.boolean().optional(),
  wantsReceipt: z.boolean().optional(),
  /** The language of the text (BCP 47), which its spelling is checked in; left out or null: the one of the window. */
  language: LanguageTag.nullable().optional(),
  attachments: z.array(
    z.object({
      handle: z.string(),
      filename: z.string(),
      contentType: z.string(),
      sizeBytes: z.number().int(),
      /** Of a picture that stands in `html` as `cid:` and this name. */
      contentId: z.string().max(200).optional(),
      /** A whole stored message, by the handle that `mail.source` gave. */
      isMessage: z.boolean().optional(),
    }),
  ),
})
export const Pop3Settings = z.object({
  host: z.string().min(1).max(253),
  port: z.number().int().min(1).max(65535),
  tls: Tls,
  user: z.string().min(1).max(500),
  /** What `password` is; a password where this is left out. `token`: an OAuth 2.0 access token for XOAUTH2. */
  login: z.enum(['password', 'token']).optional(),
  password: z.string().min(1).max(16_384),
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
export type AppPasswordView = z.infer<typeof AppPasswordView>
export type CertificateView = z.infer<typeof CertificateView>
export type ProgramView = z.infer<typeof ProgramView>
export type ReaderView = z.infer<typeof ReaderView>
export type Pop3ServerView = z.infer<typeof Pop3ServerView>
export type ConnectView = z.infer<typeof ConnectView>
export type AliasView = z.infer<typeof AliasView>
export type ResolutionView = z.infer<typeof ResolutionView>
export type InboundView = z.infer<typeof InboundView>
export type TlsFactsView = z.infer<typeof TlsFactsView>
export type AttemptTlsView = z.infer<typeof AttemptTlsView>
export type TlsDomainView = z.infer<typeof TlsDomainView>
export type DkimKeyView = z.infer<typeof DkimKeyView>
export type RecipientView = z.infer<typeof RecipientView>
export type AdviceView = z.infer<typeof AdviceView>
export type LaterReportView = z.infer<typeof LaterReportView>
export type SuppressionView = z.infer<typeof SuppressionView>
export type QueueEntryView = z.infer<typeof QueueEntryView>
export type QueueEntryDetail = z.infer<typeof QueueEntryDetail>
export type AuditView = z.infer<typeof AuditView>
export type PaceView = z.infer<typeof PaceView>
export type SessionView = z.infer<typeof SessionView>
export type EventView = z.infer<typeof EventView>
export type DraftContent = z.infer<typeof DraftContent>
export type Pop3Settings = z.infer<typeof Pop3Settings>
export type Pop3Rules = z.infer<typeof Pop3Rules>
