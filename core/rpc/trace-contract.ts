import { oc } from '@orpc/contract'
import { z } from 'zod'
import { TRACE_STEPS, TRACE_TONES } from '../model/delivery-trace.ts'
import { RECIPIENT_STATES } from '../model/outcome.ts'
import { STRICT_VERDICTS } from '../model/tls-verdict.ts'
import { AuditView, Id, LaterReportView, SessionView, TlsFactsView } from './views.ts'

const ms = z.number()
const seq = z.number().int()

/** One step of a try; `words` and `text` of the wire have one character a byte (latin1). */
export const TraceStepView = z.object({
  kind: z.enum(TRACE_STEPS),
  verb: z.string(),
  text: z.string(),
  code: z.string(),
  words: z.array(z.string()).readonly(),
  tone: z.enum(TRACE_TONES),
  facts: TlsFactsView.nullable(),
  atMs: ms,
  tookMs: ms.nullable(),
  sessionId: Id,
  /** The first and the last event of that session that it stands for: `log.events` has them. */
  fromSeq: seq,
  toSeq: seq,
  tls: z.boolean(),
})
export type TraceStepView = z.infer<typeof TraceStepView>

/** What demanded TLS of a session; `named`: the user named the server, whose certificate is always verified. */
export const TLS_DEMANDS = ['none', 'mta-sts', 'mta-sts-testing', 'ratchet', 'requiretls', 'named'] as const

/** One part of a recipient's way, in order of time. */
export const TracePart = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('accepted'),
    atMs: ms,
    origin: z.enum(['window', 'submission', 'sendmail', 'report', 'rule']),
    sizeBytes: z.number(),
    signedBy: z.array(z.string()),
    /** The session that brought it, where another program did and it is still kept. */
    sessionId: Id.nullable(),
    /** The line there that carried it. */
    seq: seq.nullable(),
  }),
  z.object({
    kind: z.literal('try'),
    /** From 1. */
    number: z.number().int(),
    atMs: ms,
    endedMs: ms.nullable(),
    /** `delivered`, `deferred`, `bounced`, `held`, `unknown`; null while it goes on, or where it was never settled. */
    outcome: z.string().nullable(),
    /** One sentence for a person on an outcome that is no delivery; '' for none. */
    why: z.string(),
    /** What chose its route, in words; '' where nothing was chosen. */
    route: z.string(),
    /** The server that took it or refused it; '' for a mailbox here. */
    mx: z.string(),
    demand: z.enum(TLS_DEMANDS).nullable(),
    /** What went wrong with TLS on the way, or would have under a policy that only tests. */
    tlsTrouble: z.string().nullable(),
    steps: z.array(TraceStepView),
  }),
  z.object({ kind: z.literal('asked'), atMs: ms, audit: AuditView }),
  z.object({ kind: z.literal('report'), atMs: ms, report: LaterReportView }),
  z.object({ kind: z.literal('next'), atMs: ms }),
])
export type TracePart = z.infer<typeof TracePart>

/** The way of one recipient, from submission to outcome. */
export const RecipientTrace = z.object({
  entryId: Id,
  recipientId: Id,
  address: z.string(),
  state: z.enum(RECIPIENT_STATES),
  parts: z.array(TracePart),
  /** Earlier tries that are left out. */
  leftOut: z.number().int(),
})
export type RecipientTrace = z.infer<typeof RecipientTrace>

/** One stop of a message that came here, as the server there noted it; anybody can have written it but our own. */
export const ReceivedHopView = z.object({
  from: z.string(),
  fromHost: z.string(),
  fromAddress: z.string(),
  by: z.string(),
  with: z.string(),
  id: z.string(),
  for: z.string(),
  tls: z.enum(['yes', 'no', 'unknown']),
  tlsVersion: z.string(),
  tlsCipher: z.string(),
  atMs: ms.nullable(),
  /** Since the stop before (of the first: since the Date field); negative where the two clocks disagree. Null where a date is missing. */
  delayMs: ms.nullable(),
  raw: z.string(),
})
export type ReceivedHopView = z.infer<typeof ReceivedHopView>

/** How a stored message came, and where it went. */
export const MessageTrace = z.object({
  messageId: Id,
  subject: z.string(),
  /** `here`: it was written or delivered on this computer; `unknown`: imported, or its session is no longer kept. */
  how: z.enum(['smtp', 'pop3', 'imap', 'here', 'unknown']),
  /** The session that brought it, and the line there that carried it. */
  session: SessionView.nullable(),
  seq: seq.nullable(),
  receivedMs: ms,
  /** From the last stop until it was here. */
  lastDelayMs: ms.nullable(),
  dateMs: ms.nullable(),
  /** The oldest stop first. */
  hops: z.array(ReceivedHopView),
  hopsLeftOut: z.number().int(),
  /** Where it is or was in the queue, newest first: mail of ours has that Message-ID. */
  sent: z.array(
    z.object({
      entryId: Id,
      createdMs: ms,
      recipients: z.array(z.object({ id: Id, address: z.string(), state: z.enum(RECIPIENT_STATES) })),
      more: z.number().int(),
    }),
  ),
})
export type MessageTrace = z.infer<typeof MessageTrace>

/** What encrypts one session, and what demanded it. */
export const SessionTlsView = z.object({
  /** Null for clear text. */
  facts: TlsFactsView.nullable(),
  /** The line where it began. */
  seq: seq.nullable(),
  demand: z.enum(TLS_DEMANDS).nullable(),
  trouble: z.string().nullable(),
  /** The domain that mail of the session was for, where it was sent straight there; null for other sessions. */
  domain: z.string().nullable(),
  /**
   * What a policy that demands verified TLS would have made of the session: `same`, or nothing would have gone over it, for it was in
   * `clear` text, its certificate was `untrusted`, or for another `name`. `client`: the other end is a client, which shows no
   * certificate; there it could only be refused for clear text.
   */
  strict: z.enum(STRICT_VERDICTS),
})
export type SessionTlsView = z.infer<typeof SessionTlsView>

/** Calls that follow a message. */
export const traceContract = {
  /** Fails with `not-found`. */
  recipient: oc.input(z.object({ recipientId: Id })).output(RecipientTrace),
  /** Fails with `not-found`. */
  message: oc.input(z.object({ messageId: Id })).output(MessageTrace),
  /** Fails with `not-found`. */
  tls: oc.input(z.object({ sessionId: Id })).output(SessionTlsView),
}
