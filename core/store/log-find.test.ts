import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { drained, eventsOf, headOf, keepSaid, type Said } from '../../test/support/logged.ts'
import { openTestDb } from '../../test/support/store.ts'
import { parseLogQuery, type LogNode } from '../model/log-query.ts'
import type { SessionHead } from '../model/transcript.ts'
import { findInLog, type LogFound, type LogFoundSession } from './log-find.ts'
import type { WriteDb } from './types.ts'

let db: WriteDb
let close: () => void
beforeEach(() => {
  const opened = openTestDb()
  db = opened.db
  close = () => opened.connection.close()
})
afterEach(() => close())

const parsed = (text: string) => {
  const { query, error } = parseLogQuery(text)
  if (query === null) throw new Error(`${text}: ${error?.reason}`)
  return query
}
/** All that a query finds, page by page. */
function all(query: LogNode, limit = 100, nowMs = 1e9): LogFoundSession[] {
  const found: LogFoundSession[] = []
  for (let before: number | null = null; ;) {
    const page: LogFound = drained(findInLog(db, { query, before, limit, nowMs }))
    found.push(...page.found)
    before = page.before
    if (before === null) return found
  }
}
const ids = (text: string) => all(parsed(text)).map(({ head }) => head.id)
const places = (text: string) =>
  all(parsed(text)).flatMap(({ head, places: some }) => some.map(({ seq }) => [head.id, seq]))

const REFUSED = eventsOf([
  'S: 220 mx',
  'C: EHLO a',
  'S: 250 mx',
  'C: MAIL FROM:<a@b.example>',
  'S: 250 2.1.0 ok',
  'C: RCPT TO:<x@c.example>',
  'S: 550 5.1.1 no such user',
  'C: QUIT',
  'S: 221 bye',
])
const REFUSED_HEAD = headOf(1, { worst: '550', state: 'failed', tls: true })
const GREYLISTED = eventsOf([
  'S: 220 mx',
  'C: EHLO a',
  'S: 250 mx',
  'C: MAIL FROM:<a@b.example>',
  'S: 250 2.1.0 ok',
  'C: RCPT TO:<y@c.example>',
  'S: 451 4.7.1 Greylisted',
  'the server asks to come again',
])

function keepTwo(): void {
  keepSaid(
    db,
    [REFUSED_HEAD, headOf(2, { worst: '451', state: 'deferred', peer: 'mx2.other.example' })],
    [
      { sessionId: 1, seq: 0, events: REFUSED.slice(0, 6) },
      { sessionId: 2, seq: 0, events: GREYLISTED },
    ],
    [
      { sessionId: 1, link: { entryId: 70, recipientId: 71 } },
      { sessionId: 2, link: { messageId: 9 } },
    ],
  )
  // A command and its answer need not stand in one segment.
  keepSaid(db, [REFUSED_HEAD], [{ sessionId: 1, seq: 6, events: REFUSED.slice(6) }])
}

test.each([
  [
    'verb:RCPT',
    [
      [2, 5],
      [1, 5],
    ],
  ],
  ['verb:RCPT code:4xx', [[2, 6]]],
  ['verb:RCPT code:5.1.x', [[1, 6]]],
  [
    'code:550 OR code:4.7.1',
    [
      [2, 6],
      [1, 6],
    ],
  ],
  ['"no SUCH"', [[1, 6]]],
  ['"no SUCH" -verb:RCPT', []],
  ['verb:RCPT -"x@c"', [[2, 5]]],
  ['"come again"', [[2, 7]]],
  ['ms:>5 verb:QUIT', [[1, 8]]],
  ['ms:>10', []],
])('finds the places that %s asks for', (text, wanted) => {
  keepTwo()
  expect(places(text)).toEqual(wanted)
})

test.each([
  ['tls:no', [2]],
  ['host:OTHER.example', [2]],
  ['host:192.0.2.1', [2, 1]],
  ['state:problem -tls:yes', [2]],
  ['entry:70', [1]],
  ['msg:9', [2]],
  ['session:1 OR msg:9', [2, 1]],
  ['lasted:<501', [2, 1]],
  ['before:2000', [2, 1]],
  ['after:2000', []],
  ['protocol:pop3', []],
  ['dir:in', []],
  ['tls:yes OR verb:RCPT', [2, 1]],
  ['tls:yes verb:VRFY', []],
  ['account:work', []],
])('finds the sessions that %s asks for', (text, wanted) => {
  keepTwo()
  expect(ids(text)).toEqual(wanted)
})

