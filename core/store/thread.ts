import { hash } from 'node:crypto'
import type { MessageFields } from '../model/message-fields.ts'
import { referencesOf, replySubject } from '../model/thread-rules.ts'
import { COLUMNS, toMessage, type Cursor, type Message, type MessageRecord, type Page } from './message-list.ts'
import { prepared } from './prepared.ts'
import type { ReadDb, WriteDb } from './types.ts'

/*
 * Conversations. A thread is all mail that is tied together by Message-IDs, its own and those it refers to; whatever order it
 * comes in, the threads are the same. Each message carries the id of its thread. An id that is referred to and not here is a
 * ghost, which leads its message to the thread when that comes. Of two threads that turn out to be one the smaller is renamed.
 */

/**
 * A thread never grows beyond: a hostile References could make one of the whole store, and counting it is a step of each message that
 * comes. Renaming is no trouble: of two threads the smaller is, so that no message is renamed more than some dozen times.
 */
export const MOST_IN_THREAD = 10_000
/** So long an answer without References may follow the mail its subject is of. */
const SUBJECT_MS = 30 * 86_400_000
/** Messages of a thread that are asked who wrote to whom. */
const ASKED = 50

const BY_NAME =
  'SELECT thread_id AS id FROM message WHERE message_id = ? AND thread_id IS NOT NULL ORDER BY id DESC LIMIT 1' // index message_message_id
const GHOST = 'SELECT thread_id AS id FROM thread_ghost WHERE name = ?'
// No INSERT OR REPLACE: it opens a savepoint, at which FTS5 writes out all that waits in memory.
const HAUNT = `
  INSERT INTO thread_ghost (name, thread_id) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET thread_id = excluded.thread_id`
const LAY = 'DELETE FROM thread_ghost WHERE name = ?'
const LAY_ALL = 'DELETE FROM thread_ghost WHERE thread_id = ?' // index thread_ghost_thread
const RENAME_GHOSTS = 'UPDATE thread_ghost SET thread_id = ? WHERE thread_id = ?'
const RENAME = 'UPDATE message SET thread_id = ? WHERE thread_id = ?' // index message_thread
const COUNT = 'SELECT count(*) AS n FROM (SELECT 1 FROM message WHERE thread_id = ? LIMIT ?)'
const SIZES = `
  SELECT value AS id, (SELECT count(*) FROM (SELECT 1 FROM message WHERE thread_id = value LIMIT ${MOST_IN_THREAD + 1})) AS n
  FROM json_each(?)` // index message_thread
const SAME_NAME = 'SELECT 1 FROM message WHERE message_id = ? LIMIT 1'
const PEOPLE = `
  SELECT author_address AS author, addressees FROM message WHERE thread_id = ? ORDER BY date_ms DESC, id DESC LIMIT ?`
const SUBJECT = `
  SELECT m.thread_id AS id, s.date_ms AS dateMs FROM thread_subject s JOIN message m ON m.id = s.message_id WHERE s.subject = ?`
const SET_SUBJECT = `
  INSERT INTO thread_subject (subject, message_id, date_ms) VALUES (?, ?, ?)
  ON CONFLICT (subject) DO UPDATE SET message_id = excluded.message_id, date_ms = excluded.date_ms
  WHERE excluded.date_ms >= date_ms`
const DROP_SUBJECTS = `
  DELETE FROM thread_subject WHERE subject IN (SELECT subject FROM thread_subject WHERE date_ms < ? ORDER BY date_ms LIMIT 8)`
const PAGE = `
  SELECT ${COLUMNS} FROM message
  WHERE thread_id = ? AND (date_ms, id) > (?, ?) ORDER BY date_ms, id LIMIT ?` // index message_thread
const UNTHREADED = `SELECT ${COLUMNS} FROM message WHERE thread_id IS NULL ORDER BY id DESC LIMIT ?` // index message_unthreaded

/** What is known of a message when its thread is looked for. */
export interface Threadable extends Pick<
  MessageFields,
  'messageId' | 'inReplyTo' | 'references' | 'subject' | 'authorAddress' | 'addressees'
> {
  readonly id: number
  readonly dateMs: number
}

/** A name as it is kept of ghosts: eight bytes, for SQLite's integers; nobody finds another text with the same. */
function keyOf(text: string): bigint {
  return hash('sha256', text, 'buffer').readBigInt64BE(0)
}

/** Messages of a thread, counted up to one more than the most there can be. */
export function threadSize(db: ReadDb, threadId: number): number {
  return prepared<[number, number], { n: number }>(db, COUNT).get(threadId, MOST_IN_THREAD + 1)?.n ?? 0
}

/** The same for many threads, in one question. */
export function threadSizes(db: ReadDb, threadIds: readonly number[]): ReadonlyMap<number, number> {
  const ids = JSON.stringify([...new Set(threadIds)])
  const rows = prepared<[string], { id: number; n: number }>(db, SIZES).all(ids)
  return new Map(rows.map(({ id, n }) => [id, n]))
}

