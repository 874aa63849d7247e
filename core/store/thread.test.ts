import * as fc from 'fast-check'
import { beforeEach, describe, expect, test } from 'vitest'
import { openTestDb } from '../../test/support/store.ts'
import type { MessageFields } from '../model/message-fields.ts'
import { ensureFolder, PERSON } from './folder.ts'
import { getMessage } from './message-list.ts'
import { dropMessage, insertMessage } from './message.ts'
import { fillThreads } from './thread-fill.ts'
import { listThread, listUnthreaded, MOST_IN_THREAD, threadSize } from './thread.ts'
import type { WriteDb } from './types.ts'

const NOW = Date.UTC(2026, 5, 15)
const DAY = 86_400_000
const raw = Buffer.from('Subject: x\r\n\r\nx\r\n')

let db: WriteDb
let inbox: number
beforeEach(() => {
  db = openTestDb().db
  inbox = ensureFolder(db, PERSON, 'inbox')
})

/** Stores a message that says this of itself; returns its id. */
function store(more: Partial<MessageFields>, nowMs = NOW): number {
  const fields: MessageFields = {
    messageId: '',
    inReplyTo: '',
    references: '',
    subject: '',
    authorName: '',
    authorAddress: 'ada@one.test',
    addressees: 'bob@two.test',
    preview: '',
    dateMs: NOW,
    attachments: 0,
    body: '',
    ...more,
  }
  const message = { folderId: inbox, body: { raw }, prefix: '', removed: [], fields, receivedMs: nowMs, seen: true }
  return insertMessage(db, message, nowMs)
}
const threadOf = (id: number) => getMessage(db, id)?.threadId
const ghosts = () => (db.prepare('SELECT count(*) AS n FROM thread_ghost').get() as { n: number }).n
function remove(id: number): void {
  const row = getMessage(db, id)
  if (row === undefined) throw new Error('it is gone')
  dropMessage(db, row)
}

/** A message as the oracle knows it: numbers for ids, what it refers to. */
interface Mail {
  readonly id: number
  readonly refs: readonly number[]
  readonly inReplyTo: readonly number[]
}

/** Who belongs together, found by painting: each round the colour of a mail goes to all it names, until nothing changes. */
function paint(mails: readonly Mail[]): number[] {
  const colourOfId = new Map<number, number>()
  const colours = mails.map((_, place) => place)
  for (let changed = true; changed;) {
    changed = false
    for (const [place, { id, refs, inReplyTo }] of mails.entries()) {
      const named = [id, ...refs, ...inReplyTo.slice(0, 1)]
      const least = Math.min(colours[place] ?? 0, ...named.map((one) => colourOfId.get(one) ?? Infinity))
      for (const one of named) {
        if (colourOfId.get(one) === least) continue
        colourOfId.set(one, least)
        changed = true
      }
      if (colours[place] !== least) changed = true
      colours[place] = least
    }
  }
  return colours
}

const anId = fc.nat({ max: 14 })
const aMail: fc.Arbitrary<Mail> = fc.record({
  id: anId,
  refs: fc.array(anId, { maxLength: 4 }),
  inReplyTo: fc.array(anId, { maxLength: 2 }),
})
const name = (id: number) => `<${id}@x.test>`