test('finds sessions by account and by Message-ID', () => {
  db.prepare(
    `INSERT INTO account (id, kind, name, host, port, tls, login, keep, every_seconds, created_ms, next_fetch_ms)
      VALUES (4, 'pop3', 'At Work', 'pop.example', 995, 'implicit', 'ada@work.example', 1, 60, 0, 0)`,
  ).run()
  db.prepare(`INSERT INTO blob (id, state, size_bytes, sha256, created_ms) VALUES (1, 'whole', 3, x'00', 1)`).run()
  db.prepare(
    `INSERT INTO queue_entry (id, blob_id, prefix, removed, size_bytes, origin, message_id, subject, is_8bit, needs_utf8, created_ms,
      open_count) VALUES (70, 1, '', '[]', 3, 'window', '<A.b@here>', '', 0, 0, 1, 1)`,
  ).run()
  keepSaid(db, [headOf(1, { protocol: 'pop3', accountId: 4 })])
  keepSaid(db, [headOf(2)], [], [{ sessionId: 2, link: { entryId: 70 } }])
  expect(ids('account:work')).toEqual([1])
  expect(ids('account:4')).toEqual([1])
  expect(ids('-account:work')).toEqual([2])
  expect(ids('msg:<A.b@here>')).toEqual([2])
  expect(ids('msg:A.b@here')).toEqual([2])
})

test('what a live session has just said is found, though its head is old', () => {
  keepSaid(db, [headOf(1, { state: 'live', worst: '' })], [{ sessionId: 1, seq: 0, events: eventsOf(['C: NOOP']) }])
  keepSaid(db, [], [{ sessionId: 1, seq: 1, events: eventsOf(['S: 421 4.3.2 going down']) }])
  expect(places('code:421')).toEqual([[1, 1]])
  expect(places('verb:NOOP ms:<1')).toEqual([[1, 1]])
})

test('pages go on where the last one ended', () => {
  for (let id = 1; id <= 30; id++)
    keepSaid(db, [headOf(id)], [{ sessionId: id, seq: 0, events: eventsOf([`C: NOOP ${id % 3}`, 'S: 250 ok']) }])
  expect(all(parsed('"NOOP 1"'), 3).map(({ head }) => head.id)).toEqual([28, 25, 22, 19, 16, 13, 10, 7, 4, 1])
  expect(all(parsed('tls:no'), 7)).toHaveLength(30)
})

test('what is rare is found behind thousands of sessions that do not say it, on whatever page, and by its own exchange', () => {
  // A text may stand on both sides of a border between segments, or not at all: then all is passed over.
  const heads = Array.from({ length: 2500 }, (_, n) => headOf(n + 1, { state: 'ok', worst: '250' }))
  for (let from = 0; from < heads.length; from += 50) {
    const some = heads.slice(from, from + 50)
    const said = (id: number) => eventsOf([id % 1200 === 7 ? 'C: VRFY Root' : 'C: NOOP', 'S: 250 ok'])
    keepSaid(
      db,
      some,
      some.map(({ id }) => ({ sessionId: id, seq: 0, events: said(id) })),
    )
  }
  expect(ids('verb:VRFY')).toEqual([2407, 1207, 7])
  expect(all(parsed('verb:VRFY'), 1).map(({ head }) => head.id)).toEqual([2407, 1207, 7])
  expect(places('"vrfy root"')).toEqual([
    [2407, 0],
    [1207, 0],
    [7, 0],
  ])
  expect(ids('"vrfy root" tls:yes')).toEqual([])
  expect(ids('"never said"')).toEqual([])
})

test('of a session that says the same again and again a bounded number of places is told', () => {
  const events = eventsOf(Array.from({ length: 3000 }, () => 'C: NOOP'))
  keepSaid(db, [headOf(1)], [{ sessionId: 1, seq: 0, events }])
  const [found] = all(parsed('verb:NOOP'))
  expect(found?.places).toHaveLength(5)
  expect(found?.matches).toBe(1000)
})

