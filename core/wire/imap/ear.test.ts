import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ear } from './ear.ts'

const CANARY = 'canary-pässword "x'
const bytes = (text: string) => new TextEncoder().encode(text)

/** What an ear lets be kept of a dialogue, `C: ` and `S: ` before each of its pieces. Every line is said in pieces of `size`. */
function kept(dialogue: readonly string[], size: number, secrets = [CANARY]): string {
  const ear = new Ear(secrets)
  let out = ''
  for (const line of dialogue) {
    const from = line[0]
    const all = bytes(line.slice(3))
    for (let at = 0; at < all.length; at += size) {
      const chunk = all.subarray(at, at + size)
      for (const noted of from === 'C' ? ear.said(chunk) : ear.heard(chunk)) {
        if (noted.kind === 'content') {
          out += `${from}= ${noted.bytes.length}\n`
          continue
        }
        const shown = [...noted.bytes].map((byte, i) =>
          noted.secrets.some(([a, b]) => i >= a && i < b) ? '\0' : String.fromCharCode(byte),
        )
        out += `${from}: ${shown.join('').replaceAll(/\0+/g, '<secret>')}\n`
      }
    }
  }
  for (const noted of ear.ended()) if (noted.kind === 'line') out += `${noted.from}: <rest ${noted.secrets.length}>\n`
  return out
}

const b64 = (text: string) => Buffer.from(text).toString('base64')
const utf8 = (text: string) => Buffer.from(text).toString('latin1')
const length = Buffer.byteLength(CANARY)

const LOGINS: Readonly<Record<string, readonly string[]>> = {
  'LOGIN': [`C: 1 LOGIN ada "${CANARY}"\r\n`, 'S: 1 OK in\r\n'],
  'LOGIN with literals': [
    'C: 1 LOGIN {3}\r\n',
    'S: + go on\r\n',
    `C: ada {${length}}\r\n`,
    'S: + go on\r\n',
    `C: ${CANARY}\r\n`,
    'S: 1 OK in\r\n',
  ],
  'LOGIN with literals that wait for nothing': [
    `C: 1 LOGIN {3+}\r\nada {${length}+}\r\n${CANARY}\r\n`,
    'S: 1 OK in\r\n',
  ],
  'AUTHENTICATE PLAIN': [
    'C: 1 AUTHENTICATE PLAIN\r\n',
    'S: + \r\n',
    `C: ${b64(`\0ada\0${CANARY}`)}\r\n`,
    'S: 1 OK in\r\n',
  ],
  'AUTHENTICATE PLAIN at once': [`C: 1 AUTHENTICATE PLAIN ${b64(`\0ada\0${CANARY}`)}\r\n`, 'S: 1 OK in\r\n'],
  'AUTHENTICATE LOGIN': [
    'C: 1 AUTHENTICATE LOGIN\r\n',
    `S: + ${b64('Username:')}\r\n`,
    `C: ${b64('ada')}\r\n`,
    `S: + ${b64('Password:')}\r\n`,
    `C: ${b64(CANARY)}\r\n`,
    'S: 1 OK in\r\n',
  ],
  'AUTHENTICATE SCRAM-SHA-256': [
    'C: 1 AUTHENTICATE SCRAM-SHA-256\r\n',
    'S: + \r\n',
    `C: ${b64(`n,,n=ada,r=${CANARY}`)}\r\n`,
    `S: + ${b64(`r=${CANARY},s=c2FsdA==,i=4096`)}\r\n`,
    `C: ${b64(`c=biws,r=${CANARY},p=proof`)}\r\n`,
    `S: + ${b64('v=verifier')}\r\n`,
    'C: \r\n',
    'S: 1 OK in\r\n',
  ],
  'AUTHENTICATE XOAUTH2 that is refused': [
    `C: 1 AUTHENTICATE XOAUTH2 ${b64(`user=ada\x01auth=Bearer ${CANARY}\x01\x01`)}\r\n`,
    `S: + ${b64('{"status":"401"}')}\r\n`,
    'C: \r\n',
    `S: 1 NO bad ${CANARY} refused\r\n`,
  ],
  'a command that nobody knows': [`C: 1 LOGGIN ada ${CANARY}\r\n`, 'S: 1 BAD what\r\n'],
  'a login in two lines': ['C: 1 AUTHENTICATE PLAIN\r\n', 'S: 1 NO never\r\n', `C: ${b64(`\0ada\0${CANARY}`)}\r\n`],
  'a server that repeats it': [
    'C: 1 NOOP\r\n',
    `S: * OK you said ${CANARY} before\r\n`,
    `S: * OK or ${b64(`\0ada\0${CANARY}`)}\r\n`,
    `S: * LIST () "/" {${length}}\r\n${CANARY}\r\n`,
    'S: 1 OK\r\n',
  ],
  'a session that ends within its password': [`C: 1 LOGIN ada ${CANARY}`],
}

