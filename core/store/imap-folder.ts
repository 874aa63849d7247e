import { dropMessage } from './message.ts'
import { getFolder, removeFolder, type FolderRole } from './folder.ts'
import { getMessage } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

/** A folder that is on an IMAP server, too, and how far it is known. */
export interface ImapFolder {
  readonly folderId: number
  readonly accountId: number
  readonly path: string
  readonly role: FolderRole
  /** Null: never looked at. */
  readonly uidValidity: number | null
  readonly uidNext: number | null
  /** In digits: it has 63 bits. Null where the server has none, or not all that is older is here. */
  readonly modseq: string | null
}
/** What a LIST says of a folder. */
export interface ListedFolder {
  readonly path: string
  readonly name: string
  readonly role: FolderRole
}

const COLUMNS = `i.folder_id AS folderId, i.account_id AS accountId, i.path, f.role, i.uid_validity AS uidValidity, i.uid_next AS uidNext, i.modseq`
const OF_ACCOUNT = `SELECT ${COLUMNS} FROM imap_folder i JOIN folder f ON f.id = i.folder_id WHERE i.account_id = ? ORDER BY i.folder_id`
const GET = `SELECT ${COLUMNS} FROM imap_folder i JOIN folder f ON f.id = i.folder_id WHERE i.folder_id = ?`
const BY_ROLE = `
  SELECT f.id FROM folder f WHERE f.account_id = ? AND f.user_id IS NULL AND f.role = ? AND f.role <> 'other'
    AND NOT EXISTS (SELECT 1 FROM imap_folder i WHERE i.folder_id = f.id)`
const HAS_ROLE = `SELECT 1 FROM folder WHERE account_id = ? AND user_id IS NULL AND role = ? AND role <> 'other'`
const ADD_FOLDER = 'INSERT INTO folder (account_id, user_id, role, name) VALUES (?, NULL, ?, ?)'
const ADD = 'INSERT INTO imap_folder (folder_id, account_id, path) VALUES (?, ?, ?)'
const NAME = 'UPDATE folder SET name = ? WHERE id = ? AND name <> ?'
const ROLE = 'UPDATE folder SET role = ? WHERE id = ?'
const FORGET = 'DELETE FROM imap_folder WHERE folder_id = ?'
const BEGIN = `
  UPDATE imap_folder SET uid_validity = ?, uid_next = NULL, modseq = NULL, rules_from_uid = ? WHERE folder_id = ?`
const OLD = 'UPDATE imap_place SET uid = -uid WHERE folder_id = ? AND uid > 0 AND message_id IS NOT NULL'
const DROP_PLACES = 'DELETE FROM imap_place WHERE folder_id = ? AND uid > 0'
const LOST_DELETES = `UPDATE imap_change SET uid = NULL WHERE kind = 'delete' AND folder_id = ?`
const SYNCED = `
  UPDATE imap_folder SET uid_next = @uidNext, modseq = @modseq, rules_from_uid = coalesce(rules_from_uid,
    (SELECT max(uid) + 1 FROM imap_place WHERE folder_id = @folderId AND uid > 0), 1)
  WHERE folder_id = @folderId AND uid_validity = @uidValidity`
const SOME_PLACED = 'SELECT message_id AS id FROM imap_place WHERE folder_id = ? AND message_id IS NOT NULL LIMIT ?'
const UNPLACE = 'DELETE FROM imap_place WHERE message_id = ?'
const DROP_CHANGES = 'DELETE FROM imap_change WHERE message_id = ?'

/** The folders of an account that are on its server. */
export function listImapFolders(db: ReadDb, accountId: number): ImapFolder[] {
  return prepared<[number], ImapFolder>(db, OF_ACCOUNT).all(accountId)
}

/** What is known of a folder on its server; undefined when it is on none. */
export function getImapFolder(db: ReadDb, folderId: number): ImapFolder | undefined {
  return prepared<[number], ImapFolder>(db, GET).get(folderId)
}

