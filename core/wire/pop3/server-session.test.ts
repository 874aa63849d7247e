import { readdirSync } from 'node:fs'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { playBare, readDialogue } from '../../../test/support/dialogue.ts'
import { Pop3House } from '../../../test/support/pop3-server-house.ts'
import { BarePop3 } from '../../../test/support/pop3-server-machine.ts'
import { Pop3ServerSession } from './server-session.ts'

const folder = new URL('../../../test/dialogues/pop3-server/', import.meta.url)
const scripts = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.txt'))
  .toSorted()

test.each(scripts)('plays %s', async (name) => {
  const house = new Pop3House()
  await playBare(readDialogue(new URL(name, folder)), 'S', () => new BarePop3(house), { facts: house.facts })
})

/** A machine that is inside TLS. */
async function secure(house = new Pop3House()) {
  const machine = new BarePop3(house, { isSecure: true, bindings: ['tls-exporter'] })
  await machine.open()
  return machine
}
const say = async (machine: BarePop3, text: string) =>
  Buffer.concat((await machine.receive(Buffer.from(text, 'latin1'))).map((one) => Buffer.from(one))).toString('latin1')
const IN = 'USER ada\r\nPASS secret\r\n'

describe('however the stream is cut', () => {
  const units = fc.constantFrom(
    'USER ada',
    'PASS secret',
    'AUTH PLAIN',
    'AGFkYQBzZWNyZXQ=',
    '*',
    'STAT',
    'LIST',
    'UIDL',
    'RETR 2',
    'TOP 3 1',
    'DELE 1',
    'RSET',
    'NOOP',
    'CAPA',
    'QUIT',
    'GET / HTTP/1.1',
    `USER ${'x'.repeat(1500)}`,
  )
  test('the same is said and removed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(units, { maxLength: 12 }),
        fc.array(fc.nat(300), { maxLength: 8 }),
        async (lines, at) => {
          const stream = Buffer.from(`${IN}${lines.map((line) => `${line}\r\n`).join('')}`)
          const play = async (cuts: readonly number[]) => {
            const house = new Pop3House()
            const machine = await secure(house)
            const places = [0, ...cuts.map((cut) => cut % stream.length).toSorted((a, b) => a - b), stream.length]
            let text = ''
            for (const [i, to] of places.slice(1).entries())
              text += await say(machine, stream.subarray(places[i], to).toString('latin1'))
            return { text, removed: house.removed }
          }
          expect(await play(at)).toEqual(await play([]))
        },
      ),
      { numRuns: 200 },
    )
  })
})

describe('limits', () => {
  test('makes a client wait from the eleventh error on; a message that was sent pardons them', async () => {
    const machine = await secure()
    await say(machine, IN)
    await say(machine, 'NONSENSE\r\n'.repeat(10))
    expect(machine.seen.filter((effect) => effect.do === 'wait')).toEqual([])
    await say(machine, 'NONSENSE\r\n')
    expect(machine.seen.filter((effect) => effect.do === 'wait')).toEqual([{ do: 'wait', ms: 1000 }])
    await say(machine, 'RETR 1\r\n')
    await say(machine, 'NONSENSE\r\n'.repeat(19))
    expect(machine.closed).toBe(false)
    await say(machine, 'NONSENSE\r\n')
    expect(machine.closed).toBe(true)
  })
  test('each failed login waits twice as long as the one before, and the third is the last', async () => {
    const machine = await secure()
    const text = await say(machine, 'AUTH PLAIN AGFkYQB3cm9uZw==\r\n'.repeat(5))
    expect(machine.seen.flatMap((effect) => (effect.do === 'wait' ? [effect.ms] : []))).toEqual([1000, 2000, 4000])
    expect(text.match(/\[AUTH\]/g)).toHaveLength(3)
    expect(machine.closed).toBe(true)
  })
  test('does not let a client keep its maildrop by saying nothing of use', async () => {
    const machine = await secure()
    await say(machine, IN)
    await say(machine, 'NOOP\r\n'.repeat(1019))
    expect(machine.closed).toBe(false)
    await say(machine, 'NOOP\r\n')
    expect(machine.closed).toBe(true)
  })
  test('makes a long listing piece by piece, as it is taken', async () => {
    const count = 100_000
    const drop = { count, totalBytes: count * 7, sizeOf: () => 7, uidlOf: (number: number) => `u${number}` }
    const session = new Pop3ServerSession({ isSecure: true, offersTls: true, allowsClearLogin: false, bindings: [] })
    session.push(Buffer.from('USER a\r\nPASS b\r\nDELE 2\r\nUIDL\r\nQUIT\r\n'))
    let longest = 0
    let lines = 0
    let removes: readonly number[] = []
    for (let effect = session.next(); effect !== undefined; effect = session.next()) {
      if (effect.do === 'check-login') session.onLogin({ userId: 1, address: 'a@b.example' })
      if (effect.do === 'open-maildrop') session.onMaildrop(drop)
      if (effect.do === 'remove') {
        removes = effect.numbers
        session.onRemoved('done')
      }
      if (effect.do !== 'list') continue
      longest = Math.max(longest, effect.text.length)
      lines += effect.text.split('\r\n').length - 1
    }
    expect(lines).toBe(count) // One is marked, and the lone dot is a line.
    expect(longest).toBeLessThan(10_000)
    expect(removes).toEqual([2])
  })
})

