import { Fault } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { noteCameBy } from './came-by.ts'
import { ANSWERED, changesOf, FLAGGED, noteFlag, placeOf, SEEN, type ImapChange } from './imap-change.ts'
import { ensureNamed } from './folder.ts'
import { dropVanished, getImapFolder, type ImapFolder } from './imap-folder.ts'
import { insertMessage, moveMessages, setAnswered, setSeen, setStarred } from './message.ts'
import { getMessage } from './message-list.ts'
import { prepared } from './prepared.ts'
import { noteImapArrivals, type ImapCame } from './rule-todo.ts'
import type { Body, Operation, Query, ReadDb, WriteDb } from './types.ts'

/** A message that a server has given us. */
export interface ImapArrival {
  readonly uid: number
  readonly flags: number
  readonly body: Body
  readonly fields: MessageFields
  /** Unix ms: INTERNALDATE. */
  readonly receivedMs: number
}
/** What tells a message that is here already from others. */
export interface ImapHead {
  readonly uid: number
  readonly flags: number
  /** The Message-ID field; '' where there is none. */
  readonly headerId: string
  readonly sizeBytes: number
  readonly receivedMs: number
}
/** A number of a folder, and what is there of it. */
export interface PlaceRow {
  readonly uid: number
  readonly messageId: number | null
  readonly flags: number
}
/** A folder under the UIDVALIDITY that numbers of it belong to. */
export interface In {
  readonly folderId: number
  readonly uidValidity: number
}

const PLACES =
  'SELECT uid, message_id AS messageId, flags FROM imap_place WHERE folder_id = ? AND uid > ? ORDER BY uid LIMIT ?'
const AT = 'SELECT uid, message_id AS messageId, flags FROM imap_place WHERE folder_id = ? AND uid = ?'
const PLACE = 'INSERT INTO imap_place (folder_id, uid, message_id, flags) VALUES (?, ?, ?, ?)'
const UNPLACE = 'DELETE FROM imap_place WHERE folder_id = ? AND uid = ?'
const UNPLACE_MESSAGE = 'DELETE FROM imap_place WHERE message_id = ?'
const LEAVE_PLACE = 'UPDATE imap_place SET message_id = NULL WHERE message_id = ?'
const SET_FLAGS = 'UPDATE imap_place SET flags = ? WHERE folder_id = ? AND uid = ?'
const OLD = 'SELECT message_id AS id FROM imap_place WHERE folder_id = ? AND uid < 0 AND message_id IS NOT NULL LIMIT ?'
const FORGET_OLD = 'DELETE FROM imap_place WHERE folder_id = ? AND uid < 0'
const APPENDED = `SELECT 1 FROM imap_change c WHERE c.message_id = m.id AND c.kind = 'append' AND c.begun = 0`
/** Messages that a new number of a folder may be: those with an old number there, and those that are in it and have none. */
const HOMELESS = `
  FROM message m LEFT JOIN imap_place p ON p.message_id = m.id
  WHERE ((p.folder_id = @folderId AND p.uid < 0) OR (p.uid IS NULL AND m.folder_id = @folderId)) AND NOT EXISTS (${APPENDED})`
const LOST_DELETES = `FROM imap_change WHERE kind = 'delete' AND folder_id = @folderId AND uid IS NULL`
const ANY_WANTED = `
  SELECT EXISTS (SELECT 1 FROM imap_place WHERE folder_id = @folderId AND uid < 0 AND message_id IS NOT NULL)
    OR EXISTS (
      SELECT 1 FROM message m WHERE m.folder_id = @folderId AND NOT EXISTS (SELECT 1 FROM imap_place p WHERE p.message_id = m.id)
        AND NOT EXISTS (${APPENDED}))
    OR EXISTS (SELECT 1 ${LOST_DELETES}) AS n`
const MATCH = `
  SELECT m.id ${HOMELESS} AND m.message_id = @headerId AND (m.size_bytes = @sizeBytes OR (@headerId <> '' AND @isOwnCopy = 1))
    AND (@headerId <> '' OR m.received_ms / 1000 = @receivedMs / 1000) ORDER BY m.id LIMIT 1`
const MATCH_DELETE = `SELECT id ${LOST_DELETES} AND header_id = @headerId AND size_bytes = @sizeBytes ORDER BY id LIMIT 1`
const SENT_BY_SERVER = `
  SELECT 1 FROM folder f JOIN imap_account a ON a.account_id = f.account_id WHERE f.id = ? AND f.role = 'sent' AND a.sent_copy = 'server'`
