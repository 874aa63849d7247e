import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { chance } from '../../test/support/chance.ts'
import { found } from '../../test/support/found.ts'
import { openTestDb } from '../../test/support/store.ts'
import { parseSearch, SEARCH_STATES, type TextField } from '../model/search-query.ts'
import { ensureFolder, PERSON } from './folder.ts'
import { dropMessage, insertMessage, setStarred } from './message.ts'
import { getMessage } from './message-list.ts'
import { searchIndexOperations } from './search-index.ts'
import { searchMessages } from './search.ts'
import { tagOperations } from './tag.ts'

const NOW = Date.UTC(2026, 0, 15, 12)
const HOUR = 3_600_000

/*
 * The oracle knows words by their keys and never folds anything: mail and queries are written with forms of a word that a person
 * takes for the same. Words of scripts without spaces are their own keys, and any part of them is found.
 */
interface Word {
  readonly key: string
  readonly forms: readonly string[]
  readonly isUnspaced?: true
}
const spaced = (key: string, ...forms: string[]): Word => ({ key, forms: [key, ...forms] })
const unspaced = (key: string): Word => ({ key, forms: [key], isUnspaced: true })
const WORDS: readonly Word[] = [
  spaced('report', 'Report', 'REPORT', 'ｒｅｐｏｒｔ'),
  spaced('reports', 'Reports'),
  spaced('meeting', 'meeting', 'Meeting', 'MEETING'),
  spaced('strasse', 'Straße', 'STRASSE', 'STRAẞE', 'straße'),
  spaced('stra', 'Strå'),
  spaced('cafe', 'café', 'CAFÉ', 'cafe\u0301', 'Cafe'),
  spaced('naive', 'naïve', 'NAÏVE'),
  spaced('lodz', 'Łódź', 'łódź', 'LODZ'),
  spaced('istanbul', 'İstanbul', 'ISTANBUL', 'ıstanbul'),
  spaced('σοφοσ', 'σοφός', 'ΣΟΦΌΣ', 'σοφος'),
  spaced('мои', 'мой', 'МОЙ'),
  spaced('محمد', 'مُحَمَّد', 'محمّد', 'مـحـمـد'),
  spaced('مدرسه', 'مدرسة'),
  spaced('שלום', 'שָׁלוֹם'),
  spaced('office', 'oﬃce', 'Office', 'of\u00adfice'),
  spaced('2026', '２０２６'),
  spaced('👋', '👋🏽', '👋🏿'),
  spaced('🇫🇷'),
  spaced('🎉', '🎉\ufe0f'),
  unspaced('東京都庁'),
  unspaced('京都'),
  unspaced('東'),
  unspaced('すしと東京'),
  unspaced('안녕하세요'),
  unspaced('สวัสดี'),
]
const FIELDS = ['subject', 'from', 'to', 'cc', 'body', 'filename'] as const satisfies TextField[]
/** What a message holds, as the oracle sees it. */
interface Model {
  readonly id: number
  readonly texts: Readonly<Record<TextField, readonly Word[]>>
  readonly seen: boolean
  readonly starred: boolean
  readonly attachments: number
  readonly sizeBytes: number
  readonly dateMs: number
  readonly folder: string
  readonly tags: readonly string[]
}
const FOLDERS = ['inbox', 'archive', 'Räume', 'Work/Clients']
const TAGS = ['wichtig', 'Später lesen']

const { db } = openTestDb()
const mail: Model[] = []

