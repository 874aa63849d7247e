import { expect, test } from 'vitest'
import { SessionTrace, type TraceRun } from './delivery-trace.ts'
import type { TranscriptEvent } from './transcript.ts'

/** A session from `C: …`, `S: …` and `N: …` lines, each 10 ms after the one before; `TLS`, `CONTENT 5` of entry 5, `LOST why`. */
function runs(script: readonly string[], address = 'board@harbour.example', entryId = 5): TraceRun[] {
  const trace = new SessionTrace({ id: 7, protocol: 'smtp', startedMs: 1000 }, { entryId, addresses: [address] })
  let tls = false
  script.forEach((text, seq) => {
    const at = { atMs: 1000 + seq * 10, sinceMs: seq * 10 }
    const [word = '', rest = ''] = /^(\S+) ?(.*)$/.exec(text)?.slice(1) ?? []
    const event = (): TranscriptEvent => {
      if (text === 'TLS') {
        tls = true
        const facts = { version: 'TLSv1.3', cipher: 'x', trusted: true, subject: 'CN=mx', fingerprint256: 'AA' }
        return { ...at, kind: 'tls', facts }
      }
      if (word === 'CONTENT')
        return { ...at, kind: 'content', from: 'C', tls, bytes: 9, ref: { kind: 'entry', entryId: Number(rest) } }
      if (word === 'LOST') return { ...at, kind: 'closed', by: 'S', why: rest }
      if (word === 'N:') return { ...at, kind: 'note', text: rest }
      return { ...at, kind: 'line', from: word === 'C:' ? 'C' : 'S', tls, spans: [rest], bytes: rest.length }
    }
    trace.push({ seq, event: event() })
  })
  return trace.end()
}
const shown = (run: TraceRun | undefined) =>
  run?.steps.map(({ kind, verb, code, tone }) => [kind, verb, code, tone].filter((one) => one !== '').join(' '))

const OPENING = [
  'N: route: straight to harbour.example',
  'N: DNS MX harbour.example: 10 mx1.harbour.example',
  'N: DNS A mx1.harbour.example: 203.0.113.25',
  'N: order of trying: mx1.harbour.example',
  'N: dialling mx1.harbour.example at 203.0.113.25:25',
  'S: 220 mx1 ESMTP',
  'C: EHLO me',
  'S: 250-mx1',
  'S: 250 PIPELINING',
  'C: STARTTLS',
  'S: 220 go',
  'TLS',
]
const OPENED = [
  'route plain',
  'dns plain',
  'order plain',
  'dial plain',
  'connect 220 ok',
  'command EHLO 250 ok',
  'command STARTTLS 220 ok',
  'tls ok',
]

test('a recipient sees his own answers and nobody else’s, though commands are sent ahead', () => {
  const script = [
    ...OPENING,
    'C: MAIL FROM:<nora@feldt.example>',
    'C: RCPT TO:<tomasz@harbour.example>',
    'C: RCPT TO:<Board@harbour.example>',
    'C: DATA',
    'S: 250 2.1.0 ok',
    'S: 250 2.1.5 ok',
    'S: 451 4.7.1 <board@harbour.example>: Greylisted',
    'S: 354 go on',
    'CONTENT 5',
    'C: .',
    'S: 250 2.0.0 queued',
    'C: QUIT',
    'S: 221 bye',
  ]
  const [board] = runs(script)
  expect(shown(board)).toEqual([...OPENED, 'command MAIL 250 ok', 'command RCPT 451 warn'])
  expect(board).toMatchObject({ others: 1, startedMs: 1120 })
  expect(board?.steps.at(-1)).toMatchObject({
    words: ['451 4.7.1 <board@harbour.example>: Greylisted'],
    fromSeq: 14,
    toSeq: 18,
    tls: true,
    tookMs: 40,
  })
  expect(board?.steps[1]).toMatchObject({ fromSeq: 1, toSeq: 2, text: expect.stringContaining('203.0.113.25') })
  expect(shown(runs(script, 'tomasz@harbour.example')[0])?.slice(-4)).toEqual([
    'command MAIL 250 ok',
    'command RCPT 250 ok',
    'command DATA 354 ok',
    'message DATA 250 ok',
  ])
})

const transaction = (entry: number, verdict: string) => [
  'C: MAIL FROM:<a@b>',
  'S: 250 ok',
  'C: RCPT TO:<board@harbour.example>',
  'S: 250 ok',
  'C: DATA',
  'S: 354 go',
  `CONTENT ${entry}`,
  'C: .',
  `S: ${verdict}`,
]

test('of a connection that carried many messages, only what concerns this one is told', () => {
  const script = [
    ...OPENING,
    ...transaction(4, '250 four'),
    'N: route: again',
    ...transaction(5, '550 five'),
    'C: QUIT',
  ]
  const fresh = runs(script)
  expect(fresh).toHaveLength(1)
  // It was opened for another message.
  expect(shown(fresh[0])).toEqual([
    'reused plain',
    'tls ok',
    'route plain',
    'command MAIL 250 ok',
    'command RCPT 250 ok',
    'command DATA 354 ok',
    'message DATA 550 danger',
  ])
  expect(runs(script, 'board@harbour.example', 6)).toEqual([])
})

test('a try that ends before any transaction shows how far it came', () => {
  expect(shown(runs([...OPENING.slice(0, 5), 'LOST no connection: it refuses connections'])[0])).toEqual([
    'route plain',
    'dns plain',
    'order plain',
    'dial plain',
    'lost warn',
  ])
})

test('a connection that breaks off after the dot says so at the message', () => {
  const [run] = runs([...OPENING, ...transaction(5, '').slice(0, -1), 'LOST the other end hung up'])
  expect(shown(run)?.slice(-2)).toEqual(['lost warn', 'message DATA warn'])
})

test('a peer that answers without end costs a bounded amount', () => {
  const [run] = runs([...OPENING, ...Array.from({ length: 5000 }, () => 'S: 250-more'), 'S: 250 end', 'C: NOOP'])
  expect(run?.steps.length).toBeLessThan(450)
  expect(Math.max(...(run?.steps ?? []).map(({ words }) => words.length))).toBeLessThanOrEqual(50)
  expect(runs(Array.from({ length: 5000 }, (_, n) => `N: note ${n}`))[0]?.steps).toHaveLength(400)
})