/** Removes a message that its server has no more; nobody is told. Returns the folder it was in. */
export function dropVanished(db: WriteDb, messageId: number): number | undefined {
  prepared(db, DROP_CHANGES).run(messageId)
  prepared(db, UNPLACE).run(messageId)
  const row = getMessage(db, messageId)
  if (row === undefined) return undefined
  dropMessage(db, row)
  return row.folderId
}

export const imapFolderOperations = {
  /**
   * Takes over what the server lists: new folders are made, names and roles follow. Returns those that are listed no more; whoever
   * asked makes sure before they go.
   */
  'imap.folders': (
    db: WriteDb,
    args: { readonly accountId: number; readonly folders: readonly ListedFolder[] },
  ): { readonly missing: ImapFolder[] } => {
    const { accountId } = args
    const known = new Map(listImapFolders(db, accountId).map((one) => [one.path, one]))
    for (const { path, name, role } of args.folders) {
      const before = known.get(path)
      known.delete(path)
      if (before !== undefined) {
        prepared(db, NAME).run(name, before.folderId, name)
        const isFree = role !== 'other' && prepared(db, HAS_ROLE).get(accountId, role) === undefined
        if (before.role === 'other' && isFree) prepared(db, ROLE).run(role, before.folderId)
        continue
      }
      // A folder of that role may be here already, such as a Trash that was made for the first mail that was removed.
      const here = prepared<[number, string], { id: number }>(db, BY_ROLE).get(accountId, role)?.id
      const isTaken = here === undefined && prepared(db, HAS_ROLE).get(accountId, role) !== undefined
      const folderId =
        here ?? Number(prepared(db, ADD_FOLDER).run(accountId, isTaken ? 'other' : role, name).lastInsertRowid)
      prepared(db, NAME).run(name, folderId, name)
      prepared(db, ADD).run(folderId, accountId, path)
    }
    return { missing: [...known.values()] }
  },
  /** A folder was made on the server for one that was only here. */
  'imap.made': (
    db: WriteDb,
    args: { readonly accountId: number; readonly folderId: number; readonly path: string },
  ): void => {
    if (getImapFolder(db, args.folderId) === undefined) prepared(db, ADD).run(args.folderId, args.accountId, args.path)
  },
  /**
   * Removes some of the messages of a folder that is gone on the server, and at last the folder. What is only here stays, in the
   * same folder. Returns whether there is more to do.
   */
  'imap.folder-gone': (
    db: WriteDb,
    args: { readonly folderId: number; readonly limit: number },
  ): { readonly more: boolean; readonly folderIds: number[] } => {
    const { folderId, limit } = args
    const some = prepared<[number, number], { id: number }>(db, SOME_PLACED).all(folderId, limit)
    const touched = some.map(({ id }) => dropVanished(db, id)).filter((id) => id !== undefined)
    const more = some.length === limit
    if (!more) {
      prepared(db, FORGET).run(folderId)
      if (getFolder(db, folderId)?.total === 0) removeFolder(db, folderId)
    }
    return { more, folderIds: [...new Set([...touched, folderId])] }
  },
  /**
   * A folder is looked at under this UIDVALIDITY. When it is another than before, all its numbers mean nothing any more, and what has a
   * number below `uidNext` was there before.
   */
  'imap.begin': (
    db: WriteDb,
    args: { readonly folderId: number; readonly uidValidity: number; readonly uidNext?: number | null },
  ): void => {
    const folder = getImapFolder(db, args.folderId)
    if (folder === undefined || folder.uidValidity === args.uidValidity) return
    prepared(db, OLD).run(args.folderId)
    prepared(db, DROP_PLACES).run(args.folderId)
    prepared(db, LOST_DELETES).run(args.folderId)
    prepared(db, BEGIN).run(args.uidValidity, args.uidNext ?? null, args.folderId)
  },
  /** All up to there is here, with the flags it has. */
  'imap.synced': (
    db: WriteDb,
    args: {
      readonly folderId: number
      readonly uidValidity: number
      readonly uidNext: number | null
      readonly modseq: string | null
    },
  ): void => {
    prepared(db, SYNCED).run(args)
  },
} satisfies Record<string, Operation<never, unknown>>
