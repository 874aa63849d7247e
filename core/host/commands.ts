import { createRouterClient, type RouterClient } from '@orpc/server'
import type { ContractRouterClient } from '@orpc/contract'
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, isFault, reasonOf } from '../base/fault.ts'
import type { Engine } from '../engine.ts'
import type { Contract } from '../rpc/contract.ts'
import type { MessageRow, QueueEntryView } from '../rpc/views.ts'
import { parseArguments, type Arguments } from './arguments.ts'
import type { CommandIo } from './local-socket.ts'
import { logCommands } from './log-commands.ts'
import { harmless, size, table, time } from './print.ts'
import { sendmail } from './sendmail-command.ts'

/** The engine as a window sees it; a command is one more window. */
export type Api = ContractRouterClient<Contract>
/** What a command works with. */
export interface Context {
  readonly api: Api
  readonly engine: Engine
  readonly args: Arguments
  readonly io: CommandIo
  readonly json: boolean
  /** Prints a value as JSON, or its words for a person. */
  show(value: unknown, words: () => string): Promise<void>
}
export interface Command {
  readonly options: Readonly<Record<string, 'flag' | 'value'>>
  /** Exit status: 0, or one of sysexits(3). */
  run(context: Context): Promise<number>
}

export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  data: 65,
  noInput: 66,
  noUser: 67,
  software: 70,
  temporary: 75,
  config: 78,
} as const

const usage = (words: string) => new Fault('usage', words, { reason: words })
/** A positive whole number given as a word. Throws `usage`. */
export function idOf(word: string | undefined, what: string): number {
  if (word === undefined || !/^\d{1,15}$/.test(word)) throw usage(`${what} needs a number, not "${word ?? ''}"`)
  return Number(word)
}
/** A password from standard input: its first line. Throws `usage` when there is none. */
async function passwordFrom(context: Context): Promise<string> {
  if (!context.args.has('--password-stdin'))
    throw usage(
      'give the password on standard input with --password-stdin; it is never an argument, where others could read it',
    )
  let text = ''
  for await (const chunk of context.io.stdin) {
    text += Buffer.from(chunk).toString()
    if (text.length > 4096) break
  }
  const password = text.split(/\r?\n/, 1)[0] ?? ''
  if (password === '') throw usage('the password on standard input is empty')
  return password
}
const tlsOf = (word: string | undefined) => {
  if (word === 'stls' || word === 'starttls') return 'starttls' as const
  if (word === 'implicit' || word === 'none') return word
  throw usage(`--tls is one of implicit, stls, none, not "${word ?? ''}"`)
}
const portOf = (word: string | undefined) => {
  const port = idOf(word, '--port')
  if (port < 1 || port > 65535) throw usage(`--port is from 1 to 65535, not ${port}`)
  return port
}
const given = (args: Arguments, name: string): string => {
  const value = args.value(name)
  if (value === undefined) throw usage(`${name} is missing`)
  return value
}

