import { expect, test } from 'vitest'
import type { EventView } from '../../../../core/rpc/views.ts'
import { slowest, stepsOf } from './timing.ts'

const line = (seq: number, sinceMs: number, from: 'C' | 'S', text: string): EventView => ({
  seq,
  atMs: sinceMs,
  sinceMs,
  kind: 'line',
  from,
  tls: false,
  spans: [text],
  bytes: text.length + 2,
})
const note = (seq: number, sinceMs: number, text: string): EventView => ({
  seq,
  atMs: sinceMs,
  sinceMs,
  kind: 'note',
  text,
})

const SESSION: readonly EventView[] = [
  note(0, 20, 'DNS MX one.example: 10 mx.one.example (300 s)'),
  note(1, 30, 'DNS A mx.one.example: 192.0.2.1 (300 s)'),
  note(2, 130, 'connected to 192.0.2.1:25'),
  line(3, 180, 'S', '220 mx.one.example'),
  line(4, 181, 'C', 'EHLO here.example'),
  line(5, 201, 'S', '250-mx.one.example'),
  line(6, 202, 'S', '250 PIPELINING'),
  line(7, 203, 'C', 'MAIL FROM:<ada@here.example>'),
  line(8, 203, 'C', 'RCPT TO:<kim@one.example>'),
  line(9, 223, 'S', '250 OK'),
  line(10, 1223, 'S', '451 4.7.1 come back later'),
  line(11, 1224, 'C', 'QUIT'),
  line(12, 1230, 'S', '221 bye'),
]

test('each wait of a session is a step of its own, in order, with what it was for', () => {
  expect(stepsOf(SESSION).map(({ kind, label, fromMs, toMs, code }) => [kind, label, fromMs, toMs, code])).toEqual([
    ['dns', 'MX one.example', 0, 20, ''],
    ['dns', 'A mx.one.example', 20, 30, ''],
    ['connect', 'connect', 30, 130, ''],
    ['reply', 'greeting', 130, 180, '220'],
    ['reply', 'EHLO here.example', 182, 202, '250'],
    ['reply', 'MAIL FROM:<ada@here.example>', 203, 223, '250'],
    ['reply', 'RCPT TO:<kim@one.example>', 203, 1223, '451'],
    ['reply', 'QUIT', 1224, 1230, '221'],
  ])
})

test('where only the dialling is noted, connection and greeting are one step', () => {
  const events = [note(0, 5, 'DNS A x: 192.0.2.1'), note(1, 6, 'dialling x at 192.0.2.1'), line(2, 40, 'S', '220 x')]
  expect(stepsOf(events).map(({ label, fromMs, toMs }) => [label, fromMs, toMs])).toEqual([
    ['A x', 0, 5],
    ['connect, greeting', 6, 40],
  ])
})

test('the slowest come first', () => {
  expect(slowest(stepsOf(SESSION), 2).map(({ label }) => label)).toEqual(['RCPT TO:<kim@one.example>', 'connect'])
})

test('a session of which nothing is there yet has no steps', () => {
  expect(stepsOf([])).toEqual([])
})
