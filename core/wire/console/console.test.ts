import { expect, test } from 'vitest'
import type { ConsoleEffect, ConsoleMachine } from '../../model/console-state.ts'
import { Pop3Console } from './pop3.ts'
import { SmtpConsole } from './smtp.ts'

const text = (line: Uint8Array) => Buffer.from(line).toString('latin1')
const bytes = (line: string) => Buffer.from(line, 'latin1')
const terms = {
  host: 'mx.example',
  port: 25,
  isSecure: false,
  ownName: 'client.example',
  primitives: { sha256: (one: Uint8Array) => one, hmac: () => new Uint8Array(32), nonce: () => 'nonce' },
  md5: () => 'c4c9334bac560ecc979e58001b3e22fb',
}
const smtp = () => new SmtpConsole(terms)
const pop3 = () => new Pop3Console(terms)

/** What is sent for a line, secrets as `*`; the words of a refusal after `!`. */
function shown(effects: Iterable<ConsoleEffect>): string[] {
  return [...effects].flatMap((effect) => {
    if (effect.do === 'refuse') return [`! ${effect.why}`]
    if (effect.do !== 'send' && effect.do !== 'heard') return effect.do === 'note' ? [`= ${effect.text}`] : []
    const line = effect.secrets
      .toReversed()
      .reduce((all, [from, to]) => `${all.slice(0, from)}*${all.slice(to)}`, text(effect.line))
    return [`${effect.do === 'send' ? 'C' : 'S'}: ${line}`]
  })
}
/** Leads a dialogue: what begins with `S: ` is heard, all else said. */
function lead(machine: ConsoleMachine, lines: readonly string[], anything = false): string[] {
  return lines.flatMap((line) =>
    line.startsWith('S: ')
      ? shown(machine.receive(bytes(`${line.slice(3)}\r\n`)))
      : shown(machine.say(bytes(line), anything)),
  )
}
const legal = ({ standing }: ConsoleMachine) =>
  standing.verbs.filter(({ whyNot }) => whyNot === '').map(({ verb }) => verb)
const whyNot = ({ standing }: ConsoleMachine, verb: string) => standing.verbs.find((one) => one.verb === verb)?.whyNot
/** The stations that are shown as done. */
const passed = ({ standing: { guide } }: ConsoleMachine) =>
  guide.stations.filter((_, n) => n < guide.at && !guide.missed.includes(n))

const GREETED = [
  'S: 220 mx.example ESMTP',
  'EHLO client.example',
  'S: 250-mx.example',
  'S: 250-SIZE 1000',
  'S: 250 STARTTLS',
]

test('the commands that may be said follow the order of RFC 5321 §4.1.4, and the others say why not', () => {
  const machine = smtp()
  expect(legal(machine)).toEqual([])
  expect(lead(machine, ['EHLO x'])).toEqual(['! The server has not answered yet.'])
  lead(machine, ['S: 220 mx.example ESMTP'])
  expect(legal(machine)).toEqual(['EHLO', 'RSET', 'VRFY', 'EXPN', 'HELP', 'NOOP', 'HELO', 'QUIT'])
  lead(machine, GREETED.slice(1))
  expect(legal(machine)).toContain('STARTTLS')
  expect(whyNot(machine, 'AUTH')).toBe('This server does not offer it.')
  expect(whyNot(machine, 'DATA')).toBe('Name the sender first, with MAIL.')
  lead(machine, ['MAIL FROM:<a@b.example>', 'S: 250 ok', 'RCPT TO:<c@d.example>', 'S: 550 no'])
  expect(whyNot(machine, 'DATA')).toMatch(/one that the server takes/)
  expect(whyNot(machine, 'MAIL')).toMatch(/RSET/)
  lead(machine, ['RCPT TO:<e@d.example>', 'S: 250 ok'])
  expect(legal(machine)).toEqual(expect.arrayContaining(['RCPT', 'DATA', 'RSET']))
  lead(machine, ['RSET', 'S: 250 ok'])
  expect(legal(machine)).toContain('MAIL')
})

test('what is out of order is said when the person insists, also before the last answer has come', () => {
  const machine = smtp()
  lead(machine, ['S: 220 hi'])
  expect(lead(machine, ['RCPT TO:<a@b.example>'])).toEqual(['! Name the sender first, with MAIL.'])
  expect(lead(machine, ['RCPT TO:<a@b.example>', 'XFOO'], true)).toEqual(['C: RCPT TO:<a@b.example>', 'C: XFOO'])
  expect(machine.standing.waits).toBe(true)
  expect(lead(machine, ['NOOP'])).toEqual(['! The server has not answered yet.'])
  lead(machine, ['S: 503 5.5.1 bad sequence', 'S: 500 what?'])
  expect(machine.standing.waits).toBe(false)
})

