import { needsUtf8 } from '../../model/address.ts'
import type { Cause } from '../../model/outcome.ts'
import type { Reply } from '../../model/reply.ts'
import type { ClientOptions, Effect, Features, Transaction, Verdict } from './client-words.ts'
import type { ClientCommand } from './encode-command.ts'

/** Recipients in one transaction of ours; servers must take 100 (RFC 5321 §4.5.3.1.8). */
export const MOST_RECIPIENTS = 50

/** A transaction from MAIL to the reply to DATA. */
export interface Running {
  readonly at: 'envelope'
  readonly features: Features
  readonly transaction: Transaction
  /** Commands sent whose replies have not come, in order. */
  readonly awaited: readonly ClientCommand[]
  /** Commands not sent yet: the server does not take them in one go. */
  readonly unsent: readonly ClientCommand[]
  /** How many RCPT have been answered. */
  readonly answered: number
  /** What is settled of each recipient; 'accepted' waits for the end of the data. */
  readonly found: readonly (Verdict | 'accepted' | undefined)[]
}

/** The causes of a session, each with its host. */
export const causes = (mx: string) => ({
  reply: (verb: string, reply: Reply): Cause => ({ at: 'reply', mx, verb, reply }),
  of: (at: 'greeting' | 'tls' | 'protocol' | 'lost', reason: string): Cause => ({ at, mx, reason }),
  missing: (missing: 'SMTPUTF8' | '8BITMIME' | 'SIZE'): Cause => ({ at: 'feature', mx, missing }),
})

/** What the server cannot carry of this message, as a verdict for all; undefined when it can. */
export function findObstacle(features: Features, transaction: Transaction, mx: string): Verdict | undefined {
  const { missing } = causes(mx)
  if (features.largestBytes !== undefined && transaction.sizeBytes > features.largestBytes)
    return { kind: 'bounced', why: missing('SIZE'), elsewhere: false } // RFC 1870 §6
  const addresses = transaction.from === null ? transaction.to : [transaction.from, ...transaction.to]
  const isUtf8 = transaction.needsUtf8 || addresses.some((one) => needsUtf8(one))
  if (isUtf8 && !features.smtpUtf8) return { kind: 'bounced', why: missing('SMTPUTF8'), elsewhere: true } // RFC 6531 §3.2
  if (transaction.is8bit && !features.eightBitMime)
    return { kind: 'bounced', why: missing('8BITMIME'), elsewhere: true } // RFC 6152 §3
  return undefined
}

/** Begins a transaction: all in one write where PIPELINING is offered (RFC 2920 §3.1), else one command at a time. */
export function begin(
  features: Features,
  transaction: Transaction,
  needsReset: boolean,
): readonly [Running, ...Effect[]] {
  const most = Math.min(MOST_RECIPIENTS, features.mostRecipients ?? MOST_RECIPIENTS)
  const now = transaction.to.slice(0, most)
  const commands: ClientCommand[] = [
    ...(needsReset ? [{ verb: 'RSET' } as const] : []),
    {
      verb: 'MAIL',
      from: transaction.from,
      ...(features.size ? { sizeBytes: transaction.sizeBytes } : {}),
      is8bit: transaction.is8bit,
      isUtf8: transaction.needsUtf8 || [transaction.from, ...now].some((one) => one !== null && needsUtf8(one)),
    },
    ...now.map((to) => ({ verb: 'RCPT', to }) as const),
    { verb: 'DATA' },
  ]
  const first = features.pipelining ? commands : commands.slice(0, 1)
  const found = transaction.to.map((_, n) => (n < most ? undefined : ({ kind: 'again' } as const)))
  return [
    { at: 'envelope', features, transaction, awaited: first, unsent: commands.slice(first.length), answered: 0, found },
    { do: 'send', commands: first },
  ]
}

/** Verdicts when the transaction ends with `rest` for all who are not settled yet. */
export function conclude(found: Running['found'], rest: Verdict): Verdict[] {
  return found.map((one) => (one === undefined || one === 'accepted' ? rest : one))
}

/** Places of the recipients the server has accepted. */
export function acceptedOf(found: Running['found']): number[] {
  return found.flatMap((one, n) => (one === 'accepted' ? [n] : []))
}

/** A refusal as a verdict: 4xx may be tried again, 5xx is final (RFC 5321 §4.2.1). */
export function refusal(reply: Reply, verb: string, elsewhere: boolean, options: ClientOptions): Verdict {
  const why = causes(options.mx).reply(verb, reply)
  return reply.code < 500 ? { kind: 'deferred', why, elsewhere } : { kind: 'bounced', why, elsewhere: false }
}

/**
 * What the reply to one RCPT says. A server that has accepted some and now has enough wants the rest in a new transaction
 * (RFC 5321 §4.5.3.1.10: 452, from some 552); to one that accepted nobody that would be an endless loop.
 */
export function judgeRecipient(reply: Reply, found: Running['found'], options: ClientOptions): Verdict | 'accepted' {
  if (reply.code < 300) return 'accepted'
  const saysTooMany =
    (reply.code === 452 || reply.code === 552) &&
    (reply.enhanced === undefined
      ? reply.code === 452 || /too many/i.test(reply.lines.join(' '))
      : reply.enhanced.endsWith('.5.3'))
  if (saysTooMany && found.includes('accepted')) return { kind: 'again' }
  if (saysTooMany) return { kind: 'deferred', why: causes(options.mx).reply('RCPT', reply), elsewhere: false }
  return refusal(reply, 'RCPT', false, options)
}