const FOUND_DELETE = 'UPDATE imap_change SET uid = ? WHERE id = ?'
const BEGUN = 'UPDATE imap_change SET begun = 1 WHERE id = ?'
const REFUSED = 'UPDATE imap_change SET refusals = refusals + 1, begun = 0 WHERE id = ?'
const DROP_CHANGES = 'DELETE FROM imap_change WHERE message_id = ?'
const ASIDE = `
  SELECT a.name || ': ' || f.name || ' (no more on its server)' AS name FROM folder f JOIN account a ON a.id = f.account_id WHERE f.id = ?`
const DROP_CHANGE = 'DELETE FROM imap_change WHERE id = ?'
const DROP_ARRIVALS = `DELETE FROM imap_change WHERE message_id = ? AND kind IN ('append', 'move') AND target_id = ?`
const COUNT = `
  SELECT count(*) AS n FROM imap_place p JOIN imap_folder f ON f.folder_id = p.folder_id WHERE f.account_id = ? AND p.uid > 0`
const IN_FOLDER = 'SELECT count(*) AS n FROM imap_place WHERE folder_id = ? AND uid > 0'

/** What is known of a folder's numbers after that one, in order. */
export function listPlaces(db: ReadDb, folderId: number, after: number, limit: number): PlaceRow[] {
  return prepared<[number, number, number], PlaceRow>(db, PLACES).all(folderId, after, limit)
}

/** How many messages of an account are here. */
export function countPlaces(db: ReadDb, accountId: number): number {
  return prepared<[number], { n: number }>(db, COUNT).get(accountId)?.n ?? 0
}

/** How many messages of a folder are here, by its numbers. */
export function countPlacesIn(db: ReadDb, folderId: number): number {
  return prepared<[number], { n: number }>(db, IN_FOLDER).get(folderId)?.n ?? 0
}

/** Whether a folder has messages of which nobody knows where they are on the server: new numbers may be theirs. */
function hasHomeless(db: ReadDb, { folderId }: { readonly folderId: number }): boolean {
  return prepared<[object], { n: number }>(db, ANY_WANTED).get({ folderId })?.n === 1
}
export const imapQueries = { 'imap.homeless': hasHomeless } satisfies Record<string, Query<never, unknown>>

/** Whether a number of a folder is known. */
export function isPlaced(db: ReadDb, folderId: number, uid: number): boolean {
  return prepared<[number, number], PlaceRow>(db, AT).get(folderId, uid) !== undefined
}

/** The message that the protocol log names `imap:FOLDER:UIDVALIDITY:UID`; undefined where it is gone, or none of that account. */
export function messageOfImapRef(db: ReadDb, accountId: number, name: string): number | undefined {
  const [, folder, uidValidity, uid] = /^imap:(\d+):(\d+):(\d+)$/.exec(name) ?? []
  const at = folder === undefined ? undefined : getImapFolder(db, Number(folder))
  if (at === undefined || at.accountId !== accountId || at.uidValidity !== Number(uidValidity)) return undefined
  return prepared<[number, number], PlaceRow>(db, AT).get(at.folderId, Number(uid))?.messageId ?? undefined
}

/** The folder. Throws when it was numbered anew meanwhile, or is gone: what was found out means nothing any more. */
function requireSame(db: ReadDb, at: In, what: string): ImapFolder {
  const folder = getImapFolder(db, at.folderId)
  if (folder !== undefined && folder.uidValidity === at.uidValidity) return folder
  throw new Fault('conflict', `${what} folder ${at.folderId}: it was numbered anew or is gone`, {
    what: 'folder',
    reason: 'it was numbered anew or is gone',
  })
}

/** A message has its place; what of its flags differs goes to the server, for they were changed here meanwhile. */
function settle(db: WriteDb, at: In, uid: number, flags: number, messageId: number): void {
  prepared(db, UNPLACE_MESSAGE).run(messageId)
  prepared(db, PLACE).run(at.folderId, uid, messageId, flags)
  prepared(db, DROP_ARRIVALS).run(messageId, at.folderId)
  const row = getMessage(db, messageId)
  if (row === undefined) return
  noteFlag(db, row, SEEN, row.seen)
  noteFlag(db, row, FLAGGED, row.starred)
  // That it was answered is never taken back, wherever that was done.
  if (row.answered) noteFlag(db, row, ANSWERED, true)
}

/** Gives a number of the server to a message that is here already, if one matches. Returns whether one did. */
function adoptOne(db: WriteDb, at: In, head: ImapHead): boolean {
  const { folderId } = at
  const isOwnCopy = prepared(db, SENT_BY_SERVER).get(folderId) === undefined ? 0 : 1
  const { headerId, sizeBytes, receivedMs, uid, flags } = head
  const like = { folderId, headerId, sizeBytes, receivedMs, isOwnCopy }
  const found = prepared<[object], { id: number }>(db, MATCH).get(like)
  if (found !== undefined) {
    settle(db, at, uid, flags, found.id)
    return true
  }
  const removed = prepared<[object], { id: number }>(db, MATCH_DELETE).get({ folderId, headerId, sizeBytes })
  if (removed === undefined) return false
  prepared(db, PLACE).run(folderId, uid, null, flags)
  prepared(db, FOUND_DELETE).run(uid, removed.id)
  return true
}

