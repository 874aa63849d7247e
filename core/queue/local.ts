import { formatMailbox, formatPath, needsUtf8, type ForwardPath } from '../model/address.ts'
import type { RecipientOptions } from '../model/envelope-options.ts'
import type { FindLocal } from '../model/local-mail.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Reply } from '../model/reply.ts'
import type { Forward } from '../store/forward.ts'
import type { Kept, Started } from '../store/queue-change.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Ended } from './attempts.ts'

const DELIVERED: Reply = { code: 250, enhanced: '2.1.5', lines: ['delivered to the local mailbox'] }
const SENT_ON: Reply = { code: 250, enhanced: '2.1.5', lines: ['an alias: sent on to where it points'] }

/** What a message becomes in local mailboxes, and the outcome of each recipient. */
export interface LocalDelivery {
  readonly outcomes: readonly Ended[]
  /** One for each mailbox reached, in the operation that says so. */
  readonly kept: readonly Kept[]
  /** What aliases send on to elsewhere; stored before the outcome is, and once only. */
  readonly forwards: readonly Forward[]
}

/**
 * Delivers into local mailboxes: RFC 5321 §4.4 puts Return-Path in front, and Delivered-To says by which address. A mailbox that
 * several of the addresses lead to gets the message once.
 */
export function deliverLocally(
  entry: QueueEntry,
  recipients: readonly Started[],
  find: FindLocal,
  fields: MessageFields,
  nowMs: number,
): LocalDelivery {
  const outcomes: Ended[] = []
  const forwards: Forward[] = []
  const reached = new Map<number | null, { readonly owner: Kept['owner']; to: ForwardPath[] }>()
  for (const started of recipients) {
    const { to, id, options } = started.recipient
    const found = find(to, entry.view.sizeBytes)
    if (found.refusal !== undefined) {
      outcomes.push({ started, outcome: refused(to, found.refusal) })
      continue
    }
    for (const owner of found.mailboxes) {
      const known = reached.get(owner.userId)
      if (known === undefined) reached.set(owner.userId, { owner, to: [to] })
      else known.to.push(to)
    }
    if (found.forwards.length > 0)
      forwards.push({
        entryId: entry.id,
        recipientId: id,
        to: found.forwards,
        prefix: deliveredTo([to]),
        options: forwardOptions(to, options),
      })
    const isHere = found.mailboxes.length > 0
    // RFC 3461 §5.2.7.3: what an alias sends on has reached no mailbox by that.
    const sentOn = isHere ? { reply: DELIVERED } : { reply: SENT_ON, dsn: 'relayed' as const }
    outcomes.push({ started, outcome: { kind: 'delivered', to, mx: '', ...sentOn } })
  }
  const { removed } = entry.view
  const kept = [...reached.values()].map(({ owner, to }): Kept => {
    const prefix = toLatin1(`Return-Path: ${formatPath(entry.from)}\r\n`) + deliveredTo(to) + entry.view.prefix
    return { owner, role: 'inbox', message: { body: 'entry', prefix, removed, fields, receivedMs: nowMs, seen: false } }
  })
  return { outcomes, kept, forwards }
}

/**
 * What is asked of those an alias leads to (RFC 3461 §5.2.7.3): success is told of the alias itself and no further, and the
 * address that was written first goes along.
 */
function forwardOptions(to: ForwardPath, { notify, orcpt }: RecipientOptions): RecipientOptions {
  const left = notify === undefined || notify === 'never' ? notify : notify.filter((when) => when !== 'success')
  return {
    ...(left !== undefined && { notify: left.length === 0 ? 'never' : left }),
    orcpt: orcpt ?? { type: needsUtf8(to) ? 'utf-8' : 'rfc822', address: formatMailbox(to) },
  }
}

const deliveredTo = (to: readonly ForwardPath[]) =>
  toLatin1(to.map((one) => `Delivered-To: ${formatMailbox(one)}\r\n`).join(''))

/** The outcome of a local delivery that a fault of ours has stopped: it is tried again. */
export function deferredHere(to: ForwardPath, reason: string): Outcome {
  const reply: Reply = { code: 451, enhanced: '4.3.0', lines: ['local delivery failed'] }
  return { kind: 'deferred', to, why: { at: 'local', reason, reply } }
}

function refused(to: ForwardPath, reply: Reply): Outcome {
  const why = { at: 'local', reason: `${formatMailbox(to)}: ${reply.lines.join(' ')}`, reply } as const
  return reply.code >= 500 ? { kind: 'bounced', to, why } : { kind: 'deferred', to, why }
}

/** UTF-8 bytes, one character a byte: that is how a view keeps its prefix. */
export function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