describe('secrets', () => {
  const heard = (machine: BarePop3) =>
    machine.seen
      .flatMap((effect) => {
        if (effect.do !== 'heard') return []
        const line = Buffer.from(effect.line)
        for (const [from, to] of effect.secrets) line.fill('_', from, to)
        return [line.toString('latin1')]
      })
      .join('\n')
  const PLAIN = 'AGFkYQBodXNoLWh1c2g='
  const BASE64 = 'aHVzaC1odXNo'
  const WORD = 'hush-hush'

  test.each([
    ['PASS', true, `USER ada\r\nPASS ${WORD}\r\n`],
    ['PASS in the clear', false, `USER ada\r\nPASS ${WORD}\r\n`],
    ['PASS without USER', true, `PASS ${WORD}\r\n`],
    ['PASS in small letters with blanks', true, `USER ada\r\npass  ${WORD} and ${WORD}\r\n`],
    ['PASS with a bare line feed', true, `USER ada\nPASS ${WORD}\nX\r\n`],
    ['PASS that is too long', true, `USER ada\r\nPASS ${WORD.repeat(300)}\r\n`],
    ['PASS after the login', true, `USER ada\r\nPASS secret\r\nPASS ${WORD}\r\n`],
    ['a password without PASS', true, `USER ada\r\n${WORD}\r\n`],
    ['a password behind USER alone', true, `USER\r\n${WORD}\r\n`],
    ['PASS with a control character', true, `USER ada\r\nPASS\t${WORD}\r\n`],
    ['PASSWORD', true, `USER ada\r\nPASSWORD ${WORD}\r\n`],
    ['LOGIN of IMAP', true, `a1 LOGIN ada ${WORD}\r\n`],
    ['APOP', true, `APOP ada ${WORD}\r\n`],
    ['AUTH PLAIN', true, `AUTH PLAIN ${PLAIN}\r\n`],
    ['AUTH PLAIN in the clear', false, `AUTH PLAIN\r\n${PLAIN}\r\n`],
    ['AUTH PLAIN on two lines', true, `AUTH PLAIN\r\n${PLAIN}\r\n`],
    ['AUTH of an unknown mechanism', true, `AUTH NTLM\r\n${PLAIN}\r\n`],
    ['AUTH LOGIN, which is not offered', true, `AUTH LOGIN\r\nYWRh\r\n${BASE64}\r\n`],
    ['AUTH without a mechanism', true, `AUTH ${PLAIN}\r\nAUTH\r\n${PLAIN}\r\n`],
    ['AUTH that was broken off', true, `AUTH PLAIN\r\n*\r\n${BASE64}\r\n`],
    ['AUTH with an answer that is too long', true, `AUTH PLAIN\r\n${PLAIN.repeat(2000)}\r\n${BASE64}\r\n`],
    ['AUTH SCRAM', true, `AUTH SCRAM-SHA-256\r\n${PLAIN}\r\n${BASE64}\r\n`],
  ])('are never heard: %s', async (_, isSecure, stream) => {
    for (const pieces of [[stream], stream.split('')]) {
      const machine = new BarePop3(new Pop3House(), { isSecure })
      await machine.open()
      for (const piece of pieces) await machine.receive(Buffer.from(piece, 'latin1'))
      await machine.receive(Buffer.from('QUIT\r\n'))
      expect(heard(machine)).toContain('QUIT')
      for (const secret of [WORD, BASE64, PLAIN.slice(0, -1)]) expect(heard(machine)).not.toContain(secret)
    }
  })
  test('leave what else was said readable', async () => {
    const machine = await secure()
    await say(machine, `${IN}LIST\r\nRETR 1\r\nXYZZY 7\r\nTOP 1 0\r\nQUIT\r\n`)
    expect(heard(machine)).toBe('USER ada\nPASS ______\nLIST\nRETR 1\nXYZZY 7\nTOP 1 0\nQUIT')
  })
  test('are never said by us', async () => {
    const machine = await secure()
    expect(await say(machine, `USER ${WORD}\r\nPASS ${WORD}\r\n${WORD}\r\nAUTH ${WORD}\r\n`)).not.toContain(WORD)
  })
})