const user: Command = {
  options: { '--password-stdin': 'flag' },
  async run(context) {
    const { api, args } = context
    const [what, address] = args.words
    if (what === 'add' && address !== undefined) {
      const added = await api.user.add({ address, password: await passwordFrom(context) })
      await context.show(added, () => `${added.address} may submit mail and has a mailbox here.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('user add ADDRESS --password-stdin, or user list')
    const users = await api.user.list()
    await context.show(
      users,
      () =>
        table(
          ['ADDRESS', 'SINCE', 'LAST LOGIN'],
          users.map((u) => [u.address, time(u.createdMs), time(u.lastLoginMs)]),
        ) || 'No local users yet: posthorn user add ADDRESS --password-stdin\n',
    )
    return EXIT.ok
  },
}

const account: Command = {
  options: {
    '--host': 'value',
    '--port': 'value',
    '--user': 'value',
    '--tls': 'value',
    '--password-stdin': 'flag',
    '--keep': 'flag',
    '--name': 'value',
    '--every': 'value',
  },
  async run(context) {
    const { api, args } = context
    if (args.words[0] === 'add' && args.words[1] === 'pop3') {
      const host = given(args, '--host')
      const login = given(args, '--user')
      const tls = tlsOf(args.value('--tls') ?? 'implicit')
      const port = portOf(args.value('--port') ?? (tls === 'implicit' ? '995' : '110'))
      const every = args.value('--every')
      const added = await api.account.add({
        name: args.value('--name') ?? login,
        host,
        port,
        tls,
        user: login,
        password: await passwordFrom(context),
        keep: args.has('--keep'),
        everySeconds: every === undefined ? 300 : idOf(every, '--every'),
      })
      if (tls === 'none')
        await context.io.stderr('posthorn: this account sends its password in the clear (--tls none)\n')
      await context.show(
        added,
        () => `Account ${added.id}: ${added.user} at ${added.host}. Fetch with: posthorn fetch ${added.id}\n`,
      )
      return EXIT.ok
    }
    if (args.words[0] !== 'list')
      throw usage(
        'account add pop3 --host H --port P --user U --tls implicit|stls|none --password-stdin [--keep], or account list',
      )
    const accounts = await api.account.list()
    await context.show(
      accounts,
      () =>
        table(
          ['ID', 'NAME', 'SERVER', 'TLS', 'LEAVES MAIL', 'LAST FETCH', 'LAST ERROR'],
          accounts.map((a) => [
            a.id,
            a.name,
            `${a.host}:${a.port}`,
            a.tls,
            a.keep ? 'yes' : 'no',
            time(a.lastFetchMs),
            a.lastError ?? '-',
          ]),
        ) || 'No accounts yet: posthorn account add pop3 --host …\n',
    )
    return EXIT.ok
  },
}

const route: Command = {
  options: { '--host': 'value', '--port': 'value', '--tls': 'value' },
  async run(context) {
    const { api, args } = context
    if (args.words[0] === 'add' && args.words[1] === 'smarthost') {
      const added = await api.route.add({
        host: given(args, '--host'),
        port: portOf(given(args, '--port')),
        tls: tlsOf(args.value('--tls') ?? 'starttls'),
      })
      await context.show(added, () => `Route ${added.id}: by ${added.host}:${added.port}\n`)
      return EXIT.ok
    }
    if (args.words[0] !== 'list')
      throw usage('route add smarthost --host H --port P --tls implicit|starttls|none, or route list')
    const routes = await api.route.list()
    await context.show(
      routes,
      () =>
        table(
          ['ID', 'KIND', 'SERVER', 'TLS'],
          routes.map((r) => [r.id, r.kind, `${r.host}:${r.port}`, r.tls]),
        ) || "Mail goes straight to each recipient's server.\n",
    )
    return EXIT.ok
  },
}

const identity: Command = {
  options: { '--name': 'value', '--route': 'value' },
  async run(context) {
    const { api, args } = context
    const [what, address] = args.words
    if (what === 'add' && address !== undefined) {
      const by = args.value('--route')
      const saved = await api.identity.save({
        name: args.value('--name') ?? '',
        address,
        routeId: by === undefined ? null : idOf(by, '--route'),
      })
      await context.show(saved, () => `Mail from ${saved.address} goes ${saved.routeName}.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('identity add ADDRESS [--name NAME] [--route ID], or identity list')
    const identities = await api.identity.list()
    await context.show(identities, () =>
      table(
        ['ID', 'ADDRESS', 'NAME', 'GOES'],
        identities.map((i) => [i.id, i.address, i.name, i.routeName]),
      ),
    )
    return EXIT.ok
  },
}

const domain: Command = {
  options: {},
  async run(context) {
    const [what, name] = context.args.words
    const settings = await context.api.app.settings()
    const now = (settings.find((s) => s.key === 'local.domains')?.value ?? []) as string[]
    if (what === 'add' && name !== undefined) {
      await context.api.app.setSetting({ key: 'local.domains', value: [...new Set([...now, name.toLowerCase()])] })
      await context.show(
        { domain: name.toLowerCase() },
        () => `Mail for ${name.toLowerCase()} stays in this program from now on.\n`,
      )
      return EXIT.ok
    }
    if (what !== 'list') throw usage('domain add NAME, or domain list')
    await context.show(now, () => now.map((n) => `${n}\n`).join('') || 'No local domains.\n')
    return EXIT.ok
  },
}

const fetch: Command = {
  options: {},
  async run(context) {
    const { api, args, io } = context
    const id = args.words[0] === undefined ? null : await accountId(api, args.words[0])
    const watching = new AbortController()
    const progress = (async () => {
      for await (const _ of await api.account.changes(undefined, { signal: watching.signal })) {
        const busy = (await api.account.list()).filter((a) => a.fetching).map((a) => a.name)
        if (busy.length > 0) await io.stderr(`posthorn: fetching ${harmless(busy.join(', '))} …\n`)
      }
    })().catch(() => undefined)
    try {
      const result = await api.account.fetch({ id })
      await context.show(result, () => `${result.fetched} new message${result.fetched === 1 ? '' : 's'}.\n`)
      for (const failure of result.failed)
        await io.stderr(`posthorn: account ${failure.id}: ${harmless(failure.reason)}\n`)
      return result.failed.length === 0 ? EXIT.ok : EXIT.failed
    } finally {
      watching.abort()
      await progress
    }
  },
}
/** An account by number, name or login. Throws `usage`. */
async function accountId(api: Api, word: string): Promise<number> {
  const accounts = await api.account.list()
  const found = accounts.find((a) => String(a.id) === word) ?? accounts.find((a) => a.name === word || a.user === word)
  if (!found) throw usage(`there is no account "${word}"; posthorn account list shows them`)
  return found.id
}

/** The whole queue and what is kept of the past, newest first. */
async function allEntries(api: Api): Promise<QueueEntryView[]> {
  const entries: QueueEntryView[] = []
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await api.queue.list({ limit: 200, before })
    entries.push(...page)
    const last = page.at(-1)
    if (!last) return entries
    before = last.id
  }
}

const queue: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, word] = args.words
    if (what === 'list') {
      const entries = await allEntries(api)
      await context.show(
        entries,
        () =>
          table(
            ['ID', 'QUEUED', 'SIZE', 'FROM', 'TO', 'STATE', 'TRIES', 'NEXT TRY', 'LAST REPLY'],
            entries.flatMap((e) =>
              e.recipients.map((r) => [
                e.id,
                time(e.createdMs),
                size(e.sizeBytes),
                e.from || '<>',
                r.address,
                r.state,
                r.attempts,
                time(r.nextAttemptMs),
                r.lastReply ?? '-',
              ]),
            ),
          ) || 'The queue is empty.\n',
      )
      return EXIT.ok
    }
    if (what === 'show') {
      const entry = await api.queue.get({ id: idOf(word, 'queue show') })
      await context.show(
        entry,
        () =>
          `Message ${entry.id} from ${harmless(entry.from || '<>')}, ${size(entry.sizeBytes)}, queued ${time(entry.createdMs)}\nSubject: ${harmless(entry.subject)}\n\n${entry.recipients.map((r) => `${harmless(r.address)}: ${r.state}, ${r.attempts} ${r.attempts === 1 ? 'try' : 'tries'}${r.nextAttemptMs === null ? '' : `, next ${time(r.nextAttemptMs)}`}\n${r.why === null ? '' : `  ${harmless(r.why)}\n`}${r.lastReply === null ? '' : `  ${harmless(r.lastReply)}\n`}${r.sessions.length === 0 ? '' : `  sessions: ${r.sessions.join(', ')}\n`}`).join('')}`,
      )
      return EXIT.ok
    }
    if (what === 'retry') {
      const { recipients } = await api.queue.retry({ id: word === undefined ? null : idOf(word, 'queue retry') })
      await context.show(
        { recipients },
        () => `${recipients} recipient${recipients === 1 ? ' is' : 's are'} tried now.\n`,
      )
      return EXIT.ok
    }
    if (what === 'cancel') {
      const { recipients } = await api.queue.cancel({ id: idOf(word, 'queue cancel') })
      await context.show({ recipients }, () => `${recipients} recipient${recipients === 1 ? '' : 's'} cancelled.\n`)
      return EXIT.ok
    }
    throw usage('queue list, queue show ID, queue retry [ID], queue cancel ID')
  },
}