/**
 * The thread of a message that is about to be stored, or has none yet: the one its References name, or its own. Threads that it
 * ties together are one from here on. In the caller's operation, which keeps the id in the message's row.
 */
export function threadFor(db: WriteDb, message: Threadable, nowMs: number): number {
  const names = referencesOf(message)
  const own = message.messageId
  const found = new Set<number>()
  const absent: string[] = []
  for (const name of own === '' ? names : [own, ...names.filter((one) => one !== own)]) {
    const known = threadOf(db, name)
    if (known !== undefined) found.add(known)
    else if (name !== own) absent.push(name)
  }
  if (found.size === 0 && names.length === 0) {
    const bySubject = threadBySubject(db, message)
    if (bySubject !== undefined) found.add(bySubject)
  }
  const threadId = merge(db, [...found]) ?? message.id
  if (own !== '') prepared(db, LAY).run(keyOf(own))
  for (const name of absent) prepared(db, HAUNT).run(keyOf(name), threadId)
  rememberSubject(db, message, nowMs)
  return threadId
}

function threadOf(db: ReadDb, name: string): number | undefined {
  const here = prepared<[string], { id: number }>(db, BY_NAME).get(name)
  return here?.id ?? prepared<[bigint], { id: number }>(db, GHOST).get(keyOf(name))?.id
}

/** Makes one thread of several and returns it, with room for one message more; undefined where none has that. */
function merge(db: WriteDb, threadIds: readonly number[]): number | undefined {
  const bySize = threadIds
    .map((id) => ({ id, size: threadSize(db, id) }))
    .sort((a, b) => b.size - a.size || a.id - b.id)
  const home = bySize.find(({ size }) => size < MOST_IN_THREAD)
  if (home === undefined) return undefined
  let size = home.size + 1
  for (const other of bySize) {
    if (other.id === home.id || size + other.size > MOST_IN_THREAD) continue
    prepared(db, RENAME).run(home.id, other.id)
    prepared(db, RENAME_GHOSTS).run(home.id, other.id)
    size += other.size
  }
  return home.id
}

/**
 * The last resort: mail that refers to nothing and calls itself an answer belongs to the mail of that subject, of the last weeks,
 * where the two have to do with each other. Without these conditions all mail called "Re: hello" would be one conversation.
 */
function threadBySubject(db: ReadDb, message: Threadable): number | undefined {
  const { isReply, base } = replySubject(message.subject)
  if (!isReply || base === '') return undefined
  const found = prepared<[bigint], { id: number | null; dateMs: number }>(db, SUBJECT).get(keyOf(base))
  if (found === undefined || found.id === null || Math.abs(message.dateMs - found.dateMs) > SUBJECT_MS) return undefined
  const mine = message.authorAddress.toLowerCase()
  const to = message.addressees.toLowerCase()
  const people = prepared<[number, number], { author: string; addressees: string }>(db, PEOPLE).all(found.id, ASKED)
  const isShared = people.some(({ author, addressees }) => {
    const theirs = author.toLowerCase()
    return (mine !== '' && addressees.toLowerCase().includes(mine)) || (theirs !== '' && to.includes(theirs))
  })
  return isShared ? found.id : undefined
}

/** Only of mail of these weeks: of what is older no answer comes any more, and an import would write a row for each. */
function rememberSubject(db: WriteDb, message: Threadable, nowMs: number): void {
  if (message.dateMs < nowMs - SUBJECT_MS || message.dateMs > nowMs + SUBJECT_MS) return
  const { base } = replySubject(message.subject)
  if (base === '') return
  prepared(db, SET_SUBJECT).run(keyOf(base), message.id, message.dateMs)
  prepared(db, DROP_SUBJECTS).run(nowMs - SUBJECT_MS)
}

/**
 * To be called when a message has been removed: others of its thread may refer to it, and what comes later shall still be led
 * there. The last one takes the thread's ghosts along.
 */
export function leaveThread(db: WriteDb, { messageId, threadId }: Pick<Message, 'messageId' | 'threadId'>): void {
  if (threadId === null) return
  if (prepared<[number, number], { n: number }>(db, COUNT).get(threadId, 1)?.n === 0) {
    prepared(db, LAY_ALL).run(threadId)
    return
  }
  if (messageId === '' || prepared(db, SAME_NAME).get(messageId) !== undefined) return
  prepared(db, HAUNT).run(keyOf(messageId), threadId)
}

/** A page of a thread, oldest first. */
export function listThread(db: ReadDb, threadId: number, after: Cursor | null, limit: number): Page {
  const from = after ?? { dateMs: Number.MIN_SAFE_INTEGER, id: 0 }
  const rows = prepared<[number, number, number, number], MessageRecord>(db, PAGE).all(
    threadId,
    from.dateMs,
    from.id,
    limit + 1,
  )
  return { rows: rows.slice(0, limit).map(toMessage), total: threadSize(db, threadId), more: rows.length > limit }
}

/** Messages of an older version that are in no thread yet, newest first. */
export function listUnthreaded(db: ReadDb, limit: number): Message[] {
  return prepared<[number], MessageRecord>(db, UNTHREADED).all(limit).map(toMessage)
}
