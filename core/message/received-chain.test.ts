import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readReceived, readReceivedChain } from './received-chain.ts'

/** Fields as servers of many makes write them, and what they say. */
const FIELDS: readonly (readonly [string, string, Partial<ReturnType<typeof readReceived>>])[] = [
  [
    'Postfix with TLS',
    'from mx.sender.example (mx.sender.example [192.0.2.7]) (using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits) key-exchange X25519 server-signature RSA-PSS (2048 bits)) (No client certificate requested) by mail.here.example (Postfix) with ESMTPS id 4Zq1 for <ada@here.example>; Sun, 22 Nov 2026 11:00:05 +0100 (CET)',
    {
      from: 'mx.sender.example',
      fromHost: 'mx.sender.example',
      fromAddress: '192.0.2.7',
      by: 'mail.here.example',
      with: 'ESMTPS',
      id: '4Zq1',
      for: 'ada@here.example',
      tls: 'yes',
      tlsVersion: 'TLSv1.3',
      tlsCipher: 'TLS_AES_256_GCM_SHA384',
      atMs: Date.UTC(2026, 10, 22, 10, 0, 5),
    },
  ],
  [
    'Postfix in the clear, an unknown client',
    'from [10.0.0.3] (unknown [198.51.100.3]) by mail.here.example (Postfix) with ESMTP id A1; Sun, 22 Nov 2026 10:00:00 +0000 (UTC)',
    { from: '[10.0.0.3]', fromHost: '', fromAddress: '198.51.100.3', with: 'ESMTP', tls: 'no', tlsVersion: '' },
  ],
  [
    'Exim',
    'from out.sender.example ([2001:db8::25]:41020) by mail.here.example with esmtps (TLS1.3) tls TLS_AES_128_GCM_SHA256 (Exim 4.96) (envelope-from <a@sender.example>) id 1uAbCd-000000001Ab-2xYz for ada@here.example; Sun, 22 Nov 2026 10:00:00 +0000',
    {
      fromAddress: '2001:db8::25',
      fromHost: '',
      with: 'esmtps',
      tls: 'yes',
      tlsVersion: 'TLSv1.3',
      tlsCipher: 'TLS_AES_128_GCM_SHA256',
      id: '1uAbCd-000000001Ab-2xYz',
      for: 'ada@here.example',
    },
  ],
  [
    'a large provider',
    'from mail-lf1-f41.sender.example (mail-lf1-f41.sender.example. [203.0.113.41]) by mx.here.example with ESMTPS id x1-20020a19. for <ada@here.example> (version=TLS1_2 cipher=ECDHE-ECDSA-AES128-GCM-SHA256 bits=128/128); Sun, 22 Nov 2026 02:00:00 -0800 (PST)',
    {
      fromHost: 'mail-lf1-f41.sender.example',
      tlsVersion: 'TLSv1.2',
      tlsCipher: 'ECDHE-ECDSA-AES128-GCM-SHA256',
      atMs: Date.UTC(2026, 10, 22, 10),
    },
  ],
  [
    'Exchange',
    'from AM0PR01.sender.example ([fe80::1]) by AM0PR02.sender.example ([fe80::2%5]) with mapi id 15.20.8; Sun, 22 Nov 2026 10:00:00 +0000',
    { with: 'mapi', tls: 'unknown', fromAddress: 'fe80::1' },
  ],
  [
    'Exchange over TLS',
    'from A.sender.example (192.0.2.1) by B.sender.example (192.0.2.2) with Microsoft SMTP Server (version=TLS1_2, cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.1; Sun, 22 Nov 2026 10:00:00 +0000',
    {
      with: 'Microsoft SMTP Server',
      tls: 'yes',
      tlsVersion: 'TLSv1.2',
      tlsCipher: 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384',
      fromAddress: '192.0.2.1',
    },
  ],
  [
    'qmail, by its own process',
    '(qmail 12345 invoked by uid 1000); 22 Nov 2026 10:00:00 -0000',
    { from: '', by: '', with: '', tls: 'unknown', atMs: Date.UTC(2026, 10, 22, 10) },
  ],
  [
    'RFC 8314 §4.3',
    'from a.example (a.example [192.0.2.9]) by b.example with ESMTPSA tls TLS_CHACHA20_POLY1305_SHA256 id 7; Sun, 22 Nov 2026 10:00:00 +0000',
    { tls: 'yes', tlsCipher: 'TLS_CHACHA20_POLY1305_SHA256', with: 'ESMTPSA' },
  ],
  [
    'semicolons and brackets where they mean nothing',
    'from "odd;name" (a (nested; one) [192.0.2.5]) by b.example (x;y) with SMTP; Mon, 30 Feb 2026 10:00:00 +0000',
    { from: '"odd;name"', fromAddress: '192.0.2.5', by: 'b.example', with: 'SMTP', tls: 'no', atMs: null },
  ],
  ['a host called by', 'from by by for.example with SMTP', { from: 'by', by: 'for.example', with: 'SMTP', atMs: null }],
  ['nothing', '', { from: '', by: '', atMs: null, raw: '' }],
]