/** What the server says of flags that were not changed here since. */
function followFlags(db: WriteDb, folderId: number, row: PlaceRow, flags: number): number[] {
  prepared(db, SET_FLAGS).run(flags, folderId, row.uid)
  if (row.messageId === null) return []
  const waiting = changesOf(db, row.messageId)
  const isOurs = (flag: number) => waiting.some((one) => one.kind === 'flag' && one.flag === flag)
  const ids = [row.messageId]
  return [
    ...(isOurs(SEEN) ? [] : setSeen(db, ids, (flags & SEEN) !== 0)),
    ...(isOurs(FLAGGED) ? [] : setStarred(db, ids, (flags & FLAGGED) !== 0)),
    ...((flags & ANSWERED) === 0 ? [] : setAnswered(db, { ids, how: 'answered' })),
  ]
}

function asideName(db: ReadDb, folderId: number): string {
  return prepared<[number], { name: string }>(db, ASIDE).get(folderId)?.name ?? 'No more on its server'
}

/** Takes a message out of its account without a word to the server. Returns the folders that changed. */
function setAside(db: WriteDb, folderId: number, messageId: number): number[] {
  prepared(db, DROP_CHANGES).run(messageId)
  prepared(db, UNPLACE_MESSAGE).run(messageId)
  return moveMessages(db, [messageId], { folderId: ensureNamed(db, asideName(db, folderId)) })
}

