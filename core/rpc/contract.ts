import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import {
  AccountView,
  DraftContent,
  EventView,
  FolderView,
  Id,
  IdentityView,
  MessageRow,
  MessageView,
  Pop3Settings,
  QueueEntryView,
  RouteView,
  SessionView,
  StatusView,
  Tls,
  UserView,
} from './views.ts'

/**
 * The whole surface between a window and the engine. Input is checked in the engine, output is typed for the view. A failed
 * call carries the Fault's code and its message. `changes` streams name what changed; a view asks again, it never patches
 * itself from an event. Bytes never travel in calls: they are given as handles.
 */
const done = z.object({ ok: z.literal(true) })
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
          later: z.boolean(),
          needsRestart: z.boolean(),
          fromFile: z.boolean(),
        }),
      ),
    ),
    setSetting: oc.input(z.object({ key: z.string(), value: z.unknown() })).output(done),
  },
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
        }),
      )
      .output(IdentityView),
    remove: oc.input(z.object({ id: Id })).output(done),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  route: {
    list: oc.output(z.array(RouteView)),
    add: oc
      .input(z.object({ host: z.string().min(1).max(253), port: z.number().int().min(1).max(65535), tls: Tls }))
      .output(RouteView),
    remove: oc.input(z.object({ id: Id })).output(done),
  },
  user: {
    list: oc.output(z.array(UserView)),
    add: oc.input(z.object({ address: z.string().max(320), password: z.string().min(1).max(1000) })).output(UserView),
  },
  account: {
    list: oc.output(z.array(AccountView)),
    /** Dials, secures and signs in, and says step by step how that went; nothing is stored. */
    test: oc.input(Pop3Settings).output(
      eventIterator(
        z.object({
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
          name: z.string().max(200),
          keep: z.boolean(),
          everySeconds: z.number().int().min(60).max(86_400),
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
    search: oc
      .input(z.object({ text: z.string().max(1000), limit: z.number().int().min(1).max(200) }))
      .output(z.array(MessageRow)),
    get: oc.input(z.object({ id: Id })).output(MessageView),
    setSeen: oc.input(z.object({ ids: z.array(Id).max(1000), seen: z.boolean() })).output(done),
    setStarred: oc.input(z.object({ ids: z.array(Id).max(1000), starred: z.boolean() })).output(done),
    /** Moves to a folder; what is removed from Trash is gone for good. */
    move: oc
      .input(
        z.object({
          ids: z.array(Id).max(1000),
          to: z.union([z.object({ folderId: Id }), z.object({ role: z.enum(['archive', 'trash', 'inbox']) })]),
        }),
      )
      .output(done),
    remove: oc.input(z.object({ ids: z.array(Id).max(1000) })).output(done),
    /** A handle to one attachment's decoded bytes, or to the whole source. */
    attachment: oc.input(z.object({ id: Id, index: z.number().int().min(0) })).output(z.object({ handle: z.string() })),
    source: oc
      .input(z.object({ id: Id }))
      .output(z.object({ text: z.string(), truncated: z.boolean(), handle: z.string() })),
    changes: oc.output(eventIterator(z.object({ folderIds: z.array(Id) }))),
  },
  compose: {
    upload: {
      begin: oc
        .input(
          z.object({
            filename: z.string().max(500),
            contentType: z.string().max(200),
            sizeBytes: z.number().int().min(0).max(52_428_800),
          }),
        )
        .output(z.object({ handle: z.string() })),
      /** `base64` of at most 256 KiB of bytes. */
      chunk: oc.input(z.object({ handle: z.string(), base64: z.string().max(360_000) })).output(done),
      drop: oc.input(z.object({ handle: z.string() })).output(done),
    },
    /** Checks To, Cc and Bcc as they are typed: how each address reads, and what is wrong with it. */
    check: oc.input(z.object({ addresses: z.string().max(100_000) })).output(
      z.array(
        z.object({
          text: z.string(),
          name: z.string(),
          address: z.string().nullable(),
          problem: z.string().nullable(),
        }),
      ),
    ),
    /** Into the queue. Resolves when it is durable. */
    send: oc.input(DraftContent).output(z.object({ entryId: Id })),
    saveDraft: oc.input(z.object({ id: Id.nullable(), content: DraftContent })).output(z.object({ id: Id })),
    drafts: oc.output(z.array(z.object({ id: Id, content: DraftContent, changedMs: z.number() }))),
    dropDraft: oc.input(z.object({ id: Id })).output(done),
  },
  queue: {
    /**
     * Entries with open recipients first, then those that are done, each newest first. With `before`: entries older than that
     * id, newest first, whatever their state; so all can be read page by page.
     */
    list: oc
      .input(z.object({ limit: z.number().int().min(1).max(200), before: Id.optional() }))
      .output(z.array(QueueEntryView)),
    get: oc.input(z.object({ id: Id })).output(QueueEntryView),
    /** All recipients that wait, of one entry or of all, are tried now. */
    retry: oc.input(z.object({ id: Id.nullable() })).output(z.object({ recipients: z.number().int() })),
    cancel: oc.input(z.object({ id: Id })).output(z.object({ recipients: z.number().int() })),
    /** What the user says of a recipient whose arrival is unknown. */
    decide: oc.input(z.object({ recipientId: Id, decision: z.enum(['resend', 'arrived']) })).output(done),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
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
  },
}
export type Contract = typeof contract
