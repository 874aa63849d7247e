import type { DsnRecipient } from '../message/dsn.ts'
import { harmless, replyLines, wrap } from '../message/dsn-text.ts'
import { readFields } from '../message/read.ts'
import { formatMailbox, formatPath } from '../model/address.ts'
import type { Kept } from '../store/queue-change.ts'
import { PERSON } from '../store/folder.ts'
import type { QueueEntry } from '../store/queue.ts'
import type { Store } from '../store/types.ts'
import { toLatin1 } from './local.ts'
import { originalOf } from './returned-message.ts'

/**
 * A message that could not be delivered and whose sender can't be told: a report that failed itself (RFC 5321 §4.5.5), or mail
 * from elsewhere, whose sender would be told by a stranger. It is kept whole, with the reasons before its header.
 */
export async function deadLetter(
  entry: QueueEntry,
  failed: readonly DsnRecipient[],
  { store, nowMs }: { readonly store: Pick<Store, 'openBody' | 'readBody'>; readonly nowMs: number },
): Promise<Kept> {
  const { view } = entry
  const prefix = `${reasons(entry, failed)}${view.prefix}`
  const { bytes } = await originalOf(entry, store, 'message')
  const { isReport: _, ...fields } = readFields(bytes)
  const message = { body: 'entry' as const, prefix, removed: view.removed, fields, receivedMs: nowMs, seen: false }
  return { owner: PERSON, role: 'dead-letters', message }
}

/** Header lines that say who was not reached and why; the words of others can't leave their line. */
function reasons(entry: QueueEntry, failed: readonly DsnRecipient[]): string {
  const lines = failed.flatMap(({ to, status, words, reply }) => {
    const said = reply === undefined ? words : replyLines(reply).join(' ')
    return wrap(`X-Posthorn-Undelivered: <${harmless(formatMailbox(to))}> ${status} ${said}`.trimEnd(), 76).map(
      (line, n) => (n === 0 ? line : ` ${line}`),
    )
  })
  return toLatin1([`Return-Path: ${formatPath(entry.from)}`, ...lines, ''].join('\r\n'))
}
