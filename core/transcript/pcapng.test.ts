import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { headOf } from '../../test/support/logged.ts'
import { needs } from '../../test/support/peers.ts'
import type { LoggedSession } from '../model/log-file.ts'
import type { SessionHead, TranscriptEvent } from '../model/transcript.ts'
import { checksum, ipBytes } from './packets.ts'
import { toPcapng } from './pcapng.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-pcapng-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const FACTS = {
  version: 'TLSv1.3',
  cipher: 'TLS_AES_256_GCM_SHA384',
  trusted: true,
  subject: 'CN=mx.example',
  fingerprint256: 'AA',
}

/** A session of lines; `STARTTLS`, `C~ N` and notes as a dialogue has them, `<>` a secret. */
function session(head: Partial<SessionHead>, ...said: readonly string[]): LoggedSession {
  let tls = false
  const events = said.map((text, n): TranscriptEvent => {
    const at = { atMs: 1_760_000_000_000 + n * 10, sinceMs: n * 10.5 }
    const [, from = 'C', mark, rest = ''] = /^([CS])([:~])(?: (.*))?$/.exec(text) ?? []
    if (text === 'TLS') {
      tls = true
      return { ...at, kind: 'tls', facts: FACTS }
    }
    if (mark === '~')
      return { ...at, kind: 'content', from: from as 'C', tls, bytes: Number(rest), ref: { kind: 'entry', entryId: 1 } }
    if (mark === undefined) return { ...at, kind: 'note', text }
    const spans = rest
      .split(/(<>)/)
      .flatMap((one) => (one === '' ? [] : one === '<>' ? { secret: true as const } : one))
    const bytes = spans.reduce((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0)
    return { ...at, kind: 'line', from: from as 'C', tls, spans, bytes }
  })
  const closed: TranscriptEvent = { atMs: 0, sinceMs: said.length * 10.5, kind: 'closed', by: 'C' }
  return { head: { ...headOf(7), startedMs: 1_760_000_000_000, ...head }, events: [...events, closed] }
}

const SMTP = session(
  { address: '198.51.100.7:2525' },
  'looked up mx.example',
  'S: 220 mx.example ESMTP',
  'C: EHLO client.example',
  'S: 250-mx.example',
  'S: 250 STARTTLS',
  'C: STARTTLS',
  'S: 220 go ahead',
  'TLS',
  'C: EHLO client.example',
  'S: 250 AUTH PLAIN',
  'C: AUTH PLAIN <>',
  'S: 235 2.7.0 ok',
  'C: MAIL FROM:<ada@client.example>',
  'S: 250 2.1.0 ok',
  'C: RCPT TO:<bob@mx.example>',
  'S: 250 2.1.5 ok',
  'C: DATA',
  'S: 354 go on',
  'C~ 5000',
  'S: 250 2.0.0 taken',
  'C: QUIT',
  'S: 221 2.0.0 bye',
)
const POP3 = session(
  { protocol: 'pop3', address: '[2001:db8::7]:995' },
  'S: +OK ready',
  'C: USER ada',
  'S: +OK',
  'C: PASS <>',
  'S: +OK',
  'C: RETR 1',
  'S: +OK 300 octets',
  'S~ 300',
  'C: QUIT',
  'S: +OK',
)
const IMAP = session(
  { protocol: 'imap', address: '198.51.100.9:143', side: 'server' },
  'S: * OK ready',
  'C: A1 LOGIN ada <>',
  'S: A1 OK',
  'C: A2 SELECT INBOX',
  'S: * 1 EXISTS',
  'S: A2 OK done',
  'C: A3 LOGOUT',
  'S: * BYE',
  'S: A3 OK',
)

const capture = (sessions: readonly LoggedSession[]) => {
  const path = join(folder, `${Math.abs(sessions.length * 31 + sessions[0]!.events.length)}.pcapng`)
  writeFileSync(path, toPcapng(sessions, 'Posthorn'))
  return path
}
function tshark(path: string, ...args: readonly string[]): string[] {
  const done = spawnSync(
    'tshark',
    ['-r', path, '-o', 'tcp.check_checksum:TRUE', '-o', 'ip.check_checksum:TRUE', ...args],
    { encoding: 'utf8' },
  )
  expect(done.status, done.stderr).toBe(0)
  return done.stdout.split('\n').filter((line) => line !== '')
}

needs('tshark').test('Wireshark reads the commands of each protocol, and finds nothing wrong with the packets', () => {
  const path = capture([SMTP, POP3, IMAP])
  const fields = (filter: string, field: string) => tshark(path, '-Y', filter, '-T', 'fields', '-e', field)
  expect(fields('smtp.req.command', 'smtp.req.command')).toEqual(
    ['EHLO', 'STAR', 'EHLO', 'AUTH', 'MAIL', 'RCPT', 'DATA', 'QUIT'].map((verb) => expect.stringContaining(verb)),
  )
  expect(fields('smtp.response.code', 'smtp.response.code')).toEqual(
    ['220', '250', '250', '220', '250', '235', '250', '250', '354', '250', '221'].map((code) =>
      expect.stringContaining(code),
    ),
  )
  expect(fields('pop.request.command', 'pop.request.command')).toEqual(['USER', 'PASS', 'RETR', 'QUIT'])
  expect(fields('imap.request.command', 'imap.request.command')).toEqual(['LOGIN', 'SELECT', 'LOGOUT'])
  expect(
    tshark(
      path,
      '-Y',
      '_ws.malformed || tcp.analysis.flags || ip.checksum.status == "Bad" || tcp.checksum.status == "Bad"',
    ),
  ).toEqual([])
  // The TLS within is a stream of its own; every stream is followed from its first to its last byte.
  expect(new Set(fields('tcp', 'tcp.stream'))).toEqual(new Set(['0', '1', '2', '3']))
  const followed = [0, 1, 2, 3].flatMap((stream) => tshark(path, '-q', '-z', `follow,tcp,ascii,${stream}`)).join('\n')
  expect(followed).toContain('AUTH PLAIN <secret>')
  expect(followed).toContain('[5000 bytes of a message, which are not in this file]')
  expect(fields('frame.comment contains "TLSv1.3"', 'frame.number')).toHaveLength(1)
  expect(fields('frame.comment contains "something secret"', 'frame.number')).toHaveLength(3)
})

needs('tshark').test('a message whose size was announced has that size', () => {
  const chunks = session(
    { address: '198.51.100.7:25' },
    'S: 220 mx',
    'C: EHLO a',
    'S: 250 CHUNKING',
    'C: MAIL FROM:<a@b>',
    'S: 250 ok',
    'C: RCPT TO:<c@d>',
    'S: 250 ok',
    'C: BDAT 20000 LAST',
    'C~ 20000',
    'S: 250 ok',
    'C: QUIT',
    'S: 221 bye',
  )
  const fetch = session(
    { protocol: 'imap', address: '198.51.100.9:993' },
    'S: * OK',
    'C: A1 FETCH 1 BODY[]',
    'S: * 1 FETCH (BODY[] {300}',
    'S~ 300',
    'S: )',
    'S: A1 OK',
  )
  const path = capture([chunks, fetch])
  expect(tshark(path, '-Y', 'smtp.req.command', '-T', 'fields', '-e', 'smtp.req.command').at(-1)).toContain('QUIT')
  expect(tshark(path, '-Y', '_ws.malformed || tcp.analysis.flags')).toEqual([])
})

test('a block is as long as it says, at both ends, whatever was said', () => {
  fc.assert(
    fc.property(
      fc.array(fc.string({ unit: 'binary', maxLength: 80 }), { maxLength: 8 }),
      fc.string({ maxLength: 40 }),
      (texts, address) => {
        const bytes = toPcapng(
          [session({ address, peer: address }, ...texts, ...texts.map((text) => `S: ${text}`))],
          'Posthorn',
        )
        let at = 0
        while (at < bytes.length) {
          const length = bytes.readUInt32LE(at + 4)
          expect(length % 4).toBe(0)
          expect(bytes.readUInt32LE(at + length - 4)).toBe(length)
          at += length
        }
        expect(at).toBe(bytes.length)
      },
    ),
    { numRuns: 50 },
  )
})

test('addresses are read as they are written, and nothing else is', () => {
  expect(ipBytes('192.0.2.1')).toEqual(Uint8Array.of(192, 0, 2, 1))
  expect(ipBytes('::1')).toEqual(Uint8Array.from([...Array.from({ length: 15 }, () => 0), 1]))
  expect(Buffer.from(ipBytes('2001:db8::1:2')!).toString('hex')).toBe('20010db8000000000000000000010002')
  expect(ipBytes('::ffff:192.0.2.1')).toEqual(Uint8Array.of(192, 0, 2, 1))
  for (const text of ['', '256.1.1.1', '1.2.3', '1::2::3', '12:34:56', 'g::1', '1:2:3:4:5:6:7:8:9', 'mx.example'])
    expect(ipBytes(text), text).toBeUndefined()
  // RFC 1071's own example.
  expect(checksum(Uint8Array.of(0, 1, 0xf2, 3, 0xf4, 0xf5, 0xf6, 0xf7))).toBe(~0xddf2 & 0xffff)
})
