import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseCommand } from './command.ts'

const parse = (line: string) => parseCommand(Buffer.from(line, 'utf8'))

test('reads verbs in any case and forgets blanks at the end', () => {
  expect(parse('data')).toEqual({ verb: 'DATA' })
  expect(parse('Quit  ')).toEqual({ verb: 'QUIT' })
  expect(parse('ehlo Client.example ')).toEqual({ verb: 'EHLO', name: 'Client.example' })
})
test('reads the parameters of MAIL', () => {
  expect(parse('mail from:<ada@example.org> size=1000 body=8bitmime smtputf8 auth=a+2Bb@c')).toEqual({
    verb: 'MAIL',
    from: { local: 'ada', domain: 'example.org' },
    request: { sizeBytes: 1000, utf8: true },
    extended: true,
  })
  expect(parse('MAIL FROM:<>')).toEqual({ verb: 'MAIL', from: null, request: {}, extended: false })
})
test.each([
  'MAIL FROM:<ada@example.org> AUTH=a b',
  'MAIL FROM:<ada@example.org> SIZE',
  'MAIL FROM:<ada@example.org> SIZE=-1',
  'MAIL FROM:<ada@example.org> SIZE=111111111111111111111',
  'MAIL FROM:<ada@example.org> =1',
  'MAIL FROM:<ada@example.org> SIZE==1',
  'MAIL FROM:<ada@example.org>> SIZE=1',
  'MAIL FROM:<ada@example.org',
  'MAIL TO:<ada@example.org>',
  'MAILFROM:<ada@example.org>',
  'RCPT TO:<bob@example.org>, <eve@example.org>',
  'RCPT TO:<bob@example.org><eve@example.org>',
  'RCPT TO:bob@example.org',
  'RCPT TO:<bob>',
])('refuses %j', (line) =>
  expect(parse(line)).toMatchObject({ verb: 'malformed', reply: { code: expect.any(Number) } }),
)

test('takes the words of HTTP for another protocol', () => {
  for (const line of ['GET / HTTP/1.1', 'post /x', 'CONNECT a:25 HTTP/1.0', 'PRI * HTTP/2.0'])
    expect(parse(line)).toEqual({ verb: 'foreign' })
})

test('any bytes make a command or a refusal, and no control character gets into a command', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const command = parseCommand(bytes)
      if (bytes.some((byte) => byte < 0x20 || byte === 0x7f)) expect(command.verb).toBe('malformed')
    }),
  )
})

// The oracle transcribes the grammar of RFC 5321 §4.1.2 for paths of plain atoms; everything is drawn near it.
const ATOM = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
const NAME = '[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?'
const DOMAIN = `(?:${NAME}\\.)*${NAME}`
const RCPT = new RegExp(`^RCPT TO:<((?:@${DOMAIN},)*@${DOMAIN}:)?(${ATOM}(?:\\.${ATOM})*)@(${DOMAIN})> *$`, 'i')
const token = fc.constantFrom('a', ',', 'B', '1', '.', '-', '@', '<', '>', ' ', ':', '+', 'x.example', '@y.example')

test('reads a forward-path exactly when the grammar does', () => {
  fc.assert(
    fc.property(fc.array(token, { maxLength: 8 }), fc.boolean(), (tokens, isClosed) => {
      const line = `RCPT TO:<${tokens.join('')}${isClosed ? '>' : ''}`
      const match = RCPT.exec(line)
      const [, route = '', local, domain = ''] = match ?? []
      // Beyond the grammar: no name ends in a number, for there is no such top-level domain.
      const isNumber = [...route.slice(1, -1).split(',@'), domain].some((name) => /(?:^|\.)[0-9]+$/.test(name))
      const command = parse(line)
      if (local === undefined || isNumber) expect(command.verb).not.toBe('RCPT')
      else expect(command).toEqual({ verb: 'RCPT', to: { local, domain: domain.toLowerCase() }, isUtf8: false })
    }),
    { numRuns: 1000 },
  )
})
