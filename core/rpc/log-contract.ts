import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { EXPLAINED_IN, EXPLAINED_KINDS } from '../model/explain-words.ts'
import { SHARE_FORMATS } from '../model/log-file.ts'
import { Marks } from './search-contract.ts'
import { AdviceView, Id, SessionView } from './views.ts'

const done = z.object({ ok: z.literal(true) })
const ms = z.number()
const protocol = z.enum(['smtp', 'pop3', 'imap'])

/** A place in a session that a query of the log found. */
export const LogLineView = z.object({
  /** Number of the event in its session. */
  seq: z.number().int(),
  /** Who said it; null for what was never on the wire, such as a note. */
  from: z.enum(['C', 'S']).nullable(),
  /** Its beginning, secrets as `<secret>`; from a peer, so nothing to trust. */
  text: z.string(),
  /** Where the words that were looked for stand in it. */
  marks: Marks,
  /** The command this is, or answers; '' for none. */
  verb: z.string(),
  /** The reply's code or status; '' for none. */
  code: z.string(),
  /** How long the answer took; null where this is none. */
  ms: ms.nullable(),
})
export type LogLineView = z.infer<typeof LogLineView>

/** A session that a query found, with the first places in it. */
export const LogHit = z.object({
  session: SessionView,
  /** Empty where the query asks of the session only. */
  lines: z.array(LogLineView).max(5),
  /** How many places there are; lines beyond the first 1,000 places are not counted. */
  matches: z.number().int(),
})
export type LogHit = z.infer<typeof LogHit>

/** One event of a search through the log. */
export const LogPage = z.object({
  /** What was found since the event before, newest session first. */
  hits: z.array(LogHit),
  /** All sessions that began later were looked at; null before the first was. */
  searchedToMs: ms.nullable(),
  /** Nothing more comes. */
  ended: z.boolean(),
  /** Where `ended`: the limit was reached, and `before` the last hit's session goes on. */
  more: z.boolean(),
})
export type LogPage = z.infer<typeof LogPage>

/** A query of the log that is kept; with `notify` every session that ends is held against it. */
export const SavedLogQueryView = z.object({
  id: Id,
  name: z.string(),
  text: z.string(),
  notify: z.boolean(),
  /** How many sessions it found since it notifies, and when the last one ended. */
  found: z.number().int(),
  lastMs: ms.nullable(),
})
export type SavedLogQueryView = z.infer<typeof SavedLogQueryView>

/** A session that ended and that a saved query wants to hear of. */
export const LogAlertView = z.object({ queryId: Id, name: z.string(), hit: LogHit })
export type LogAlertView = z.infer<typeof LogAlertView>

/** What the log takes up, and may. */
export const LogUseView = z.object({
  protocols: z.array(
    z.object({
      protocol,
      sessions: z.number().int(),
      bytes: z.number(),
      /** When the oldest session began. */
      oldestMs: ms.nullable(),
      /** The settings `log.<protocol>.keepDays` and `.keepBytes`. */
      keepDays: z.number().int(),
      keepBytes: z.number().int(),
    }),
  ),
})
export type LogUseView = z.infer<typeof LogUseView>

/** What was cut out of an export or given another name. */
export const RedactionView = z.object({
  /** Passwords, tokens and the like, which were never stored. */
  secrets: z.number().int(),
  /** Messages of which only the size is said. */
  contents: z.number().int(),
  /** Where pseudonyms were asked for: what stands for what. In no exported file. */
  replaced: z.array(
    z.object({
      kind: z.enum(['address', 'host', 'ip', 'name']),
      from: z.string(),
      to: z.string(),
      times: z.number().int(),
    }),
  ),
})
export type RedactionView = z.infer<typeof RedactionView>

/** What a command, a capability or another word of a protocol means. */
export const ExplainedWordView = z.object({
  word: z.string(),
  protocol: z.enum(EXPLAINED_IN),
  kind: z.enum(EXPLAINED_KINDS),
  title: z.string(),
  text: z.string(),
  /** How it is written; '' where it is written alone. */
  syntax: z.string(),
  rfc: z.number().int().nullable(),
  section: z.string(),
})

/** What a reply means, by its codes and by the dictionary. */
export const ExplainedReplyView = z.object({
  /** Null where only an enhanced code was asked for. */
  code: z.number().int().nullable(),
  enhanced: z.string().nullable(),
  basic: z.object({ title: z.string(), text: z.string() }).nullable(),
  /** What its class says: done for good, not now, never. */
  class: z.string(),
  /** Of the enhanced code; null where it has none or a registered one is not known. */
  status: z.object({ title: z.string(), text: z.string(), rfc: z.number().int(), section: z.string() }).nullable(),
  /** Null for a reply that refuses nothing. */
  advice: AdviceView.nullable(),
})

/** Calls of the protocol log beside those that read single sessions. */
export const logContract = {
  /** A session's head, and how many events it has until now: less work than `session`, for whoever follows it. */
  extent: oc.input(z.object({ id: Id })).output(z.object({ session: SessionView, events: z.number().int() })),
  /**
   * Sessions that a query finds, newest first, as they are found; the language is core/model/log-query.ts. Ends when the caller lets
   * go. Fails with `search.invalid`, which says where, for a query that doesn't parse.
   */
  find: oc
    .input(
      z.object({
        text: z.string().max(1000),
        limit: z.number().int().min(1).max(1000),
        /** Only sessions older than that one. */
        before: Id.optional(),
      }),
    )
    .output(eventIterator(LogPage)),
  saved: {
    /** By name. */
    list: oc.output(z.array(SavedLogQueryView)),
    /**
     * Keeps a query, or changes the one of that id. Fails with `search.invalid`, and with `conflict` for a name that is taken or when
     * there are too many.
     */
    save: oc
      .input(
        z.object({
          id: Id.optional(),
          name: z.string().trim().min(1).max(100),
          text: z.string().trim().min(1).max(1000),
          notify: z.boolean(),
        }),
      )
      .output(SavedLogQueryView),
    /** Fails with `not-found`. */
    remove: oc.input(z.object({ id: Id })).output(done),
    changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
  },
  /** What saved queries notify of, as sessions end. */
  alerts: oc.output(eventIterator(LogAlertView)),
  use: oc.output(LogUseView),
  /**
   * What a reply (`550 5.1.1 …`), a code (`421`, `4.7.1`), or a word of a protocol (`CHUNKING`, `RETR`) means; all that it can be.
   */
  explain: oc
    .input(z.object({ text: z.string().max(4000) }))
    .output(z.object({ reply: ExplainedReplyView.nullable(), words: z.array(ExplainedWordView) })),
  /**
   * Sessions as one file, behind a handle: their dialogue (one session or many), JSON (core/rpc/log-file.ts), pcapng for Wireshark, or a
   * message with dialogue and JSON attached. `pseudonyms`: addresses, hosts and names of people stand as made-up ones, the same in
   * all of the file. Fails with `not-found`.
   */
  share: oc
    .input(z.object({ ids: z.array(Id).min(1).max(1000), format: z.enum(SHARE_FORMATS), pseudonyms: z.boolean() }))
    .output(
      z.object({ handle: z.string(), filename: z.string(), sizeBytes: z.number().int(), redaction: RedactionView }),
    ),
}
