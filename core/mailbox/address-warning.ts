import { MEANINGS } from '../model/reply-advice.ts'
import { adviceOfText } from '../model/explain-reply.ts'
import { parseMailbox } from '../model/address.ts'
import { findSuppressed } from '../store/suppression.ts'
import type { ReadDb } from '../store/types.ts'

/** What speaks against writing to an address, in words; null where nothing does. Nothing is ever refused for it. */
export function warningOf(read: ReadDb, address: string | null): string | null {
  const mailbox = address === null ? undefined : parseMailbox(address)
  const known = mailbox && findSuppressed(read, mailbox)
  if (!known) return null
  if (known.failures === 0) return 'You have marked this address as one that does not work.'
  const times = known.failures === 1 ? 'The last mail' : `The last ${known.failures} mails`
  const kind = adviceOfText(known.lastReply)?.kind
  const why = kind === undefined || kind === 'refused' ? '' : ` The last time: ${MEANINGS[kind].title}.`
  return `${times} to this address came back.${why} You can send all the same.`
}