function makeMail(count: number): void {
  const random = chance(20_260_115)
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)] as T
  const folders = new Map(
    FOLDERS.map((name, i) => {
      if (i < 2) return [name, ensureFolder(db, PERSON, name as 'inbox')]
      const made = db.prepare(`INSERT INTO folder (role, name) VALUES ('other', ?)`).run(name)
      return [name, Number(made.lastInsertRowid)]
    }),
  )
  const tags = new Map(
    TAGS.map((name, i) => [name, tagOperations['tag.save'](db, { name, colour: '#123456', number: i + 1 }).id]),
  )
  const words = (most: number) => Array.from({ length: Math.floor(random() * (most + 1)) }, () => pick(WORDS))
  const say = (all: readonly Word[]) => all.map((word) => pick(word.forms)).join(pick([' ', ', ', '\n']))
  db.prepare('BEGIN').run()
  for (let i = 0; i < count; i++) {
    const texts = { subject: words(3), from: words(2), to: words(2), cc: words(1), body: words(8), filename: words(1) }
    // Arrival goes back in time now and then, as with mail of other accounts.
    const dateMs = NOW - Math.floor(random() * 800 * 24) * HOUR
    const [folder, seen, starred] = [pick(FOLDERS), random() < 0.7, random() < 0.1]
    const attachments = texts.filename.length > 0 ? 1 : 0
    const raw = Buffer.alloc(Math.floor(random() ** 4 * 4000), 'x')
    const fields = {
      messageId: '',
      inReplyTo: '',
      references: '',
      subject: say(texts.subject),
      authorName: say(texts.from),
      authorAddress: '',
      addressees: `${say(texts.to)} zzz ${say(texts.cc)}`, // no phrase goes over it
      cc: say(texts.cc),
      preview: '',
      dateMs,
      attachments,
      body: say(texts.body),
      parts: texts.filename.map((word) => ({ filename: pick(word.forms), contentType: 'a/b', sizeBytes: 1 })),
    }
    // Some come long after they were written, and some are written in the future.
    const receivedMs =
      random() < 0.06 ? NOW - Math.floor(random() * 800 * 24) * HOUR : dateMs + pick([0, 0, 47, -47]) * HOUR
    const message = { body: { raw }, prefix: '', removed: [], fields, receivedMs, seen }
    const id = insertMessage(db, { ...message, folderId: folders.get(folder) ?? 0 }, NOW)
    const tagged = TAGS.filter(() => random() < 0.05)
    for (const name of tagged)
      db.prepare('INSERT INTO message_tag (message_id, tag_id) VALUES (?, ?)').run(id, tags.get(name))
    if (starred) setStarred(db, [id], true)
    mail.push({ id, texts, seen, starred, attachments, sizeBytes: raw.length, dateMs, folder, tags: tagged })
  }
  db.prepare('COMMIT').run()
  mail.sort((a, b) => b.id - a.id)
}
beforeAll(() => makeMail(10_000))

/** A query and what it means. */
interface Asked {
  readonly text: string
  readonly holds: (message: Model) => boolean
}
/** Whether words stand in a text one after the other; `isOpen`: the last one may go on. */
function stands(text: readonly Word[], wanted: readonly Word[], isOpen: boolean): boolean {
  const fits = (have: Word, want: Word, isFirst: boolean, isLast: boolean) => {
    if (have.isUnspaced !== want.isUnspaced) return false
    if (have.isUnspaced === undefined) return isLast && isOpen ? have.key.startsWith(want.key) : have.key === want.key
    if (isFirst && isLast) return have.key.includes(want.key)
    if (isFirst) return have.key.endsWith(want.key)
    return isLast ? have.key.startsWith(want.key) : have.key === want.key
  }
  return text.some((_, at) =>
    wanted.every((want, i) => {
      const have = text[at + i]
      return have !== undefined && fits(have, want, i === 0, i === wanted.length - 1)
    }),
  )
}
/** To and Cc are two texts for the oracle, so no phrase goes over what parts them. */
const textsOf = (message: Model, field: TextField | null): (readonly Word[])[] =>
  field === null
    ? FIELDS.map((one) => message.texts[one])
    : field === 'to'
      ? [message.texts.to, message.texts.cc]
      : [message.texts[field]]

const word = fc.constantFrom(...WORDS)
const shown = (of: Word) => fc.constantFrom(...of.forms)
const inField = fc.option(fc.constantFrom(...FIELDS), { freq: 2 })
const prefixed = (field: TextField | null) => (field === null ? '' : `${field}:`)
const single = fc.tuple(inField, word).chain(([field, of]) =>
  shown(of).map((form): Asked => ({
    text: `${prefixed(field)}${form}`,
    holds: (message) => textsOf(message, field).some((text) => stands(text, [of], false)),
  })),
)
const part = fc
  .tuple(fc.constantFrom(...WORDS.filter((one) => one.isUnspaced)), fc.nat(3), fc.integer({ min: 1, max: 3 }))
  .map(([{ key }, from, length]): Asked => {
    const piece = [...key].slice(from, from + length).join('') || key
    return {
      text: piece,
      holds: (message) => textsOf(message, null).some((text) => stands(text, [unspaced(piece)], false)),
    }
  })
const beginning = fc
  .tuple(
    inField,
    fc.constantFrom(...WORDS.filter((one) => /^[a-zα-ω]{3}/.test(one.key))),
    fc.integer({ min: 3, max: 5 }),
  )
  .map(([field, { key }, length]): Asked => ({
    text: `${prefixed(field)}${key.slice(0, length)}*`,
    holds: (message) => textsOf(message, field).some((text) => stands(text, [spaced(key.slice(0, length))], true)),
  }))
