import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { fileURLToPath } from 'node:url'

/**
 * The dialogue format, for tests and exported transcripts alike. One step a line:
 *
 *     # says which rule is shown
 *     C: EHLO client.example      a line of the client, CRLF added
 *     S: 250-posthorn *           a line of the server; `*` at the end matches the rest of a line
 *     C: PASS <secret>            filled in by the player, in order, from the secrets it was given
 *     C> "\x00a\nb\r\n"           exact bytes, nothing added
 *     S~ 1234                     that much message content up to the lone dot; the player makes some up. Behind `C: BDAT n` it is as
 *                                 long as was said, and no dot ends it
 *     STARTTLS                    here TLS begins; as the first step of a connection: from the first byte
 *     S!                          that side hangs up
 *     ---                         a new connection
 *     = accepted bytes=24         a fact that is true at the end
 */
export type Party = 'C' | 'S'
export type Step = { readonly line: number } & (
  | { readonly do: 'line'; readonly from: Party; readonly text: string }
  | { readonly do: 'bytes'; readonly from: Party; /** Split where a secret goes. */ readonly parts: readonly string[] }
  | { readonly do: 'content'; readonly from: Party; readonly size: number }
  | { readonly do: 'hang-up'; readonly from: Party }
  | { readonly do: 'secure' }
)
/** A parsed dialogue: its connections, each a list of steps, and the facts stated of the whole. */
export interface Dialogue {
  readonly file: string
  readonly connections: readonly (readonly Step[])[]
  readonly facts: readonly { readonly line: number; readonly text: string }[]
}

/** What went wrong, with file and line of the step it went wrong at. */
export class DialogueError extends Error {
  constructor(file: string, line: number, what: string) {
    super(`${file}:${line}: ${what}`)
    this.name = 'DialogueError'
  }
}

const ESCAPES: Readonly<Record<string, string>> = { 'r': '\r', 'n': '\n', 't': '\t', '0': '\0', '\\': '\\', '"': '"' }

