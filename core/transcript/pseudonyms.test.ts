import { expect, test } from 'vitest'
import { eventsOf, headOf } from '../../test/support/logged.ts'
import type { LoggedSession } from '../model/log-file.ts'
import { textOf } from './export.ts'
import { Pseudonyms } from './pseudonyms.ts'

const lines = ({ events }: LoggedSession) =>
  events.map((event) => (event.kind === 'line' ? textOf(event.spans) : event.kind === 'note' ? event.text : ''))

test('the same gets the same name everywhere, and nothing of the one before is left', () => {
  const names = new Pseudonyms()
  const first = names.session({
    head: headOf(1, { peer: 'mx.remote.test', address: '203.0.113.9:25' }),
    events: eventsOf([
      'S: 220 mx.remote.test ESMTP',
      'C: EHLO laptop',
      'S: 250 mx.remote.test greets laptop [198.51.100.4]',
      'C: MAIL FROM:<Ada.Lovelace@Home.test> SIZE=300',
      'C: RCPT TO:<bob@remote.test>',
      'S: 550 5.1.1 <BOB@remote.test>: no such user; see https://help.remote.test/why?ip=198.51.100.4',
      'asked 2001:db8:0:1::53 for remote.test at 12:34:56',
    ]),
  })
  const all = JSON.stringify(first)
  for (const secret of [
    'remote.test',
    'home.test',
    'ada',
    'bob',
    'lovelace',
    '203.0.113.9',
    '198.51.100.4',
    '2001:db8:0:1::53',
  ])
    expect(all.toLowerCase(), secret).not.toContain(secret)
  expect(first.head).toMatchObject({ peer: 'host1.example', address: '192.0.2.1:25' })
  expect(lines(first)[0]).toBe('220 host1.example ESMTP')
  expect(lines(first)[1]).toBe('EHLO host2.example')
  expect(lines(first)[5]).toMatch(
    /^550 5\.1\.1 <person2@host\d\.example>: no such user; see https:\/\/host\d\.example\/why\?ip=192\.0\.2\.2$/,
  )
  expect(lines(first)[4]).toMatch(/^RCPT TO:<person2@host\d\.example>$/)
  expect(lines(first)[6]).toContain('at 12:34:56')
  const second = names.session({ head: headOf(2, { peer: 'MX.remote.test' }), events: [] })
  expect(second.head.peer).toBe('host1.example')
  expect(names.report.find(({ from }) => from === 'mx.remote.test')).toMatchObject({
    kind: 'host',
    to: 'host1.example',
    times: 4,
  })
})

test('names of logins go, also in base64, and commands stay', () => {
  const names = new Pseudonyms()
  const session = names.session({
    head: headOf(1, { protocol: 'pop3' }),
    events: eventsOf([
      'C: USER ada',
      'C: a1 LOGIN "ada" x',
      'C: YWRhQGhvbWUudGVzdA==',
      'C: AUTH LOGIN YWRh',
      'C: QUIT',
      'C: NOOP',
      'C: AUTH PLAIN',
      'C: STARTTLS',
    ]),
  })
  expect(lines(session)).toEqual([
    'USER user1',
    'a1 LOGIN "user1" x',
    'user2',
    'AUTH LOGIN user3',
    'QUIT',
    'NOOP',
    'AUTH PLAIN',
    'STARTTLS',
  ])
})

test('pieces of mail and fingerprints are left out, and lines that were cut stay so', () => {
  const names = new Pseudonyms()
  const at = { atMs: 0, sinceMs: 0 }
  const { events } = names.session({
    head: headOf(1),
    events: [
      {
        ...at,
        kind: 'content',
        from: 'C',
        tls: false,
        bytes: 9,
        ref: { kind: 'kept', first: 'From: ada', last: 'Ada', sha256: 'ab' },
      },
      {
        ...at,
        kind: 'tls',
        facts: {
          version: 'TLSv1.3',
          cipher: 'x',
          trusted: true,
          subject: 'CN=mx.remote.test',
          fingerprint256: 'AA:BB',
          chain: ['CN=mx.remote.test'],
        },
      },
      { ...at, kind: 'line', from: 'S', tls: true, spans: ['250 '.padEnd(2048, 'a.test ')], bytes: 3000 },
      { ...at, kind: 'closed', by: 'us', why: 'mx.remote.test hung up' },
    ],
  })
  expect(events[0]).toMatchObject({ ref: { kind: 'kept', first: '', last: '', sha256: '' } })
  expect(events[1]).toMatchObject({
    facts: { subject: 'CN=host2.example', chain: ['CN=host2.example'], fingerprint256: '' },
  })
  expect(events[2]).toMatchObject({ bytes: expect.any(Number) })
  expect(JSON.stringify(events)).not.toContain('remote.test')
})