const list: Command = {
  options: { '--folder': 'value' },
  async run(context) {
    const { api, args } = context
    const wanted = args.value('--folder')
    const folders = await api.mail.folders()
    const folder =
      wanted === undefined
        ? undefined
        : folders.find(
            (f) =>
              String(f.id) === wanted ||
              f.name.toLowerCase() === wanted.toLowerCase() ||
              f.role === wanted.toLowerCase(),
          )
    if (wanted !== undefined && !folder)
      throw usage(`there is no folder "${wanted}"; there are: ${folders.map((f) => f.name).join(', ') || 'none yet'}`)
    const rows: MessageRow[] = []
    for (let after: { dateMs: number; id: number } | null = null; ;) {
      const page: Awaited<ReturnType<Api['mail']['list']>> = await api.mail.list({
        folderId: folder?.id ?? null,
        after,
        limit: 200,
      })
      rows.push(...page.rows)
      const last = page.rows.at(-1)
      if (!page.more || !last) break
      after = { dateMs: last.dateMs, id: last.id }
    }
    await context.show(
      rows,
      () =>
        table(
          ['ID', 'DATE', 'FROM', 'SUBJECT'],
          rows.map((m) => [m.id, time(m.dateMs), m.authorAddress || m.authorName, m.subject]),
        ) || 'No mail here.\n',
    )
    return EXIT.ok
  },
}
const search: Command = {
  options: {},
  async run(context) {
    const text = context.args.words.join(' ')
    if (text === '') throw usage('search WORDS')
    const rows = await context.api.mail.search({ text, limit: 200 })
    await context.show(
      rows,
      () =>
        table(
          ['ID', 'DATE', 'FROM', 'SUBJECT'],
          rows.map((m) => [m.id, time(m.dateMs), m.authorAddress || m.authorName, m.subject]),
        ) || 'Nothing found.\n',
    )
    return EXIT.ok
  },
}
const show: Command = {
  options: {},
  async run(context) {
    const message = await context.api.mail.get({ id: idOf(context.args.words[0], 'show') })
    const people = (all: readonly { name: string; address: string }[]) =>
      harmless(all.map((a) => (a.name ? `${a.name} <${a.address}>` : a.address)).join(', '))
    await context.show(
      message,
      () =>
        `From: ${people(message.from)}\nTo: ${people(message.to)}\n${message.cc.length > 0 ? `Cc: ${people(message.cc)}\n` : ''}Date: ${time(message.dateMs)}\nSubject: ${harmless(message.subject)}\n\n${(message.text ?? '(this message has no plain text)').split('\n').map(harmless).join('\n')}\n${message.parts.map((p) => `[${p.index}] ${harmless(p.filename)} (${harmless(p.contentType)}, ${size(p.sizeBytes)})\n`).join('')}`,
    )
    return EXIT.ok
  },
}
const source: Command = {
  options: {},
  async run(context) {
    const { handle } = await context.api.mail.source({ id: idOf(context.args.words[0], 'source') })
    const given = context.engine.bytes.open(handle)
    if (!given)
      throw new Fault('not-found', `read the source of message ${context.args.words[0]}: it is gone`, {
        what: 'message',
        id: String(context.args.words[0]),
      })
    for await (const chunk of given.bytes()) await context.io.stdout(chunk)
    return EXIT.ok
  },
}
const importMail: Command = {
  options: {},
  async run(context) {
    if (context.args.words.length === 0) throw usage('import FILE.eml …')
    const stored: { file: string; id: number }[] = []
    let failed = 0
    for (const file of context.args.words) {
      try {
        stored.push({ file, id: await context.engine.importMessage(await readFile(resolve(context.io.cwd, file))) })
      } catch (error) {
        failed++
        await context.io.stderr(`posthorn: import "${file}": ${reasonOf(error)}\n`)
      }
    }
    await context.show(stored, () => `${stored.length} message${stored.length === 1 ? '' : 's'} stored in the Inbox.\n`)
    return failed === 0 ? EXIT.ok : EXIT.noInput
  },
}

