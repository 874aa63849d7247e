import type { Pop3Rules } from '../rpc/views.ts'
import type { Arguments } from './arguments.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { table, time } from './print.ts'
import { discover, signIn, SIGN_IN_USAGE, signInOption } from './sign-in-command.ts'

const ADD =
  'account add pop3 --host H --port P --user U --tls implicit|stls|none --password-stdin|--token-stdin|--oauth PROVIDER [--name N] [--every SECONDS] [--leave] [--delete-after-days N] [--delete-when-removed] [--headers-only-over-mb N] [--newest-first] [--headers-first auto|always|never] [--no-apop]'
const ADD_IMAP =
  'account add imap HOST[:PORT] --user U [--tls implicit|starttls|none] --password-stdin|--token-stdin|--oauth PROVIDER [--name N] [--every SECONDS] [--sent-copy append|server] [--drafts server|here]'
const USAGE = `${ADD}, ${ADD_IMAP}, account set ACCOUNT with any of these (--no-leave, --no-delete-when-removed, --oldest-first, --apop and "never" for N take them back), account remove ACCOUNT, account list, account discover ADDRESS, ${SIGN_IN_USAGE}`

const tlsOf = (word: string) => {
  if (word === 'stls' || word === 'starttls') return 'starttls' as const
  if (word === 'implicit' || word === 'none') return word
  throw usage(`--tls is one of implicit, stls, none, not "${word}"`)
}
function within(word: string, name: string, from: number, to: number, unit: string): number {
  const number = idOf(word, name)
  if (number < from || number > to) throw usage(`${name} is from ${from} to ${to}${unit}, not ${number}`)
  return number
}
const portOf = (word: string) => within(word, '--port', 1, 65_535, '')
const secondsOf = (word: string) => within(word, '--every', 60, 86_400, ' seconds')
const given = (args: Arguments, name: string): string => {
  const value = args.value(name)
  if (value === undefined) throw usage(`${name} is missing`)
  return value
}

/** What an account signs in with, from standard input: its first line. Undefined where none is announced. */
async function secretFrom({ args, io }: Context) {
  const login = args.has('--token-stdin') ? 'token' : args.has('--password-stdin') ? 'password' : undefined
  if (login === undefined) return undefined
  let text = ''
  for await (const chunk of io.stdin) {
    text += Buffer.from(chunk).toString()
    if (text.length > 65_536) break
  }
  const password = text.split(/\r?\n/, 1)[0] ?? ''
  if (password === '') throw usage(`the ${login} on standard input is empty`)
  return { login, password } as const
}

/** True, false, or undefined where neither option was given. */
function choice(args: Arguments, on: string, off: string): boolean | undefined {
  if (args.has(on) && args.has(off)) throw usage(`${on} and ${off} exclude each other`)
  return args.has(on) ? true : args.has(off) ? false : undefined
}
/** A number, null for `never`, or undefined where the option was not given. */
function limit(args: Arguments, name: string, most: number, unit: string): number | null | undefined {
  const word = args.value(name)
  return word === undefined ? undefined : word === 'never' ? null : within(word, name, 1, most, unit)
}

function headersFirstOf(word: string | undefined): Pop3Rules['headersFirst'] | undefined {
  if (word === undefined || word === 'auto' || word === 'always' || word === 'never') return word
  throw usage(`--headers-first is one of auto, always, never, not "${word}"`)
}

/** The rules that options name; the others are left out. */
function rulesOf(args: Arguments): Partial<Pop3Rules> {
  const deleteAfterDays = limit(args, '--delete-after-days', 3650, ' days')
  const headersOnlyOverMb = limit(args, '--headers-only-over-mb', 1024, ' MB')
  const deleteWhenRemoved = choice(args, '--delete-when-removed', '--no-delete-when-removed')
  const newestFirst = choice(args, '--newest-first', '--oldest-first')
  const headersFirst = headersFirstOf(args.value('--headers-first'))
  const allowApop = choice(args, '--apop', '--no-apop')
  return {
    ...(deleteAfterDays !== undefined && { deleteAfterDays }),
    ...(headersOnlyOverMb !== undefined && { headersOnlyOverMb }),
    ...(deleteWhenRemoved !== undefined && { deleteWhenRemoved }),
    ...(newestFirst !== undefined && { newestFirst }),
    ...(headersFirst !== undefined && { headersFirst }),
    ...(allowApop !== undefined && { allowApop }),
  }
}
/** Whether mail is left on the server. `--keep` is the older name of `--leave`; what only such an account has implies it. */
const leaves = (args: Arguments) => choice(args, args.has('--keep') ? '--keep' : '--leave', '--no-leave')

