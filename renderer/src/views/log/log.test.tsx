import { renderToString } from 'react-dom/server'
import { expect, test } from 'vitest'
import type { EventView } from '../../../../core/rpc/views.ts'
import { DialogueRowView } from './dialogue-row.tsx'
import { dialogueRows, type DialogueRow } from './dialogue-rows.ts'
import { exchangesOf } from './exchange.ts'
import { explainRefusal } from '../../../../core/model/explain-reply.ts'

type Spans = Extract<EventView, { kind: 'line' }>['spans']

/** A session from `C: …` and `S: …` lines; `TLS` is the boundary, `CONTENT` a message's bytes. */
function events(...script: readonly (string | readonly [string, Spans])[]): EventView[] {
  let tls = false
  return script.map((entry, seq): EventView => {
    const [text, spans] = typeof entry === 'string' ? [entry, [entry.slice(3)]] : entry
    const at = { seq, atMs: 1_000_000 + seq * 10, sinceMs: seq * 10 }
    if (text === 'TLS') {
      tls = true
      const facts = { version: 'TLSv1.3', cipher: 'x', trusted: true, subject: 'CN=mx', fingerprint256: 'AA' }
      return { ...at, kind: 'tls', facts }
    }
    if (text === 'CONTENT')
      return { ...at, kind: 'content', from: 'C', tls, bytes: 48_200, ref: { kind: 'entry', entryId: 5 } }
    if (text.startsWith('N: ')) return { ...at, kind: 'note', text: text.slice(3) }
    return { ...at, kind: 'line', from: text.startsWith('C') ? 'C' : 'S', tls, spans, bytes: text.length - 3 }
  })
}

const DELIVERY = events(
  'N: DNS MX harbour.example: 10 mx1.harbour.example',
  'N: DNS A mx1.harbour.example: 203.0.113.25',
  'S: 220 mx1 ESMTP',
  'C: EHLO me',
  'S: 250-mx1',
  'S: 250-PIPELINING',
  'S: 250-SIZE 5',
  'S: 250 8BITMIME',
  'C: STARTTLS',
  'S: 220 go',
  'TLS',
  'C: MAIL FROM:<nora@feldt.example>',
  'C: RCPT TO:<tomasz@harbour.example>',
  'C: RCPT TO:<board@harbour.example>',
  'C: DATA',
  'S: 250 2.1.0 ok',
  'S: 250 2.1.5 ok',
  'S: 451 4.7.1 <board@harbour.example>: Greylisted',
  'S: 354 go on',
  'CONTENT',
  'C: .',
  'S: 250 2.0.0 queued',
  'C: QUIT',
  'S: 221 bye',
)
test('each reply finds its command, though commands are sent ahead', () => {
  const said = exchangesOf(DELIVERY).map(({ verb, code }) => `${verb} ${code}`)
  expect(said).toEqual(
    'greeting 220,EHLO 250,STARTTLS 220,MAIL 250,RCPT 250,RCPT 451,DATA 354,content 250,QUIT 221'.split(','),
  )
})

const shown = (rows: readonly DialogueRow[]) =>
  rows.map((row) => (row.kind === 'line' ? `${row.seq}${row.rest === null ? '' : ` +${row.rest.count}`}` : row.kind))

test('a long answer is folded behind its first line, and opens', () => {
  expect(shown(dialogueRows(DELIVERY, new Set())).slice(2, 5)).toEqual(['2', '3', '4 +3'])
  expect(shown(dialogueRows(DELIVERY, new Set(['4']))).slice(4, 8)).toEqual(['4 +3', '5', '6', '7'])
})

test('a listing of POP3 is folded up to its dot, commands sent ahead by their verb', () => {
  const retrs = Array.from({ length: 9 }, (_, at) => `C: RETR ${at + 1}`)
  const rows = dialogueRows(
    events('C: UIDL', 'S: +OK', 'S: 1 a', 'S: 2 b', 'S: 3 c', 'S: .', ...retrs, 'S: +OK'),
    new Set(),
  )
  expect(shown(rows)).toEqual(['0', '1 +4', '6 +8', '15'])
})

const draw = (event: EventView) =>
  renderToString(
    <>
      {dialogueRows([event], new Set()).map((row) => (
        <DialogueRowView key={row.key} row={row} protocol="smtp" isMarked={false} onToggle={() => {}} />
      ))}
    </>,
  )

test('what a peer says is text, whatever it looks like', () => {
  const html = draw(events('S: 220 <img src=x onerror=alert(1)> \u001b[2J \u202Eevil')[0]!)
  expect(html).not.toContain('<img')
  expect(html).toContain('&lt;img src=x')
  expect(html).toContain('␛[2J')
  expect(html).toContain('⟨U+202E⟩')
})

test('a secret is a chip without bytes or length', () => {
  const html = draw(events(['C: AUTH PLAIN', ['AUTH PLAIN ', { secret: true }]])[0]!)
  expect(html).toContain('secret, not stored')
  expect(html).toContain('AUTH')
})

test('a refusal is marked with more than its colour, and explained', () => {
  const html = draw(events('S: 451 4.7.1 Greylisted, try again in 300 seconds')[0]!)
  expect(html).toContain('>!<')
  expect(html).toContain('come back later')
})

test.each([
  ['550 5.1.1 no such user', 'There is no such mailbox'],
  ['550-5.7.26 unauthenticated', 'No check of the sender passed'],
  ['552 too big', 'Too big'],
  ['421 4.9.9 hm', 'The server hangs up'],
  ['499 odd', 'Not now'],
  ['-ERR [AUTH] no', 'The login was refused'],
  ['-ERR what', 'The server says no'],
])('%j means: %s', (reply, title) => {
  expect(explainRefusal(reply)?.title).toBe(title)
})

test.each(['250 ok', '354 go', '+OK', ''])('%j needs no explanation', (reply) => {
  expect(explainRefusal(reply)).toBeUndefined()
})
