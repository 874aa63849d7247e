import { expect, test } from 'vitest'
import { Exchanges } from './log-exchange.ts'
import type { Protocol, Span, TranscriptEvent } from './transcript.ts'

/** `C: …` and `S: …` are lines (`<>` a secret), `C~` and `S~` content, anything else a note; each 10 ms after the one before. */
function exchanges(protocol: Protocol, ...said: readonly string[]): string[] {
  const found: string[] = []
  const pairs = new Exchanges(protocol, ({ parts, verb, code, ms }) =>
    found.push(`${verb || '-'} ${code || '-'} ${ms ?? '-'} [${parts.map(({ seq }) => seq).join(' ')}]`),
  )
  said.forEach((text, seq) => {
    const at = { atMs: 0, sinceMs: seq * 10 }
    const from = text.startsWith('C') ? 'C' : 'S'
    const spans: Span[] = text
      .slice(3)
      .split(/(<>)/)
      .flatMap((one) => (one === '' ? [] : one === '<>' ? { secret: true as const } : one))
    const event: TranscriptEvent = /^[CS]~/.test(text)
      ? { ...at, kind: 'content', from, tls: false, bytes: 9, ref: { kind: 'entry', entryId: 1 } }
      : /^[CS]:/.test(text)
        ? { ...at, kind: 'line', from, tls: false, spans, bytes: 1 }
        : { ...at, kind: 'note', text }
    pairs.push({ seq, event })
  })
  pairs.end()
  return found
}

test('answers go to their commands, pipelined and of several lines', () => {
  expect(
    exchanges(
      'smtp',
      'S: 220-mx',
      'S: 220 hello',
      'C: EHLO a',
      'S: 250-mx',
      'S: 250 SIZE',
      'C: MAIL FROM:<a@b>',
      'C: RCPT TO:<c@d>',
      'C: DATA',
      'S: 250 ok',
      'S: 550 5.1.1 no',
      'S: 354 go on',
      'C~',
      'C: .',
      'S: 250 taken',
      'note',
    ),
  ).toEqual([
    '- 220 - [0 1]',
    'EHLO 250 20 [2 3 4]',
    'MAIL 250 30 [5 8]',
    'RCPT 550 30 [6 9]',
    'DATA 354 30 [7 10]',
    'DATA 250 20 [11 12 13]',
    '- - - [14]',
  ])
})

test('the steps of a login, and content in chunks, belong to their command', () => {
  expect(
    exchanges('smtp', 'C: AUTH LOGIN', 'S: 334 VXNlcg==', 'C: <>', 'S: 334 UGFzcw==', 'C: <>', 'S: 535 5.7.8 no'),
  ).toEqual(['AUTH 334 10 [0 1]', 'AUTH 334 10 [2 3]', 'AUTH 535 10 [4 5]'])
  expect(exchanges('smtp', 'C: BDAT 9 LAST', 'C~', 'S: 250 ok')).toEqual(['BDAT 250 20 [0 1 2]'])
})

test('lists of POP3 stand by themselves, with the command that asked for them', () => {
  expect(
    exchanges('pop3', 'S: +OK', 'C: UIDL', 'C: RETR 1', 'S: +OK 1', 'S: 1 abc', 'S: .', 'S: -ERR no', 'C: QUIT'),
  ).toEqual([
    '- +OK - [0]',
    'UIDL +OK 20 [1 3]',
    'UIDL +OK - [4]',
    'UIDL +OK - [5]',
    'RETR -ERR 40 [2 6]',
    'QUIT - - [7]',
  ])
})

test('answers of IMAP go by their tags', () => {
  expect(
    exchanges(
      'imap',
      'S: * OK ready',
      'C: A1 SELECT INBOX',
      'C: A2 UID FETCH 1:* FLAGS',
      'S: * 3 EXISTS',
      'S: A2 NO later',
      'S: A1 OK [READ-WRITE] done',
      'C: A3 IDLE',
      'S: + idling',
      'C: DONE',
      'S: A3 OK',
    ),
  ).toEqual([
    '- OK - [0]',
    'SELECT - - [3]',
    'FETCH NO 20 [2 4]',
    'SELECT OK 40 [1 5]',
    'IDLE - - [7]',
    'IDLE OK 30 [6 8 9]',
  ])
})

test('a peer that says anything, and any number of it, costs a bounded amount', () => {
  const many = Array.from({ length: 3000 }, (_, i) => `C: NOOP ${i}`)
  expect(exchanges('smtp', ...many)).toHaveLength(3000)
  const answer = Array.from({ length: 500 }, () => 'S: 250-more')
  expect(exchanges('smtp', 'C: EHLO a', ...answer, 'S: 250 end')[0]!.length).toBeLessThan(300)
  expect(exchanges('smtp', 'S: what', 'S: ever', 'C: \u0000')).toHaveLength(3)
})

test('a message that somebody types is answered once, behind its dot', () => {
  expect(
    exchanges(
      'smtp',
      'C: DATA',
      'S: 354 go',
      'C: Subject: x',
      'C: ',
      'C: MAIL of mine',
      'C: .',
      'S: 250 ok',
      'C: QUIT',
      'S: 221 bye',
    ),
  ).toEqual(['DATA 354 10 [0 1]', 'DATA 250 40 [2 3 4 5 6]', 'QUIT 221 10 [7 8]'])
})
