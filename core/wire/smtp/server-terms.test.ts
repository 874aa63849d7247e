import { describe, expect, test } from 'vitest'
import { ScramClient } from '../../../test/support/scram-client.ts'
import { House } from '../../../test/support/submission-house.ts'
import { BareSubmission } from '../../../test/support/submission-machine.ts'
import type { Terms } from './server-terms.ts'

/** A machine with other terms, and what it says to text. */
async function serve(terms: Partial<Terms>, house = new House()) {
  const machine = new BareSubmission(house, { terms })
  const words = (said: readonly Uint8Array[]) => Buffer.concat(said).toString('latin1')
  const greeting = words(await machine.open())
  return {
    house,
    machine,
    greeting,
    say: async (...lines: string[]) =>
      words(await machine.receive(Buffer.from(lines.map((line) => `${line}\r\n`).join('')))),
    send: async (bytes: string) => words(await machine.receive(Buffer.from(bytes, 'latin1'))),
  }
}
const base64 = (text: string) => Buffer.from(text).toString('base64')
const INBOUND = { kind: 'inbound', requiresLogin: false, offersLogin: false } as const
const MAIL = 'MAIL FROM:<ada@client.example>'
const RCPT = 'RCPT TO:<bob@remote.example>'

describe('an inbound server', () => {
  test('offers nothing that would make it write to strangers, and no login', async () => {
    const { say } = await serve({ ...INBOUND, isSecure: true, transactions: 20 })
    const offers = await say('EHLO mx.example')
    expect(offers).not.toMatch(/DSN|FUTURERELEASE|DELIVERBY|AUTH/)
    expect(offers).toContain('250-LIMITS MAILMAX=20 RCPTMAX=1000\r\n')
    expect(offers).toContain('250-REQUIRETLS\r\n')
    expect(await say('AUTH PLAIN AGFkYQBzZWNyZXQ=')).toMatch(/^502 5\.5\.1 /)
    expect(await say(`${MAIL} RET=HDRS`)).toMatch(/^555 5\.5\.4 /)
    expect(await say(`${MAIL} BY=10;R`)).toMatch(/^555 5\.5\.4 /)
    expect(await say(`${MAIL} HOLDFOR=10`)).toMatch(/^555 5\.5\.4 /)
  })
  test('takes mail from whom its policy lets, without a login', async () => {
    const { house, machine, say, send } = await serve(INBOUND)
    house.mayAnyoneSend = true
    await say('EHLO mx.example', MAIL)
    expect(await say(`${RCPT} NOTIFY=NEVER`)).toMatch(/^555 5\.5\.4 /)
    expect(await say(RCPT)).toMatch(/^250 2\.1\.5 /)
    await say('DATA')
    expect(await send('a\r\n.\r\n')).toMatch(/^250 2\.0\.0 /)
    expect(house.accepted).toHaveLength(1)
    expect(machine.seen.find((effect) => effect.do === 'message')).toMatchObject({ message: { hello: 'mx.example' } })
  })
  test('counts the recipients a stranger guesses at as errors', async () => {
    const { house, machine, say } = await serve(INBOUND)
    house.mayAnyoneSend = true
    await say('EHLO mx.example', MAIL)
    const guesses = Array.from({ length: 20 }, () => 'RCPT TO:<nobody@local.example>')
    expect(await say(...guesses)).toMatch(/(?:550 5\.1\.1 .*\r\n){20}421 4\.7\.0 /)
    expect(machine.closed).toBe(true)
  })
  test('ends a session that brings more messages than LIMITS says', async () => {
    const { house, machine, say, send } = await serve({ ...INBOUND, transactions: 2 })
    house.mayAnyoneSend = true
    await say('EHLO mx.example', MAIL, RCPT, 'DATA')
    await send('a\r\n.\r\n')
    expect(await say(MAIL, 'RSET', MAIL)).toMatch(/^250 2\.1\.0 .*\r\n250 2\.0\.0 .*\r\n421 4\.5\.3 /)
    expect(machine.closed).toBe(true)
  })
})

