import type Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { chance } from '../../test/support/chance.ts'
import { openTestDb } from '../../test/support/store.ts'
import { foldText } from '../model/search-fold.ts'
import { commitGroup } from './group.ts'
import { adoptPiece } from './search-adopt.ts'
import { PieceBuilder } from './search-piece.ts'
import type { WriteDb } from './types.ts'

interface Doc {
  readonly id: number
  readonly columns: readonly string[]
}
const INSERT = `INSERT INTO message_text (rowid, subject, author, addressees, cc, body, files) VALUES (?, ?, ?, ?, ?, ?, ?)`

/** Text of some languages, its words as often as in a language (Zipf's law). */
function textOf(random: () => number, words: number): string {
  const endings = ['', 'en', 'ß', 'é', 'ия', '。', '—', '“', '. ', '\r\n', '中文字', '한국', '😀', '_', "'s"]
  let text = ''
  for (let n = 0; n < words; n++)
    text += `${Math.floor(2000 ** random()).toString(36)}${endings[Math.floor(random() ** 6 * endings.length)]} `
  return foldText(text)
}
function docsOf(random: () => number, count: number, longest = 60): Doc[] {
  return Array.from({ length: count }, (_, n) => ({
    // As ids of messages are: large, in no order, and none twice.
    id: Math.floor(1.7e9 + random() * 1e6) * 2 ** 20 + n,
    columns: [
      `letter ${n}`,
      'ada author ada@author.example',
      'many@bench.example',
      n % 3 === 0 ? 'carl cc' : '',
      textOf(random, random() * longest),
      n % 7 === 0 ? 'a.txt\nb.pdf' : '',
    ],
  }))
}
function insert(db: Pick<Database.Database, 'prepare'>, { id, columns }: Doc): void {
  db.prepare(INSERT).run(BigInt(id), ...columns)
}
function pieceOf(docs: readonly Doc[]) {
  const builder = new PieceBuilder()
  for (const { columns } of docs) expect(builder.add(columns)).toBe(true)
  return builder.finish(docs.map(({ id }) => id))
}

/** All that is in the index: each word, where it stands, and what is counted. */
function contentsOf(connection: Database.Database): unknown {
  connection.exec(`CREATE VIRTUAL TABLE IF NOT EXISTS temp.word USING fts5vocab(main, message_text, 'instance')`)
  const all = (sql: string) => connection.prepare(sql).safeIntegers().raw().all()
  return [
    all('SELECT term, doc, col, "offset" FROM temp.word ORDER BY 1, 2, 3, 4'),
    all('SELECT id, sz FROM message_text_docsize ORDER BY id'),
    all('SELECT block FROM message_text_data WHERE id = 1'),
  ]
}
const check = (connection: Database.Database) =>
  connection.exec(`INSERT INTO message_text (message_text) VALUES ('integrity-check')`)
const foundBy = (connection: Database.Database, query: string) =>
  connection
    .prepare('SELECT rowid FROM message_text WHERE message_text MATCH ? ORDER BY rowid DESC')
    .safeIntegers()
    .all(query)

test('a piece is what FTS5 itself makes of the same messages: words, places, phrases, counts, removal, merging', () => {
  const random = chance(11)
  // One is so long that the places of a single word fill many pages.
  const docs = [...docsOf(random, 120, 400), ...docsOf(random, 2, 60_000)]
  const byFts = openTestDb()
  const byPieces = openTestDb()
  for (const doc of docs.toSorted((a, b) => a.id - b.id)) insert(byFts.connection, doc)
  for (const doc of docs.slice(0, 20)) insert(byPieces.connection, doc)
  for (const [from, to] of [
    [20, 70],
    [70, 71],
    [71, 122],
  ]) {
    const piece = pieceOf(docs.slice(from, to))
    byPieces.connection.transaction(() => adoptPiece(byPieces.db, piece!))()
  }
  const same = () => {
    check(byPieces.connection)
    expect(contentsOf(byPieces.connection)).toEqual(contentsOf(byFts.connection))
    for (const query of [
      '1en',
      '"1 2"',
      'a*',
      'body:letter',
      'letter',
      'pdf NOT 3',
      'carl',
      '字',
      '"中文" OR nothing',
      'x*',
    ])
      expect(foundBy(byPieces.connection, query), query).toEqual(foundBy(byFts.connection, query))
  }
  same()
  for (const { id } of docs.filter((_, n) => n % 3 === 0))
    for (const { connection } of [byFts, byPieces])
      connection.prepare('DELETE FROM message_text WHERE rowid = ?').run(BigInt(id))
  same()
  for (const { connection } of [byFts, byPieces])
    connection.exec(`INSERT INTO message_text (message_text) VALUES ('optimize')`)
  same()
  byFts.connection.close()
  byPieces.connection.close()
})

