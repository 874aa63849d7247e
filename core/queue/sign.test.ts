import { expect, test } from 'vitest'
import { readHeader } from '../message/headers.ts'
import { parseMailbox } from '../model/address.ts'
import { bodyOf, finalHead, signingDomain } from './sign.ts'

const ADA = parseMailbox('ada@author.example') ?? null
const domainFor = (from: string, envelope = ADA) => {
  const head = Buffer.from(`${from}Subject: x\r\n\r\n`)
  return signingDomain(envelope, head, readHeader(head))
}

test.each([
  'From: ada@author.example\r\n',
  'From: "eve@evil.example, really" <ada@author.example> (at home)\r\n',
  'From: =?utf-8?Q?Ad=C3=A4?=\r\n <Ada.B@AUTHOR.example>\r\n',
  'From: ada@author.example, kay@author.example\r\nSender: ada@author.example\r\n',
  '', // it gets one of the reverse-path
])('the domain of author and reverse-path signs (%j)', (from) => expect(domainFor(from)).toBe('author.example'))

test.each([
  'From: eve@evil.example\r\n',
  'From: "ada@author.example" <eve@evil.example>\r\n',
  'From: ada@author.example, eve@evil.example\r\n',
  'From: ada@author.example\r\nFrom: eve@evil.example\r\n',
  'From: ada@author.example <eve@evil.example>\r\n',
  'From: ada@sub.author.example\r\n',
  'From: ada@author.example.\u0430\r\n',
  'From: nobody\r\n',
  'From: \r\n',
  'From: undisclosed:;\r\n',
])('nobody signs for %j', (from) => expect(domainFor(from)).toBeUndefined())

test('nobody signs for the null reverse-path', () =>
  expect(domainFor('From: ada@author.example\r\n', null)).toBeUndefined())

test('names beyond ASCII are the same in whatever form', () => {
  const envelope = parseMailbox('ada@grüße.example') ?? null
  expect(domainFor('From: ada@grüße.example\r\n', envelope)).toBe('xn--gre-6ka8l.example')
  expect(domainFor('From: ada@xn--gre-6ka8l.example\r\n', envelope)).toBe('xn--gre-6ka8l.example')
})

test('the header that is signed is what is put before it and what is left of it', () => {
  const head = Buffer.from('From x\r\nA: 1\r\nBcc: e\r\n f\r\nB: \xe4\r\n\r\n', 'latin1')
  const header = readHeader(head, 8)
  const bcc = header.fields.find(({ name }) => name === 'bcc')
  const removed: [number, number][] = [
    [0, 8],
    [bcc?.at ?? 0, bcc?.end ?? 0],
  ]
  expect(finalHead('P: 0\r\n', head, header, removed)).toBe('P: 0\r\nA: 1\r\nB: \xe4\r\n\r\n')
  const bare = Buffer.from('A: 1\r\n')
  expect(finalHead('', bare, readHeader(bare), [])).toBe('A: 1\r\n\r\n')
})

test('a body comes whole, in slices, from wherever it is', async () => {
  const bytes = Buffer.from(`${'h'.repeat(300_000)}\r\n\r\n${'b'.repeat(400_000)}`)
  const chunks = [0, 100_000, 299_999, 300_002, 500_000, 700_004].map((at, n, all) => bytes.subarray(at, all[n + 1]))
  const openBody = async function* () {
    yield* chunks
  }
  const staged = { stagedBlobId: 1, sizeBytes: bytes.length, sha256: new Uint8Array(32) }
  for (const [body, raw] of [
    [{ raw: bytes }, undefined],
    [staged, bytes],
    [staged, undefined],
  ] as const) {
    const slices: Uint8Array[] = []
    for await (const slice of bodyOf(body, raw, 300_004, { openBody })) slices.push(slice)
    expect(Buffer.concat(slices).equals(bytes.subarray(300_004))).toBe(true)
    expect(Math.max(...slices.map(({ length }) => length))).toBeLessThanOrEqual(128 * 1024)
  }
})