describe('a client that speaks before it is greeted', () => {
  test('is sent away, and one that waits is not', async () => {
    const early = new BareSubmission(new House(), { terms: { greetingDelayMs: 3000 } })
    expect(early.session.next()).toEqual({ do: 'wait', ms: 3000 })
    early.session.push(Buffer.from('EHLO a\r\n'))
    expect(Buffer.concat(await early.open()).toString()).toMatch(/^554 5\.5\.1 /)
    expect(early.closed).toBe(true)
    const patient = new BareSubmission(new House(), { terms: { greetingDelayMs: 3000 } })
    expect(patient.session.next()).toEqual({ do: 'wait', ms: 3000 })
    expect(Buffer.concat(await patient.open()).toString()).toMatch(/^220 /)
  })
  test('may do so where nobody makes it wait', async () => {
    const machine = new BareSubmission(new House())
    machine.session.push(Buffer.from('EHLO a\r\n'))
    expect(Buffer.concat(await machine.open()).toString()).toMatch(/^220 .*\r\n250-/)
  })
})

describe('passwords without TLS', () => {
  test('are asked for where nobody else can listen, and only there', async () => {
    const { say } = await serve({ allowsClearLogin: true })
    expect(await say('EHLO a')).toContain('250 AUTH SCRAM-SHA-256 PLAIN LOGIN\r\n')
    expect(await say(MAIL)).toBe('530 5.7.0 authentication required\r\n')
    expect(await say('AUTH PLAIN AGFkYQBzZWNyZXQ=')).toMatch(/^235 /)
  })
  test('a guess in the clear still counts inside TLS', async () => {
    const { machine, say } = await serve({ allowsClearLogin: true })
    await say('EHLO a', 'AUTH PLAIN AGFkYQB3cm9uZw==', 'AUTH PLAIN AGFkYQB3cm9uZw==', 'STARTTLS')
    await machine.secured()
    await say('EHLO a')
    expect(await say('AUTH PLAIN AGFkYQB3cm9uZw==')).toMatch(/^421 4\.7\.0 /)
  })
})