test('a message whose words only FTS5 knows, or with a word without end, is not taken', () => {
  const builder = new PieceBuilder()
  for (const text of ['ꙁ', '\u{1d7d8}', 'a'.repeat(501)]) expect(builder.add([text, '', '', '', '', ''])).toBe(false)
  expect(builder.add(['known words', '', '', '', 'ꙁ', ''])).toBe(false)
  expect(builder.count).toBe(0)
  expect(builder.add(['known words', '', '', '', '', ''])).toBe(true)
  const { connection, db } = openTestDb()
  connection.transaction(() => adoptPiece(db, builder.finish([7])!))()
  check(connection)
  expect(foundBy(connection, 'known')).toEqual([{ rowid: 7n }])
  connection.close()
})

test('of messages that were not stored after all nothing is in the piece', () => {
  const builder = new PieceBuilder()
  for (const text of ['one', 'two', 'three']) builder.add([text, '', '', '', '', ''])
  const piece = builder.finish([5, null, 3])
  const { connection, db } = openTestDb()
  connection.transaction(() => adoptPiece(db, piece!))()
  check(connection)
  expect(['one', 'two', 'three'].map((word) => foundBy(connection, word))).toEqual([
    [{ rowid: 5n }],
    [],
    [{ rowid: 3n }],
  ])
  expect(new PieceBuilder().finish([])).toBeUndefined()
  connection.close()
})

test.each([1, 2, 3])(
  'pieces and what FTS5 writes and merges itself stand side by side, in whatever groups (seed %i)',
  (seed) => {
    const random = chance(seed)
    const { connection } = openTestDb()
    const oracle = openTestDb()
    let kept: Doc[] = []
    const docs = docsOf(random, 3000, 40)
    const some = () => docs.splice(0, 1 + Math.floor(random() * 12))
    const operations = {
      fts: (db: WriteDb, ones: Doc[]) => ones.forEach((doc) => insert(db, doc)),
      piece: (db: WriteDb, ones: Doc[]) => adoptPiece(db, pieceOf(ones)!),
      broken: (db: WriteDb, ones: Doc[]) => {
        adoptPiece(db, pieceOf(ones)!)
        throw new Error('after all not')
      },
      remove: (db: WriteDb, ones: Doc[]) =>
        ones.forEach(({ id }) => db.prepare('DELETE FROM message_text WHERE rowid = ?').run(BigInt(id))),
      merge: (db: WriteDb) => db.prepare(`INSERT INTO message_text (message_text, rank) VALUES ('merge', 4)`).run(),
    }
    const names = ['fts', 'fts', 'fts', 'piece', 'piece', 'broken', 'remove', 'merge'] as const
    for (let group = 0; group < 80; group++) {
      const requests = Array.from({ length: 1 + Math.floor(random() * 4) }, (_, id) => {
        const name = names[Math.floor(random() * names.length)]!
        const args =
          name === 'remove' ? kept.splice(Math.floor(random() * kept.length), 2) : name === 'merge' ? [] : some()
        if (name === 'fts' || name === 'piece') kept = [...kept, ...args]
        return { id, name, args, nowMs: 1, bytes: 1 }
      })
      const answers = commitGroup(connection, operations, requests, ':memory:')
      for (const [n, answer] of answers.entries())
        expect('fault' in answer && answer.fault.message).toEqual(
          requests[n]?.name === 'broken' && expect.stringContaining('after all not'),
        )
    }
    check(connection)
    for (const doc of kept.toSorted((a, b) => a.id - b.id)) insert(oracle.connection, doc)
    const [words, sizes] = contentsOf(connection) as unknown[][]
    const [expectedWords, expectedSizes] = contentsOf(oracle.connection) as unknown[][]
    expect(words).toEqual(expectedWords)
    expect(sizes).toEqual(expectedSizes)
    connection.close()
    oracle.connection.close()
  },
)

test('words a stranger made to have one hash cost no more than others', () => {
  // By the usual factor of such a hash, 31, "an" and "c0" come to the same number, and so do all words of them of one length.
  const collide = (n: number) =>
    n
      .toString(2)
      .padStart(16, '0')
      .replaceAll(/[01]/g, (bit) => (bit === '0' ? 'an' : 'c0'))
  const usual = (n: number) => `${(n * 2_654_435_761) % 2 ** 32}`.padStart(32, 'q')
  const costOf = (wordOf: (n: number) => string) => {
    const text = Array.from({ length: 40_000 }, (_, n) => wordOf(n)).join(' ')
    const begun = process.cpuUsage()
    expect(new PieceBuilder().add(['', '', '', '', text, ''])).toBe(true)
    return process.cpuUsage(begun).user
  }
  costOf(usual)
  expect(costOf(collide)).toBeLessThan(20 * costOf(usual) + 100_000)
})
