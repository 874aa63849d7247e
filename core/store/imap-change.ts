import { formatMailbox, type ReversePath } from '../model/address.ts'
import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

/** The flags of IMAP that we keep, as bits (RFC 9051 §2.3.2). */
export const SEEN = 1
export const FLAGGED = 2
export const ANSWERED = 4

/** Where a message is on its server. */
export interface Place {
  readonly folderId: number
  /** Below zero: its number before the server numbered the folder anew. */
  readonly uid: number
  readonly flags: number
}
/** Something done here that the server has not heard of. */
export interface ImapChange {
  readonly id: number
  readonly accountId: number
  readonly kind: 'flag' | 'move' | 'append' | 'delete'
  readonly messageId: number | null
  /** Of a delete: where it is; null where that is not known yet. */
  readonly folderId: number | null
  readonly uid: number | null
  readonly targetId: number | null
  readonly flag: number | null
  readonly value: number | null
  /** A try may have reached the server, nobody knows how far. */
  readonly begun: number
  readonly refusals: number
}

const COLUMNS = `id, account_id AS accountId, kind, message_id AS messageId, folder_id AS folderId, uid, target_id AS targetId, flag, value,
  begun, refusals`
const NEXT = `SELECT ${COLUMNS} FROM imap_change WHERE account_id = ? AND id > ? ORDER BY id LIMIT 1` // index imap_change_account
const OF_MESSAGE = `SELECT ${COLUMNS} FROM imap_change WHERE message_id = ? ORDER BY id` // index imap_change_message
const COUNT = 'SELECT count(*) AS n FROM imap_change WHERE account_id = ?'
const LAST = 'SELECT coalesce(max(id), 0) AS id FROM imap_change WHERE account_id = ?'
const PLACE = 'SELECT folder_id AS folderId, uid, flags FROM imap_place WHERE message_id = ?' // index imap_place_message
const ACCOUNT_OF = `
  SELECT a.account_id AS id, a.sent_copy AS sentCopy, f.role FROM folder f JOIN imap_account a ON a.account_id = f.account_id WHERE f.id = ?`