export const imapOperations = {
  /**
   * Keeps messages under their numbers, as one: so none comes twice. The id of each; null for a number that is known already. Throws
   * `conflict` when the folder was numbered anew.
   */
  'imap.keep': (
    db: WriteDb,
    args: In & { readonly arrivals: readonly ImapArrival[] },
    nowMs: number,
  ): (number | null)[] => {
    const { accountId } = requireSame(db, args, 'keep mail of')
    const came: ImapCame[] = []
    const ids = args.arrivals.map(({ uid, flags, body, fields, receivedMs }) => {
      if (prepared(db, AT).get(args.folderId, uid) !== undefined) return null
      const seen = (flags & SEEN) !== 0
      const message = { folderId: args.folderId, body, prefix: '', removed: [], fields, receivedMs, seen }
      const id = insertMessage(db, message, nowMs)
      if ((flags & FLAGGED) !== 0) setStarred(db, [id], true)
      if ((flags & ANSWERED) !== 0) setAnswered(db, { ids: [id], how: 'answered' })
      noteCameBy(db, id, accountId)
      settle(db, args, uid, flags, id)
      const sizeBytes = 'raw' in body ? body.raw.length : body.sizeBytes
      came.push({ id, uid, headerId: fields.messageId, sizeBytes, receivedMs })
      return id
    })
    noteImapArrivals(db, args.folderId, came, nowMs)
    return ids
  },
  /** Finds messages that are here already among new numbers. Returns the numbers that are none of them. */
  'imap.adopt': (db: WriteDb, args: In & { readonly heads: readonly ImapHead[] }): number[] => {
    requireSame(db, args, 'look through')
    return args.heads.flatMap((head) => {
      if (prepared(db, AT).get(args.folderId, head.uid) !== undefined) return []
      return adoptOne(db, args, head) ? [] : [head.uid]
    })
  },
  /** The server's flags of numbers that are known. Returns the folders that changed. */
  'imap.flags': (
    db: WriteDb,
    args: In & { readonly flags: readonly { readonly uid: number; readonly flags: number }[] },
  ): number[] => {
    requireSame(db, args, 'follow flags in')
    const touched = args.flags.flatMap(({ uid, flags }) => {
      const row = prepared<[number, number], PlaceRow>(db, AT).get(args.folderId, uid)
      return row === undefined || row.flags === flags ? [] : followFlags(db, args.folderId, row, flags)
    })
    return [...new Set(touched)]
  },
  /**
   * Numbers that the server has no more: the messages go, also those that were changed here. One whose move may have happened stays,
   * to be found where it went. Returns the folders that changed.
   */
  'imap.vanished': (db: WriteDb, args: In & { readonly uids: readonly number[] }): number[] => {
    requireSame(db, args, 'follow removals in')
    const touched = new Set<number>()
    for (const uid of args.uids) {
      const row = prepared<[number, number], PlaceRow>(db, AT).get(args.folderId, uid)
      if (row === undefined) continue
      prepared(db, UNPLACE).run(args.folderId, uid)
      if (row.messageId === null) continue
      const isMoving = changesOf(db, row.messageId).some((one) => one.kind === 'move' && one.begun === 1)
      const folderId = isMoving ? undefined : dropVanished(db, row.messageId)
      if (folderId !== undefined) touched.add(folderId)
    }
    return [...touched]
  },
  /**
   * All of a folder was looked through since it was numbered anew. What was not found again is kept, in a folder of the person's own: a
   * server that came back from an old copy of itself has lost it, and here it may be the only one.
   */
  'imap.looked-through': (
    db: WriteDb,
    args: In & { readonly limit: number },
  ): { readonly more: boolean; readonly folderIds: number[] } => {
    requireSame(db, args, 'look through')
    const some = prepared<[number, number], { id: number }>(db, OLD).all(args.folderId, args.limit)
    const touched = some.flatMap(({ id }) => setAside(db, args.folderId, id))
    const more = some.length === args.limit
    if (!more) prepared(db, FORGET_OLD).run(args.folderId)
    return { more, folderIds: [...new Set(touched)] }
  },
  /** A change is about to be said to the server. Returns whether it is still wanted. */
  'imap.change-begun': (db: WriteDb, args: { readonly id: number }): boolean =>
    prepared(db, BEGUN).run(args.id).changes === 1,
  /** The server has made a change. `uid`: where the message is now, where the server said so. */
  'imap.change-done': (
    db: WriteDb,
    args: {
      readonly change: ImapChange
      readonly at?: In & { readonly uid: number; readonly flags: number }
      /** What is no more where it was is only marked there, and still has its number. */
      readonly isOnlyMarked?: boolean
    },
  ): void => {
    const { change, at, isOnlyMarked = false } = args
    prepared(db, DROP_CHANGE).run(change.id)
    const { messageId } = change
    if (change.kind === 'delete') {
      if (!isOnlyMarked && change.folderId !== null && change.uid !== null)
        prepared(db, UNPLACE).run(change.folderId, change.uid)
      return
    }
    // One that was removed here meanwhile leaves a change that looks for it.
    if (messageId === null || getMessage(db, messageId) === undefined) return
    if (change.kind === 'flag') {
      const place = placeOf(db, messageId)
      if (place === undefined || change.flag === null) return
      const flags = change.value === 1 ? place.flags | change.flag : place.flags & ~change.flag
      prepared(db, SET_FLAGS).run(flags, place.folderId, place.uid)
      return
    }
    prepared(db, isOnlyMarked ? LEAVE_PLACE : UNPLACE_MESSAGE).run(messageId)
    if (at === undefined || getImapFolder(db, at.folderId)?.uidValidity !== at.uidValidity) return
    const there = prepared<[number, number], PlaceRow>(db, AT).get(at.folderId, at.uid)
    if (there === undefined) settle(db, at, at.uid, at.flags, messageId)
  },
  /** A message was on its way on the server and is nowhere there: another program has removed it. Returns the folder it was in. */
  'imap.gone': (db: WriteDb, args: { readonly messageId: number }): number | undefined =>
    dropVanished(db, args.messageId),
  /**
   * The server has refused a change. After some times it is given up, and what is here follows the server. Returns whether it was
   * given up, and the folders that changed.
   */
  'imap.change-refused': (
    db: WriteDb,
    args: { readonly change: ImapChange; readonly most: number },
  ): { readonly isGivenUp: boolean; readonly folderIds: number[] } => {
    const { change, most } = args
    prepared(db, REFUSED).run(change.id)
    if (change.refusals + 1 < most) return { isGivenUp: false, folderIds: [] }
    prepared(db, DROP_CHANGE).run(change.id)
    const place = change.messageId === null ? undefined : placeOf(db, change.messageId)
    if (place === undefined || change.messageId === null) return { isGivenUp: true, folderIds: [] }
    const ids = [change.messageId]
    // Of these calls none leaves a change behind: they say what the server has.
    const folderIds =
      change.kind === 'move'
        ? moveMessages(db, ids, { folderId: place.folderId })
        : change.flag === SEEN
          ? setSeen(db, ids, (place.flags & SEEN) !== 0)
          : setStarred(db, ids, (place.flags & FLAGGED) !== 0)
    for (const one of changesOf(db, change.messageId))
      if (one.kind === 'move' && one.targetId === place.folderId) prepared(db, DROP_CHANGE).run(one.id)
    return { isGivenUp: true, folderIds }
  },
} satisfies Record<string, Operation<never, unknown>>
