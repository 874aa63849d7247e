import { DefaultDeserializer } from 'node:v8'
import { Fault } from '../base/fault.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { requireAccount } from './account.ts'
import { noteCameBy } from './came-by.ts'
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
  /** The rest of it comes by itself. */
  readonly isComing: boolean
}
/** What was read of a message that came with many others; `receivedMs` is null where no server says. */
export interface PackedArrival {
  readonly fields: MessageFields
  readonly receivedMs: number | null
}
/** One message that a POP3 server has given us. */
export interface Pop3Arrival {
  readonly uidl: string
  readonly body: Body
  /** Null: what was read of it is among the packed ones. */
  readonly fields: MessageFields | null
  /** Unix ms; of one that is packed, where that does not say. */
  readonly receivedMs: number
  /** Only its header came: what the server says the whole of it has. */
  readonly wholeBytes?: number
  /** Of such a one: the rest comes by itself, and rules wait for it. */
  readonly isComing?: boolean
  /** What it is found by comes later, in a piece of the index; `fields` has no text. */
  readonly isIndexedLater?: true
}
/** Where the rest of a message is. */
export interface PartialMessage {
  readonly sizeBytes: number
  /** Null when its account was removed: then nobody can bring the rest. */
  readonly source: { readonly accountId: number; readonly uidl: string } | null
}

type SeenRow = Omit<SeenMessage, 'isPartial' | 'isComing'> & { readonly isPartial: number; readonly isComing: number }

const PAGE = `
  SELECT s.uidl, s.message_id AS messageId, s.fetched_ms AS fetchedMs, s.gone_ms AS goneMs, p.message_id IS NOT NULL AS isPartial,
    coalesce(p.is_coming, 0) AS isComing
  FROM pop3_seen s LEFT JOIN message_partial p ON p.message_id = s.message_id
  WHERE s.account_id = ? AND s.uidl > ? ORDER BY s.uidl LIMIT ?`
const SEEN = `
  SELECT s.message_id AS messageId, p.is_coming AS isComing
  FROM pop3_seen s LEFT JOIN message_partial p ON p.message_id = s.message_id WHERE s.account_id = ? AND s.uidl = ?`
const MESSAGE_OF = 'SELECT message_id AS id FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const SEE = 'INSERT INTO pop3_seen (account_id, uidl, message_id, fetched_ms) VALUES (?, ?, ?, ?)'
const FORGET = 'DELETE FROM pop3_seen WHERE account_id = ? AND uidl = ?'
const GONE = 'UPDATE pop3_seen SET gone_ms = ? WHERE account_id = ? AND uidl = ?'
const ADD_PARTIAL = 'INSERT INTO message_partial (message_id, size_bytes, is_coming) VALUES (?, ?, ?)'
const END_PARTIAL = 'DELETE FROM message_partial WHERE message_id = ? RETURNING is_coming AS isComing'
const COMES_NO_MORE = `
  UPDATE message_partial SET is_coming = 0
  WHERE is_coming = 1 AND message_id = (SELECT message_id FROM pop3_seen WHERE account_id = ? AND uidl = ?)
  RETURNING message_id AS id`
const PARTIAL = `
  SELECT p.size_bytes AS sizeBytes, s.account_id AS accountId, s.uidl
  FROM message_partial p LEFT JOIN pop3_seen s ON s.message_id = p.message_id WHERE p.message_id = ?`

