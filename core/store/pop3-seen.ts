import { Fault } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { requireAccount } from './account.ts'
import { ensureFolder } from './folder.ts'
import { insertUnindexed, replaceMessage } from './message.ts'
import { getMessage } from './message-list.ts'
import { prepared } from './prepared.ts'
import { noteArrivals } from './rule-todo.ts'
import { indexMessage } from './search-index.ts'
import { deferIndexing } from './search-pending.ts'
import type { Body, Operation, ReadDb, WriteDb } from './types.ts'

/** What is known of a message that a POP3 server has shown us. */
export interface SeenMessage {
  readonly uidl: string
  /** Null: it was removed here. */
  readonly messageId: number | null
  /** Unix ms. */
  readonly fetchedMs: number
  /** Since when the server lists it no more; null while it does. */
  readonly goneMs: number | null
  /** Only its header is here. */
  readonly isPartial: boolean
}
/** One message that a POP3 server has given us. */
export interface Pop3Arrival {
  readonly uidl: string
  readonly body: Body
  readonly fields: MessageFields
  /** Unix ms. */
  readonly receivedMs: number
  /** Only its header came: what the server says the whole of it has. */
  readonly wholeBytes?: number
  /** What it is found by comes later, in a piece of the index; `fields` has no text. */
  readonly isIndexedLater?: true
}
/** Where the rest of a message is. */
export interface PartialMessage {
  readonly sizeBytes: number
  /** Null when its account was removed: then nobody can bring the rest. */
  readonly source: { readonly accountId: number; readonly uidl: string } | null
}

const PAGE = `
  SELECT s.uidl, s.message_id AS messageId, s.fetched_ms AS fetchedMs, s.gone_ms AS goneMs, p.message_id IS NOT NULL AS isPartial
  FROM pop3_seen s LEFT JOIN message_partial p ON p.message_id = s.message_id
  WHERE s.account_id = ? AND s.uidl > ? ORDER BY s.uidl LIMIT ?`
const IS_SEEN = 'SELECT 1 FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const MESSAGE_OF = 'SELECT message_id AS id FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const SEE = 'INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (?, ?, ?, ?)'
const FORGET = 'DELETE FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const GONE = 'UPDATE pop3_seen SET gone_ms = ? WHERE account_id = ? AND uidl = ?'
const ADD_PARTIAL = 'INSERT INTO message_partial (message_id, size_bytes) VALUES (?, ?)'
const END_PARTIAL = 'DELETE FROM message_partial WHERE message_id = ?'
const PARTIAL = `
  SELECT p.size_bytes AS sizeBytes, s.account_id AS accountId, s.uidl
  FROM message_partial p LEFT JOIN pop3_seen s ON s.message_id = p.message_id WHERE p.message_id = ?`

/** What an account has seen, by unique-id, after the one given ('' to begin). */
export function listSeen(db: ReadDb, accountId: number, after: string, limit: number): SeenMessage[] {
  return prepared<[number, string, number], Omit<SeenMessage, 'isPartial'> & { readonly isPartial: number }>(db, PAGE)
    .all(accountId, after, limit)
    .map((row) => ({ ...row, isPartial: row.isPartial === 1 }))
}

/** The message that came under a unique-id; undefined when it did not come or is gone. */
export function messageOfUidl(db: ReadDb, accountId: number, uidl: string): number | undefined {
  return prepared<[number, string], { id: number | null }>(db, MESSAGE_OF).get(accountId, uidl)?.id ?? undefined
}

/** What is missing of a message; undefined when it is whole or gone. */
export function getPartial(db: ReadDb, messageId: number): PartialMessage | undefined {
  const row = prepared<[number], { sizeBytes: number; accountId: number | null; uidl: string | null }>(db, PARTIAL).get(
    messageId,
  )
  if (row === undefined) return undefined
  const { sizeBytes, accountId, uidl } = row
  return { sizeBytes, source: accountId === null || uidl === null ? null : { accountId, uidl } }
}

export const pop3SeenOperations = {
  /**
   * Keeps messages and remembers their unique-ids, as one: so none is fetched twice and none deleted on the server that is
   * not here. The id of each; null for one that is here already. Throws `not-found` when the account is gone, and `conflict` when
   * it has another maildrop by now than the one they are from.
   */
  'pop3.keep': (
    db: WriteDb,
    args: {
      readonly accountId: number
      readonly from: { readonly host: string; readonly user: string }
      readonly arrivals: readonly Pop3Arrival[]
    },
    nowMs: number,
  ): { readonly folderId: number; readonly messageIds: (number | null)[] } => {
    const account = requireAccount(db, args.accountId, 'keep mail of')
    if (account.host !== args.from.host || account.user !== args.from.user)
      throw new Fault('conflict', `keep mail of account ${args.accountId}: it has another maildrop by now`, {
        what: 'account',
        reason: 'it has another maildrop by now',
      })
    const folderId = ensureFolder(db, { accountId: args.accountId, userId: null }, 'inbox')
    const messageIds = args.arrivals.map(({ uidl, body, fields, receivedMs, wholeBytes }) => {
      if (prepared(db, IS_SEEN).get(args.accountId, uidl) !== undefined) return null
      const message = { folderId, body, prefix: '', removed: [], fields, receivedMs, seen: false }
      const messageId = insertUnindexed(db, message, nowMs)
      prepared(db, SEE).run(args.accountId, uidl, messageId, nowMs)
      if (wholeBytes !== undefined) prepared(db, ADD_PARTIAL).run(messageId, wholeBytes)
      return messageId
    })
    const came = messageIds.flatMap((id, index) => (id === null ? [] : [{ id, arrival: args.arrivals[index]! }]))
    // FTS5 writes out what it holds whenever an id is smaller than the last one.
    for (const { id, arrival } of came.toSorted((a, b) => a.id - b.id))
      if (arrival.isIndexedLater === true) deferIndexing(db, id)
      else indexMessage(db, id, arrival.fields)
    noteArrivals(
      db,
      came.map(({ id }) => id),
      { kind: 'account', accountId: args.accountId },
      nowMs,
    )
    return { folderId, messageIds }
  },
  /** Puts the whole message where only its header was. Returns its folder. Throws `not-found` when it is gone. */
  'pop3.complete': (
    db: WriteDb,
    args: { readonly messageId: number; readonly body: Body; readonly fields: MessageFields },
    nowMs: number,
  ): number => {
    const message = getMessage(db, args.messageId)
    if (message === undefined)
      throw new Fault('not-found', `complete message ${args.messageId}: it is gone`, {
        what: 'message',
        id: String(args.messageId),
      })
    replaceMessage(db, message, args, nowMs)
    prepared(db, END_PARTIAL).run(args.messageId)
    return message.folderId
  },
  /** Notes which unique-ids the server lists no more, and which again. */
  'pop3.gone': (
    db: WriteDb,
    args: { readonly accountId: number; readonly gone: readonly string[]; readonly back: readonly string[] },
    nowMs: number,
  ): void => {
    for (const uidl of args.gone) prepared(db, GONE).run(nowMs, args.accountId, uidl)
    for (const uidl of args.back) prepared(db, GONE).run(null, args.accountId, uidl)
  },
  /** Forgets unique-ids that the server has no more. */
  'pop3.forget': (db: WriteDb, args: { readonly accountId: number; readonly uidls: readonly string[] }): void => {
    for (const uidl of args.uidls) prepared(db, FORGET).run(args.accountId, uidl)
  },
} satisfies Record<string, Operation<never, unknown>>
