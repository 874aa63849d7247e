import { Fault } from '../base/fault.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

export type FolderRole = 'inbox' | 'sent' | 'drafts' | 'archive' | 'trash' | 'junk' | 'other'
/** Whose folder: an account's, a local user's, or (both null) the person's who runs Posthorn. */
export interface FolderOwner {
  readonly accountId: number | null
  readonly userId: number | null
}
export interface Folder extends FolderOwner {
  readonly id: number
  readonly role: FolderRole
  readonly name: string
  readonly total: number
  readonly unread: number
}
/** A folder with the words for its owner; null for the person's own. */
export interface OwnedFolder extends Folder {
  readonly ownerName: string | null
}

/** The person who runs Posthorn. */
export const PERSON: FolderOwner = { accountId: null, userId: null }

const NAMES: Record<FolderRole, string> = {
  inbox: 'Inbox',
  sent: 'Sent',
  drafts: 'Drafts',
  archive: 'Archive',
  trash: 'Trash',
  junk: 'Junk',
  other: 'Folder',
}

const COLUMNS = 'f.id, f.account_id AS accountId, f.user_id AS userId, f.role, f.name, f.total, f.unread'
const GET = `SELECT ${COLUMNS} FROM folder f WHERE f.id = ?`
const FIND = `
  SELECT ${COLUMNS} FROM folder f
  WHERE coalesce(f.account_id, 0) = coalesce(?, 0) AND coalesce(f.user_id, 0) = coalesce(?, 0) AND f.role = ?
    AND f.role <> 'other'` // index folder_role
const DEAD_LETTERS = 'Dead letters'
const FIND_DEAD_LETTERS = `
  SELECT id FROM folder WHERE account_id IS NULL AND user_id IS NULL AND role = 'other' AND name = ? ORDER BY id LIMIT 1`
const LIST = `
  SELECT ${COLUMNS}, coalesce(a.name, u.local || '@' || u.domain) AS ownerName
  FROM folder f LEFT JOIN account a ON a.id = f.account_id LEFT JOIN local_user u ON u.id = f.user_id
  ORDER BY f.account_id IS NOT NULL, f.user_id IS NOT NULL, f.account_id, f.user_id,
    CASE f.role WHEN 'inbox' THEN 0 WHEN 'drafts' THEN 1 WHEN 'sent' THEN 2 WHEN 'archive' THEN 3 WHEN 'trash' THEN 4 WHEN 'junk' THEN 5 ELSE 6 END, f.name
  LIMIT 1000`
const INSERT = 'INSERT INTO folder (account_id, user_id, role, name) VALUES (?, ?, ?, ?)'
const COUNT = 'UPDATE folder SET total = total + ?, unread = unread + ? WHERE id = ?'
const OF_ACCOUNT = `SELECT ${COLUMNS} FROM folder f WHERE f.account_id = ?`
const REMOVE = 'DELETE FROM folder WHERE id = ?'

/** The folder of that id, or undefined. */
export function getFolder(db: ReadDb, id: number): Folder | undefined {
  return prepared<[number], Folder>(db, GET).get(id)
}

/** An owner's folder of that role, or undefined when nothing has made it yet. */
export function findFolder(db: ReadDb, owner: FolderOwner, role: Exclude<FolderRole, 'other'>): Folder | undefined {
  return prepared<[number | null, number | null, string], Folder>(db, FIND).get(owner.accountId, owner.userId, role)
}

/** Every folder with its counts: the person's first, then accounts, then local users. */
export function listFolders(db: ReadDb): OwnedFolder[] {
  return prepared<[], OwnedFolder>(db, LIST).all()
}

/** The folders of one account. */
export function listFoldersOfAccount(db: ReadDb, accountId: number): Folder[] {
  return prepared<[number], Folder>(db, OF_ACCOUNT).all(accountId)
}

/** The id of an owner's folder of that role; makes it when it is missing. */
export function ensureFolder(db: WriteDb, owner: FolderOwner, role: Exclude<FolderRole, 'other'>): number {
  const known = findFolder(db, owner, role)
  if (known !== undefined) return known.id
  const { accountId, userId } = owner
  return Number(prepared(db, INSERT).run(accountId, userId, role, NAMES[role]).lastInsertRowid)
}

/** The id of the folder for mail that could not be delivered and whose sender can't be told; makes it when it is missing. */
export function ensureDeadLetters(db: WriteDb): number {
  const known = prepared<[string], { id: number }>(db, FIND_DEAD_LETTERS).get(DEAD_LETTERS)
  if (known !== undefined) return known.id
  return Number(prepared(db, INSERT).run(null, null, 'other', DEAD_LETTERS).lastInsertRowid)
}

/** The id of a folder of the person's own with that name; makes it when it is missing. */
export function ensureNamed(db: WriteDb, name: string): number {
  const known = prepared<[string], { id: number }>(db, FIND_DEAD_LETTERS).get(name)
  return known?.id ?? Number(prepared(db, INSERT).run(null, null, 'other', name).lastInsertRowid)
}

/** Adds to a folder's counts. Throws `not-found` when it is gone. */
export function countFolder(db: WriteDb, folderId: number, total: number, unread: number): void {
  if (prepared(db, COUNT).run(total, unread, folderId).changes !== 1) throw noFolder(folderId)
}

/** Removes a folder that holds nothing any more. */
export function removeFolder(db: WriteDb, folderId: number): void {
  prepared(db, REMOVE).run(folderId)
}

/** The fault of asking for a folder that is not there. */
export function noFolder(id: number): Fault<'not-found'> {
  return new Fault('not-found', `find folder ${id}: there is none`, { what: 'folder', id: String(id) })
}

export const folderOperations = {
  'folder.ensure': (
    db: WriteDb,
    args: { readonly owner: FolderOwner; readonly role: Exclude<FolderRole, 'other'> },
  ): number => ensureFolder(db, args.owner, args.role),
} satisfies Record<string, Operation<never, unknown>>
