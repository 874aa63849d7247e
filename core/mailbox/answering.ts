import { addressesOf } from '../message/header-addresses.ts'
import { firstValue, readHeader, valueOf, type Header } from '../message/headers.ts'
import { formatMailbox, parseMailbox, type Mailbox } from '../model/address.ts'
import { getAccount } from '../store/account.ts'
import { getFolder } from '../store/folder.ts'
import { findIdentity } from '../store/identity.ts'
import type { Message } from '../store/message-list.ts'
import type { ReadDb, Store } from '../store/types.ts'

/** Joint: the addresses that one of a local domain stands for, itself first. */
export type Behind = (address: Mailbox) => readonly string[]

const LONGEST_HEAD = 128 * 1024
const MOST_ADDRESSES = 200
/** Who it was delivered to, the surest first: a list or a Bcc names nobody of ours in To. */
const FIELDS = ['delivered-to', 'x-original-to', 'envelope-to', 'to', 'cc'] as const

/** Which identity received a message: by its fields, with `+…` and aliases seen through, else by its account. Null where none did. */
export function answeringIdentity(read: ReadDb, head: Uint8Array, folderId: number, behind: Behind): number | null {
  const header = readHeader(head)
  const addresses = FIELDS.flatMap((name) => mailboxesOf(head, header, name)).slice(0, MOST_ADDRESSES)
  for (const address of addresses) {
    const id = exactly(read, address) ?? withoutPlus(read, address)
    if (id !== undefined) return id
  }
  for (const address of addresses)
    for (const meant of behind(address)) {
      const mailbox = parseMailbox(meant)
      const id = mailbox && (exactly(read, mailbox) ?? withoutPlus(read, mailbox))
      if (id !== undefined) return id
    }
  // What the person wrote goes on from the same address.
  for (const author of mailboxesOf(head, header, 'from')) {
    const id = exactly(read, author)
    if (id !== undefined) return id
  }
  const accountId = getFolder(read, folderId)?.accountId ?? null
  const login = accountId === null ? undefined : parseMailbox(getAccount(read, accountId)?.user ?? '')
  return (login && exactly(read, login)) ?? null
}

const exactly = (read: ReadDb, address: Mailbox) => findIdentity(read, address)?.id

function withoutPlus(read: ReadDb, address: Mailbox): number | undefined {
  const at = address.local.indexOf('+')
  return at < 1 ? undefined : findIdentity(read, { ...address, local: address.local.slice(0, at) })?.id
}

function mailboxesOf(head: Uint8Array, header: Header, name: string): Mailbox[] {
  const fields = header.fields.filter((field) => field.name === name)
  const read = fields.map((field) => ({ name, value: valueOf(head, field) }))
  return addressesOf(read, name).flatMap(({ address }) => parseMailbox(address) ?? [])
}

/** Where a list takes mail (RFC 2369 §3.4): the first `mailto:` of List-Post. Null for a list that takes none, and for no list. */
export function listPostOf(head: Uint8Array): string | null {
  const value = firstValue(head, readHeader(head), 'list-post') ?? ''
  for (const [, address = ''] of value.matchAll(/<\s*mailto:([^>?]{1,320})/gi)) {
    const mailbox = parseMailbox(unescaped(address.trim()))
    if (mailbox !== undefined) return formatMailbox(mailbox)
  }
  return null
}

function unescaped(address: string): string {
  try {
    return decodeURIComponent(address)
  } catch {
    return address
  }
}

/** The beginning of a stored message, in which its header stands. */
export async function headOf(store: Pick<Store, 'openBody'>, { view }: Message): Promise<Uint8Array> {
  const parts: Uint8Array[] = []
  let sizeBytes = 0
  for await (const chunk of store.openBody(view)) {
    parts.push(chunk)
    sizeBytes += chunk.length
    if (sizeBytes >= LONGEST_HEAD) break
  }
  return Buffer.concat(parts).subarray(0, LONGEST_HEAD)
}
