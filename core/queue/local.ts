import { formatMailbox, formatPath, type ForwardPath } from '../model/address.ts'
import type { MessageFields } from '../model/message-fields.ts'
import type { Outcome } from '../model/outcome.ts'
import type { Reply } from '../model/reply.ts'
import type { FolderOwner } from '../store/folder.ts'
import type { Kept, Started } from '../store/queue-change.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Ended } from './attempts.ts'

/** Joint: whose mailbox an address of a local domain is; undefined when there is none. */
export type ResolveLocal = (to: ForwardPath) => FolderOwner | undefined

const DELIVERED: Reply = { code: 250, enhanced: '2.1.5', lines: ['delivered to the local mailbox'] }

/** What a message becomes in local mailboxes, and the outcome of each recipient. */
export interface LocalDelivery {
  readonly outcomes: readonly Ended[]
  /** One for each mailbox reached, in the operation that says so. */
  readonly kept: readonly Kept[]
}

/** Delivers into local mailboxes: RFC 5321 §4.4 puts Return-Path in front, and Delivered-To says by which address. */
export function deliverLocally(
  entry: QueueEntry,
  recipients: readonly Started[],
  resolve: ResolveLocal,
  fields: MessageFields,
  nowMs: number,
): LocalDelivery {
  const outcomes: Ended[] = []
  const kept: Kept[] = []
  for (const started of recipients) {
    const { to } = started.recipient
    const owner = resolve(to)
    if (!owner) {
      outcomes.push({ started, outcome: { kind: 'bounced', to, why: noMailbox(to) } })
      continue
    }
    outcomes.push({ started, outcome: { kind: 'delivered', to, mx: '', reply: DELIVERED } })
    const lines = `Return-Path: ${formatPath(entry.from)}\r\nDelivered-To: ${formatMailbox(to)}\r\n`
    const prefix = toLatin1(lines) + entry.view.prefix
    const { removed } = entry.view
    kept.push({
      owner,
      role: 'inbox',
      message: { body: 'entry', prefix, removed, fields, receivedMs: nowMs, seen: false },
    })
  }
  return { outcomes, kept }
}

/** The outcome of a local delivery that a fault of ours has stopped: it is tried again. */
export function deferredHere(to: ForwardPath, reason: string): Outcome {
  const reply: Reply = { code: 451, enhanced: '4.3.0', lines: ['local delivery failed'] }
  return { kind: 'deferred', to, why: { at: 'local', reason, reply } }
}

function noMailbox(to: ForwardPath) {
  const lines = [`there is no mailbox ${formatMailbox(to)} here`]
  return { at: 'local', reason: lines.join(), reply: { code: 550, enhanced: '5.1.1', lines } } as const
}

/** UTF-8 bytes, one character a byte: that is how a view keeps its prefix. */
export function toLatin1(text: string): string {
  return Buffer.from(text).toString('latin1')
}