const phrase = fc.tuple(inField, fc.array(word, { minLength: 2, maxLength: 3 })).chain(([field, words]) =>
  fc.tuple(...words.map(shown)).map((forms): Asked => ({
    text: `${prefixed(field)}"${forms.join(' ')}"`,
    holds: (message) => textsOf(message, field).some((text) => stands(text, words, false)),
  })),
)
const day = (ms: number) => {
  const at = new Date(ms)
  return [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, '0')).join('-')
}
const fact = fc.oneof(
  fc.constantFrom(...SEARCH_STATES).map((state): Asked => ({
    text: `is:${state}`,
    holds: ({ seen, starred }) => ({ read: seen, unread: !seen, starred, unstarred: !starred })[state],
  })),
  fc.constant<Asked>({ text: 'has:attachment', holds: ({ attachments }) => attachments > 0 }),
  fc.constantFrom('inbox', 'archive', 'raume', 'Work/clients', 'clients', 'nowhere').map((name): Asked => ({
    text: `in:${name}`,
    holds: ({ folder }) =>
      name === folder ||
      (name === 'raume' && folder === 'Räume') ||
      (/clients$/i.test(name) && folder === 'Work/Clients'),
  })),
  fc.constantFrom(...TAGS).map((name): Asked => ({ text: `tag:"${name}"`, holds: ({ tags }) => tags.includes(name) })),
  fc.constant<Asked>({ text: 'tag:none', holds: () => false }),
  fc.tuple(fc.constantFrom('before', 'after', 'on'), fc.nat(810)).map(([than, ago]): Asked => {
    const text = day(NOW - ago * 24 * HOUR)
    return {
      text: `${than}:${text}`,
      holds: ({ dateMs }) =>
        than === 'on' ? day(dateMs) === text : than === 'before' ? day(dateMs) < text : day(dateMs) >= text,
    }
  }),
  fc.constantFrom('2025', '2024-11', '2026-01').map((text): Asked => ({
    text: `on:${text}`,
    holds: ({ dateMs }) => day(dateMs).startsWith(text),
  })),
  fc.nat(4).map((k): Asked => ({ text: `larger:${k}k`, holds: ({ sizeBytes }) => sizeBytes > k * 1024 })),
  fc.nat(4000).map((bytes): Asked => ({ text: `smaller:${bytes}`, holds: ({ sizeBytes }) => sizeBytes < bytes })),
)
const query: fc.Arbitrary<Asked> = fc.letrec<{ any: Asked; leaf: Asked }>((tie) => ({
  leaf: fc.oneof(single, single, part, beginning, phrase, fact),
  any: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    tie('leaf'),
    fc.tuple(tie('any'), fc.constantFrom('-', 'NOT ')).map(([of, sign]): Asked => ({
      text: `${sign}(${of.text})`,
      holds: (message) => !of.holds(message),
    })),
    tie('leaf').map((of): Asked => ({ text: `-${of.text}`, holds: (message) => !of.holds(message) })),
    fc.tuple(tie('any'), tie('any'), fc.constantFrom(' ', ' AND ', '  ')).map(([a, b, and]): Asked => ({
      text: `(${a.text})${and}(${b.text})`,
      holds: (message) => a.holds(message) && b.holds(message),
    })),
    fc.tuple(tie('any'), tie('any')).map(([a, b]): Asked => ({
      text: `(${a.text} OR ${b.text})`,
      holds: (message) => a.holds(message) || b.holds(message),
    })),
  ),
})).any

/** Hits that are read; of what nearly all messages have, that is the newest. */
const MOST = 500