/** The bytes of a quoted string as latin1 text, or undefined when it is not one. */
export function parseQuoted(text: string): string | undefined {
  if (!/^"(?:[^"\\]|\\(?:[rnt0"\\]|x[0-9a-fA-F]{2}))*"$/.test(text)) return undefined
  return text
    .slice(1, -1)
    .replace(/\\(?:x([0-9a-fA-F]{2})|(.))/g, (_, hex: string | undefined, letter: string) =>
      hex === undefined ? (ESCAPES[letter] ?? '') : String.fromCharCode(parseInt(hex, 16)),
    )
}

/** Reads a dialogue. Text outside latin1 becomes its UTF-8 bytes. Throws DialogueError on a line it doesn't know. */
export function parseDialogue(text: string, file = 'dialogue'): Dialogue {
  const facts: { line: number; text: string }[] = []
  const connections: Step[][] = [[]]
  text.split('\n').forEach((raw, index) => {
    const line = index + 1
    const at = Buffer.from(raw.endsWith('\r') ? raw.slice(0, -1) : raw, 'utf8').toString('latin1')
    const spoken = /^([CS])([:>~!]) ?(.*)$/s.exec(at)
    const steps = connections.at(-1)!
    if (spoken) {
      const [, from, mark, rest] = spoken as unknown as [string, Party, string, string]
      if (mark === ':') steps.push({ line, do: 'line', from, text: rest })
      else if (mark === '!' && rest === '') steps.push({ line, do: 'hang-up', from })
      else if (mark === '~' && /^\d+$/.test(rest)) steps.push({ line, do: 'content', from, size: Number(rest) })
      else {
        // `\x3csecret>` is those letters, `<secret>` is filled in: so it is split before it is unescaped.
        const quoted = mark === '>' && /^"(.*)"$/s.exec(rest.trim())?.[1]
        const parts =
          quoted === false || quoted === undefined
            ? []
            : quoted.split('<secret>').map((part) => parseQuoted(`"${part}"`))
        if (parts.length === 0 || !parts.every((part) => part !== undefined))
          throw new DialogueError(file, line, `can't read the step ${JSON.stringify(raw)}`)
        steps.push({ line, do: 'bytes', from, parts })
      }
    } else if (at === 'STARTTLS') steps.push({ line, do: 'secure' })
    else if (at === '---') connections.push([])
    else if (at.startsWith('= ')) facts.push({ line, text: at.slice(2).trim() })
    else if (at.trim() !== '' && !at.startsWith('#'))
      throw new DialogueError(file, line, `can't read the step ${JSON.stringify(raw)}`)
  })
  return { file, connections, facts }
}

/** Reads a dialogue file; failures name it. */
export function readDialogue(path: string | URL): Dialogue {
  const file = typeof path === 'string' ? path : fileURLToPath(path)
  return parseDialogue(readFileSync(file, 'utf8'), basename(file))
}

/** The other end of a play, whatever carries it: a socket or a bare machine. */
export interface Wire {
  send(bytes: Buffer): void | Promise<void>
  /** What has come since the last call, waiting for some; undefined when the other side has hung up. */
  receive(): Promise<Buffer | undefined>
  secure(): Promise<void>
  /** Our side hangs up. */
  end(): void | Promise<void>
}
/** What the player is given besides the script. */
export interface PlayOptions {
  /** Fill `<secret>`, one each, in order of appearance. One that is expected and not given matches anything. */
  readonly secrets?: readonly string[]
  /** The facts that are true after the play, compared with the `=` lines in order. */
  readonly facts?: () => readonly string[] | Promise<readonly string[]>
}

const shown = (text: string) => (text.length > 300 ? `${JSON.stringify(text.slice(0, 300))}…` : JSON.stringify(text))

/** Plays one connection as `we`. Throws DialogueError at the first step that goes another way. */
export async function playConnection(
  dialogue: Dialogue,
  index: number,
  wire: Wire,
  we: Party,
  secrets: string[],
): Promise<void> {
  let held = ''
  let ended = false
  /** Octets of the chunk that was announced last (RFC 3030 §2). */
  let chunk: number | undefined
  let hungUp = false
  const more = async (): Promise<boolean> => {
    const bytes = ended ? undefined : await wire.receive()
    if (bytes === undefined) ended = true
    else held += bytes.toString('latin1')
    return bytes !== undefined
  }
  const steps = dialogue.connections[index] ?? []
  for (const step of steps) {
    const fail = (what: string): never => {
      throw new DialogueError(dialogue.file, step.line, what)
    }
    const nextSecret = () => secrets.shift() ?? fail('no secret was given for this line')
    const wait = async () => {
      try {
        return await more()
      } catch (error) {
        return fail(`${error instanceof Error ? error.message : String(error)}; so far came ${shown(held)}`)
      }
    }
    if (step.do === 'secure') {
      if (held !== '') fail(`bytes came before the TLS handshake: ${shown(held)}`)
      await wire.secure().catch((error: unknown) => fail(`the TLS handshake failed: ${String(error)}`))
    } else if (step.do === 'hang-up') {
      if (step.from === we) {
        hungUp = true
        await wire.end()
      } else {
        while (await wait());
        if (held !== '') fail(`${step.from} was to hang up and said ${shown(held)}`)
      }
    } else if (step.from === we) {
      chunk = chunkOf(step) ?? (step.do === 'content' ? chunk : undefined)
      await wire.send(Buffer.from(spokenText(step, nextSecret), 'latin1'))
    } else if (step.do === 'line') {
      while (!held.includes('\n') && (await wait()));
      const end = held.indexOf('\n')
      if (end < 0) fail(`expected ${step.from}: ${shown(step.text)}, but it hung up after ${shown(held)}`)
      const got = held.slice(0, end + 1)
      held = held.slice(end + 1)
      chunk = chunkOf(step)
      if (!got.endsWith('\r\n') || !matches(step.text, got.slice(0, -2), secrets))
        fail(`expected ${step.from}: ${shown(step.text)}, got ${shown(got.endsWith('\r\n') ? got.slice(0, -2) : got)}`)
    } else if (step.do === 'bytes') {
      const expected = filled(step.parts, nextSecret)
      while (held.length < expected.length && (await wait()));
      if (!held.startsWith(expected))
        fail(`expected ${step.from}> ${shown(expected)}, got ${shown(held.slice(0, Math.max(expected.length, 40)))}`)
      held = held.slice(expected.length)
    } else if (chunk !== undefined) {
      while (held.length < chunk) if (!(await wait())) fail(`${step.from} hung up inside its chunk`)
      held = held.slice(chunk)
      chunk = undefined
    } else {
      // Content runs up to the lone dot, which is a step of its own.
      while (!/(?:^|\r\n)\.\r\n/.test(held)) if (!(await wait())) fail(`${step.from} hung up inside its content`)
      held = held.slice(held.startsWith('.\r\n') ? 0 : held.indexOf('\r\n.\r\n') + 2)
    }
  }
  const last = steps.at(-1)?.line ?? 1
  if (!hungUp) {
    // A client that is done hangs up; a server waits for its client to do so.
    if (we === 'C') await wire.end()
    while (!ended && (await more().catch(() => false)));
  }
  if (held !== '') throw new DialogueError(dialogue.file, last, `after the last step came ${shown(held)}`)
}

/** How long a chunk is that a step announces. */
function chunkOf(step: Step): number | undefined {
  const size = step.do === 'line' && step.from === 'C' ? /^BDAT (\d{1,10})(?: |$)/i.exec(step.text)?.[1] : undefined
  return size === undefined ? undefined : Number(size)
}

/** What a step says when we speak it: nothing stands in place of its `*`. */
function spokenText(step: Exclude<Step, { do: 'secure' | 'hang-up' }>, secret: () => string): string {
  if (step.do === 'content') return fillerOf(step.size)
  if (step.do === 'bytes') return filled(step.parts, secret)
  const text = step.text.endsWith('*') ? step.text.slice(0, -1).trimEnd() : step.text
  return `${text.replaceAll('<secret>', secret)}\r\n`
}

const filled = (parts: readonly string[], secret: () => string) => parts.reduce((text, part) => text + secret() + part)

function fillerOf(size: number): string {
  const line = `${'x'.repeat(70)}\r\n`
  const rest = size % line.length
  return line.repeat((size - rest) / line.length) + (rest === 0 ? '' : `${'x'.repeat(Math.max(rest - 2, 0))}\r\n`)
}

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')

function matches(expected: string, got: string, secrets: string[]): boolean {
  const open = expected.endsWith('*')
  const parts = (open ? expected.slice(0, -1) : expected).split('<secret>')
  const pattern = parts
    .map((part, index) => {
      if (index === 0) return escapeRegExp(part)
      const secret = secrets.shift()
      return (secret === undefined ? '[^]*' : escapeRegExp(secret)) + escapeRegExp(part)
    })
    .join('')
  return new RegExp(`^${pattern}${open ? '[^]*' : ''}$`).test(got)
}

/** Compares the `=` lines with what is true. Throws DialogueError. */
export async function checkFacts(dialogue: Dialogue, facts: PlayOptions['facts']): Promise<void> {
  const first = dialogue.facts[0]
  if (first === undefined) return
  if (facts === undefined)
    throw new DialogueError(dialogue.file, first.line, 'the player was given no facts to compare')
  const found = await facts()
  dialogue.facts.forEach((fact, index) => {
    const got = found[index]
    if (got === undefined || !matches(fact.text, got, []))
      throw new DialogueError(
        dialogue.file,
        fact.line,
        `expected the fact ${shown(fact.text)}, got ${shown(got ?? 'none')}`,
      )
  })
  if (found.length > dialogue.facts.length)
    throw new DialogueError(
      dialogue.file,
      dialogue.facts.at(-1)!.line,
      `there is one fact more: ${shown(found[dialogue.facts.length]!)}`,
    )
}

/** A protocol machine without a socket, as an adapter shows it to the player. */
export interface BareMachine {
  /** What it says before it has heard anything. */
  open(): Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>
  /** What it answers to these bytes. */
  receive(bytes: Uint8Array): Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>
  /** TLS stands now; what it says into it. Throws when it did not want TLS here. */
  secured?(): Iterable<Uint8Array> | Promise<Iterable<Uint8Array>>
  /** The other side hung up. */
  ended?(): void | Promise<void>
  /** True when the machine has hung up. */
  readonly closed: boolean
}

/** Plays a script against a bare machine that speaks as `machineIs`; `open` makes one for each connection. */
export async function playBare(
  dialogue: Dialogue,
  machineIs: Party,
  open: (connection: number) => BareMachine,
  options: PlayOptions = {},
): Promise<void> {
  const secrets = [...(options.secrets ?? [])]
  for (let index = 0; index < dialogue.connections.length; index++) {
    const machine = open(index)
    const said: Buffer[] = []
    const take = (chunks: Iterable<Uint8Array>) => {
      for (const chunk of chunks) if (chunk.length > 0) said.push(Buffer.from(chunk))
    }
    take(await machine.open())
    const wire: Wire = {
      send: async (bytes) => take(await machine.receive(bytes)),
      receive() {
        const next = said.shift()
        if (next !== undefined || machine.closed) return Promise.resolve(next)
        return Promise.reject(new Error('the machine says nothing more and has not hung up'))
      },
      secure: async () => take((await machine.secured?.()) ?? []),
      end: () => machine.ended?.(),
    }
    await playConnection(dialogue, index, wire, machineIs === 'S' ? 'C' : 'S', secrets)
  }
  await checkFacts(dialogue, options.facts)
}
