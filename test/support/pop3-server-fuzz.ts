import * as fc from 'fast-check'
import { mutate, mutationsWith, recordedSessions } from './recorded-sessions.ts'
import { Pop3House } from './pop3-server-house.ts'
import { BarePop3 } from './pop3-server-machine.ts'
import { COMMANDS, Pop3Model, type CommandName } from './pop3-server-model.ts'

const TLS = { isSecure: true, bindings: ['tls-exporter'] } as const

/** Lines of what was said; a status is cut down to what the model knows of it. */
function answersOf(said: readonly Uint8Array[]): string[] {
  const text = Buffer.concat(said.map((one) => Buffer.from(one))).toString('latin1')
  const lines = text.split('\r\n')
  if (lines.pop() !== '') throw new Error(`this ends within a line: ${JSON.stringify(text)}`)
  return lines.map((line) => {
    if (line.startsWith('-ERR')) return '-ERR'
    const numbers = /^\+OK(?: \d+ (?:\d+|uidl-\d))?(?=$| )/.exec(line)?.[0]
    return line.startsWith('+OK') ? (/^\+OK \d+ (?:octets|messages)/.test(line) ? '+OK' : (numbers ?? '+OK')) : line
  })
}
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)
const subjects = ['one', 'two', 'three']

/** Commands that come to something more often than drawn evenly. */
const command: fc.Arbitrary<CommandName> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(COMMANDS) as CommandName[])) },
  {
    weight: 2,
    arbitrary: fc.constantFrom<CommandName>('user', 'pass', 'plain', 'dele 1', 'dele 2', 'retr 1', 'list', 'stat'),
  },
)

/** Plays random sequences of commands against the machine and the model. Throws where they differ. */
export async function fuzzOrder(numRuns: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(fc.array(command, { maxLength: 40 }), fc.boolean(), async (sequence, isSecure) => {
      const house = new Pop3House()
      const machine = new BarePop3(house, isSecure ? TLS : {})
      const model = new Pop3Model(isSecure)
      await machine.open()
      for (const name of sequence) {
        if (model.isOver) break
        const expected = model.answers(name)
        const got = answersOf(await machine.receive(Buffer.from(`${COMMANDS[name]}\r\n`)))
        if (!same(got, expected)) throw new Error(`${name}: expected ${expected.join(' | ')}, got ${got.join(' | ')}`)
        if (machine.closed !== model.isOver)
          throw new Error(`${name}: ${machine.closed ? 'hung up' : 'did not hang up'}`)
        if (name === 'stls' && got[0] === '+OK') {
          await machine.secured()
          model.secured()
        }
      }
      const left = model.left.map((number) => `left ${subjects[number - 1]}`)
      if (!same(house.facts(), left)) throw new Error(`there is ${house.facts().join()}, not ${left.join()}`)
    }),
    { numRuns },
  )
}

const folder = new URL('../dialogues/pop3-server/', import.meta.url)

const SPLINTERS = [
  '\r',
  '\n',
  '\r\n',
  '.',
  '\0',
  '\xff',
  ' ',
  'QUIT\r\n',
  'DELE 2\r\n',
  'RSET\r\n',
  'STLS\r\n',
  '*\r\n',
]
const mutation = mutationsWith(SPLINTERS)

async function play(bytes: Buffer, cuts: readonly number[]) {
  const house = new Pop3House()
  const machine = new BarePop3(house, TLS)
  const said = [...(await machine.open())]
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [i, to] of places.slice(1).entries()) said.push(...(await machine.receive(bytes.subarray(places[i], to))))
  return { answers: answersOf(said), house, machine }
}

/**
 * Mutates recorded sessions and cuts them anywhere. Throws where the machine throws, makes more of a stream for the way it was
 * cut, or removes anything in a session that was not ended by QUIT.
 */
export async function fuzzBytes(numRuns: number): Promise<void> {
  const sessions = recordedSessions(folder, 'STLS')
  await fc.assert(
    fc.asyncProperty(
      fc.nat(sessions.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(4000), { maxLength: 12 }),
      async (which, mutations, at) => {
        const bytes = mutations.reduce(mutate, sessions[which] ?? Buffer.alloc(0))
        const whole = await play(bytes, [])
        const cut = await play(bytes, at)
        // What comes with STLS in one piece ends the session; alone it begins TLS, which a bare machine does not do.
        const hasStls = /stls/i.test(bytes.toString('latin1'))
        if (!hasStls && !same([whole.answers, whole.house.removed], [cut.answers, cut.house.removed]))
          throw new Error('it depends on how it was cut')
        for (const { house, machine } of [whole, cut]) {
          if (house.removed.length > 1) throw new Error('it removed twice')
          if (house.removed.length > 0 && !(machine.closed && /^quit */im.test(bytes.toString('latin1'))))
            throw new Error('it removed without QUIT')
          if (!machine.closed && machine.session.next() !== undefined) throw new Error('it has more to do than it did')
        }
      },
    ),
    { numRuns },
  )
}
