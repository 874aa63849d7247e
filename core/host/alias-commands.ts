import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, table } from './print.ts'

const USAGE =
  'alias list, alias set PATTERN[,PATTERN …] TARGET[,TARGET …] [--id ID], alias remove ID|PATTERN, or alias resolve ADDRESS'

/** Where mail for the local domains goes. */
export const alias: Command = {
  options: { '--id': 'value' },
  async run(context) {
    const [what, first, second, ...more] = context.args.words
    if (more.length > 0) throw usage(USAGE)
    if (what === 'list' && first === undefined) return list(context)
    if (what === 'set' && first !== undefined && second !== undefined) return set(context, first, second)
    if (what === 'remove' && first !== undefined && second === undefined) return remove(context, first)
    if (what === 'resolve' && first !== undefined && second === undefined) return resolve(context, first)
    throw usage(USAGE)
  },
}

/** `a@x.example, b@x.example` as one word or with commas alone. */
const sides = (word: string) =>
  word
    .split(',')
    .map((side) => side.trim())
    .filter((side) => side !== '')

async function list(context: Context): Promise<number> {
  const aliases = await context.api.alias.list()
  await context.show(
    aliases,
    () =>
      table(
        ['ID', 'MAIL TO', 'GOES TO', 'PROBLEMS'],
        aliases.map((one) => [one.id, one.patterns.join(', '), one.targets.join(', '), one.problems.join('; ') || '-']),
      ) || 'No aliases: mail goes to the address it names.\n',
  )
  return EXIT.ok
}

async function set(context: Context, patterns: string, targets: string): Promise<number> {
  const { api, args, io } = context
  const wanted = sides(patterns)
  const given = args.value('--id')
  // A line that has these very patterns is the one that is meant.
  const id = given === undefined ? await idOfPatterns(api, wanted) : idOf(given, '--id')
  const stored = await api.alias.set({ patterns: wanted, targets: sides(targets), ...(id !== undefined && { id }) })
  for (const problem of stored.problems) await io.stderr(`posthorn: ${problem}\n`)
  await context.show(
    stored,
    () => `Alias ${stored.id}: mail to ${stored.patterns.join(', ')} goes to ${stored.targets.join(', ')}.\n`,
  )
  return EXIT.ok
}

async function idOfPatterns(api: Api, wanted: readonly string[]): Promise<number | undefined> {
  const key = (patterns: readonly string[]) => [...new Set(patterns.map((one) => one.toLowerCase()))].sort().join()
  return (await api.alias.list()).find(({ patterns }) => key(patterns) === key(wanted))?.id
}

async function remove(context: Context, word: string): Promise<number> {
  const { api } = context
  const byPattern = async () =>
    (await api.alias.list()).find(({ patterns }) => patterns.some((one) => one.toLowerCase() === word.toLowerCase()))
      ?.id
  const id = word.includes('@') ? await byPattern() : idOf(word, 'alias remove')
  if (id === undefined) throw usage(`no alias has the pattern "${word}"; posthorn alias list shows them`)
  await api.alias.remove({ id })
  await context.show({ id }, () => `Alias ${id} is gone.\n`)
  return EXIT.ok
}

async function resolve(context: Context, address: string): Promise<number> {
  const found = await context.api.alias.resolve({ address })
  await context.show(found, () => {
    const steps = found.path.map(
      ({ depth, address: at, text }) => `${'  '.repeat(depth)}${harmless(`${at}: ${text}`)}\n`,
    )
    return `${steps.join('')}A server that delivers to it hears: ${harmless(found.reply)}\n`
  })
  return EXIT.ok
}
