import * as fc from 'fast-check'
import { mutate, mutationsWith, recordedSessions } from './recorded-sessions.ts'
import { COMMANDS, CONTENTS, ServerModel, type CommandName, type ContentName } from './smtp-server-model.ts'
import { House } from './submission-house.ts'
import { BareSubmission } from './submission-machine.ts'

/** Code of each reply in what a machine said: its last line has a space behind the code. */
function codesOf(said: readonly Uint8Array[]): number[] {
  const lines = said.map((line) => Buffer.from(line).toString('latin1'))
  const odd = lines.find((line) => !/^[2-5]\d\d[ -][ -~]*\r\n$/.test(line))
  if (odd !== undefined) throw new Error(`this is no line of a reply: ${JSON.stringify(odd)}`)
  return lines.filter((line) => line[3] === ' ').map((line) => Number(line.slice(0, 3)))
}
const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** Commands that come to something more often than drawn evenly. */
const command: fc.Arbitrary<CommandName> = fc.oneof(
  { weight: 2, arbitrary: fc.constantFrom(...(Object.keys(COMMANDS) as CommandName[])) },
  {
    weight: 3,
    arbitrary: fc.constantFrom<CommandName>('ehlo', 'auth', 'mail', 'rcpt', 'data', 'chunk', 'chunk, last'),
  },
)
const content = fc.constantFrom(...(Object.keys(CONTENTS) as ContentName[]), 'taken' as const)

/** Plays random sequences of commands against the machine and the model. Throws where they differ. */
export async function fuzzOrder(numRuns: number): Promise<void> {
  const steps = fc.array(fc.tuple(command, content), { maxLength: 40 })
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (sequence, isSecure) => {
      const house = new House()
      const machine = new BareSubmission(house, { terms: { isSecure } })
      const model = new ServerModel(isSecure)
      await machine.open()
      for (const [name, behind] of sequence) {
        if (model.isOver) break
        const wasSecure = model.isSecure
        const expected = model.replies(name, behind)
        const got = codesOf(await machine.receive(Buffer.from(COMMANDS[name])))
        if (got.at(-1) === 354) got.push(...codesOf(await machine.receive(Buffer.from(CONTENTS[behind]))))
        if (!wasSecure && model.isSecure) await machine.secured()
        if (!same(got, expected)) throw new Error(`${name}: expected ${expected.join()}, got ${got.join()}`)
        if (machine.closed !== model.isOver)
          throw new Error(`${name}: ${machine.closed ? 'hung up' : 'did not hang up'}`)
      }
      const to = house.accepted.map((message) => message.to.length)
      if (
        !same(
          to,
          model.accepted.map((recipients) => recipients.length),
        )
      )
        throw new Error(`accepted for ${to.join()} recipients, not ${model.accepted.map((one) => one.length).join()}`)
    }),
    { numRuns },
  )
}

const folder = new URL('../dialogues/smtp-server/', import.meta.url)

/** What the clients of our dialogues say. */
export const recordedSubmissions = () => recordedSessions(folder, 'STARTTLS')

const SPLINTERS = [
  '\r',
  '\n',
  '\r\n',
  '.',
  '\0',
  '\r\n.\r\n',
  '\n.\n',
  '\xff',
  ' ',
  '<',
  'BDAT 7\r\n',
  'DATA\r\n',
  'RSET\r\n',
]
const mutation = mutationsWith(SPLINTERS)

/** Plays bytes against a fresh machine, cut at those places. */
async function play(bytes: Buffer, cuts: readonly number[]) {
  const house = new House()
  const machine = new BareSubmission(house, { terms: { isSecure: true } })
  const said = [...(await machine.open())]
  const places = [0, ...cuts.map((at) => at % (bytes.length + 1)).toSorted((a, b) => a - b), bytes.length]
  for (const [i, to] of places.slice(1).entries()) said.push(...(await machine.receive(bytes.subarray(places[i], to))))
  return { codes: codesOf(said), facts: house.facts(), house, machine }
}

/**
 * Mutates recorded sessions and cuts them anywhere. Throws where the machine throws, says what is no reply, accepts what
 * holds a bare CR, LF or NUL, accepts more than was ended, or makes more of a stream for the way it was cut.
 */
