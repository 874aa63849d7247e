import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { composeContract } from './compose-contract.ts'
import { diagnosticsContract } from './diagnostics-contract.ts'
import { consoleContract } from './console-contract.ts'
import { discoverCall, signInContract } from './discovery-contract.ts'
import { junkContract } from './junk-contract.ts'
import { labContract } from './lab-contract.ts'
import { logContract } from './log-contract.ts'
import { pageCall, placeCall, rangeCall, snoozeCall, snoozedCall, standingCall } from './mail-list-contract.ts'
import {
  aboutCall,
  attachmentTextCall,
  headersCall,
  partCall,
  treeCall,
  unsubscribeCall,
} from './message-facts-contract.ts'
import { contactContract, setTagsCall, tagContract, threadCall } from './reading-contract.ts'
import { routeContract } from './route-contract.ts'
import { rulesContract } from './rules-contract.ts'
import { searchCall, searchContract } from './search-contract.ts'
import { traceContract } from './trace-contract.ts'
import { exportContract, importContract } from './transfer-contract.ts'
import { unlockCall, vaultContract } from './vault-contract.ts'
import {
  AccountKind,
  AccountView,
  AliasView,
  AppPasswordView,
  AuditView,
  ConnectView,
  DkimKeyView,
  DraftContent,
  Drafts,
  EventView,
  FolderView,
  Id,
  IdentityView,
  LanguageTag,
  MessageRow,
  MessageView,
  PaceView,
  Pop3Rules,
  Pop3Settings,
  QueueEntryDetail,
  QueueEntryView,
  ResolutionView,
  SentCopy,
  SessionView,
  StatusView,
  SuppressionView,
  TlsDomainView,
  UserView,
} from './views.ts'

/**
 * The whole surface between a window and the engine. Input is checked in the engine, output is typed for the view. A failed
 * call carries the Fault's code and its message. `changes` streams name what changed; a view asks again, it never patches
 * itself from an event. Bytes never travel in calls: they are given as handles.
 */
const done = z.object({ ok: z.literal(true) })
/** Who asks, and the reason: both stand in the history of what was changed. */
const Asked = {
  by: z.enum(['window', 'command']).optional(),
  why: z.string().max(500).optional(),
}
/** Recipients of the queue: one, those of an entry, those of a domain, or (`id` null and nothing else) all. */
const Target = z.object({
  id: Id.nullable(),
  recipientId: Id.optional(),
  domain: z.string().max(255).optional(),
  ...Asked,
})
const recipients = z.object({ recipients: z.number().int() })
/** An account signs in with one of the two; with neither or both a call fails with `conflict`. */
const bySignIn = {
  password: z.string().min(1).max(16_384).optional(),
  /** A sign-in of `signIn.list`, which makes tokens as they are needed. */
  signInId: Id.optional(),
}
const limit = z.number().int().min(0).max(10_000_000).nullable()
const cursor = z.object({ dateMs: z.number(), id: Id })

