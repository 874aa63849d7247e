import type { JunkCounts } from '../model/junk.ts'
import { prepared } from './prepared.ts'
import type { Operation, ReadDb, WriteDb } from './types.ts'

interface WordRow extends JunkCounts {
  readonly word: string
}
/** Words that were met once long ago say nothing any more: beyond so many, those are forgotten. */
const MOST_WORDS = 300_000

const COUNTS = 'SELECT word, junk, good FROM junk_word WHERE word IN (SELECT value FROM json_each(?))' // its primary key
const LESSONS = `SELECT junk, good FROM junk_word WHERE word = ''`
const LESSON = 'SELECT is_junk AS isJunk FROM junk_lesson WHERE message_id = ?'
const NOTE = `
  INSERT INTO junk_lesson (message_id, is_junk) VALUES (?, ?) ON CONFLICT (message_id) DO UPDATE SET is_junk = excluded.is_junk`
const ADD = `
  INSERT INTO junk_word (word, junk, good) VALUES (@word, max(@junk, 0), max(@good, 0))
  ON CONFLICT (word) DO UPDATE SET junk = max(junk + @junk, 0), good = max(good + @good, 0)`
const HOW_MANY = 'SELECT count(*) FROM junk_word'
const FORGET_RARE = `DELETE FROM junk_word WHERE junk + good <= 1 AND word <> ''`
const FORGET_WORDS = 'DELETE FROM junk_word'
const FORGET_LESSONS = 'DELETE FROM junk_lesson'
/** Every so many lessons the words are counted. */
const LESSONS_BETWEEN = 500

/** How often each of these words was met; those that never were are left out. */
export function junkCounts(db: ReadDb, words: readonly string[]): ReadonlyMap<string, JunkCounts> {
  const rows = prepared<[string], WordRow>(db, COUNTS).all(JSON.stringify(words))
  return new Map(rows.map(({ word, junk, good }) => [word, { junk, good }]))
}

/** How many messages of each kind were learnt. */
export function junkLessons(db: ReadDb): JunkCounts {
  return prepared<[], JunkCounts>(db, LESSONS).get() ?? { junk: 0, good: 0 }
}

/** As what a message was learnt; undefined where it was not. */
export function junkLesson(db: ReadDb, messageId: number): boolean | undefined {
  const row = prepared<[number], { isJunk: number }>(db, LESSON).get(messageId)
  return row && row.isJunk === 1
}

/** Learns a message by its words. What it was learnt as before is taken back; the same twice counts once. */
export function learnJunk(
  db: WriteDb,
  {
    messageId,
    isJunk,
    words,
  }: { readonly messageId: number; readonly isJunk: boolean; readonly words: readonly string[] },
): { readonly changed: boolean } {
  const before = junkLesson(db, messageId)
  const isThere = prepared<[number], unknown>(db, 'SELECT 1 FROM message WHERE id = ?').get(messageId) !== undefined
  if (before === isJunk || !isThere) return { changed: false }
  const back = before === undefined ? 0 : -1
  const counts = isJunk ? { junk: 1, good: back } : { junk: back, good: 1 }
  for (const word of ['', ...words]) prepared(db, ADD).run({ word, ...counts })
  prepared(db, NOTE).run(messageId, isJunk ? 1 : 0)
  const { junk, good } = junkLessons(db)
  if ((junk + good) % LESSONS_BETWEEN === 0 && Number(prepared(db, HOW_MANY).pluck().get()) > MOST_WORDS)
    prepared(db, FORGET_RARE).run()
  return { changed: true }
}

/** Forgets all that was learnt. */
export function forgetJunk(db: WriteDb): void {
  prepared(db, FORGET_WORDS).run()
  prepared(db, FORGET_LESSONS).run()
}

export const junkOperations = {
  'junk.learn': learnJunk,
  'junk.forget': (db) => forgetJunk(db),
} satisfies Record<string, Operation<never, unknown>>