const NO_SECRET =
  'give the password on standard input with --password-stdin, or a token with --token-stdin; it is never an argument, where others could read it; or sign in by the provider’s page with --oauth PROVIDER'

async function add(context: Context): Promise<number> {
  const { api, args } = context
  const host = given(args, '--host')
  const user = given(args, '--user')
  const tls = tlsOf(args.value('--tls') ?? 'implicit')
  const port = portOf(args.value('--port') ?? (tls === 'implicit' ? '995' : '110'))
  const every = args.value('--every')
  const rules = rulesOf(args)
  const onlyLeft = rules.deleteWhenRemoved === true || typeof rules.deleteAfterDays === 'number'
  if (onlyLeft && leaves(args) !== true)
    throw usage(
      '--delete-after-days and --delete-when-removed are for an account that leaves its mail: give --leave, too',
    )
  const secret = (await signInOption(context, user)) ?? (await secretFrom(context))
  if (secret === undefined) throw usage(NO_SECRET)
  const added = await api.account.add({
    name: args.value('--name') ?? user,
    host,
    port,
    tls,
    user,
    ...secret,
    keep: leaves(args) ?? false,
    everySeconds: every === undefined ? 300 : secondsOf(every),
    rules,
  })
  if (tls === 'none') await context.io.stderr('posthorn: this account sends its password in the clear (--tls none)\n')
  await context.show(
    added,
    () => `Account ${added.id}: ${added.user} at ${added.host}. Fetch with: posthorn fetch ${added.id}\n`,
  )
  return EXIT.ok
}

const sentCopyOf = (word: string) => {
  if (word === 'append' || word === 'server') return word
  throw usage(`--sent-copy is append or server, not "${word}"`)
}
const draftsOf = (word: string) => {
  if (word === 'server' || word === 'here') return word
  throw usage(`--drafts is server or here, not "${word}"`)
}
async function addImap(context: Context, server: string | undefined): Promise<number> {
  const { api, args } = context
  const [, bracketed, plain, word] = /^(?:\[(.+)\]|([^:]+))(?::(\d+))?$/.exec(server ?? '') ?? []
  const host = bracketed ?? plain
  if (host === undefined) throw usage(ADD_IMAP)
  const user = given(args, '--user')
  const tls = tlsOf(args.value('--tls') ?? 'implicit')
  const port = portOf(word ?? args.value('--port') ?? (tls === 'implicit' ? '993' : '143'))
  const [every, sentCopy, drafts] = [args.value('--every'), args.value('--sent-copy'), args.value('--drafts')]
  const secret = (await signInOption(context, user)) ?? (await secretFrom(context))
  if (secret === undefined) throw usage(NO_SECRET)
  const added = await api.account.add({
    kind: 'imap',
    name: args.value('--name') ?? user,
    host,
    port,
    tls,
    user,
    ...secret,
    keep: true,
    everySeconds: every === undefined ? 300 : secondsOf(every),
    ...(sentCopy !== undefined && { sentCopy: sentCopyOf(sentCopy) }),
    ...(drafts !== undefined && { drafts: draftsOf(drafts) }),
  })
  if (tls === 'none') await context.io.stderr('posthorn: this account sends its password in the clear (--tls none)\n')
  await context.show(
    added,
    () => `Account ${added.id}: ${added.user} at ${added.host}. Fetch with: posthorn fetch ${added.id}\n`,
  )
  return EXIT.ok
}