export async function fuzzBytes(numRuns: number): Promise<void> {
  const sessions = recordedSubmissions()
  const cuts = fc.array(fc.nat(4000), { maxLength: 12 })
  await fc.assert(
    fc.asyncProperty(
      fc.nat(sessions.length - 1),
      fc.array(mutation, { minLength: 1, maxLength: 6 }),
      cuts,
      async (which, mutations, at) => {
        const bytes = mutations.reduce(mutate, sessions[which] ?? Buffer.alloc(0))
        const whole = await play(bytes, [])
        const cut = await play(bytes, at)
        if (!same([whole.codes, whole.facts], [cut.codes, cut.facts])) throw new Error('it depends on how it was cut')
        for (const { raw } of whole.house.accepted)
          if (/\r(?!\n)|(?<!\r)\n|\0/.test(raw.toString('latin1'))) throw new Error('a bare CR, LF or NUL was accepted')
        // Each message costs a 250 of its own, and each DATA its 354.
        const taken = whole.codes.filter((code) => code === 250).length
        if (whole.house.accepted.length > taken) throw new Error('more was accepted than was said')
        const { session } = whole.machine
        if (!whole.machine.closed && session.next() !== undefined) throw new Error('it has more to do than it did')
      },
    ),
    { numRuns },
  )
}

const HOSTILE = [
  '\r',
  '\n',
  '.',
  '..',
  '\r\n',
  '\r\n.',
  '\r\n.\r',
  '\n.\n',
  '\n.\r\n',
  '\r.\r',
  '\r\n.\n',
  '\r.\r\n',
  'a',
  '\0',
]
const BEGIN =
  'EHLO a\r\nAUTH PLAIN AGFkYQBzZWNyZXQ=\r\nMAIL FROM:<ada@client.example>\r\nRCPT TO:<bob@remote.example>\r\n'
const SECOND = 'MAIL FROM:<ada@client.example>\r\nRCPT TO:<mallory@remote.example>\r\nDATA\r\nsecond\r\n.\r\n'

/** How a client that is not hostile itself, and may be careless, carries content. */
const CARRIERS = {
  /** RFC 5321 §4.5.2: a dot behind each CRLF is doubled. */
  'strict': (message: string) => `DATA\r\n${message.replaceAll(/(^|\r\n)\./g, '$1..')}.\r\n`,
  /** Takes each LF for the end of a line. */
  'by LF': (message: string) => `DATA\r\n${message.replaceAll(/(^|\n)\./g, '$1..')}.\r\n`,
  /** Looks for nothing but the one end that is one. */
  'careless': (message: string) => `DATA\r\n${message.replaceAll(/\r\n\.(?=\r\n)/g, '\r\n..')}.\r\n`,
  /** Counts octets. */
  'chunks'(message: string) {
    const half = Math.floor(message.length / 2)
    return `BDAT ${half}\r\n${message.slice(0, half)}BDAT ${message.length - half} LAST\r\n${message.slice(half)}`
  },
} as const
type Carrier = keyof typeof CARRIERS

/**
 * Hostile content, carried by a client that is not hostile itself. Throws where two messages come of one, a command within
 * the content is obeyed, or anything spoiled is accepted.
 */
export async function fuzzSmuggling(numRuns: number): Promise<void> {
  const text = fc.array(fc.oneof(fc.constantFrom(...HOSTILE), fc.constant(SECOND)), { maxLength: 14 })
  const carrier = fc.constantFrom(...(Object.keys(CARRIERS) as Carrier[]))
  const cuts = fc.array(fc.nat(4000), { maxLength: 8 })
  await fc.assert(
    fc.asyncProperty(text, carrier, cuts, async (parts, by, at) => {
      const message = `Subject: a\r\n\r\n${parts.join('')}\r\n`
      const stream = `${BEGIN}${CARRIERS[by](message)}VRFY ada\r\n`
      const { codes, house, machine } = await play(Buffer.from(stream, 'latin1'), at)
      const verdicts = codes.slice(5)
      const asked = by === 'chunks' ? 250 : 354
      if (/\r(?!\n)|(?<!\r)\n|\0/.test(message)) {
        if (house.accepted.length > 0) throw new Error('spoiled content was accepted')
        // Refused, and then either VRFY is answered or the connection is over: nothing in between.
        const refused = verdicts.filter((code) => code !== asked && code !== 503)
        const isKnown = machine.closed ? same(refused, [521]) : refused.length === 2 && refused[1] === 252
        if (!isKnown) throw new Error(`spoiled, and then ${verdicts.join()}`)
        return
      }
      if (!same(verdicts, [asked, 250, 252])) throw new Error(`sound, and yet ${verdicts.join()}`)
      if (house.accepted.length !== 1) throw new Error(`${house.accepted.length} messages came of one`)
      const isKept = house.accepted[0]?.raw.toString('latin1') === message
      if (by !== 'careless' && !isKept) throw new Error('the content was changed')
    }),
    { numRuns },
  )
}
