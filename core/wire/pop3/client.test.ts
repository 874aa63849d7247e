import * as fc from 'fast-check'
import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseDialogue, playBare, type BareMachine } from '../../../test/support/dialogue.ts'
import {
  clientOf,
  derivedFor,
  failureFact,
  messageFact,
  quote,
  readyFact,
  scriptedPrimitives,
  wantsOf,
  type ScriptedClient,
} from '../../../test/support/pop3-fetch.ts'
import { Pop3Client } from './client.ts'
import type { ClientOptions, Effect } from './client-words.ts'

const ada: Omit<ClientOptions, 'tls'> = {
  user: 'ada',
  password: 's3cret word',
  host: 'localhost',
  port: 110,
  primitives: scriptedPrimitives,
}

/** The machine with somebody who fetches all, deletes it unless `keep`, and says goodbye. */
function fetcher(options: ScriptedClient, facts: string[]): BareMachine {
  const client = new Pop3Client({ ...ada, ...options })
  const said: Uint8Array[] = []
  const fetched: number[] = []
  let parts: Uint8Array[] = []
  let open = 0
  let closed = false
  const run = (effects: Iterable<Effect>) => {
    for (const effect of effects) {
      if (effect.do === 'send') said.push(effect.line)
      else if (effect.do === 'derive') run(client.derived(derivedFor(effect)))
      else if (effect.do === 'ready') {
        facts.push(readyFact(effect.facts))
        run(client.want({ verb: 'UIDL' }))
      } else if (effect.do === 'data') parts.push(Buffer.from(effect.bytes))
      else if (effect.do === 'fail') {
        closed = true
        facts.push(failureFact(effect.failure))
      } else if (effect.do === 'answer') onAnswer(effect)
    }
  }
  const onAnswer = ({ want, ok, text, listing }: Extract<Effect, { do: 'answer' }>) => {
    if (!ok) facts.push(`refused ${want.verb}${'number' in want ? ` ${want.number}` : ''} ${quote(text)}`)
    if (want.verb === 'UIDL') {
      const wants = wantsOf(listing!)
      if (wants === undefined) facts.push('unreadable listing')
      open = wants?.length ?? 0
      run(client.want(...(wants ?? [])))
    } else if (want.verb === 'RETR') {
      open--
      if (ok) {
        facts.push(messageFact(want.number, parts))
        fetched.push(want.number)
      }
      parts = []
    } else if (want.verb === 'DELE') open--
    else if (want.verb === 'QUIT') {
      facts.push('ended ok')
      closed = true
    }
    if (open > 0 || closed || want.verb === 'QUIT') return
    if (want.verb === 'RETR' && !options.keep) {
      open = fetched.length
      run(client.want(...fetched.map((number) => ({ verb: 'DELE', number }) as const)))
    } else run(client.want({ verb: 'QUIT' }))
  }
  const answer = (effects: Iterable<Effect>) => {
    run(effects)
    return said.splice(0)
  }
  return {
    open: () => [],
    receive: (bytes) => answer(client.receive(bytes)),
    secured: () => answer(client.secured()),
    get closed() {
      return closed
    },
  }
}

for (const folder of ['pop3-client', 'pop3-client-hostile']) {
  const where = new URL(`../../../test/dialogues/${folder}/`, import.meta.url)
  describe(folder, () => {
    for (const name of readdirSync(where)) {
      const text = readFileSync(new URL(name, where), 'utf8')
      const dialogue = parseDialogue(text, name)
      test(`${name} on the bare machine`, async () => {
        const facts: string[] = []
        const machine = fetcher(clientOf(dialogue, text), facts)
        await playBare(dialogue, 'C', () => machine, { secrets: ['s3cret word'], facts: () => facts })
      })
    }
  })
}

/** A client that is signed in, and what it says to `wants`. */
function signedIn(capabilities = ''): Pop3Client {
  const client = new Pop3Client({ ...ada, tls: 'none', password: 'secret' })
  const greeting = `+OK\r\n+OK\r\n${capabilities}.\r\n+OK\r\n+OK\r\n`
  for (const effect of client.receive(Buffer.from(greeting))) void effect
  expect(client.at).toBe('ready')
  return client
}
const linesOf = (effects: Iterable<Effect>) =>
  [...effects].flatMap((effect) => (effect.do === 'send' ? [Buffer.from(effect.line).toString('latin1')] : []))

test('has at most 128 commands under way, and fills up by halves', () => {
  const client = signedIn('PIPELINING\r\n')
  const wants = Array.from({ length: 200 }, (_, n) => ({ verb: 'DELE', number: n + 1 }) as const)
  expect(linesOf(client.want(...wants))).toHaveLength(128)
  expect(linesOf(client.receive(Buffer.from('+OK\r\n'.repeat(63))))).toEqual([])
  expect(linesOf(client.receive(Buffer.from('+OK\r\n')))).toHaveLength(64)
})

test('without PIPELINING has one command under way', () => {
  const client = signedIn()
  expect(linesOf(client.want({ verb: 'DELE', number: 1 }, { verb: 'DELE', number: 2 }))).toEqual(['DELE 1\r\n'])
  expect(linesOf(client.receive(Buffer.from('-ERR\r\n')))).toEqual(['DELE 2\r\n'])
})

test('takes what nobody asked for as the end', () => {
  const client = signedIn()
  const effects = [...client.receive(Buffer.from('-ERR idle for too long\r\n'))]
  expect(effects.at(-1)).toEqual({
    do: 'fail',
    failure: { kind: 'protocol', reason: 'it said something nobody had asked for' },
  })
  expect([...client.receive(Buffer.from('+OK\r\n'))]).toEqual([])
})