const WORDS = ['RCPT TO:<a@b>', 'NOOP', 'VRFY root', 'DATA']
// None of them 354: what is said behind that is a message.
const REPLIES = ['250 2.1.5 ok', '451 4.7.1 later', '550 5.1.1 No Such user', '252 2.1.5 perhaps']
const arbitrarySessions = fc.array(
  fc.record({
    said: fc.array(fc.record({ word: fc.nat(3), reply: fc.nat(3) }), { maxLength: 6 }),
    tls: fc.boolean(),
    cut: fc.nat(12),
  }),
  { minLength: 1, maxLength: 12 },
)
const leaf = fc.constantFrom(
  'verb:RCPT',
  'verb:VRFY',
  'code:4xx',
  'code:550',
  'code:5.1.x',
  '"no such"',
  'later',
  'tls:yes',
  'root',
  'ms:<1',
  'code:250',
)
const arbitraryQuery = fc.letrec<{ query: string }>((tie) => ({
  query: fc.oneof(
    { maxDepth: 3 },
    leaf,
    fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a} ${b})`),
    fc.tuple(tie('query'), tie('query')).map(([a, b]) => `(${a} OR ${b})`),
    tie('query').map((a) => `-${a}`),
  ),
})).query

/** The same question, answered the slow way: of one exchange. */
function isSo(node: LogNode, head: SessionHead, word: string, reply: string): boolean {
  switch (node.kind) {
    case 'and':
      return node.of.every((one) => isSo(one, head, word, reply))
    case 'or':
      return node.of.some((one) => isSo(one, head, word, reply))
    case 'not':
      return !isSo(node.of, head, word, reply)
    case 'verb':
      return word.startsWith(node.verb)
    case 'code':
      return { '4XX': /^4/, '550': /^550/, '5.1.X': / 5\.1\./, '250': /^250/ }[node.code]!.test(reply)
    case 'text':
      return `${word}\n${reply}`.toLowerCase().includes(node.text)
    case 'tls':
      return head.tls
    case 'ms':
      return false // every answer takes 10 ms
    default:
      throw new Error(node.kind)
  }
}

test('whatever is asked, the index of heads and bytes loses nothing and adds nothing', () => {
  fc.assert(
    fc.property(arbitrarySessions, arbitraryQuery, (sessions, text) => {
      db.prepare('DELETE FROM session').run()
      db.prepare('DELETE FROM session_segment').run()
      const query = parsed(text)
      const wanted: number[] = []
      const later: Said[] = []
      const first: Said[] = []
      const heads = sessions.map(({ said, tls, cut }, n) => {
        const codes = said.map(({ reply }) => Number(REPLIES[reply]!.slice(0, 3)))
        const head = headOf(n + 1, { tls, worst: codes.length === 0 ? '' : String(Math.max(...codes)) })
        const lines = said.flatMap(({ word, reply }) => [`C: ${WORDS[word]}`, `S: ${REPLIES[reply]}`])
        const events = eventsOf(lines)
        first.push({ sessionId: head.id, seq: 0, events: events.slice(0, cut) })
        later.push({ sessionId: head.id, seq: Math.min(cut, events.length), events: events.slice(cut) })
        const isFound = said.some(({ word, reply }) => isSo(query, head, WORDS[word]!, REPLIES[reply]!))
        if (isFound || isDecided(query, head) === true) wanted.push(head.id)
        return head
      })
      keepSaid(
        db,
        heads,
        first.filter(({ events }) => events.length > 0),
      )
      keepSaid(
        db,
        heads,
        later.filter(({ events }) => events.length > 0),
      )
      expect(all(query).map(({ head }) => head.id)).toEqual(wanted.toReversed())
    }),
    { numRuns: 150 },
  )
})

/** What the head alone decides; undefined where it does not. */
function isDecided(node: LogNode, head: SessionHead): boolean | undefined {
  switch (node.kind) {
    case 'tls':
      return head.tls
    case 'not': {
      const inner = isDecided(node.of, head)
      return inner === undefined ? undefined : !inner
    }
    case 'and':
    case 'or': {
      const each = node.of.map((one) => isDecided(one, head))
      if (each.includes(node.kind === 'or')) return node.kind === 'or'
      return each.includes(undefined) ? undefined : node.kind === 'and'
    }
    default:
      return undefined
  }
}