test.each(FIELDS)('reads what a server noted: %s', (_, field, said) => {
  expect(readReceived(field)).toMatchObject(said)
})

test('a chain begins with the oldest stop and knows when the message was written', () => {
  const head = [
    'Received: from b (b [192.0.2.2]) by c with ESMTPS; Sun, 22 Nov 2026 10:00:09 +0000',
    'Received: from a\r\n\tby b\r\n\twith ESMTP;\r\n\tSun, 22 Nov 2026 10:00:02 +0000',
    'Date: Sun, 22 Nov 2026 10:00:00 +0000',
    '',
    'Received: from nobody by nowhere; Sun, 22 Nov 2026 10:00:00 +0000',
  ].join('\r\n')
  const { hops, dateMs, leftOut } = readReceivedChain(Buffer.from(head))
  expect(hops.map(({ by }) => by)).toEqual(['b', 'c'])
  expect([dateMs, leftOut]).toEqual([Date.UTC(2026, 10, 22, 10), 0])
})

test('a header of nothing but stops, and one stop without an end, cost a bounded amount', () => {
  const many = readReceivedChain(Buffer.from('Received: from a by b; x\r\n'.repeat(5000)))
  expect([many.hops.length, many.leftOut]).toEqual([100, 4900])
  for (const filler of ['(', '"', 'from ', 'by (', '[:', '((a)', 'TLS_A', '0:'])
    expect(readReceived(filler.repeat(200_000)).raw.length).toBeLessThanOrEqual(2000)
})

/** Another way to take comments out: the innermost first, again and again. */
function withoutComments(text: string): string {
  for (let before = ''; before !== text;) {
    before = text
    text = text.replace(/\([^()]*\)/g, ' ')
  }
  return text
}
const name = fc.stringMatching(/^[a-z][a-z0-9]{0,8}\.example$/)
const comment: fc.Arbitrary<string> = fc.letrec((tie) => ({
  one: fc
    .array(fc.oneof({ maxDepth: 3 }, fc.stringMatching(/^[a-z0-9;:. ]{0,12}$/), tie('one')), { maxLength: 3 })
    .map((parts) => `(${(parts as string[]).join('')})`),
})).one as fc.Arbitrary<string>

test('clauses are found between comments of any depth', () => {
  fc.assert(
    fc.property(name, name, comment, comment, (from, by, one, two) => {
      const field = `from ${from} ${one} by ${by} ${two} with SMTP`
      const [, expectedFrom, expectedBy] = /^from (\S+)\s+by (\S+)\s+with SMTP$/.exec(withoutComments(field).trim())!
      expect(readReceived(field)).toMatchObject({ from: expectedFrom, by: expectedBy, with: 'SMTP' })
    }),
  )
})

test('any bytes are read without an error', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => void readReceived(text)))
})