test('a line of the message that begins with a dot gets one more, and a lone dot ends it (RFC 5321 §4.5.2)', () => {
  const machine = smtp()
  lead(machine, [
    ...GREETED,
    'MAIL FROM:<a@b.example>',
    'S: 250 ok',
    'RCPT TO:<c@d.example>',
    'S: 250 ok',
    'DATA',
    'S: 354 go',
  ])
  expect(machine.standing.prompt).toEqual({ is: 'message' })
  expect(lead(machine, ['Subject: x', '', '.hidden', 'QUIT', '.'])).toEqual([
    'C: Subject: x',
    'C: ',
    '= the next line begins with a dot, so it gets one more (RFC 5321 §4.5.2)',
    'C: ..hidden',
    'C: QUIT',
    'C: .',
  ])
  expect(lead(machine, ['S: 250 2.0.0 taken'])).toEqual(['S: 250 2.0.0 taken'])
  expect(machine.standing.guide).toMatchObject({ verb: 'QUIT', at: 7, isOver: false })
  lead(machine, ['NOOP', 'S: 250 ok'])
  expect(machine.standing.guide.isOver).toBe(true)
})

test('a whole message may hold a lone dot', () => {
  const machine = smtp()
  expect(shown(machine.sayMessage([bytes('too early')]))).toEqual(['! A message follows the answer 354 to DATA.'])
  lead(machine, [...GREETED, 'MAIL FROM:<>', 'S: 250 ok', 'RCPT TO:<c@d.example>', 'S: 250 ok', 'DATA', 'S: 354 go'])
  const sent = shown(machine.sayMessage(['', '.', 'end'].map(bytes))).filter((line) => line.startsWith('C'))
  expect(sent).toEqual(['C: ', 'C: ..', 'C: end', 'C: .'])
})

test('a chunk takes as many bytes as it said, and no command in between', () => {
  const machine = smtp()
  lead(machine, [
    'S: 220 hi',
    'EHLO c',
    'S: 250-mx',
    'S: 250 CHUNKING',
    'MAIL FROM:<>',
    'S: 250 ok',
    'RCPT TO:<c@d.example>',
    'S: 250 ok',
  ])
  expect(lead(machine, ['BDAT 9 LAST'])).toEqual(['C: BDAT 9 LAST'])
  expect(machine.standing.prompt).toEqual({ is: 'chunk', left: 9 })
  expect(lead(machine, ['0123456789'])).toEqual(['! With its line end that is more than is left of the chunk.'])
  expect(lead(machine, ['01', '.23'])).toEqual(['C: 01', 'C: .23'])
  expect(machine.standing).toMatchObject({ prompt: { is: 'command' }, waits: true })
  lead(machine, ['S: 250 taken'])
  expect(machine.standing.guide.verb).toBe('QUIT')
})

test('no line holds a line end, and none is longer than servers must take', () => {
  for (const line of ['NOOP\r\nQUIT', 'NOOP\nQUIT', 'x'.repeat(12_289)])
    expect(lead(smtp(), [line], true)).toEqual([expect.stringMatching(/^! /)])
})

test('what comes in clear text behind the answer to STARTTLS is dropped (CVE-2011-0411)', () => {
  const machine = smtp()
  lead(machine, GREETED)
  lead(machine, ['STARTTLS'])
  const effects = [...machine.receive(bytes('220 go\r\n250 injected\r\n'))]
  expect(effects.map((effect) => effect.do)).toEqual(['heard', 'note', 'secure'])
  machine.secured()
  expect(legal(machine)).not.toContain('MAIL')
  expect(whyNot(machine, 'STARTTLS')).toBe('The session is encrypted already.')
})

test('answers within AUTH are secret whole, and so is what the server asks unless it is a word', () => {
  const machine = smtp()
  lead(machine, ['S: 220 hi', 'EHLO c', 'S: 250-mx', 'S: 250 AUTH LOGIN CRAM-MD5'])
  expect(lead(machine, ['AUTH LOGIN', 'S: 334 VXNlcm5hbWU6'])).toEqual(['C: AUTH LOGIN', 'S: 334 VXNlcm5hbWU6'])
  expect(machine.standing.prompt).toEqual({ is: 'answer', asks: 'Username' })
  const [user = '', password = ''] = ['ada', 'open sesame'].map((one) => Buffer.from(one).toString('base64'))
  expect(lead(machine, [user, 'S: 334 UGFzc3dvcmQ6', password, `S: 535 not ${password}, open sesame`])).toEqual([
    'C: *',
    'S: 334 UGFzc3dvcmQ6',
    'C: *',
    'S: 535 not *, *',
  ])
  expect(lead(machine, ['AUTH CRAM-MD5', 'S: 334 PDEuMkBteD4=', '*', 'S: 501 off'])).toEqual([
    'C: AUTH CRAM-MD5',
    'S: 334 *',
    'C: *',
    'S: 501 off',
  ])
  expect(machine.standing).toMatchObject({ prompt: { is: 'command' }, isSignedIn: false })
})