export const contract = {
  app: {
    status: oc.output(StatusView),
    /** Something changed that `status` shows. */
    changes: oc.output(eventIterator(z.object({ what: z.enum(['status']) }))),
    settings: oc.output(
      z.array(
        z.object({
          key: z.string(),
          about: z.string(),
          value: z.unknown(),
          default: z.unknown(),
          allowed: z.string(),
          unit: z.string().nullable(),
          /** All it may be, where that is a few words. */
          choices: z.array(z.string()).readonly().nullable(),
          needsRestart: z.boolean(),
          fromFile: z.boolean(),
        }),
      ),
    ),
    setSetting: oc.input(z.object({ key: z.string(), value: z.unknown() })).output(done),
    unlock: unlockCall,
  },
  vault: vaultContract,
  /** How the program itself fares. */
  diagnostics: diagnosticsContract,
  identity: {
    list: oc.output(z.array(IdentityView)),
    /** Makes or changes the identity of that address. */
    save: oc
      .input(
        z.object({
          id: Id.optional(),
          name: z.string().max(200),
          address: z.string().max(320),
          routeId: Id.nullable(),
          /** Where answers go in place of its own address; '' for nowhere else. Left out, this and the next four stay as they are. */
          replyTo: z.string().max(2000).optional(),
          /** Plain text below what is written; '' for none. */
          signature: z.string().max(10_000).optional(),
          /** Below answers and what is sent on, too. */
          signsAnswers: z.boolean().optional(),
          /** What it writes in; '' for the language of the window. */
          language: z.union([z.literal(''), LanguageTag]).optional(),
          /** Where copies of what it sends are kept; null for Sent of the account of its address, or else of this computer. */
          sentFolderId: Id.nullable().optional(),
        }),
      )
      .output(IdentityView),
    remove: oc.input(z.object({ id: Id })).output(done),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  route: routeContract,
  user: {
    list: oc.output(z.array(UserView)),
    add: oc.input(z.object({ address: z.string().max(320), password: z.string().min(1).max(1000) })).output(UserView),
    /** Most bytes this user may keep; null for what `local.quotaBytes` says, 0 for no limit. */
    setQuota: oc.input(z.object({ id: Id, quotaBytes: z.number().int().min(0).nullable() })).output(UserView),
  },
  /** Programs that submit mail here or read it: a password for each, and how each is set up. */
  access: {
    list: oc.output(z.array(AppPasswordView)),
    /**
     * Makes a password for one program. `password` is in this answer and never in another. `address` is a local user's or an
     * identity's, which needs nothing else. Fails with `address.invalid`, with `not-found` where nobody has the address, and with
     * `conflict` for a name that is taken or when there are too many.
     */
    make: oc
      .input(z.object({ address: z.string().max(320), name: z.string().trim().min(1).max(100) }))
      .output(z.object({ entry: AppPasswordView, password: z.string() })),
    /** From now on nobody signs in with it, and sessions that did submit nothing more. Fails with `not-found`. */
    revoke: oc.input(z.object({ id: Id })).output(done),
    /** How programs are set up. `address` null: for the first that may sign in. Fails with `not-found`. */
    connect: oc.input(z.object({ address: z.string().max(320).nullable() })).output(ConnectView),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  /** Where mail for the local domains goes: lines of patterns and targets. */
  alias: {
    list: oc.output(z.array(AliasView)),
    /**
     * Makes a line, or changes the one of that id. A pattern is `ada@one.example`, `*@one.example` (all that nobody else takes) or
     * `ada@*` (in every local domain); a target is an address here or elsewhere, or `*@home.example` for the same local part. Fails
     * with `address.invalid`, and with `conflict` where a pattern stands in another line.
     */
    set: oc
      .input(
        z.object({
          id: Id.optional(),
          patterns: z.array(z.string().max(320)).min(1).max(100),
          targets: z.array(z.string().max(320)).min(1).max(100),
        }),
      )
      .output(AliasView),
    remove: oc.input(z.object({ id: Id })).output(done),
    /** Where mail to that address would go now, and how that was found. Fails with `address.invalid`. */
    resolve: oc.input(z.object({ address: z.string().max(320) })).output(ResolutionView),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  /** What is known of the TLS of the domains mail goes to. */
  tls: {
    /** By name. `after` continues where a page ended. */
    domains: oc
      .input(z.object({ after: z.string().max(255).nullable(), limit: z.number().int().min(1).max(200) }))
      .output(z.array(TlsDomainView)),
    /** Forgets policy and ratchet of a domain, so that the next session begins anew. Fails with `not-found`. */
    forget: oc.input(z.object({ domain: z.string().min(1).max(255) })).output(done),
    changes: oc.output(eventIterator(z.object({ domains: z.array(z.string()) }))),
  },
  dkim: {
    list: oc.output(z.array(DkimKeyView)),
    /** Makes a key for a domain. It signs nothing until its record is published. Fails with `address.invalid`. */
    make: oc
      .input(
        z.object({
          domain: z.string().min(1).max(253),
          algorithm: z.enum(['rsa-sha256', 'ed25519-sha256']),
          /** A name of one's own for it; one is made where this is left out. Fails with `conflict` where it is taken. */
          selector: z.string().min(1).max(63).optional(),
        }),
      )
      .output(DkimKeyView),
    /** Asks DNS for the key's record now. A key whose record has come signs from then on. Fails with `conflict` without an answer. */
    check: oc.input(z.object({ id: Id })).output(DkimKeyView),
    /** Signs with the key, or no more. Fails with `conflict` for a key that is not published. */
    setActive: oc.input(z.object({ id: Id, active: z.boolean() })).output(DkimKeyView),
    /** Removes key and private key for good. */
    remove: oc.input(z.object({ id: Id })).output(done),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  account: {
    list: oc.output(z.array(AccountView)),
    discover: discoverCall,
    /** Dials, secures and signs in, and says step by step how that went; nothing is stored. */
    test: oc
      .input(Pop3Settings.extend({ kind: AccountKind.optional(), allowApop: z.boolean().optional(), ...bySignIn }))
      .output(
        eventIterator(
          z.object({
            /** `list`: what mail waits or, of IMAP, what folders there are. */
            step: z.enum(['connect', 'tls', 'login', 'list']),
            state: z.enum(['trying', 'ok', 'failed']),
            text: z.string(),
            sessionId: Id.nullable(),
          }),
        ),
      ),
    add: oc
      .input(
        Pop3Settings.extend({
          ...bySignIn,
          /** POP3 where this is left out. Of IMAP, `keep` and `rules` mean nothing: all stays on the server. */
          kind: AccountKind.optional(),
          /** Of IMAP; `append` where this is left out. */
          sentCopy: SentCopy.optional(),
          /** Of IMAP; `server` where this is left out. */
          drafts: Drafts.optional(),
          name: z.string().max(200),
          keep: z.boolean(),
          everySeconds: z.number().int().min(60).max(86_400),
          /** What is left out is as usual: nothing is deleted, everything comes whole, oldest first, APOP is allowed. */
          rules: Pop3Rules.partial().optional(),
        }),
      )
      .output(AccountView),
    /** Changes what is given and leaves the rest. Fails with `not-found`, and with `conflict` for a maildrop of another account. */
    save: oc
      .input(
        Pop3Settings.partial().extend({
          id: Id,
          signInId: bySignIn.signInId,
          sentCopy: SentCopy.optional(),
          drafts: Drafts.optional(),
          name: z.string().max(200).optional(),
          keep: z.boolean().optional(),
          everySeconds: z.number().int().min(60).max(86_400).optional(),
          rules: Pop3Rules.partial().optional(),
        }),
      )
      .output(AccountView),
    remove: oc.input(z.object({ id: Id })).output(done),
    /** Fetches now: one account, or all. Ends with what came, or fails with the words of the server. */
    fetch: oc
      .input(z.object({ id: Id.nullable() }))
      .output(z.object({ fetched: z.number().int(), failed: z.array(z.object({ id: Id, reason: z.string() })) })),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  mail: {
    folders: oc.output(z.array(FolderView)),
    /** Newest first. `folderId` null: every inbox in one. `after` continues where a page ended. */
    list: oc
      .input(z.object({ folderId: Id.nullable(), after: cursor.nullable(), limit: z.number().int().min(1).max(200) }))
      .output(z.object({ rows: z.array(MessageRow), total: z.number().int(), more: z.boolean() })),
    page: pageCall,
    range: rangeCall,
    place: placeCall,
    snoozed: snoozedCall,
    snooze: snoozeCall,
    standing: standingCall,
    search: searchCall,
    get: oc.input(z.object({ id: Id })).output(MessageView),
    /** Fetches the rest of a message of which only the header is here. Fails with `fetch.failed` in words for a person. */
    getWhole: oc.input(z.object({ id: Id })).output(MessageView),
    setSeen: oc.input(z.object({ ids: z.array(Id).max(1000), seen: z.boolean() })).output(done),
    setStarred: oc.input(z.object({ ids: z.array(Id).max(1000), starred: z.boolean() })).output(done),
    /** Moves to a folder; what is removed from Trash is gone for good. */
    move: oc
      .input(
        z.object({
          ids: z.array(Id).max(1000),
          to: z.union([z.object({ folderId: Id }), z.object({ role: z.enum(['archive', 'trash', 'inbox', 'junk']) })]),
        }),
      )
      .output(done),
    remove: oc.input(z.object({ ids: z.array(Id).max(1000) })).output(done),
    /** A handle to one attachment's decoded bytes, or to the whole source. */
    attachment: oc.input(z.object({ id: Id, index: z.number().int().min(0) })).output(z.object({ handle: z.string() })),
    /**
     * A handle to a picture of the web that the message names, fetched by HTTPS without cookies or referrer, never from a private
     * address. Only when the person asks for it: it tells its host that the message is read. Fails with `fetch.failed`.
     */
    remoteImage: oc
      .input(z.object({ id: Id, url: z.string().min(1).max(8192) }))
      .output(z.object({ handle: z.string() })),
    source: oc
      .input(z.object({ id: Id }))
      .output(z.object({ text: z.string(), truncated: z.boolean(), handle: z.string() })),
    about: aboutCall,
    attachmentText: attachmentTextCall,
    headers: headersCall,
    tree: treeCall,
    part: partCall,
    unsubscribe: unsubscribeCall,
    thread: threadCall,
    setTags: setTagsCall,
    changes: oc.output(eventIterator(z.object({ folderIds: z.array(Id) }))),
  },
  /** Signing in by a provider's own page. */
  signIn: signInContract,
  tag: tagContract,
  contact: contactContract,
  search: searchContract,
  rules: rulesContract,
  junk: junkContract,
  imports: importContract,
  exports: exportContract,
  compose: composeContract,
  queue: {
    /**
     * Entries with open recipients first, then those that are done, each newest first; with `after`, from behind that entry on, so
     * all can be read in this order page by page. With `before`: entries older than that id, newest first, whatever their state.
     */
    list: oc
      .input(z.object({ limit: z.number().int().min(1).max(200), before: Id.optional(), after: Id.optional() }))
      .output(z.array(QueueEntryView)),
    get: oc.input(z.object({ id: Id })).output(QueueEntryDetail),
    /**
     * Recipients that wait are tried now. One of unknown arrival is sent again only where it is named itself, or is all that is left of
     * its entry. What is held stays held, and mail for later stays for later, unless it is named.
     */
    retry: oc.input(Target).output(recipients),
    /** Keeps recipients back until they are released; one that is being tried, when that try ends without delivery. */
    hold: oc.input(Target).output(recipients),
    /** Lets held recipients go; of a named entry or recipient also mail that waits for its hour. `routeId`: all that this route held. */
    release: oc.input(Target.extend({ routeId: Id.optional() })).output(recipients),
    /** Ends an entry's open recipients, or one; with `dsn` their sender gets a report. One being tried ends with that try. */
    cancel: oc
      .input(z.object({ id: Id, recipientId: Id.optional(), dsn: z.boolean().optional(), ...Asked }))
      .output(recipients),
    /** Another address for a recipient that waits. Fails with `address.invalid`, and with `conflict` where it is too late. */
    edit: oc.input(z.object({ recipientId: Id, address: z.string().max(320), ...Asked })).output(done),
    /** Which way an entry's open recipients go, or one of them. Fails with `not-found` for a route that is not there. */
    route: oc
      .input(
        z.object({
          id: Id,
          recipientId: Id.optional(),
          way: z.discriminatedUnion('kind', [
            z.object({ kind: z.literal('automatic') }),
            z.object({ kind: z.literal('direct') }),
            z.object({ kind: z.literal('smarthost'), routeId: Id }),
          ]),
          ...Asked,
        }),
      )
      .output(recipients),
    /** A handle to the message as it goes out. */
    export: oc
      .input(z.object({ id: Id, ...Asked }))
      .output(z.object({ handle: z.string(), filename: z.string(), sizeBytes: z.number().int() })),
    /**
     * Takes back what was just sent, or waits for its hour: nothing leaves, the copy in Sent is gone, and what was written is a draft
     * again. Fails with `conflict` once a try has begun.
     */
    undo: oc.input(z.object({ id: Id, ...Asked })).output(z.object({ draftId: Id, content: DraftContent })),
    /** Stops or starts all sending: the setting `queue.paused`, with a line in the history. */
    pause: oc.input(z.object({ paused: z.boolean(), ...Asked })).output(done),
    /** What was done to the whole queue and to each entry, newest first. `before`: older than that id. */
    history: oc
      .input(z.object({ limit: z.number().int().min(1).max(200), before: Id.optional() }))
      .output(z.array(AuditView)),
    /** What the user says of a recipient whose arrival is unknown; to wait is to say nothing. */
    decide: oc.input(z.object({ recipientId: Id, decision: z.enum(['resend', 'arrived']), ...Asked })).output(done),
    /** How mail leaves for each destination. */
    pace: {
      /** Those somebody set, and those that have mail waiting or were used in the last day; by name, at most 1,000. */
      list: oc.output(z.array(PaceView)),
      /** Sets a pace for one domain or smarthost; null: as the settings have it. 0 messages: no limit. */
      set: oc
        .input(
          z.object({
            destination: z.string().min(1).max(255),
            connections: z.number().int().min(1).max(100).nullable(),
            gapSeconds: z.number().int().min(0).max(3600).nullable(),
            perConnection: z.number().int().min(1).max(10_000).nullable(),
            perMinute: limit,
            perHour: limit,
            perDay: limit,
            ...Asked,
          }),
        )
        .output(PaceView),
      /** Back to the settings. Fails with `not-found` where nothing was set. */
      reset: oc.input(z.object({ destination: z.string().min(1).max(255), ...Asked })).output(done),
    },
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  /** Addresses whose mail came back again and again. A warning stands beside them; nothing is refused. */
  suppression: {
    /** Latest first. */
    list: oc.output(z.array(SuppressionView)),
    /** Fails with `address.invalid`. */
    add: oc.input(z.object({ address: z.string().max(320) })).output(SuppressionView),
    /** Forgets the address and its failures. Fails with `not-found`. */
    remove: oc.input(z.object({ address: z.string().max(320) })).output(done),
  },
  log: {
    /** Newest first. `before`: sessions older than that id. */
    sessions: oc
      .input(
        z.object({
          before: Id.nullable(),
          limit: z.number().int().min(1).max(200),
          protocol: z.enum(['smtp', 'pop3', 'imap']).nullable(),
          problemsOnly: z.boolean(),
          entryId: Id.nullable(),
          messageId: Id.nullable(),
          accountId: Id.nullable().default(null),
        }),
      )
      .output(z.array(SessionView)),
    session: oc.input(z.object({ id: Id })).output(
      z.object({
        session: SessionView,
        links: z.array(z.object({ entryId: Id.nullable(), messageId: Id.nullable() })),
      }),
    ),
    /** Events of one session from `fromSeq` on. */
    events: oc
      .input(z.object({ id: Id, fromSeq: z.number().int().min(0), limit: z.number().int().min(1).max(1000) }))
      .output(z.array(EventView)),
    /** The dialogue as a file for a person and for the test player. */
    export: oc.input(z.object({ id: Id })).output(z.object({ text: z.string() })),
    /** Removes every session that has ended, truly. */
    clear: oc.output(z.object({ sessions: z.number().int() })),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
    ...logContract,
  },
  /** The way of a message: the log, the queue and the message itself, joined. */
  trace: traceContract,
  console: consoleContract,
  lab: labContract,
}
export type Contract = typeof contract
