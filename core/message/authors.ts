import { parseMailbox, type Mailbox } from '../model/address.ts'
import { parseAddresses } from './addresses.ts'
import { fieldsNamed, readHeader, valueOf } from './headers.ts'

/** Who a message says wrote it, and who sent it. Null stands for an entry that is no address, undefined for a missing field. */
export interface Authors {
  readonly from: readonly (Mailbox | null)[] | undefined
  readonly sender: readonly (Mailbox | null)[] | undefined
}

/** Reads From and Sender of a header block (RFC 5322 §3.6.2); several fields of one name count as one. */
export function authorsOf(head: Uint8Array): Authors {
  const header = readHeader(head)
  const read = (name: string) => {
    const fields = fieldsNamed(header, name)
    if (fields.length === 0) return undefined
    // One character a byte until here; addresses beyond ASCII are UTF-8 (RFC 6532 §3.2).
    const texts = fields.map((field) => Buffer.from(valueOf(head, field), 'latin1').toString('utf8'))
    return texts
      .flatMap(parseAddresses)
      .map(({ address }) => (address === null ? null : (parseMailbox(address) ?? null)))
  }
  return { from: read('from'), sender: read('sender') }
}