async function set(context: Context, word: string): Promise<number> {
  const { api, args } = context
  const [host, user, name] = [args.value('--host'), args.value('--user'), args.value('--name')]
  const [tls, port, every] = [args.value('--tls'), args.value('--port'), args.value('--every')]
  const keep = leaves(args)
  const [sentCopy, drafts] = [args.value('--sent-copy'), args.value('--drafts')]
  const id = await accountId(api, word)
  const now = (await api.account.list()).find((one) => one.id === id)?.user ?? ''
  const changed = await api.account.save({
    id,
    ...(host !== undefined && { host }),
    ...(user !== undefined && { user }),
    ...(name !== undefined && { name }),
    ...(tls !== undefined && { tls: tlsOf(tls) }),
    ...(port !== undefined && { port: portOf(port) }),
    ...(every !== undefined && { everySeconds: secondsOf(every) }),
    ...(keep !== undefined && { keep }),
    ...(sentCopy !== undefined && { sentCopy: sentCopyOf(sentCopy) }),
    ...(drafts !== undefined && { drafts: draftsOf(drafts) }),
    ...((await signInOption(context, user ?? now)) ?? (await secretFrom(context))),
    rules: rulesOf(args),
  })
  await context.show(changed, () => `Account ${changed.id}: ${changed.user} at ${changed.host} is changed.\n`)
  return EXIT.ok
}

/** An account by number, name or login. Throws `usage`. */
export async function accountId(api: Api, word: string): Promise<number> {
  const accounts = await api.account.list()
  const found = accounts.find((a) => String(a.id) === word) ?? accounts.find((a) => a.name === word || a.user === word)
  if (!found) throw usage(`there is no account "${word}"; posthorn account list shows them`)
  return found.id
}

type AccountView = Awaited<ReturnType<Api['account']['list']>>[number]

/** What becomes of an account's mail on its server, in a few words. */
function leavesWords({ kind, keep, pop3 }: AccountView): string {
  if (kind === 'imap') return 'in step'
  if (!keep) return 'no'
  const until = [
    ...(typeof pop3?.deleteAfterDays === 'number' ? [`${pop3.deleteAfterDays} days`] : []),
    ...(pop3?.deleteWhenRemoved === true ? ['removed here'] : []),
  ]
  return until.length === 0 ? 'yes' : `until ${until.join(' or ')}`
}

export const account: Command = {
  options: {
    '--host': 'value',
    '--port': 'value',
    '--user': 'value',
    '--tls': 'value',
    '--password-stdin': 'flag',
    '--token-stdin': 'flag',
    '--oauth': 'value',
    '--name': 'value',
    '--every': 'value',
    '--leave': 'flag',
    '--keep': 'flag',
    '--no-leave': 'flag',
    '--delete-after-days': 'value',
    '--delete-when-removed': 'flag',
    '--no-delete-when-removed': 'flag',
    '--headers-only-over-mb': 'value',
    '--newest-first': 'flag',
    '--oldest-first': 'flag',
    '--headers-first': 'value',
    '--apop': 'flag',
    '--no-apop': 'flag',
    '--sent-copy': 'value',
    '--drafts': 'value',
  },
  async run(context) {
    const { api, args } = context
    const [what, word] = args.words
    if (what === 'add' && word === 'pop3') return add(context)
    if (what === 'add' && word === 'imap') return addImap(context, args.words[2])
    if (what === 'set' && word !== undefined) return set(context, word)
    if (what === 'discover') return discover(context, word)
    if (what === 'sign-in') return signIn(context, args.words.slice(1))
    if (what === 'remove' && word !== undefined) {
      const id = await accountId(api, word)
      await api.account.remove({ id })
      await context.show({ id }, () => `Account ${id} is removed. Its mail stays here.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage(USAGE)
    const accounts = await api.account.list()
    await context.show(
      accounts,
      () =>
        table(
          ['ID', 'KIND', 'NAME', 'SERVER', 'TLS', 'LEAVES MAIL', 'LAST FETCH', 'LAST ERROR'],
          accounts.map((a) => [
            a.id,
            a.kind,
            a.name,
            `${a.host}:${a.port}`,
            a.tls,
            leavesWords(a),
            time(a.lastFetchMs),
            a.lastError ?? '-',
          ]),
        ) || 'No accounts yet: posthorn account add pop3 --host …, or account add imap HOST …\n',
    )
    for (const { id, pop3, imap } of accounts) {
      for (const warning of pop3?.warnings ?? []) await context.io.stderr(`posthorn: account ${id}: ${warning}\n`)
      if (imap !== null && imap.waiting > 0)
        await context.io.stderr(`posthorn: account ${id}: ${imap.waiting} changes made here wait for its server\n`)
    }
    return EXIT.ok
  },
}
