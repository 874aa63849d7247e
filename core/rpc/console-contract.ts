import { eventIterator, oc } from '@orpc/contract'
import { z } from 'zod'
import { EventView, Id, Tls, TlsFactsView } from './views.ts'

/** One argument of a command: the line is `begin`, then of each argument `before`, its value, `after`. */
export const ConsoleArgumentView = z.object({
  name: z.string(),
  label: z.string(),
  hint: z.string(),
  before: z.string(),
  after: z.string(),
  /** Values to choose from; empty where anything may be typed. */
  options: z.array(z.string()),
  isOptional: z.boolean(),
  value: z.string(),
})
/** A command that can be chosen, what it means, and why it may not be said now ('' where it may). */
export const ConsoleVerbView = z.object({
  verb: z.string(),
  begin: z.string(),
  args: z.array(ConsoleArgumentView),
  whyNot: z.string(),
  /** It begins a sign-in: `console.signIn` with user and secret. */
  isSignIn: z.boolean(),
  title: z.string(),
  text: z.string(),
  syntax: z.string(),
  rfc: z.number().int().nullable(),
  section: z.string(),
})
export type ConsoleVerbView = z.infer<typeof ConsoleVerbView>

/** A session of the console as it stands. */
export const ConsoleView = z.object({
  id: Id,
  /** Its session in the protocol log; null where sessions of that protocol are not recorded. */
  sessionId: Id.nullable(),
  protocol: z.enum(['smtp', 'pop3']),
  host: z.string(),
  port: z.number().int(),
  tls: Tls,
  /** `address:port` it is connected to; '' before. */
  address: z.string(),
  startedMs: z.number(),
  /** When it ends by itself where nothing is said. */
  endsMs: z.number(),
  /** `certificate`: TLS stands and its certificate is not good; `goOn` or `hangUp` decides. */
  stage: z.enum(['dialling', 'handshake', 'certificate', 'open', 'over']),
  /** Why it is over; '' while it is not. */
  ended: z.string(),
  facts: TlsFactsView.nullable(),
  /** `own`: the certificate is the one that Posthorn's own servers show. */
  verdict: z.enum(['trusted', 'own', 'other-name', 'untrusted']).nullable(),
  /** What may be said, of which commands, with why the others may not; empty before it is connected. */
  verbs: z.array(ConsoleVerbView),
  prompt: z.discriminatedUnion('is', [
    z.object({ is: z.literal('command') }),
    /** A line of the message; a dot alone ends it. */
    z.object({ is: z.literal('message') }),
    /** An answer within AUTH; `asks` is what for, '' where the server says no word. */
    z.object({ is: z.literal('answer'), asks: z.string() }),
    z.object({ is: z.literal('chunk'), left: z.number().int() }),
  ]),
  /** The server has not answered yet. */
  waits: z.boolean(),
  isSignedIn: z.boolean(),
  /** Mechanisms that `signIn` can carry out here. */
  mechanisms: z.array(z.string()),
  guide: z.object({
    stations: z.array(z.string()),
    /** Which of them is next. */
    at: z.number().int(),
    /** Which of those before it were passed by. */
    missed: z.array(z.number().int()),
    text: z.string(),
    verb: z.string(),
    /** The way has been gone, or left. */
    isOver: z.boolean(),
  }),
  /** A stored session is being said again. */
  replay: z.object({ at: z.number().int(), of: z.number().int() }).nullable(),
  /** Why a replay has ended; '' where there was none. */
  handedOver: z.string(),
})
export type ConsoleView = z.infer<typeof ConsoleView>

/** Sessions that a person leads by hand. */
export const consoleContract = {
  /** Those that are open, and the last ones that were, newest first. */
  list: oc.output(z.array(ConsoleView)),
  /**
   * Opens one to whatever is named, of the own network and computer, too. `replay` says the lines of a stored session again, up to the
   * event of that number, and then hands over; secrets and messages are left to the person. Fails with `conflict` where too many are
   * open, and with `not-found` for a session that is not stored.
   */
  open: oc
    .input(
      z.object({
        protocol: z.enum(['smtp', 'pop3']),
        host: z.string().trim().min(1).max(253),
        port: z.number().int().min(1).max(65535),
        tls: Tls,
        replay: z.object({ sessionId: Id, seq: z.number().int().min(0) }).optional(),
      }),
    )
    .output(ConsoleView),
  get: oc.input(z.object({ id: Id })).output(ConsoleView),
  /** What was said, from `fromSeq` on; secrets are not in it. */
  events: oc
    .input(z.object({ id: Id, fromSeq: z.number().int().min(0), limit: z.number().int().min(1).max(1000) }))
    .output(z.array(EventView)),
  /**
   * Says a line. `anything`: whatever the protocol says of it, also before the last one is answered. `base64`: an answer within AUTH that
   * is to be encoded first. Fails with `conflict` and why, where it was not said.
   */
  say: oc
    .input(
      z.object({
        id: Id,
        line: z.string().max(12_288),
        anything: z.boolean().optional(),
        base64: z.boolean().optional(),
      }),
    )
    .output(ConsoleView),
  /** Says a whole message where one is due, with the dot behind it; a dot at a line's beginning is doubled. Fails with `conflict`. */
  sayMessage: oc.input(z.object({ id: Id, text: z.string().max(1_000_000) })).output(ConsoleView),
  /** Signs in by a mechanism of `mechanisms`. The secret is stored nowhere. Fails with `conflict`. */
  signIn: oc
    .input(
      z.object({
        id: Id,
        mechanism: z.string().max(40),
        user: z.string().min(1).max(320),
        secret: z.string().min(1).max(16_384),
      }),
    )
    .output(ConsoleView),
  /** Goes on in spite of the certificate, in this session only. */
  goOn: oc.input(z.object({ id: Id })).output(ConsoleView),
  /** Ends a replay where it is. */
  takeOver: oc.input(z.object({ id: Id })).output(ConsoleView),
  hangUp: oc.input(z.object({ id: Id })).output(ConsoleView),
  changes: oc.output(eventIterator(z.object({ ids: z.array(Id) }))),
}