const setting: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, key, word] = args.words
    if (what === 'set' && key !== undefined && word !== undefined) {
      await api.app.setSetting({ key, value: valueOf(word) })
      await context.show({ key, value: valueOf(word) }, () => `${key} is ${word} from now on.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('setting set KEY VALUE, or setting list')
    const settings = await api.app.settings()
    await context.show(settings, () =>
      table(
        ['KEY', 'VALUE', 'WHAT IT IS'],
        settings.map((s) => [s.key, JSON.stringify(s.value), s.about]),
      ),
    )
    return EXIT.ok
  },
}
/** A value as a settings file would have it; a word that is no JSON is text. */
function valueOf(word: string): unknown {
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}

const status: Command = {
  options: { '--reset': 'flag' },
  async run(context) {
    const now = await context.api.app.status()
    const eventLoop = context.engine.eventLoopDelay(context.args.has('--reset'))
    await context.show({ ...now, eventLoop }, () => {
      const server = now.submission
        ? `Submission server on ${now.submission.host}:${now.submission.port}`
        : 'No submission server'
      return `${server}\n${now.waiting} waiting${now.nextAttemptMs === null ? '' : `, next try ${time(now.nextAttemptMs)}`}${now.queuePaused ? ', queue paused' : ''}\n${now.warnings.map((w) => `${w.text}\n`).join('')}`
    })
    return EXIT.ok
  },
}

/** Commands that need an engine, running or opened alone for them. */
const COMMANDS: Readonly<Record<string, Command>> = {
  user,
  account,
  route,
  identity,
  domain,
  fetch,
  queue,
  list,
  search,
  show,
  source,
  import: importMail,
  log: logCommands,
  setting,
  status,
}

/** Names of the commands that need an engine. */
export const COMMAND_NAMES: readonly string[] = [...Object.keys(COMMANDS), 'sendmail', 'ui']

/** Runs one command in an engine. Returns its exit status; nothing is thrown that a person could have caused. */
export async function runCommand(
  engine: Engine,
  argv: readonly string[],
  io: CommandIo,
  newAddress: (() => string) | undefined,
): Promise<number> {
  const [name = '', ...rest] = argv
  try {
    if (name === 'sendmail') return await sendmail(engine, rest, io)
    if (name === 'ui') {
      if (!newAddress) throw usage('no window is served: start "posthorn serve" first')
      await io.stdout(`${newAddress()}\n`)
      return EXIT.ok
    }
    const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
    if (!command) throw usage(`there is no command "${name}"; posthorn help lists them`)
    const args = parseArguments(rest, { ...command.options, '--json': 'flag' })
    const json = args.has('--json')
    const api = createRouterClient(
      engine.router as Parameters<typeof createRouterClient>[0],
    ) as unknown as RouterClient<never> & Api
    const showIt = (value: unknown, words: () => string) => io.stdout(json ? `${JSON.stringify(value)}\n` : words())
    return await command.run({ api, engine, args, io, json, show: showIt })
  } catch (error) {
    await io.stderr(`posthorn: ${harmless(reasonOf(error))}\n`)
    return exitOf(error)
  }
}

/** The exit status that says what kind of thing went wrong (sysexits). */
export function exitOf(error: unknown): number {
  if (!isFault(error)) return EXIT.failed
  if (error.code === 'usage' || error.code === 'address.invalid') return EXIT.usage
  if (error.code === 'settings.invalid' || error.code === 'settings.unreadable') return EXIT.config
  if (error.code.startsWith('store.') || error.code.startsWith('vault.') || error.code.startsWith('engine.'))
    return EXIT.temporary
  if (error.code === 'message.refused') return EXIT.data
  return EXIT.failed
}
