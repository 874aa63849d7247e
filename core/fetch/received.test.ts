import { expect, test } from 'vitest'
import { receivedTime } from './received.ts'
import { describeTrouble } from './words.ts'

const timeOf = (head: string) => receivedTime(Buffer.from(head, 'latin1'))
const at = Date.UTC(2025, 6, 1, 10, 0, 5)

test('a message arrived when the topmost Received field says', () => {
  expect(
    timeOf('Received: from a by b; Tue, 1 Jul 2025 10:00:05 +0000\r\nReceived: x; Tue, 1 Jul 2020 10:00:05 +0000\r\n'),
  ).toBe(at)
  expect(
    timeOf(
      'Return-Path: <a@b>\r\nDelivered-To: x\r\n y\r\nReceived: from a\r\n\tby b with SMTP;\r\n\tTue, 1 Jul 2025 12:00:05 +0200 (CEST)\r\n',
    ),
  ).toBe(at)
})

test('without a Received field that can be read nothing is known', () => {
  for (const head of [
    '',
    'Subject: x\r\n\r\nReceived: a; Tue, 1 Jul 2025 10:00:05 +0000\r\n',
    'Received: from a by b\r\n',
    'Received: a; never\r\n',
    '\r\n',
  ])
    expect(timeOf(head)).toBeUndefined()
})

test('a header made to take long does not', () => {
  expect(timeOf('Received: ' + ' ;'.repeat(8000))).toBeUndefined()
  expect(timeOf('A: b\r\n \r\n'.repeat(3000))).toBeUndefined()
})

test('each trouble is said with its next step', () => {
  const drop = { host: 'mail.example', port: 995, user: 'ada' }
  const of = (trouble: Parameters<typeof describeTrouble>[0]) => describeTrouble(trouble, drop)
  expect(of({ kind: 'connect', address: '192.0.2.1:995', errno: 'ECONNREFUSED' })).toBe(
    'No connection to mail.example at 192.0.2.1:995: nothing listens there. Check the port; 995 is usual with TLS from the first byte, 110 otherwise.',
  )
  expect(of({ kind: 'connect', address: 'x', errno: 'ENETUNREACH' })).toContain('Is this computer online?')
  expect(of({ kind: 'host', host: 'mial.example', reason: 'there is no such host' })).toBe(
    'The host "mial.example" was not found: there is no such host. Check how it is written.',
  )
  expect(of({ kind: 'refused', at: 'login', reply: '-ERR [IN-USE] locked' })).toBe(
    'Another program has this mailbox open; it can be read when that one is done. The server says: -ERR [IN-USE] locked',
  )
  expect(
    of({ kind: 'handshake', host: 'mail.example', reason: 'DEPTH_ZERO_SELF_SIGNED_CERT: self-signed certificate' }),
  ).toContain('name its authority in the setting relay.caFile')
  expect(of({ kind: 'handshake', host: 'mail.example', reason: 'certificate has expired' })).toContain('has expired')
  expect(of({ kind: 'no-stls' })).toContain('the password was not sent')
  expect(of({ kind: 'silent', seconds: 180 })).toBe(
    'mail.example said nothing for 180 seconds. It is tried again later.',
  )
})
