import { Fault } from '../base/fault.ts'
import { formatMailbox, type Domain, type Mailbox, type ReversePath } from '../model/address.ts'
import { getFolder, noFolder, type Folder } from './folder.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A From the person may write as. */
export interface Identity {
  readonly id: number
  readonly name: string
  readonly mailbox: Mailbox
  /** Null: straight to the recipient's server. */
  readonly routeId: number | null
  /** `host:port` of the route; '' without one. */
  readonly routeName: string
  /** Where answers go in place of its own address, as it was typed; '' for nowhere else. */
  readonly replyTo: string
  /** Plain text below what is written; '' for none. */
  readonly signature: string
  /** Whether the signature stands below answers, too. */
  readonly signsAnswers: boolean
  /** What it writes in (BCP 47); '' for the language of the window. */
  readonly language: string
  /** Where the copies of what it sends are kept; null for Sent of the account of its address, or else of this computer. */
  readonly sentFolderId: number | null
}
interface Row extends Omit<Identity, 'mailbox' | 'signsAnswers'> {
  readonly signsAnswers: number
  readonly local: string
  readonly domain: Domain
}

const COLUMNS = `i.id, i.name, i.local, i.domain, i.route_id AS routeId, coalesce(r.host || ':' || r.port, '') AS routeName,
  i.reply_to AS replyTo, i.signature, i.signs_answers AS signsAnswers, i.language,
  i.sent_folder_id AS sentFolderId`
const FROM = 'identity i LEFT JOIN route r ON r.id = i.route_id'
const LIST = `SELECT ${COLUMNS} FROM ${FROM} ORDER BY i.id LIMIT 200`
const GET = `SELECT ${COLUMNS} FROM ${FROM} WHERE i.id = ?`
const BY_ADDRESS = `SELECT ${COLUMNS} FROM ${FROM} WHERE i.domain = ? AND i.local = ? COLLATE NOCASE LIMIT 1`
const INSERT = 'INSERT INTO identity (name, local, domain, route_id, created_ms) VALUES (?, ?, ?, ?, ?)'
const UPDATE = 'UPDATE identity SET name = ?, local = ?, domain = ?, route_id = ? WHERE id = ?'
// What is left out stays as it was.
const WRITES_AS = `
  UPDATE identity SET reply_to = coalesce(@replyTo, reply_to), signature = coalesce(@signature, signature),
    signs_answers = coalesce(@signsAnswers, signs_answers), language = coalesce(@language, language) WHERE id = @id`
const KEEPS_IN = 'UPDATE identity SET sent_folder_id = ? WHERE id = ?'
const REMOVE = 'DELETE FROM identity WHERE id = ?'
const ROUTE = 'SELECT 1 FROM route WHERE id = ?'

function toIdentity({ local, domain, signsAnswers, ...rest }: Row): Identity {
  return { ...rest, mailbox: { local, domain }, signsAnswers: signsAnswers === 1 }
}

/** All identities, oldest first. */
export function listIdentities(db: ReadDb): Identity[] {
  return prepared<[], Row>(db, LIST).all().map(toIdentity)
}

/** The identity of that id, or undefined. */
export function getIdentity(db: ReadDb, id: number): Identity | undefined {
  const row = prepared<[number], Row>(db, GET).get(id)
  return row === undefined ? undefined : toIdentity(row)
}

/** The identity that writes as this address, or undefined. The local part's case does not matter. */
export function findIdentity(db: ReadDb, mailbox: Mailbox): Identity | undefined {
  const row = prepared<[string, string], Row>(db, BY_ADDRESS).get(mailbox.domain, mailbox.local)
  return row === undefined ? undefined : toIdentity(row)
}

/** The folder that the identity of this address has its copies kept in, or undefined where it has none of its own. */
export function chosenSent(db: ReadDb, from: ReversePath): Folder | undefined {
  const id = from === null ? null : (findIdentity(db, from)?.sentFolderId ?? null)
  return id === null ? undefined : getFolder(db, id)
}

/** What an identity is to be. Without `id` the identity of that address is changed, or made when there is none. */
export interface IdentityChange {
  readonly id?: number
  readonly name: string
  readonly mailbox: Mailbox
  readonly routeId: number | null
  /** Left out: as it was, at first none. */
  readonly replyTo?: string | undefined
  readonly signature?: string | undefined
  readonly signsAnswers?: boolean | undefined
  readonly language?: string | undefined
  readonly sentFolderId?: number | null | undefined
}

/** Makes or changes an identity; returns its id. Throws `not-found` and, for an address already in use, `conflict`. */
export function saveIdentity(db: WriteDb, change: IdentityChange, nowMs: number): number {
  const { name, mailbox, routeId } = change
  if (routeId !== null && prepared(db, ROUTE).get(routeId) === undefined) throw missing('route', routeId)
  checkSent(db, change.sentFolderId ?? null)
  const known = findIdentity(db, mailbox)
  const id = change.id ?? known?.id
  if (id === undefined) {
    const made = prepared(db, INSERT).run(name, mailbox.local, mailbox.domain, routeId, nowMs)
    return writeAs(db, change, Number(made.lastInsertRowid))
  }
  if (known !== undefined && known.id !== id)
    throw new Fault('conflict', `change identity ${id}: another identity writes as "${formatMailbox(mailbox)}"`, {
      what: 'identity',
      reason: 'address in use',
    })
  if (prepared(db, UPDATE).run(name, mailbox.local, mailbox.domain, routeId, id).changes !== 1)
    throw missing('identity', id)
  return writeAs(db, change, id)
}

/** Others' folders, and those that are emptied or hold what is not sent yet, are no place for what one has sent. */
function checkSent(db: ReadDb, folderId: number | null): void {
  if (folderId === null) return
  const folder = getFolder(db, folderId)
  if (folder === undefined) throw noFolder(folderId)
  if (folder.userId !== null || ['drafts', 'junk', 'trash'].includes(folder.role))
    throw new Fault('conflict', `change an identity: "${folder.name}" is no folder for copies of what is sent`, {
      what: 'folder',
      reason: 'no folder for what is sent',
    })
}

function writeAs(db: WriteDb, change: IdentityChange, id: number): number {
  const { replyTo, signature, signsAnswers, language, sentFolderId } = change
  const flag = signsAnswers === undefined ? null : signsAnswers ? 1 : 0
  prepared(db, WRITES_AS).run({
    id,
    replyTo: replyTo ?? null,
    signature: signature ?? null,
    signsAnswers: flag,
    language: language ?? null,
  })
  if (sentFolderId !== undefined) prepared(db, KEEPS_IN).run(sentFolderId, id)
  return id
}

function missing(what: string, id: number): Fault<'not-found'> {
  return new Fault('not-found', `find ${what} ${id}: there is none`, { what, id: String(id) })
}

export const identityOperations = {
  'identity.save': saveIdentity,
  'identity.remove': (db: WriteDb, args: { readonly id: number }): boolean =>
    prepared(db, REMOVE).run(args.id).changes === 1,
} satisfies Record<string, Operation<never, unknown>>
