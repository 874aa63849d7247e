import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Domain } from '../../model/address.ts'
import { encodeCommand, type ClientCommand } from './encode-command.ts'

const text = (command: ClientCommand) => Buffer.from(encodeCommand(command)).toString('utf8')
const at = (local: string, domain = 'example.test') => ({ local, domain: domain as Domain })

test.each<[ClientCommand, string]>([
  [{ verb: 'EHLO', name: 'mail.example.test' }, 'EHLO mail.example.test\r\n'],
  [{ verb: 'EHLO', name: '[127.0.0.1]' }, 'EHLO [127.0.0.1]\r\n'],
  [{ verb: 'HELO', name: '[IPv6:2001:db8::1]' }, 'HELO [IPv6:2001:db8::1]\r\n'],
  [{ verb: 'MAIL', from: null }, 'MAIL FROM:<>\r\n'],
  [
    { verb: 'MAIL', from: at('ada'), sizeBytes: 12, is8bit: true, isUtf8: true },
    'MAIL FROM:<ada@example.test> SIZE=12 BODY=8BITMIME SMTPUTF8\r\n',
  ],
  [{ verb: 'RCPT', to: at('a.b+c') }, 'RCPT TO:<a.b+c@example.test>\r\n'],
  [{ verb: 'RCPT', to: at('a b') }, 'RCPT TO:<"a b"@example.test>\r\n'],
  [{ verb: 'RCPT', to: at('a..b') }, 'RCPT TO:<"a..b"@example.test>\r\n'],
  [{ verb: 'RCPT', to: at('a"b\\c>') }, 'RCPT TO:<"a\\"b\\\\c>"@example.test>\r\n'],
  [{ verb: 'RCPT', to: at('jörg') }, 'RCPT TO:<jörg@example.test>\r\n'],
  [{ verb: 'RCPT', to: at('x', '[192.0.2.1]') }, 'RCPT TO:<x@[192.0.2.1]>\r\n'],
  [{ verb: 'DATA' }, 'DATA\r\n'],
])('encodes %j', (command, line) => expect(text(command)).toBe(line))

test.each<ClientCommand>([
  { verb: 'EHLO', name: 'a b' },
  { verb: 'EHLO', name: '' },
  { verb: 'EHLO', name: 'x\r\nRCPT TO:<evil@x>' },
  { verb: 'MAIL', from: at('a', 'x>\r\nRCPT TO:<evil@x') },
  { verb: 'MAIL', from: at('a\r\nb') },
  { verb: 'MAIL', from: at('a'), sizeBytes: Number.NaN },
  { verb: 'MAIL', from: at('a'), sizeBytes: -1 },
  { verb: 'RCPT', to: at('c', 'd.co>') },
  { verb: 'RCPT', to: at('c\0') },
  { verb: 'RCPT', to: at('c\u007f') },
])('refuses %j', (command) => expect(() => encodeCommand(command)).toThrow())

test('whatever the local part, the line is one command and its path reads back', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 30 }), (local) => {
      let line: string
      try {
        line = text({ verb: 'RCPT', to: at(local) })
      } catch {
        // eslint-disable-next-line no-control-regex
        expect(/[\0-\x1f\x7f]/.test(local)).toBe(true)
        return
      }
      expect(line.indexOf('\r\n')).toBe(line.length - 2)
      const path = line.slice('RCPT TO:<'.length, -'@example.test>\r\n'.length)
      const readBack = path.startsWith('"') ? path.slice(1, -1).replaceAll(/\\(.)/gsu, '$1') : path
      expect(readBack).toBe(Buffer.from(local, 'utf8').toString('utf8'))
    }),
  )
})
