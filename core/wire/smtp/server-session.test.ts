import { readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { playBare, readDialogue } from '../../../test/support/dialogue.ts'
import { House } from '../../../test/support/submission-house.ts'
import { BareSubmission } from '../../../test/support/submission-machine.ts'

const folder = new URL('../../../test/dialogues/smtp-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .sort()

test.each(scripts)('plays %s', async (name) => {
  const house = new House()
  await playBare(readDialogue(new URL(name, folder)), 'S', () => new BareSubmission(house), { facts: house.facts })
})

/** Everything a session says to these bytes, pushed as they are cut; TLS begins by itself where it is asked for. */
async function replies(pieces: readonly Uint8Array[], house = new House(), machine = new BareSubmission(house)) {
  const said = [...(await machine.open())]
  for (const piece of pieces) said.push(...(await machine.receive(piece)))
  return { text: Buffer.concat(said).toString('latin1'), facts: house.facts(), machine }
}
/** A machine that is past STARTTLS and login. */
async function signedIn(house: House, changed: ConstructorParameters<typeof BareSubmission>[1] = {}) {
  const machine = new BareSubmission(house, { ...changed, terms: { ...changed.terms, isSecure: true } })
  await machine.open()
  await machine.receive(Buffer.from('EHLO client.example\r\nAUTH PLAIN AGFkYQBzZWNyZXQ=\r\n'))
  machine.seen.length = 0
  return machine
}
const BEGIN = 'MAIL FROM:<ada@client.example>\r\nRCPT TO:<bob@remote.example>\r\nDATA\r\n'
const codes = (chunks: Uint8Array[]) =>
  chunks.map((chunk) => Buffer.from(chunk).toString('latin1').slice(0, 9)).filter((line) => line[3] === ' ')

test('a first line that is too long is refused once, whatever its end begins with, and the session goes on', async () => {
  const long = Buffer.from(`EHLO ${'x'.repeat(5000)}`)
  const { text } = await replies([long, Buffer.from('1=2\r\nNOOP\r\n')])
  expect(text.match(/^500 .*line too long/gm)).toHaveLength(1)
  expect(text).not.toContain('554')
  expect(text).toMatch(/^250 /m)
})

describe('however the stream is cut', () => {
  const units = fc.constantFrom(
    'EHLO client.example\r\n',
    'AUTH LOGIN\r\n',
    'AUTH PLAIN AGFkYQBzZWNyZXQ=\r\n',
    'YWRh\r\n',
    'c2VjcmV0\r\n',
    '*\r\n',
    BEGIN,
    'RSET\r\n',
    'NOOP\n',
    'Subject: a\r\n\r\n..b\r\n.\r\n',
    'a\nb\r\n.\r\n',
    '\r\n.\n',
    '.\r\n',
    `NOOP ${'x'.repeat(3000)}\r\n`,
    'QUIT\r\n',
    '\xff\r\n',
  )
  test('the same is said, accepted and kept of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(units, { maxLength: 12 }),
        fc.array(fc.nat(400), { maxLength: 8 }),
        async (said, at) => {
          const stream = Buffer.from(`EHLO a\r\nAUTH PLAIN AGFkYQBzZWNyZXQ=\r\n${BEGIN}${said.join('')}`, 'latin1')
          const cuts = [0, ...at.toSorted((a, b) => a - b), stream.length]
          const pieces = cuts.slice(1).map((to, i) => stream.subarray(cuts[i], to))
          const play = (parts: readonly Uint8Array[]) => {
            const house = new House()
            return replies(parts, house, new BareSubmission(house, { terms: { isSecure: true } }))
          }
          const whole = await play([stream])
          const cut = await play(pieces.filter((piece) => piece.length > 0))
          expect(cut.text).toBe(whole.text)
          expect(cut.facts).toEqual(whole.facts)
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('limits', () => {
  test('takes a thousand recipients of ten thousand, pipelined, and answers each of the others with 452', async () => {
    const house = new House()
    const machine = await signedIn(house)
    const rcpts = Array.from({ length: 10_000 }, (_, i) => `RCPT TO:<r${i}@remote.example>\r\n`).join('')
    const answers = codes(await machine.receive(Buffer.from(`MAIL FROM:<ada@client.example>\r\n${rcpts}DATA\r\n`)))
    expect(answers.filter((code) => code === '250 2.1.5')).toHaveLength(1000)
    expect(answers.filter((code) => code === '452 4.5.3')).toHaveLength(9000)
    expect(answers.at(-1)?.slice(0, 3)).toBe('354')
    expect(codes(await machine.receive(Buffer.from('a\r\n.\r\n')))).toEqual(['250 2.0.0'])
    expect(house.accepted[0]?.to).toHaveLength(1000)
  })
  test('reads a message that is too big to its end, refuses it and goes on', async () => {
    const house = new House()
    const machine = await signedIn(house, { limits: { messageBytes: 1000 } })
    await machine.receive(Buffer.from(BEGIN))
    const answers = codes(await machine.receive(Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(20) + '.\r\nNOOP\r\n')))
    expect(answers).toEqual(['552 5.3.4', '250 2.0.0'])
    expect(house.accepted).toEqual([])
  })
  test('does not read without end what is too big', async () => {
    const machine = await signedIn(new House(), { limits: { messageBytes: 1000 } })
    await machine.receive(Buffer.from(BEGIN))
    expect(codes(await machine.receive(Buffer.from(`${'x'.repeat(70)}\r\n`.repeat(80))))).toEqual(['421 4.3.4'])
    expect(machine.closed).toBe(true)
  })
  test.each([
    ['a line of the header over 998 octets', `A: ${'x'.repeat(996)}\r\n.\r\n`, '554 5.6.0'],
    ['a line that goes on and on', `\r\n${'x'.repeat(1_048_577)}\r\n.\r\n`, '554 5.6.0'],
    ['a header over 100 KiB', `${'A: b\r\n'.repeat(18_000)}\r\n.\r\n`, '552 5.3.4'],
  ])('refuses %s', async (_, content, code) => {
    const machine = await signedIn(new House())
    await machine.receive(Buffer.from(BEGIN))
    expect(codes(await machine.receive(Buffer.from(content)))).toEqual([code])
  })
  test('makes a client wait from the eleventh error on, and a message that is taken pardons them', async () => {
    const machine = await signedIn(new House())
    await machine.receive(Buffer.from('NONSENSE\r\n'.repeat(10)))
    expect(machine.seen.filter((effect) => effect.do === 'wait')).toEqual([])
    await machine.receive(Buffer.from('NONSENSE\r\n'))
    expect(machine.seen.filter((effect) => effect.do === 'wait')).toEqual([{ do: 'wait', ms: 1000 }])
    await machine.receive(Buffer.from(`${BEGIN}a\r\n.\r\n`))
    await machine.receive(Buffer.from('NONSENSE\r\n'.repeat(19)))
    expect(machine.closed).toBe(false)
    await machine.receive(Buffer.from('NONSENSE\r\n'))
    expect(machine.closed).toBe(true)
  })
  test('does not let a client keep it busy with commands that bring no mail', async () => {
    const machine = await signedIn(new House())
    await machine.receive(Buffer.from('NOOP\r\n'.repeat(118)))
    expect(machine.closed).toBe(false)
    await machine.receive(Buffer.from('NOOP\r\n'))
    expect(machine.closed).toBe(true)
  })
  test('each failed login waits twice as long as the one before', async () => {
    const machine = new BareSubmission(new House(), { terms: { isSecure: true } })
    await machine.open()
    await machine.receive(Buffer.from(`EHLO a\r\n${'AUTH PLAIN AGFkYQB3cm9uZw==\r\n'.repeat(3)}`))
    expect(machine.seen.flatMap((effect) => (effect.do === 'wait' ? [effect.ms] : []))).toEqual([1000, 2000, 4000])
    expect(machine.closed).toBe(true)
  })
})

describe('secrets', () => {
  const heard = (machine: BareSubmission) =>
    machine.seen
      .flatMap((effect) => {
        if (effect.do !== 'heard') return []
        const line = Buffer.from(effect.line)
        for (const [from, to] of effect.secrets) line.fill('_', from, to)
        return [line.toString('latin1')]
      })
      .join('\n')
  const PLAIN = 'AGFkYQBzZWNyZXQ='
  const USER = 'YWRh'
  const PASSWORD = 'c2VjcmV0'

  test.each([
    ['in the clear', false, `EHLO a\r\nAUTH LOGIN\r\n${USER}\r\n${PASSWORD}\r\nAUTH PLAIN ${PLAIN}\r\nQUIT\r\n`],
    ['before EHLO', true, `AUTH LOGIN ${USER}\r\n${PASSWORD}\r\nAUTH PLAIN ${PLAIN}\r\nQUIT\r\n`],
    ['by an unknown mechanism', true, `EHLO a\r\nAUTH NTLM\r\n${USER}\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['without a mechanism', true, `EHLO a\r\nAUTH ${PLAIN}\r\nAUTH\r\n${PLAIN}\r\nQUIT\r\n`],
    ['as a word alone', true, `EHLO a\r\nAUTH\r\n${USER}\r\n${PASSWORD}\r\nAUTH \r\n${PLAIN}\r\nQUIT\r\n`],
    ['after it was broken off', true, `EHLO a\r\nAUTH LOGIN\r\n*\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['after an answer that is no base64', true, `EHLO a\r\nAUTH LOGIN\r\n!\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['twice', true, `EHLO a\r\nAUTH PLAIN ${PLAIN}\r\nAUTH LOGIN\r\n${USER}\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['with bare line feeds', true, `EHLO a\r\nAUTH PLAIN\n${PLAIN}\nAUTH LOGIN\r\n${USER}\n${PASSWORD}\r\nQUIT\r\n`],
    ['in a line that is too long', true, `EHLO a\r\nAUTH PLAIN ${PLAIN.repeat(300)}\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['in an answer that is too long', true, `EHLO a\r\nAUTH PLAIN\r\n${PASSWORD.repeat(3000)}\r\n${PLAIN}\r\nQUIT\r\n`],
    ['as SCRAM in the clear', false, `EHLO a\r\nAUTH SCRAM-SHA-256 ${PLAIN}\r\n${PASSWORD}\r\n${USER}\r\nQUIT\r\n`],
    ['as SCRAM before EHLO', true, `AUTH SCRAM-SHA-256 ${PLAIN}\r\n${PASSWORD}\r\n${USER}\r\nQUIT\r\n`],
    ['as a SCRAM that is none', true, `EHLO a\r\nAUTH SCRAM-SHA-256\r\n${PLAIN}\r\n${PASSWORD}\r\nQUIT\r\n`],
    [
      'as SCRAM-PLUS where there is none',
      true,
      `EHLO a\r\nAUTH SCRAM-SHA-256-PLUS ${PLAIN}\r\n${PASSWORD}\r\nQUIT\r\n`,
    ],
    ['between two chunks', true, `EHLO a\r\nBDAT 2\r\n\r\nAUTH PLAIN ${PLAIN}\r\n${PASSWORD}\r\nQUIT\r\n`],
    ['within a message', true, `EHLO a\r\nMAIL FROM:<a@b>\r\nAUTH LOGIN\r\n${USER}\r\n${PASSWORD}\r\nQUIT\r\n`],
  ])('are never heard when AUTH comes %s', async (_, isSecure, stream) => {
    const machine = new BareSubmission(new House(), { terms: { isSecure } })
    await replies([Buffer.from(stream, 'latin1')], new House(), machine)
    expect(heard(machine)).toContain('EHLO a'.slice(0, stream.startsWith('EHLO') ? 6 : 0))
    expect(heard(machine)).toContain('QUIT')
    for (const secret of [PLAIN, USER, PASSWORD]) expect(heard(machine)).not.toContain(secret.replace('=', ''))
  })
  test('are not heard either when every byte comes alone', async () => {
    const machine = new BareSubmission(new House(), { terms: { isSecure: true } })
    const stream = `EHLO a\r\nAUTH SCRAM-SHA-256 biwsbj1hZGEscj14\r\n${PASSWORD}\r\nAUTH LOGIN\r\n${USER}\r\n${PASSWORD}\r\nQUIT\r\n`
    await replies(
      [...Buffer.from(stream)].map((byte) => Uint8Array.of(byte)),
      new House(),
      machine,
    )
    expect(heard(machine)).toContain('QUIT')
    for (const secret of ['biwsbj1h', USER, 'c2VjcmV0']) expect(heard(machine)).not.toContain(secret)
  })
  test('are never said by us', async () => {
    const { text } = await replies([
      Buffer.from(`EHLO a\r\nAUTH PLAIN ${PLAIN}\r\n${PASSWORD}\r\nVRFY ${PASSWORD}\r\n`),
    ])
    expect(text).not.toMatch(/c2VjcmV0|AGFk/)
  })
})