/** What an account has seen, by unique-id, after the one given ('' to begin). */
export function listSeen(db: ReadDb, accountId: number, after: string, limit: number): SeenMessage[] {
  return prepared<[number, string, number], SeenRow>(db, PAGE)
    .all(accountId, after, limit)
    .map((row) => ({ ...row, isPartial: row.isPartial === 1, isComing: row.isComing === 1 }))
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

interface SeenHere {
  readonly messageId: number | null
  /** Null where all of it is here. */
  readonly isComing: number | null
}

/**
 * Puts a whole message where only its header was, and has it sorted where that waited for it. Returns its folder. Throws
 * `not-found` when it is gone.
 */
function complete(
  db: WriteDb,
  messageId: number,
  args: { readonly body: Body; readonly fields: MessageFields },
  accountId: number | undefined,
  nowMs: number,
): number {
  const message = getMessage(db, messageId)
  if (message === undefined)
    throw new Fault('not-found', `complete message ${messageId}: it is gone`, {
      what: 'message',
      id: String(messageId),
    })
  replaceMessage(db, message, args, nowMs)
  const ended = prepared<[number], { isComing: number }>(db, END_PARTIAL).all(messageId)
  if (ended[0]?.isComing === 1 && accountId !== undefined)
    noteArrivals(db, [messageId], { kind: 'account', accountId }, nowMs)
  return message.folderId
}

/** What was read of each message, and when it came. */
function readingsOf(args: {
  readonly arrivals: readonly Pop3Arrival[]
  readonly packed?: Uint8Array
}): { readonly fields: MessageFields; readonly receivedMs: number }[] {
  const packed = args.packed === undefined ? undefined : new DefaultDeserializer(args.packed)
  packed?.readHeader()
  return args.arrivals.map(({ uidl, fields, receivedMs }) => {
    const one = packed?.readValue() as PackedArrival | null | undefined
    if (fields !== null) return { fields, receivedMs }
    if (!one) throw new Error(`of message "${uidl}" nothing was read`)
    return { fields: one.fields, receivedMs: one.receivedMs ?? receivedMs }
  })
}

export const pop3SeenOperations = {
  /**
   * Keeps messages and remembers their unique-ids, as one: so none is fetched twice and none deleted on the server that is
   * not here. A whole one takes the place of its header. The id of each; null for one that is here already. Throws `not-found` when
   * the account is gone, and `conflict` when it has another maildrop by now than the one they are from.
   */
  'pop3.keep': (
    db: WriteDb,
    args: {
      readonly accountId: number
      readonly from: { readonly host: string; readonly user: string }
      readonly arrivals: readonly Pop3Arrival[]
      /** What was read of them elsewhere: of each a `PackedArrival` or null, one behind the other as node:v8 writes them. */
      readonly packed?: Uint8Array
    },
    nowMs: number,
  ): { readonly folderId: number; readonly messageIds: (number | null)[]; readonly completedIn: number[] } => {
    const account = requireAccount(db, args.accountId, 'keep mail of')
    if (account.host !== args.from.host || account.user !== args.from.user)
      throw new Fault('conflict', `keep mail of account ${args.accountId}: it has another maildrop by now`, {
        what: 'account',
        reason: 'it has another maildrop by now',
      })
    const folderId = ensureFolder(db, { accountId: args.accountId, userId: null }, 'inbox')
    const completedIn = new Set<number>()
    const completed = new Set<number>()
    const sorted: number[] = []
    const read = readingsOf(args)
    const messageIds = args.arrivals.map((arrival, index) => {
      const { uidl, body, wholeBytes } = arrival
      const { fields, receivedMs } = read[index]!
      const seen = prepared<[number, string], SeenHere>(db, SEEN).get(args.accountId, uidl)
      if (seen !== undefined) {
        if (seen.messageId === null || seen.isComing !== 1 || wholeBytes !== undefined) return null
        completedIn.add(complete(db, seen.messageId, { body, fields }, args.accountId, nowMs))
        completed.add(seen.messageId)
        return seen.messageId
      }
      const message = { folderId, body, prefix: '', removed: [], fields, receivedMs, seen: false }
      const messageId = insertUnindexed(db, message, nowMs)
      prepared(db, SEE).run(args.accountId, uidl, messageId, nowMs)
      noteCameBy(db, messageId, args.accountId)
      if (wholeBytes !== undefined)
        prepared(db, ADD_PARTIAL).run(messageId, wholeBytes, arrival.isComing === true ? 1 : 0)
      if (arrival.isComing !== true) sorted.push(messageId)
      return messageId
    })
    const came = messageIds.flatMap((id, index) => (id === null || completed.has(id) ? [] : [{ id, index }]))
    // FTS5 writes out what it holds whenever an id is smaller than the last one.
    for (const { id, index } of came.toSorted((a, b) => a.id - b.id))
      if (args.arrivals[index]!.isIndexedLater === true) deferIndexing(db, id)
      else indexMessage(db, id, read[index]!.fields)
    noteArrivals(db, sorted, { kind: 'account', accountId: args.accountId }, nowMs)
    return { folderId, messageIds, completedIn: [...completedIn] }
  },
  /** Puts the whole message where only its header was. Returns its folder. Throws `not-found` when it is gone. */
  'pop3.complete': (
    db: WriteDb,
    args: { readonly messageId: number; readonly body: Body; readonly fields: MessageFields },
    nowMs: number,
  ): number => {
    const accountId = getPartial(db, args.messageId)?.source?.accountId
    return complete(db, args.messageId, args, accountId, nowMs)
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
  /** Forgets unique-ids that the server has no more. Of a message that was still to come whole, rules get the header now. */
  'pop3.forget': (
    db: WriteDb,
    args: { readonly accountId: number; readonly uidls: readonly string[] },
    nowMs: number,
  ): void => {
    const source = { kind: 'account', accountId: args.accountId } as const
    for (const uidl of args.uidls) {
      const left = prepared<[number, string], { id: number }>(db, COMES_NO_MORE).all(args.accountId, uidl)
      noteArrivals(
        db,
        left.map(({ id }) => id),
        source,
        nowMs,
      )
      prepared(db, FORGET).run(args.accountId, uidl)
    }
  },
} satisfies Record<string, Operation<never, unknown>>
