import { needsUtf8 } from '../../model/address.ts'
import type { Cause } from '../../model/outcome.ts'
import type { Reply } from '../../model/reply.ts'
import { CHUNK_FROM_BYTES, type ClientOptions, type Effect, type Features } from './client-words.ts'
import type { Transaction, Verdict } from './client-words.ts'
import type { ClientCommand } from './encode-command.ts'

/** Recipients in one transaction of ours; servers must take 100 (RFC 5321 §4.5.3.1.8). */
export const MOST_RECIPIENTS = 50

/** A transaction from MAIL to the reply to DATA, or to that of the last RCPT where the message goes in chunks. */
export interface Running {
  readonly at: 'envelope'
  readonly features: Features
  readonly transaction: Transaction
  /** Places of the recipients in this transaction, in the order of their RCPT. */
  readonly asked: readonly number[]
  readonly chunked: boolean
  /** Commands sent whose replies have not come, in order. */
  readonly awaited: readonly ClientCommand[]
  /** Commands not sent yet: the server does not take them in one go. */
  readonly unsent: readonly ClientCommand[]
  /** How many RCPT have been answered. */
  readonly answered: number
  /** What is settled of each recipient; 'accepted' waits for the end of the data. */
  readonly found: readonly (Verdict | 'accepted' | undefined)[]
}

/** The causes of a session, each with its host. Made for each reply, so it is no more than that name. */
class Causes {
  readonly #mx: string

  constructor(mx: string) {
    this.#mx = mx
  }

  reply(verb: string, reply: Reply): Cause {
    return { at: 'reply', mx: this.#mx, verb, reply }
  }

  of(at: 'greeting' | 'tls' | 'protocol' | 'lost', reason: string): Cause {
    return { at, mx: this.#mx, reason }
  }

  missing(missing: 'SMTPUTF8' | '8BITMIME' | 'SIZE' | 'DELIVERBY'): Cause {
    return { at: 'feature', mx: this.#mx, missing }
  }

  login(reason: string, reply?: Reply): Cause {
    return { at: 'login', mx: this.#mx, reason, ...(reply && { reply }) }
  }
}

/** The causes of a session with that host. */
export const causes = (mx: string): Causes => new Causes(mx)

/** What the server cannot carry of this message, as a verdict for all; undefined when it can. */
export function findObstacle(features: Features, transaction: Transaction, mx: string): Verdict | undefined {
  const missing = (what: Parameters<Causes['missing']>[0]) => causes(mx).missing(what)
  const { options } = transaction
  const otherwise = (why: Cause): Verdict => ({ kind: 'bounced', why, elsewhere: true })
  if (features.largestBytes !== undefined && transaction.sizeBytes > features.largestBytes)
    return { kind: 'bounced', why: missing('SIZE'), elsewhere: false } // RFC 1870 §6
  const addresses = transaction.from === null ? transaction.to : [transaction.from, ...transaction.to]
  const isUtf8 = transaction.needsUtf8 || addresses.some((one) => needsUtf8(one))
  if (isUtf8 && !features.smtpUtf8) return otherwise(missing('SMTPUTF8')) // RFC 6531 §3.2
  if (transaction.is8bit && !features.eightBitMime) return otherwise(missing('8BITMIME')) // RFC 6152 §3
  if (options?.requireTls && !features.requireTls)
    return otherwise({
      at: 'policy',
      mx,
      policy: 'requiretls',
      reason: 'it does not promise verified TLS for the rest of the way',
    }) // RFC 8689 §4.2.1
  const by = options?.deliverBy
  // RFC 2852 §4.1.4.2: what is to be returned when late must not go where nobody looks at the time.
  if (by?.mode === 'return' && (!features.deliverBy || by.seconds < features.deliverBy.leastSeconds))
    return otherwise(missing('DELIVERBY'))
  return undefined
}

/** Begins a transaction: all in one write where PIPELINING is offered (RFC 2920 §3.1), else one command at a time. */
export function begin(
  features: Features,
  transaction: Transaction,
  needsReset: boolean,
  options: ClientOptions,
): readonly [Running, ...Effect[]] {
  const asked = choose(transaction, features)
  const chunked = features.chunking && transaction.sizeBytes >= (options.chunkFromBytes ?? CHUNK_FROM_BYTES)
  const commands: ClientCommand[] = []
  if (needsReset) commands.push({ verb: 'RSET' })
  commands.push(mailOf(transaction, asked, features))
  for (const n of asked) commands.push(recipientOf(transaction, n, features))
  if (!chunked) commands.push({ verb: 'DATA' })
  const first = features.pipelining ? commands : commands.slice(0, 1)
  const found: Running['found'] = transaction.to.map(() => undefined)
  const others =
    asked.length === transaction.to.length ? found : found.map((_, n) => (asked.includes(n) ? undefined : AGAIN))
  const unsent = commands.slice(first.length)
  return [
    { at: 'envelope', features, transaction, asked, chunked, awaited: first, unsent, answered: 0, found: others },
    { do: 'send', commands: first },
  ]
}

const AGAIN: Verdict = { kind: 'again' }

/** The recipients one transaction takes: as many as are good practice, and as the server says (RFC 9422 §4). */
function choose({ to }: Transaction, { mostRecipients = MOST_RECIPIENTS, mostDomains }: Features): number[] {
  const most = Math.min(MOST_RECIPIENTS, mostRecipients)
  const all = to.map((_, n) => n)
  if (mostDomains === undefined) return all.slice(0, most)
  const domains = new Set(
    to
      .map(({ domain }) => domain)
      .filter((one, n, list) => list.indexOf(one) === n)
      .slice(0, mostDomains),
  )
  return all.filter((n) => domains.has(to[n]?.domain as never)).slice(0, most)
}

function mailOf(transaction: Transaction, asked: readonly number[], features: Features): ClientCommand {
  const { from, to, options, sizeBytes, is8bit } = transaction
  const isUtf8 =
    transaction.needsUtf8 ||
    (from !== null && needsUtf8(from)) ||
    asked.some((n) => to[n] !== undefined && needsUtf8(to[n]))
  const bare = { verb: 'MAIL', from, is8bit, isUtf8, ...(features.size ? { sizeBytes } : {}) } as const
  if (options === undefined) return bare
  const { ret, envid, requireTls, deliverBy } = options
  return {
    ...bare,
    ...(features.dsn && ret !== undefined ? { ret } : {}),
    ...(features.dsn && envid !== undefined ? { envid } : {}),
    ...(requireTls ? { requireTls } : {}),
    ...(features.deliverBy && deliverBy ? { deliverBy } : {}),
  }
}

/** Only what the sender has said is passed on: an ORCPT of our making could name what the sender kept to itself. */
function recipientOf({ to, recipientOptions }: Transaction, n: number, features: Features): ClientCommand {
  const options = features.dsn ? recipientOptions?.[n] : undefined
  return { verb: 'RCPT', to: to[n]!, ...options }
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
  if (saysTooMany && found.includes('accepted')) return AGAIN
  if (saysTooMany) return { kind: 'deferred', why: causes(options.mx).reply('RCPT', reply), elsewhere: false }
  return refusal(reply, 'RCPT', false, options)
}
