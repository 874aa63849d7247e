import { expect, test } from 'vitest'
import type { EventView } from '../rpc/views.ts'
import { lineOf, painter, withColour } from './log-lines.ts'

const line = (from: 'C' | 'S', text: string, tls = false): EventView => ({
  kind: 'line',
  seq: 0,
  atMs: 0,
  sinceMs: 12.3,
  from,
  tls,
  spans: [text, { secret: true }],
  bytes: text.length,
})

test('colour goes to a terminal that takes it, and nowhere else', () => {
  const tail = ['log', 'tail']
  expect(withColour(tail, { isTTY: true }, {})).toEqual(['log', '--color', 'tail'])
  expect(withColour(tail, { isTTY: true }, { NO_COLOR: '' })).toEqual(['log', '--color', 'tail'])
  expect(withColour(tail, { isTTY: true }, { NO_COLOR: '1' })).toEqual(tail)
  expect(withColour(tail, { isTTY: true }, { TERM: 'dumb' })).toEqual(tail)
  expect(withColour(tail, {}, {})).toEqual(tail)
  expect(withColour(['log', 'tail', '--no-color'], { isTTY: true }, {})).toEqual(['log', 'tail', '--no-color'])
})

test('a line says who spoke and whether it was encrypted without colour, and its code with it', () => {
  const [plain, painted] = [painter(false), painter(true)]
  expect(lineOf(line('C', 'AUTH PLAIN '), plain)).toMatch(/^\d\d:\d\d:\d\d \+12ms → AUTH PLAIN <secret>$/)
  expect(lineOf(line('S', '550 5.1.1 no', true), plain)).toContain(' ⇜ 550 5.1.1 no')
  expect(lineOf(line('S', '550 5.1.1 no'), painted)).toContain('\u001b[31m550\u001b[0m 5.1.1 no')
  expect(lineOf(line('S', 'A1 OK done'), painted)).toContain('\u001b[32mA1\u001b[0m OK done')
  expect(lineOf(line('S', '451 later'), painted)).toContain('\u001b[33m451\u001b[0m')
})

test('what a peer says cannot paint', () => {
  const hostile = lineOf(line('S', '250 \u001b[31mred\u0007'), painter(false))
  expect(hostile).toContain('250 ␛[31mred␇')
})