const ADD = `
  INSERT INTO imap_change (account_id, kind, message_id, folder_id, uid, header_id, size_bytes, target_id, flag, value)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const WAS = 'SELECT message_id AS headerId, size_bytes AS sizeBytes FROM message WHERE id = ?'
const BY_LOGIN = `
  SELECT a.id FROM account a JOIN imap_account i ON i.account_id = a.id WHERE a.login = ? COLLATE NOCASE ORDER BY a.id LIMIT 1`
const DROP = 'DELETE FROM imap_change WHERE id = ?'
const RETARGET = 'UPDATE imap_change SET target_id = ? WHERE id = ?'
const UNPLACE = 'UPDATE imap_place SET message_id = NULL WHERE message_id = ?'

/** The next change of an account after that id, in the order they were made; undefined when there is none. */
export function nextChange(db: ReadDb, accountId: number, after: number): ImapChange | undefined {
  return prepared<[number, number], ImapChange>(db, NEXT).get(accountId, after)
}

/** How many changes wait for an account's server. */
export function countChanges(db: ReadDb, accountId: number): number {
  return prepared<[number], { n: number }>(db, COUNT).get(accountId)?.n ?? 0
}

/** The latest change of an account, 0 where nothing waits. */
export function lastChange(db: ReadDb, accountId: number): number {
  return prepared<[number], { id: number }>(db, LAST).get(accountId)?.id ?? 0
}

/** Where a message is on its server; undefined when it is on none, or nobody knows where. */
export function placeOf(db: ReadDb, messageId: number): Place | undefined {
  return prepared<[number], Place>(db, PLACE).get(messageId)
}

/** The changes that wait for a message, in order. */
export function changesOf(db: ReadDb, messageId: number): ImapChange[] {
  return prepared<[number], ImapChange>(db, OF_MESSAGE).all(messageId)
}

type Row = { readonly id: number; readonly folderId: number }
interface Owner {
  readonly id: number
  readonly sentCopy: 'append' | 'server'
  readonly role: string
}
function accountOf(db: ReadDb, folderId: number): Owner | undefined {
  return prepared<[number], Owner>(db, ACCOUNT_OF).get(folderId)
}

/** The IMAP account that an address signs in with, whose Sent folder mail from that address goes to; null where there is none. */
export function sentAccount(db: ReadDb, from: ReversePath): number | null {
  if (from === null) return null
  return prepared<[string], { id: number }>(db, BY_LOGIN).get(formatMailbox(from))?.id ?? null
}

interface Was {
  readonly headerId: string
  readonly sizeBytes: number
}
interface New {
  readonly accountId: number
  readonly kind: ImapChange['kind']
  readonly messageId?: number
  readonly at?: { readonly folderId: number; readonly uid: number | null }
  /** The message that is to be deleted there. */
  readonly was?: number
  readonly targetId?: number
  readonly flag?: number
  readonly value?: number
}
function add(db: WriteDb, one: New): void {
  const { accountId, kind, messageId, at, targetId, flag, value } = one
  const was = one.was === undefined ? undefined : prepared<[number], Was>(db, WAS).get(one.was)
  prepared(db, ADD).run(
    accountId,
    kind,
    messageId ?? null,
    at?.folderId ?? null,
    at?.uid ?? null,
    was?.headerId ?? null,
    was?.sizeBytes ?? null,
    targetId ?? null,
    flag ?? null,
    value ?? null,
  )
}

/** A flag was changed here: the server is told, unless it is as the server has it already. */
export function noteFlag(db: WriteDb, row: Row, flag: number, isSet: boolean): void {
  const account = accountOf(db, row.folderId)
  if (account === undefined) return
  const waiting = changesOf(db, row.id).filter((one) => one.kind === 'flag' && one.flag === flag)
  for (const one of waiting) if (one.begun === 0) prepared(db, DROP).run(one.id)
  const place = placeOf(db, row.id)
  // One that goes to the server as a whole takes its flags along.
  if (place === undefined) return
  const isThere = (place.flags & flag) !== 0
  if (isThere === isSet && !waiting.some((one) => one.begun === 1)) return
  add(db, { accountId: account.id, kind: 'flag', messageId: row.id, flag, value: isSet ? 1 : 0 })
}

/**
 * A message came into a folder by our doing: it goes to the server of the folder, if it has one. `sentAs`: the address it was
 * sent as from here.
 */
export function noteAdded(db: WriteDb, messageId: number, folderId: number, sentAs?: ReversePath): void {
  const account = accountOf(db, folderId)
  if (account === undefined) return
  // Its server keeps mail that was sent by itself; that copy is found to be this one when it comes.
  const isItsOwn = sentAs === undefined || sentAccount(db, sentAs) === account.id
  if (account.role === 'sent' && account.sentCopy === 'server' && isItsOwn) return
  add(db, { accountId: account.id, kind: 'append', messageId, targetId: folderId })
}

/** A message is taken out of its account here: its server is told to remove it. */
function leave(db: WriteDb, row: Row, account: Owner): void {
  const waiting = changesOf(db, row.id)
  const begun = waiting.find((one) => one.begun === 1 && (one.kind === 'append' || one.kind === 'move'))
  for (const one of waiting) prepared(db, DROP).run(one.id)
  const place = placeOf(db, row.id)
  if (place !== undefined) {
    const at = { folderId: place.folderId, uid: place.uid > 0 ? place.uid : null }
    add(db, { accountId: account.id, kind: 'delete', at, was: row.id })
    prepared(db, UNPLACE).run(row.id)
  }
  // It may have arrived where it was on its way to.
  if (begun !== undefined && begun.targetId !== null)
    add(db, { accountId: account.id, kind: 'delete', at: { folderId: begun.targetId, uid: null }, was: row.id })
}

/** A message is moved here to another folder. Called before it is moved. */
export function noteMoved(db: WriteDb, row: Row, folderId: number): void {
  const from = accountOf(db, row.folderId)
  const to = accountOf(db, folderId)
  if (from === undefined || from.id !== to?.id) {
    if (from !== undefined) leave(db, row, from)
    if (to !== undefined) add(db, { accountId: to.id, kind: 'append', messageId: row.id, targetId: folderId })
    return
  }
  const waiting = changesOf(db, row.id).findLast((one) => one.kind === 'move' || one.kind === 'append')
  const place = placeOf(db, row.id)
  if (waiting?.begun === 0) {
    if (waiting.kind === 'move' && place?.folderId === folderId) prepared(db, DROP).run(waiting.id)
    else prepared(db, RETARGET).run(folderId, waiting.id)
    return
  }
  const isThere = place !== undefined || waiting !== undefined
  add(db, { accountId: to.id, kind: isThere ? 'move' : 'append', messageId: row.id, targetId: folderId })
}

/** A message is removed here for good. Called before it is removed. */
export function noteRemoved(db: WriteDb, row: Row): void {
  const account = accountOf(db, row.folderId)
  if (account !== undefined) leave(db, row, account)
}