describe('in 10,000 messages', () => {
  test('a query finds what a plain reading of it finds, newest arrival first', () => {
    fc.assert(
      fc.property(query, ({ text, holds }) => {
        fc.pre(parseSearch(text).error === null) // too many beginnings of words
        const ids = found(db, text, { nowMs: NOW, most: MOST })
        const last = ids.length < MOST ? 0 : (ids.at(-1) ?? 0)
        const all = new Set(ids)
        const reached = mail.filter(({ id }) => id >= last)
        expect(reached.filter((message) => all.has(message.id) !== holds(message)).slice(0, 3), text).toEqual([])
        expect(ids.length).toBe(all.size)
        expect(ids.every((id, i) => i === 0 || id < (ids[i - 1] ?? 0))).toBe(true)
      }),
      { numRuns: 150 },
    )
  })

  test('what a person types is never an operator of SQLite, and whatever parses can be asked', () => {
    const piece = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 5 }),
      fc.constantFrom(
        '"',
        "'",
        '*',
        '(',
        ')',
        ':',
        '^',
        '{',
        '}',
        '+',
        '-',
        'NEAR',
        'AND',
        ' ',
        '\0',
        ';',
        '--',
        '@v0',
        'body:',
      ),
    )
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 16 }), fc.constantFrom('', ' '), (pieces, between) => {
        const text = pieces.join(between)
        if (parseSearch(text).error !== null) return
        expect(() => found(db, text, { most: 1 })).not.toThrow()
        const none = `(${text} ) notthereatall`
        if (parseSearch(none).error === null) expect(found(db, none)).toEqual([])
      }),
    )
    for (const text of ['report NEAR(meeting)', 'report"OR"qqq', '{subject body} : report qqq', 'report^qqq'])
      expect(found(db, text)).toEqual([])
  })

  test('the most that a query may hold is answered', () => {
    const clause = '(subject:"東京 meeting" OR tag:none OR -larger:0)'
    const text = Array.from({ length: 20 }, () => clause).join(' ')
    const holds = ({ texts, sizeBytes }: Model) =>
      sizeBytes === 0 || stands(texts.subject, [unspaced('東京'), spaced('meeting')], false)
    expect(found(db, `${text} -notthere`)).toEqual(mail.filter(holds).map(({ id }) => id))
  })

  test('goes on below what was found last, and says when nothing is left', () => {
    const { query } = parseSearch('report')
    const page = (before: number | null, limit: number) => {
      const running = searchMessages(db, { query: query!, before, limit, nowMs: NOW })
      for (;;) {
        const slice = running.next()
        if (slice.done === true) return slice.value
      }
    }
    const all = found(db, 'report')
    const first = page(null, 3)
    expect(first.rows.map(({ id }) => id)).toEqual(all.slice(0, 3))
    expect(first.before).toBe(all[2])
    expect(page(first.before, 2).rows.map(({ id }) => id)).toEqual(all.slice(3, 5))
    expect(page(all.at(-1)!, 5)).toEqual({ rows: [], before: null })
    expect(page(1, 5)).toEqual({ rows: [], before: null })
  })
})

describe('the index', () => {
  const { db: own } = openTestDb()
  const inbox = ensureFolder(own, PERSON, 'inbox')
  const fieldsOf = (body: string) => ({
    messageId: '',
    inReplyTo: '',
    references: '',
    subject: 'Grüße',
    authorName: 'Ada',
    authorAddress: 'ada@example.org',
    addressees: 'bob@example.net, kim@example.com',
    cc: 'kim@example.com',
    preview: body,
    dateMs: NOW,
    attachments: 1,
    body,
    parts: [{ filename: 'Q3_Zahlen-final.pdf', contentType: 'application/pdf', sizeBytes: 9 }],
  })
  const add = (body: string) =>
    insertMessage(
      own,
      {
        folderId: inbox,
        body: { raw: Buffer.from(body) },
        prefix: '',
        removed: [],
        fields: fieldsOf(body),
        receivedMs: NOW,
        seen: true,
      },
      NOW,
    )
  const step = (messages: readonly { id: number; body: string }[], below: number | null) =>
    searchIndexOperations['search.index'](own, {
      messages: messages.map(({ id, body }) => ({ id, fields: fieldsOf(body) })),
      below,
    })

  test('knows people, copies and attachments apart', () => {
    const id = add('fox')
    for (const text of [
      'from:ada',
      'to:bob',
      'to:kim',
      'cc:kim@example.com',
      'filename:zahlen',
      'filename:pdf',
      'q3',
      'subject:grusse',
    ])
      expect(found(own, text), text).toEqual([id])
    for (const text of ['from:bob', 'cc:bob', 'subject:fox', 'body:q3', 'filename:fox'])
      expect(found(own, text), text).toEqual([])
  })

  test('is made anew newest first, without what went meanwhile and twice what came', () => {
    const [old, middle, young] = [add('owl'), add('owl'), add('owl')]
    const begun = searchIndexOperations['search.begin-rebuild'](own, null)
    expect(begun).toMatchObject({ done: 0, total: 4, below: young + 1 })
    expect(found(own, 'owl')).toEqual([])
    const row = getMessage(own, middle)!
    dropMessage(own, row) // not in the index, and no trouble for it
    expect(step([{ id: young, body: 'owl' }], young)).toMatchObject({ done: 1, below: young })
    expect(found(own, 'owl')).toEqual([young])
    const arrived = add('owl')
    expect(
      step(
        [
          { id: arrived, body: 'owl' },
          { id: middle, body: 'owl' },
          { id: old, body: 'owl' },
        ],
        null,
      ),
    ).toBeNull()
    expect(found(own, 'owl')).toEqual([arrived, young, old])
    expect(own.prepare(`SELECT count(*) AS n FROM message_text WHERE message_text MATCH 'owl'`).get()).toEqual({ n: 3 })
  })

  test('merges its pieces until none is left', () => {
    for (let i = 0; i < 40; i++) add(`heron ${i}`)
    let rounds = 0
    while (searchIndexOperations['search.merge'](own, { pages: 4 }).more) expect(rounds++).toBeLessThan(1000)
    expect(found(own, 'heron')).toHaveLength(40)
  })
})