describe('SCRAM', () => {
  const SECURE = { isSecure: true, bindings: ['tls-exporter', 'tls-server-end-point'] } as const
  const PLUS = { gs2: 'p=tls-exporter,,', binding: new House().bindingData }
  const challenge = (said: string) => Buffer.from(said.slice(4), 'base64').toString()

  test.each([
    ['SCRAM-SHA-256', {}],
    ['SCRAM-SHA-256-PLUS', PLUS],
  ] as const)('lets a user in by %s, in three messages', async (mechanism, how) => {
    const { say } = await serve(SECURE)
    expect(await say('EHLO a')).toContain('250 AUTH SCRAM-SHA-256-PLUS SCRAM-SHA-256 PLAIN LOGIN\r\n')
    const client = new ScramClient('ada', 'secret', how)
    const first = challenge(await say(`AUTH ${mechanism} ${base64(client.first)}`))
    expect(first).toMatch(/^r=rOprNGfwEbeRWgbNEkqOserverNonceOfTheTests,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096$/)
    expect(challenge(await say(base64(client.final(first))))).toBe(client.verifier)
    expect(await say('')).toMatch(/^235 2\.7\.0 /)
    expect(await say(MAIL)).toMatch(/^250 2\.1\.0 /)
  })
  test('may have its first message on a line of its own', async () => {
    const { say } = await serve(SECURE)
    const client = new ScramClient('ada@client.example', 'secret')
    expect(await say('EHLO a', 'AUTH scram-sha-256')).toMatch(/334 \r\n$/)
    const first = challenge(await say(base64(client.first)))
    await say(base64(client.final(first)))
    expect(await say('=')).toMatch(/^235 /)
  })
  test('refuses a wrong password and an unknown user in the same words, and the third time for good', async () => {
    const { machine, say } = await serve(SECURE)
    await say('EHLO a')
    for (const [user, password, answer] of [
      ['ada', 'wrong', /^535 5\.7\.8 user or password is wrong\r\n$/],
      ['nobody', 'secret', /^535 5\.7\.8 user or password is wrong\r\n$/],
      ['ada', 'Secret', /^421 4\.7\.0 /],
    ] as const) {
      const client = new ScramClient(user, password)
      const first = challenge(await say(`AUTH SCRAM-SHA-256 ${base64(client.first)}`))
      expect(await say(base64(client.final(first)))).toMatch(answer)
    }
    expect(machine.seen.filter((effect) => effect.do === 'login-failed').map(({ user }) => user)).toEqual([
      'ada',
      'nobody',
      'ada',
    ])
    expect(machine.closed).toBe(true)
  })
  test('ends where a client finds our last message wanting, and where it says more than was asked', async () => {
    const { say } = await serve(SECURE)
    const client = new ScramClient('ada', 'secret')
    await say('EHLO a')
    for (const [last, answer] of [
      ['*', /^501 5\.7\.0 /],
      ['QUJD', /^501 5\.5\.2 /],
    ] as const) {
      const first = challenge(await say(`AUTH SCRAM-SHA-256 ${base64(client.first)}`))
      await say(base64(client.final(first)))
      expect(await say(last)).toMatch(answer)
      expect(await say(MAIL)).toMatch(/^530 /)
    }
  })
  test('is broken off by a client that was told a lie about -PLUS', async () => {
    const { say } = await serve(SECURE)
    const client = new ScramClient('ada', 'secret', { gs2: 'y,,' })
    expect(await say('EHLO a', `AUTH SCRAM-SHA-256 ${base64(client.first)}`)).toMatch(/501 5\.5\.2 .*\r\n$/)
  })
  test('is not offered by a service that cannot do it', async () => {
    const { say } = await serve({ ...SECURE, offersScram: false })
    expect(await say('EHLO a')).toContain('250 AUTH PLAIN LOGIN\r\n')
    expect(await say('AUTH SCRAM-SHA-256')).toMatch(/^504 /)
  })
  test('leaves none of its messages to the transcript, neither the client’s nor ours', async () => {
    const { machine, say } = await serve(SECURE)
    const client = new ScramClient('ada', 'secret')
    await say('EHLO a')
    const first = challenge(await say(`AUTH SCRAM-SHA-256 ${base64(client.first)}`))
    await say(base64(client.final(first)))
    await say('')
    const shown = machine.seen.flatMap((effect) => {
      if (effect.do === 'reply') return effect.isSecret ? [] : effect.reply.lines
      if (effect.do !== 'heard') return []
      const line = Buffer.from(effect.line)
      for (const [from, to] of effect.secrets) line.fill('_', from, to)
      return [line.toString('latin1')]
    })
    expect(shown).toContain('welcome')
    expect(shown.join()).not.toMatch(/[A-Za-z0-9+/]{30}/)
  })
})

describe('manners', () => {
  test('many tiny chunks are an error each once they are a hundred, and large ones are not', async () => {
    const { machine, say, send } = await serve({ isSecure: true, bindings: [] })
    await say('EHLO a', 'AUTH PLAIN AGFkYQBzZWNyZXQ=', MAIL, RCPT)
    const chunk = `${'x'.repeat(70)}\r\n`.repeat(15)
    await send(`BDAT 2\r\n\r\n${`BDAT ${chunk.length}\r\n${chunk}`.repeat(300)}`)
    expect(machine.closed).toBe(false)
    expect(await send('BDAT 2\r\n\r\n'.repeat(98))).toMatch(/^(?:250 2\.0\.0 .*\r\n){98}$/)
    await send('BDAT 2\r\n\r\n'.repeat(19))
    expect(machine.closed).toBe(false)
    await send('BDAT 2\r\n\r\n')
    expect(machine.closed).toBe(true)
  })
  test('a reply that a policy gives is explained where it is known', async () => {
    const { say } = await serve({ isSecure: true })
    await say('EHLO a', 'AUTH PLAIN AGFkYQBzZWNyZXQ=', 'VERB', MAIL)
    expect(await say('RCPT TO:<nobody@local.example>')).toMatch(/^550-5\.1\.1 .*\r\n550 5\.1\.1 nobody has/)
  })
})
