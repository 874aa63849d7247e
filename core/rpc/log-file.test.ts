import fc from 'fast-check'
import { expect, test } from 'vitest'
import { openLogFile } from './log-file.ts'

const head = {
  id: 1,
  protocol: 'smtp',
  side: 'client',
  peer: 'mx.example',
  address: '192.0.2.1:25',
  startedMs: 5,
  state: 'ok',
  worst: '250',
  tls: false,
  bytesIn: 1,
  bytesOut: 2,
  messages: 0,
}
const file = (more: object = {}) => ({
  format: 'posthorn-protocol-log',
  version: 1,
  program: 'Posthorn 1',
  writtenMs: 9,
  redaction: { secrets: 0, contents: 0, pseudonyms: 0 },
  sessions: [
    {
      head,
      events: [
        { kind: 'line', from: 'C', tls: false, spans: ['QUIT', { secret: true }], bytes: 4, atMs: 5, sinceMs: 0.1 },
      ],
    },
  ],
  ...more,
})

test('a file of this version is opened', () => {
  expect(openLogFile(`\ufeff${JSON.stringify(file())}`)).toEqual({
    kind: 'json',
    sessions: file().sessions,
    error: null,
  })
})

test.each([
  ['{', 'It is not whole JSON'],
  ['{"format":"har"}', 'It is JSON, and no file of the protocol log.'],
  [JSON.stringify(file({ version: 2 })), 'A newer version of Posthorn has written it (its format is 2, known is 1).'],
  [
    JSON.stringify(file({ sessions: [{ head: { ...head, state: 'odd' }, events: [] }] })),
    'It is damaged at sessions.0.head.state',
  ],
  ['S: 220 mx\nwhat is this', 'Line 2 cannot be read: it is no step of a dialogue.'],
  ['S> "unclosed', 'Line 1 cannot be read'],
])('says why %s cannot be opened', (content, reason) => {
  const opened = openLogFile(content)
  expect(opened.sessions).toBeNull()
  expect(opened.error).toContain(reason)
})

test('a script that somebody wrote is opened as well', () => {
  const { sessions } = openLogFile(
    '# RFC 5321\nS: 220 mx *\nC: EHLO größe\nC> "a\\x00\\r\\n"\nSTARTTLS\nC~ 12\nS!\n= fact\n---\nS: +OK\n',
  )
  expect(sessions?.map(({ events }) => events.map(({ kind }) => kind))).toEqual([
    ['note', 'line', 'line', 'line', 'tls', 'content', 'closed'],
    ['line'],
  ])
  expect(sessions?.[0]?.events[2]).toMatchObject({ spans: ['EHLO grÃ¶Ã\u009fe'] })
})

test('whatever a file says, it is opened or refused', () => {
  fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => void openLogFile(text)))
  fc.assert(fc.property(fc.json(), (text) => void openLogFile(text)))
})

test('a file that was made to be read for ever is read once', () => {
  const part = 'content-type: text/plain\ncontent-transfer-encoding: base64\n\nAAAA\n'
  expect(openLogFile(`Subject: x\n${part.repeat(40_000)}`).error).toContain('Line 1 cannot be read')
  expect(openLogFile(`C> "${'a'.repeat(12_000_000)}"`).error).toContain('Line 1 cannot be read')
}, 8000)
