import { fileURLToPath } from 'node:url'
import { EXIT, idOf, usage, type Api, type Command } from './command.ts'
import { harmless, table, time } from './print.ts'

/** Passwords for programs that submit mail here or read it. */
export const password: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, first, second, ...rest] = args.words
    if (what === 'make' && first !== undefined && second !== undefined && rest.length === 0) {
      const made = await api.access.make({ address: first, name: second })
      await context.show(made, () => `${made.password}\n`)
      if (!context.json)
        await context.io.stderr(
          `posthorn: that is the password of "${harmless(made.entry.name)}", which signs in as ${made.entry.address}; it is shown this once\n`,
        )
      return EXIT.ok
    }
    if (what === 'revoke' && first !== undefined && second === undefined) {
      const entry = await entryOf(api, first)
      await api.access.revoke({ id: entry })
      await context.show({ id: entry }, () => `Nobody signs in with password ${entry} any more.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('password make ADDRESS NAME, password revoke ID, or password list')
    const entries = await api.access.list()
    await context.show(
      entries,
      () =>
        table(
          ['ID', 'SIGNS IN AS', 'PROGRAM', 'SINCE', 'LAST USED'],
          entries.map((e) => [e.id, e.address, e.name, time(e.createdMs), time(e.lastUsedMs)]),
        ) || 'No passwords for programs yet: posthorn password make ADDRESS NAME\n',
    )
    return EXIT.ok
  },
}

/** By number, or by the program's name where only one has it. Throws `usage`. */
async function entryOf(api: Api, word: string): Promise<number> {
  const named = (await api.access.list()).filter(({ name }) => name === word)
  if (named.length > 1) throw usage(`several passwords are named "${word}"; posthorn password list shows their numbers`)
  return named[0]?.id ?? idOf(word, 'password revoke')
}

/** How other programs are set up to submit mail here, and to read it. */
export const connect: Command = {
  options: { '--address': 'value' },
  async run(context) {
    const { api, args } = context
    const [program, ...rest] = args.words
    if (rest.length > 0) throw usage('connect [PROGRAM] [--address ADDRESS]')
    const view = await api.access.connect({ address: args.value('--address') ?? null })
    const isMeant = ({ id }: { readonly id: string }) => program === undefined || id === program
    const programs = view.programs.filter(isMeant)
    const readers = view.readers.filter(isMeant)
    const known = namesOf(view)
    if (programs.length + readers.length === 0 && program !== undefined && known.length > 0)
      throw usage(`there is no help for "${program}"; there is for ${known.join(', ')}`)
    await context.show({ ...view, programs, readers }, () =>
      harmlessLines(
        program === undefined
          ? overview(view)
          : [
              ...programs.map((one) => guide(one, 'to send')),
              ...readers.map((one) => guide(one, 'to read mail by POP3')),
            ].join('\n'),
      ),
    )
    const typed = [...programs, ...readers]
      .flatMap(({ texts }) => texts)
      .some(({ text }) => text.startsWith('posthorn '))
    if (program !== undefined && typed && !context.json && CLONE !== undefined)
      await context.io.stderr(`posthorn: from this clone "posthorn" is: npm --prefix '${CLONE}' run -s posthorn --\n`)
    if (view.servers.length + view.receiving.length === 0)
      await context.io.stderr('posthorn: no server for other programs listens\n')
    else if (view.address === null)
      await context.io.stderr('posthorn: nobody can sign in yet: posthorn identity add ADDRESS\n')
    return EXIT.ok
  },
}

/** The folder of a clone, where nothing is installed that is called `posthorn`; undefined in a bundle. */
const CLONE = import.meta.url.endsWith('.ts') ? fileURLToPath(new URL('../..', import.meta.url)) : undefined

type ConnectView = Awaited<ReturnType<Api['access']['connect']>>

/** Every program that there is help for. */
const namesOf = ({ programs, readers }: ConnectView): string[] => [
  ...new Set([...programs, ...readers].map(({ id }) => id)),
]

function overview(view: ConnectView): string {
  const { servers, receiving, addresses, certificate } = view
  const known = namesOf(view)
  const lines = [
    ...servers.map(({ host, port, security }) => `${security === 'implicit' ? 'TLS' : 'STARTTLS'}: ${host}:${port}`),
    ...receiving.map(
      ({ host, port, security }) => `POP3 inside ${security === 'implicit' ? 'TLS' : 'STLS'}: ${host}:${port}`,
    ),
    ...addresses.map(({ address }) => `User name: ${address}`),
    `Certificate: ${certificate.subject}, until ${time(certificate.notAfterMs)}`,
    `SHA-256 fingerprint: ${certificate.fingerprint256}`,
    ...(certificate.trouble === null ? [] : [`Trouble: ${certificate.trouble}`]),
    ...(known.length === 0 ? [] : [`Step by step: posthorn connect ${known.join(' | ')}`]),
  ]
  return `${lines.join('\n')}\n`
}

type Guide = ConnectView['programs'][number] | ConnectView['readers'][number]

function guide({ name, steps, texts }: Guide, purpose: string): string {
  const numbered = steps.map(({ text, fields }, n) => {
    const entered = fields.map(({ label, value }) => `     ${label}: ${value}\n`).join('')
    return `${String(n + 1).padStart(2)}. ${text}\n${entered}`
  })
  const written = texts.map(({ path, text }) => `\n${path === null ? '$ ' : `# ${path}\n`}${text}`)
  return `${name}, ${purpose}\n${numbered.join('')}${written.join('')}`
}

/** Lines and tabs of ours stay; what else could move a cursor does not. */
const harmlessLines = (text: string) =>
  text
    .split('\n')
    .map((line) => line.split('\t').map(harmless).join('\t'))
    .join('\n')