for (const [name, dialogue] of Object.entries(LOGINS))
  test(`nothing of a password is kept: ${name}`, () => {
    for (const size of [1, 7, 10_000]) {
      const said = kept(dialogue, size)
      expect(said).not.toContain(utf8(CANARY))
      expect(said).not.toContain('canary')
      for (const before of ['', '\0ada\0']) expect(said).not.toContain(b64(before + CANARY).slice(8, -4))
      expect(said).not.toMatch(new RegExp(`^C:.*\\{${length}`, 'm')) // nor how long it is
    }
  })

test('all that is no secret is kept, byte for byte', () => {
  const plain = [
    'C: 1 CAPABILITY\r\n',
    'S: * CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n',
    'S: 1 OK done\r\n',
    'C: 2 AUTHENTICATE PLAIN\r\n',
    'C: *\r\n',
    'S: 2 BAD given up\r\n',
    'C: 3 UID SEARCH HEADER message-id "<a@b>"\r\n',
    'C: 4 IDLE\r\n',
    'S: + idling\r\n',
    'C: DONE\r\n',
    'S: * LIST () "/" {3}\r\n',
    'S: a b\r\n',
  ]
  expect(kept(plain, 10_000)).toBe(
    'C: 1 CAPABILITY\nS: * CAPABILITY IMAP4rev1 AUTH=PLAIN\nS: 1 OK done\nC: 2 AUTHENTICATE PLAIN\nC: *\nS: 2 BAD given up\nC: 3 UID SEARCH HEADER message-id "<a@b>"\nC: 4 IDLE\nS: + idling\nC: DONE\nS: * LIST () "/" {3}\nS: a b\nS: \n',
  )
})

test('messages are content, not lines, whichever way they go', () => {
  const both = [
    'C: 1 APPEND Sent (\\Seen) {12}\r\n',
    'S: + go on\r\n',
    'C: 1 LOGIN a b\n\r\n',
    'S: * 1 FETCH (UID 7 BODY[] {9}\r\n* OK \r\n--)\r\n',
    'S: * 2 FETCH (UID 8 BODY[]<1024> {5}\r\n12345)\r\n',
    'S: 1 OK\r\n',
  ]
  expect(kept(both, 10_000)).toBe(
    'C: 1 APPEND Sent (\\Seen) {12}\nS: + go on\nC= 12\nC: \nS: * 1 FETCH (UID 7 BODY[] {9}\nS= 9\nS: )\nS: * 2 FETCH (UID 8 BODY[]<1024> {5}\nS= 5\nS: )\nS: 1 OK\n',
  )
})

test('how the octets come in makes no difference to what is kept of lines', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.values(LOGINS)), fc.integer({ min: 1, max: 40 }), (dialogue, size) => {
      const lines = (said: string) => said.replaceAll(/(?:<secret>)+/g, '<secret>')
      const whole = lines(
        kept(
          dialogue.filter((line) => !/\{\d+\+?\}/.test(line)),
          10_000,
        ),
      )
      expect(
        lines(
          kept(
            dialogue.filter((line) => !/\{\d+\+?\}/.test(line)),
            size,
          ),
        ),
      ).toBe(whole)
    }),
  )
})

test('a line without end is held in parts only', () => {
  const ear = new Ear([])
  let longest = 0
  for (let n = 0; n < 200; n++)
    for (const noted of ear.heard(new Uint8Array(10_000).fill(0x41))) longest = Math.max(longest, noted.bytes.length)
  expect(longest).toBe(65_536)
})
