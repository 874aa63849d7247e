import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { chiSquareTail, judgeJunk, junkWords, type JunkCounts, type JunkText } from './junk.ts'

const text = (body: string, more: Partial<JunkText> = {}): JunkText => ({
  subject: '',
  authorName: '',
  authorAddress: '',
  body,
  ...more,
})

/** Learns whole texts, as the store does. */
function learnt(junk: readonly JunkText[], good: readonly JunkText[]) {
  const counts = new Map<string, JunkCounts>()
  const learn = (some: readonly JunkText[], of: 'junk' | 'good') => {
    for (const one of some)
      for (const word of junkWords(one)) {
        const known = counts.get(word) ?? { junk: 0, good: 0 }
        counts.set(word, { ...known, [of]: known[of] + 1 })
      }
  }
  learn(junk, 'junk')
  learn(good, 'good')
  const lessons = { junk: junk.length, good: good.length }
  return (one: JunkText) => judgeJunk(junkWords(one), counts, lessons)
}

const many = (count: number, make: (n: number) => JunkText) => Array.from({ length: count }, (_, n) => make(n))
const OFFERS = many(20, (n) =>
  text(`cheap watches offer number ${n}, buy now, limited price, https://shop${n % 3}.example/x`),
)
const LETTERS = many(20, (n) =>
  text(`dear nora, the minutes of monday and the keys of the boathouse, see you, item ${n}`),
)

describe('what was sorted', () => {
  test('tells new mail of either kind apart, and names the words that told', () => {
    const judge = learnt(OFFERS, LETTERS)
    const junk = judge(text('an offer: cheap watches, limited, buy at https://shop1.example/y'))
    const good = judge(text('nora, where are the keys of the boathouse since monday?'))
    expect(junk?.score).toBeGreaterThan(0.95)
    expect(good?.score).toBeLessThan(0.05)
    expect(junk?.telling.map(({ word }) => word)).toEqual(
      expect.arrayContaining(['cheap', 'watches', 'link:shop1.example']),
    )
  })

  test('says nothing of words never met, nor of both kinds alike', () => {
    const judge = learnt(OFFERS, LETTERS)
    expect(judge(text('zebra quagga okapi'))?.score).toBe(0.5)
    expect(judge(text('nora offer'))?.score).toBeCloseTo(0.5, 1)
  })

  test('of fewer than ten lessons of a kind says nothing at all', () => {
    expect(learnt(OFFERS.slice(0, 9), LETTERS)(text('cheap watches'))).toBeNull()
    expect(learnt(OFFERS, LETTERS.slice(0, 9))(text('cheap watches'))).toBeNull()
  })

  test('turned round judges the other way round', () => {
    const word = fc.constantFrom('offer', 'cheap', 'nora', 'keys', 'monday', 'watches', 'zebra', 'price', 'dear')
    const bodies = fc.array(word, { minLength: 1, maxLength: 6 }).map((words) => text(words.join(' ')))
    const kind = fc.array(bodies, { minLength: 10, maxLength: 20 })
    fc.assert(
      fc.property(kind, kind, bodies, (one, other, mail) => {
        const there = learnt(one, other)(mail)
        const back = learnt(other, one)(mail)
        expect((there?.score ?? 0) + (back?.score ?? 0)).toBeCloseTo(1, 9)
        expect(there?.score).toBeGreaterThanOrEqual(0)
        expect(there?.score).toBeLessThanOrEqual(1)
      }),
    )
  })
})

test('words are who wrote, what the subject says, where links lead, and pairs of letters where words have no spaces', () => {
  const words = junkWords(
    text('無料でお金 see http://Evil.Example/a?b=c', {
      subject: 'FREE Watches',
      authorName: 'Otto Lind',
      authorAddress: 'Otto@Market.Test',
      parts: [{ filename: 'invoice.EXE' }, { filename: 'plain' }],
    }),
  )
  expect(words).toEqual(
    expect.arrayContaining([
      'from:otto@market.test',
      'from:market.test',
      'name:otto',
      'subject:free',
      'subject:watches',
      'link:evil.example',
      'file:exe',
      'file:-',
      '無料',
      'お金',
    ]),
  )
})

test('a text without end gives no more words than are looked at', () => {
  const body = Array.from({ length: 100_000 }, (_, n) => `word${n}`).join(' ')
  expect(junkWords(text(body)).length).toBeLessThanOrEqual(2000)
  expect(junkWords(text('a'.repeat(5_000_000)))).toEqual([])
})

test('the tail of the chi-square distribution is what tables print', () => {
  // Critical values of 5 %, 1 % and 0.1 % as any table of statistics has them.
  for (const [degrees, sum, chance] of [
    [2, 5.991, 0.05],
    [10, 18.307, 0.05],
    [20, 37.566, 0.01],
    [60, 99.607, 0.001],
  ] as const)
    expect(chiSquareTail(sum, degrees)).toBeCloseTo(chance, 4)
})
