import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffSessions, type DiffLine } from './session-diff.ts'

const line = (said: string, seq: number): DiffLine => ({
  seq,
  from: said.startsWith('S') ? 'S' : 'C',
  text: said.slice(3),
  shape: said.slice(3, 6),
  sinceMs: seq,
})
const lines = (...said: readonly string[]) => said.map((text, seq) => line(text, seq))
const shown = (left: readonly DiffLine[], right: readonly DiffLine[]) =>
  diffSessions(left, right).rows.map(({ kind, left: l, right: r }) => `${kind} ${l?.text ?? '-'} | ${r?.text ?? '-'}`)

test('what only one of two sessions has stands alone, and an answer that changed beside the one it was', () => {
  expect(
    shown(
      lines('S: 220 hi', 'C: EHLO a', 'S: 250 ok', 'C: MAIL x', 'S: 250 ok', 'C: RCPT y', 'S: 451 later', 'C: QUIT'),
      lines(
        'S: 220 hi',
        'C: EHLO a',
        'S: 250 ok',
        'C: STARTTLS',
        'S: 220 go',
        'C: MAIL x',
        'S: 250 ok',
        'C: RCPT y',
        'S: 451 still later',
        'C: QUIT',
      ),
    ),
  ).toEqual([
    'same 220 hi | 220 hi',
    'same EHLO a | EHLO a',
    'same 250 ok | 250 ok',
    'right - | STARTTLS',
    'right - | 220 go',
    'same MAIL x | MAIL x',
    'same 250 ok | 250 ok',
    'same RCPT y | RCPT y',
    'changed 451 later | 451 still later',
    'same QUIT | QUIT',
  ])
})

/** The length of the longest common subsequence, as its definition has it. */
function longest(a: readonly string[], b: readonly string[]): number {
  if (a.length === 0 || b.length === 0) return 0
  const [first, ...rest] = a
  const at = b.indexOf(first ?? '')
  return Math.max(longest(rest, b), at < 0 ? 0 : 1 + longest(rest, b.slice(at + 1)))
}

test('each line stands once, in its order, and as many stand side by side as can', () => {
  const some = fc.array(fc.constantFrom('C: a', 'C: ab', 'S: a', 'S: b', 'S: bc'), { maxLength: 9 })
  fc.assert(
    fc.property(some, some, (a, b) => {
      const { rows, same } = diffSessions(lines(...a), lines(...b))
      expect(rows.flatMap(({ left }) => left?.seq ?? [])).toEqual(a.map((_, n) => n))
      expect(rows.flatMap(({ right }) => right?.seq ?? [])).toEqual(b.map((_, n) => n))
      expect(same).toBe(longest(a, b))
      for (const { kind, left, right } of rows)
        expect(kind === 'same').toBe(left?.text === right?.text && left?.from === right?.from)
    }),
  )
})

test('two long sessions that have nothing in common cost a bounded amount', () => {
  const many = (mark: string) => lines(...Array.from({ length: 5000 }, (_, n) => `S: ${mark}${n}`))
  const { onlyLeft, onlyRight, changed } = diffSessions(many('aaa'), many('bbb'))
  expect(onlyLeft + changed).toBe(5000)
  expect(onlyRight + changed).toBe(5000)
})