test('a password of three letters is not said back either where the login is answered, and elsewhere no letter is cut out', () => {
  const machine = smtp()
  lead(machine, GREETED.slice(0, 2))
  const [, , asked, , first, more] = lead(
    machine,
    ['S: 250 mx.example', 'AUTH PLAIN AG5vcmEAYWJj', 'S: 535-5.7.8 no: abc', 'S: 535 abc!', 'RSET', 'S: 250 abc'],
    true,
  )
  expect([asked, first, more]).toEqual(['S: 535-5.7.8 *', 'C: RSET', 'S: 250 abc'])
  const other = pop3()
  expect(
    lead(other, ['S: +OK', 'USER nora', 'S: +OK', 'PASS abc', 'S: -ERR abc is wrong', 'NOOP', 'S: +OK abc'], true),
  ).toEqual(['S: +OK', 'C: USER nora', 'S: +OK', 'C: PASS *', 'S: -ERR *', 'C: NOOP', 'S: +OK abc'])
})

test('POP3 tells what may be said before and after signing in, and shows long answers to their dot', () => {
  const machine = pop3()
  lead(machine, ['S: +OK hi <1.2@mx.example>'])
  expect(legal(machine)).toEqual(['CAPA', 'STLS', 'USER', 'AUTH', 'APOP', 'QUIT'])
  expect(whyNot(machine, 'PASS')).toBe('Say the name first, with USER.')
  expect(machine.standing.guide.verb).toBe('CAPA')
  lead(machine, ['CAPA', 'S: +OK', 'S: TOP', 'S: SASL PLAIN'])
  expect(machine.standing.waits).toBe(true)
  lead(machine, ['S: .'])
  expect(whyNot(machine, 'STLS')).toBe('This server does not offer it.')
  expect(machine.standing.mechanisms).toEqual(['PLAIN', 'APOP'])
  expect(lead(machine, ['USER ada', 'S: +OK', 'PASS open sesame', 'S: +OK open sesame is right'])).toEqual([
    'C: USER ada',
    'S: +OK',
    'C: PASS *',
    'S: +OK * is right',
  ])
  const stations: string[] = []
  for (const [command, ...answer] of [
    ['STAT', '+OK 1 9'],
    ['LIST', '+OK', '1 9', '.'],
    ['RETR 1', '+OK', 'Subject: x', '..', '.'],
    ['QUIT', '+OK bye'],
  ]) {
    stations.push(machine.standing.guide.verb)
    lead(machine, [command!, ...answer.map((line) => `S: ${line}`)])
  }
  expect(stations).toEqual(['STAT', 'LIST', 'RETR', 'QUIT'])
  expect(passed(machine)).toEqual(['Connected', 'User', 'Password', 'How much', 'List', 'Message', 'Goodbye'])
})

test('what was passed by is not told as done: a line that was never encrypted, a message that was never taken', () => {
  const refused = smtp()
  lead(refused, [...GREETED, 'MAIL FROM:<a@b.example>', 'S: 530 sign in first', 'QUIT', 'S: 221 bye'])
  expect(passed(refused)).toEqual(['Connected', 'Greeted', 'Goodbye'])
  const rude = smtp()
  lead(rude, ['S: 220 mx.example ESMTP', 'QUIT', 'S: 221 bye'])
  expect(passed(rude)).toEqual(['Connected', 'Goodbye'])
  const stranger = pop3()
  lead(stranger, ['S: +OK hi', 'USER ada', 'S: +OK', 'PASS wrong', 'S: -ERR no', 'QUIT', 'S: +OK bye'])
  expect(passed(stranger)).toEqual(['Connected', 'Goodbye'])
})

test('a sign-in by APOP says a digest, which is secret as well', () => {
  const machine = pop3()
  lead(machine, ['S: +OK hi <1.2@mx.example>'])
  expect(shown(machine.signIn({ mechanism: 'APOP', user: 'ada', secret: 'open sesame' }))).toEqual(['C: APOP ada *'])
  lead(machine, ['S: +OK'])
  expect(machine.standing.isSignedIn).toBe(true)
})

test('nobody speaks into a sign-in that is carried out, not even while its key is made', () => {
  const machine = smtp()
  lead(machine, ['S: 220 hi', 'EHLO c', 'S: 250-mx', 'S: 250 AUTH SCRAM-SHA-256'])
  shown(machine.signIn({ mechanism: 'SCRAM-SHA-256', user: 'ada', secret: 'open sesame' }))
  const challenge = Buffer.from('r=nonce-and-more,s=c2FsdA==,i=4096').toString('base64')
  const effects = [...machine.receive(bytes(`334 ${challenge}\r\n`))]
  expect(effects.map((effect) => effect.do)).toEqual(['heard', 'derive'])
  expect(machine.standing.waits).toBe(true)
  expect(lead(machine, ['NOOP'])).toEqual(['! The server has not answered yet.'])
  expect(shown(machine.derived(new Uint8Array(32)))).toEqual(['C: *'])
})