test('never sends a user name or password that would be more than one line', () => {
  for (const bad of ['ada\r\nDELE 1', 'ada\0', 'ada\x7f']) {
    const client = new Pop3Client({ ...ada, tls: 'none', user: bad, password: 'x' })
    const effects = [...client.receive(Buffer.from('+OK\r\n-ERR\r\n'))]
    expect(linesOf(effects)).toEqual(['CAPA\r\n'])
    expect(effects.at(-1)).toEqual({ do: 'fail', failure: { kind: 'unsayable', what: 'user name' } })
  }
})

test('signs in by SCRAM-SHA-256 as RFC 7677 §3 shows it, and tells nobody what it said', () => {
  const client = new Pop3Client({ ...ada, tls: 'none', user: 'user', password: 'pencil' })
  const said: string[] = []
  const kept: string[] = []
  const run = (effects: Iterable<Effect>): void => {
    for (const effect of effects) {
      if (effect.do === 'derive') run(client.derived(derivedFor(effect)))
      if (effect.do !== 'send' && effect.do !== 'heard') continue
      const bytes = Buffer.from(effect.line)
      if (effect.do === 'send') said.push(bytes.toString('latin1').trimEnd())
      for (const [from, to] of effect.secrets) bytes.fill('#', from, to)
      kept.push(bytes.toString('latin1').trimEnd())
    }
  }
  const challenge = (text: string) => run(client.receive(Buffer.from(`+ ${btoa(text)}\r\n`)))
  run(client.receive(Buffer.from('+OK\r\n+OK\r\nSASL PLAIN SCRAM-SHA-256\r\n.\r\n')))
  challenge('r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096')
  challenge('v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=')
  run(client.receive(Buffer.from('+OK\r\n')))
  expect(client.at).toBe('ready')
  const [, first = '', final = '', last] = said
  expect(atob(first.replace('AUTH SCRAM-SHA-256 ', ''))).toBe('n,,n=user,r=rOprNGfwEbeRWgbNEkqO')
  expect(atob(final)).toMatch(/,p=dHzbZapWIk4jUhN\+Ute9ytag9zjfMHgsqmmiz7AndVQ=$/)
  expect(last).toBe('')
  const shown = kept.map((line) => line.replaceAll(/#+/g, '#'))
  expect(shown).toContain('AUTH SCRAM-SHA-256 #')
  expect(shown.slice(-5)).toEqual(['+ #', '#', '+ #', '', '+OK'])
})

test('an initial response that makes the command too long waits to be asked for', () => {
  const token = 't'.repeat(2000)
  const client = new Pop3Client({ ...ada, tls: 'none', login: 'token', password: token })
  const lines = (text: string) => linesOf(client.receive(Buffer.from(text)))
  expect(lines('+OK\r\n+OK\r\nSASL XOAUTH2\r\n.\r\n').at(-1)).toBe('AUTH XOAUTH2\r\n')
  expect(lines('+ \r\n')).toEqual([`${btoa(`user=ada\u0001auth=Bearer ${token}\u0001\u0001`)}\r\n`])
})

test('asks for no more bytes at once than fit into memory, but for one message alone', () => {
  const client = signedIn('PIPELINING\r\n')
  const large = (number: number) => ({ verb: 'RETR', number, sizeBytes: 20 * 1024 * 1024 }) as const
  expect(linesOf(client.want(large(1), large(2), { verb: 'RETR', number: 3, sizeBytes: 10 }))).toEqual(['RETR 1\r\n'])
  expect(linesOf(client.receive(Buffer.from('+OK\r\n.\r\n')))).toEqual(['RETR 2\r\n', 'RETR 3\r\n'])
})

test('marks the password as secret in what it says, and where the server repeats it', () => {
  const client = new Pop3Client({ ...ada, tls: 'none', password: 'pässword' })
  const effects = [...client.receive(Buffer.from('+OK\r\n-ERR\r\n+OK\r\n-ERR no: PÄSSWORD, pässword\r\n', 'utf8'))]
  const kept = effects.flatMap((effect) => {
    if (effect.do !== 'send' && effect.do !== 'heard') return []
    const bytes = Buffer.from(effect.line)
    for (const [from, to] of effect.secrets) bytes.fill('#', from, to)
    return [bytes.toString('utf8').trimEnd()]
  })
  expect(kept).toContain('PASS #########')
  expect(kept.at(-1)).toBe('-ERR no: PÄSSWORD, #########')
})

test('whatever a server says, the machine ends or goes on, and asks for nothing of its own', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      '+OK\r\n',
      '-ERR\r\n',
      '.\r\n',
      '..\r\n',
      '1 a\r\n',
      '\r\n',
      '\r',
      '\n',
      '.',
      '+OK',
      '1 1\r\n2 2\r\n',
    ),
    fc.string({ maxLength: 20, unit: 'binary' }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.constantFrom('none', 'starttls', 'implicit'), (pieces, tls) => {
      const facts: string[] = []
      const machine = fetcher({ tls, keep: false, login: 'password', allowApop: true }, facts)
      const said = pieces.flatMap((text) => [...(machine.receive(Buffer.from(text, 'utf8')) as Uint8Array[])])
      expect(Buffer.concat(said).toString()).toMatch(
        /^(?:(?:CAPA|STLS|UTF8|USER ada|PASS s3cret word|UIDL|QUIT|RETR [1-9]\d*|DELE [1-9]\d*)\r\n)*$/,
      )
    }),
    { numRuns: 300 },
  )
})
