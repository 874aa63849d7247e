import Database from 'better-sqlite3'
import { expect, test } from 'vitest'
import { foldText } from '../model/search-fold.ts'
import { migrate } from './migrate.ts'
import { isLetter, kindOf, LETTER } from './search-letters.ts'

test('knows of a character exactly what FTS5 does, or says that it does not know', () => {
  const db = new Database(':memory:')
  migrate(db, 'mail.db')
  db.exec(`CREATE VIRTUAL TABLE temp.word USING fts5vocab(main, message_text, 'instance')`)
  const known = new Map<number, boolean>()
  for (let code = 1; code < 0x11000; code++) {
    if (code >= 0xd800 && code < 0xe000) continue
    const is = code < 0x80 ? kindOf[code] === LETTER : isLetter(code)
    // What the folding never leaves is of no interest.
    if (
      is !== undefined &&
      (code >= 0x80 ? foldText(String.fromCodePoint(code)).trim() !== '' : !/[A-Z]/.test(String.fromCharCode(code)))
    )
      known.set(code, is)
  }
  const insert = db.prepare(
    `INSERT INTO message_text (rowid, subject, author, addressees, cc, body, files) VALUES (?, ?, '', '', '', '', '')`,
  )
  db.transaction(() => {
    for (const code of known.keys()) insert.run(code, `x${String.fromCodePoint(code)}y`)
  })()
  const words = new Map<number, string[]>()
  for (const { doc, term } of db
    .prepare<[], { doc: number; term: string }>('SELECT doc, term FROM temp.word ORDER BY doc, "offset"')
    .all())
    words.set(doc, [...(words.get(doc) ?? []), term])
  const wrong = [...known].filter(([code, is]) => {
    const expected = is ? [`x${String.fromCodePoint(code)}y`] : ['x', 'y']
    return JSON.stringify(words.get(code)) !== JSON.stringify(expected)
  })
  expect(wrong.map(([code]) => code.toString(16))).toEqual([])
  expect(known.size).toBeGreaterThan(30_000)
  db.close()
})