describe('threads by References', () => {
  test('are those that painting finds, whatever names whom, in whatever order it comes', () => {
    const orders = fc.array(aMail, { minLength: 1, maxLength: 14 }).chain((mails) =>
      fc.record({
        mails: fc.constant(mails),
        order: fc.shuffledSubarray(
          mails.map((_, place) => place),
          { minLength: mails.length },
        ),
      }),
    )
    const opened = openTestDb()
    db = opened.db
    inbox = ensureFolder(db, PERSON, 'inbox')
    fc.assert(
      fc.property(orders, ({ mails, order }) => {
        opened.connection.exec('DELETE FROM message; DELETE FROM thread_ghost')
        const ids = new Map<number, number>()
        for (const place of order) {
          const { id, refs, inReplyTo } = mails[place] as Mail
          const references = refs.map(name).join(' ')
          ids.set(place, store({ messageId: name(id), references, inReplyTo: inReplyTo.map(name).join(' ') }))
        }
        const threads = mails.map((_, place) => threadOf(ids.get(place) ?? 0))
        const colours = paint(mails)
        const pairs = mails.flatMap((_, a) => mails.map((_, b) => [a, b] as const))
        for (const [a, b] of pairs) expect(threads[a] === threads[b], `${a} ${b}`).toBe(colours[a] === colours[b])
        // A ghost is nobody who is here.
        const here = new Set(mails.map(({ id }) => id))
        const absent = new Set(mails.flatMap(({ refs, inReplyTo }) => [...refs, ...inReplyTo.slice(0, 1)]))
        for (const id of here) absent.delete(id)
        expect(ghosts()).toBe(absent.size)
      }),
      { numRuns: 150 },
    )
  })

  test('become one when the mail that ties them comes last', () => {
    const first = store({ messageId: '<b@x>', references: '<a@x>' })
    const second = store({ messageId: '<d@x>', references: '<c@x>' })
    expect(threadOf(first)).not.toBe(threadOf(second))
    const parent = store({ messageId: '<c@x>', inReplyTo: '<b@x>' })
    expect(new Set([first, second, parent].map(threadOf)).size).toBe(1)
    const root = store({ messageId: '<a@x>' })
    expect(listThread(db, threadOf(root) ?? 0, null, 200).rows.map(({ id }) => id)).toEqual(
      [first, second, parent, root].sort((a, b) => a - b),
    )
  })

  test('are read page by page, oldest first', () => {
    const ids = Array.from({ length: 7 }, (_, n) =>
      store({ messageId: `<${n}@x>`, references: '<0@x>', dateMs: NOW - n * 1000 }),
    )
    const threadId = threadOf(ids[0] ?? 0) ?? 0
    const first = listThread(db, threadId, null, 4)
    expect(first).toMatchObject({ total: 7, more: true })
    const last = first.rows.at(-1)
    const second = listThread(db, threadId, { dateMs: last?.dateMs ?? 0, id: last?.id ?? 0 }, 4)
    expect(second.more).toBe(false)
    expect([...first.rows, ...second.rows].map(({ id }) => id)).toEqual(ids.toReversed())
  })

  test('still lead there when a message in the middle was removed, and leave nothing when all are', () => {
    const root = store({ messageId: '<a@x>' })
    const middle = store({ messageId: '<b@x>', references: '<a@x>' })
    remove(middle)
    const later = store({ messageId: '<c@x>', inReplyTo: '<b@x>' })
    expect(threadOf(later)).toBe(threadOf(root))
    for (const id of [root, later]) remove(id)
    expect(ghosts()).toBe(0)
  })

  test('a message without any id, that names itself or nothing, is a thread of its own', () => {
    const alone = [store({}), store({}), store({ messageId: '<s@x>', references: '<s@x>', inReplyTo: '<s@x>' })]
    expect(alone.map(threadOf)).toEqual(alone)
    expect(ghosts()).toBe(0)
  })

  test('thousands of ids in one message tie no more than fifty, its root and its parent among them', () => {
    const references = Array.from({ length: 5000 }, (_, n) => `<${n}@x>`).join(' ')
    const root = store({ messageId: '<0@x>' })
    const hostile = store({ messageId: '<h@x>', references })
    expect(ghosts()).toBe(49)
    expect(threadOf(hostile)).toBe(threadOf(root))
    expect(threadOf(store({ messageId: '<4999@x>' }))).toBe(threadOf(root))
  })

  test('do not grow beyond ten thousand, however they are tied', () => {
    db.prepare('BEGIN').run()
    for (let n = 0; n < MOST_IN_THREAD + 5; n++) store({ messageId: `<a${n}@x>`, references: '<a@x>' })
    db.prepare('COMMIT').run()
    for (let n = 0; n < 10; n++) store({ messageId: `<b${n}@x>`, references: '<b@x>' })
    store({ messageId: '<tie@x>', references: '<a0@x> <b0@x>' })
    const sizes = db.prepare('SELECT count(*) AS n FROM message GROUP BY thread_id ORDER BY n').all() as { n: number }[]
    expect(sizes.at(-1)?.n).toBe(MOST_IN_THREAD)
    expect(sizes.reduce((sum, { n }) => sum + n, 0)).toBe(MOST_IN_THREAD + 16)
  })
})

describe('threads by subject', () => {
  const asked = () => store({ messageId: '<q@x>', subject: 'Lunch on Friday' })
  const answer = { subject: 'Re: lunch on  friday', authorAddress: 'bob@two.test', addressees: 'ada@one.test' }

  test('take an answer that names nothing, from somebody it was written to', () => {
    const question = asked()
    expect(threadOf(store({ ...answer, messageId: '<r@x>' }))).toBe(question)
  })

  test('take no answer that names another mail, of strangers, of other months, or that calls itself none', () => {
    const question = asked()
    const others = [
      store({ ...answer, references: '<other@x>' }),
      store({ ...answer, authorAddress: 'eve@three.test', addressees: 'mal@three.test' }),
      store({ ...answer, dateMs: NOW + 31 * DAY }),
      store({ ...answer, subject: 'Lunch on Friday' }),
      store({ ...answer, subject: 'Fwd: Lunch on Friday' }),
      store({ ...answer, subject: 'Re:' }),
    ]
    for (const id of others) expect(threadOf(id)).not.toBe(question)
  })

  test('remember the subjects of these weeks only', () => {
    asked()
    store({ messageId: '<old@x>', subject: 'an old one', dateMs: NOW - 40 * DAY })
    store({ messageId: '<new@x>', subject: 'a new one', dateMs: NOW + 40 * DAY }, NOW + 40 * DAY)
    expect(db.prepare('SELECT count(*) AS n FROM thread_subject').get()).toEqual({ n: 1 })
  })
})

describe('mail of an older version', () => {
  test('finds its threads afterwards, and what came meanwhile is in them', () => {
    const old = [store({ messageId: '<a@x>' }), store({ messageId: '<b@x>', references: '<a@x>' })]
    db.prepare('UPDATE message SET thread_id = NULL').run()
    db.prepare('DELETE FROM thread_ghost').run()
    const fresh = store({ messageId: '<c@x>', references: '<a@x> <b@x>' })
    expect(listUnthreaded(db, 10).map(({ id }) => id)).toEqual(old.toReversed())
    const parts = [{ filename: 'a.pdf', contentType: 'application/pdf', sizeBytes: 3 }]
    const found = old.map((id, n) => ({ id, inReplyTo: '', references: n === 1 ? '<a@x>' : '', parts }))
    expect(fillThreads(db, { messages: found }, NOW)).toEqual([inbox])
    expect(new Set([...old, fresh].map(threadOf)).size).toBe(1)
    expect(threadSize(db, threadOf(fresh) ?? 0)).toBe(3)
    expect(ghosts()).toBe(0)
    expect(listUnthreaded(db, 10)).toEqual([])
    expect(db.prepare('SELECT filename FROM message_part').all()).toHaveLength(2)
    expect(fillThreads(db, { messages: found }, NOW)).toEqual([])
  })
})
