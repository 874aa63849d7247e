import { readFileSync } from 'node:fs'
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
/** The samples, for other implementations, too. */
function samples(name: string): string[] {
  const text = readFileSync(new URL(`../../../test/commands/${name}.txt`, import.meta.url), 'utf8')
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
}
const ESCAPES: Readonly<Record<string, string>> = { 'r': '\r', 'n': '\n', 't': '\t', 0: '\0', '\\': '\\' }
const unescaped = (text: string) =>
  text.replace(/\\(?:u\{([0-9a-f]+)\}|([rnt0\\]))/g, (_, hex: string | undefined, letter: string) =>
    hex === undefined ? (ESCAPES[letter] ?? '') : String.fromCodePoint(parseInt(hex, 16)),
  )

test.each(samples('accepts'))('reads %s', (sample) => {
  const [line = '', meant = ''] = sample.split('\t')
  expect(parse(line)).toEqual(JSON.parse(meant))
})
test.each(samples('rejects'))('refuses %s', (sample) => {
  const [code = '', line = ''] = sample.split('\t')
  const command = parse(unescaped(line))
  expect(command.verb === 'malformed' && `${command.reply.code} ${command.reply.enhanced}`).toBe(code)
})
test('knows a BDAT whose size nobody can tell, so that what follows is not read', () => {
  for (const line of [
    'BDAT',
    'BDAT x',
    'BDAT -1',
    'BDAT 1 FIRST',
    'BDAT 9999999999999999',
    'BDAT 0x10',
    'BDAT 1 LAST 2',
  ])
    expect(parse(line)).toEqual({ verb: 'BDAT', sizeBytes: undefined, isLast: false })
})

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
