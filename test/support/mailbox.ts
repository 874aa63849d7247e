import { parseMailbox, type Mailbox } from '../../core/model/address.ts'

/** A mailbox from text that is one. */
export function mailboxOf(text: string): Mailbox {
  const parsed = parseMailbox(text)
  if (!parsed) throw new Error(`"${text}" is no mailbox`)
  return parsed
}
