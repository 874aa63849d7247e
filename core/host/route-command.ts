import type { Arguments } from './arguments.ts'
import { EXIT, idOf, usage, type Command, type Context } from './command.ts'
import { harmless, jsonLine, table } from './print.ts'
import { signInOption } from './sign-in-command.ts'

const ADD =
  'route add smarthost HOST[:PORT] [--tls implicit|starttls|none] [--user U --password-stdin|--token-stdin|--oauth PROVIDER]'
const RULE =
  'route rule list, route rule add [--from PATTERN] [--to PATTERN] [--after TRIES] direct|hold|smarthost [--route ID], route rule remove ID, or route rule move ID PLACE'
const USAGE = `${ADD}, route list, route presets, route login ID --user U --password-stdin|--token-stdin|--oauth PROVIDER, route login ID none, route resume ID, route test ID, route preflight ADDRESS, route remove ID, route why FROM TO [--tries N], or route rule …`

const TLS = ['implicit', 'starttls', 'none'] as const
/** What servers listen on, by how they are secured (RFC 8314 §7). */
const USUAL_PORT = { implicit: 465, starttls: 587, none: 25 } as const

/** `--host H --port P`, or `HOST:PORT` as a word; an IPv6 address with a port stands in brackets. */
function serverOf(args: Arguments, word: string | undefined) {
  const tls = TLS.find(
    (one) => one === (args.value('--tls') ?? (args.value('--port') === '465' ? 'implicit' : 'starttls')),
  )
  if (!tls) throw usage(`--tls is one of ${TLS.join(', ')}, not "${args.value('--tls') ?? ''}"`)
  const text = args.value('--host') ?? word
  if (text === undefined) throw usage(ADD)
  const [, bracketed, plain, inline] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(text) ?? []
  const host = bracketed ?? plain ?? text
  const written = args.value('--port') ?? inline
  const port = written === undefined ? USUAL_PORT[tls] : idOf(written, '--port')
  if (port < 1 || port > 65535) throw usage(`--port is from 1 to 65535, not ${port}`)
  return { host, port, tls }
}

/** The login that options and standard input give; undefined when they give none. */
async function loginOf(context: Context) {
  const { args, io } = context
  const user = args.value('--user')
  const byPage = user === undefined ? undefined : await signInOption(context, user)
  if (user !== undefined && byPage !== undefined) return { user, ...byPage }
  const kind = args.has('--token-stdin') ? 'token' : args.has('--password-stdin') ? 'password' : undefined
  if (user === undefined && kind === undefined) return undefined
  if (user === undefined || kind === undefined)
    throw usage(
      'a login is --user with --password-stdin, --token-stdin or --oauth PROVIDER: the secret is never an argument, where others could read it',
    )
  let text = ''
  for await (const chunk of io.stdin) {
    text += Buffer.from(chunk).toString()
    if (text.length > 65_536) break
  }
  const secret = text.split(/\r?\n/, 1)[0] ?? ''
  if (secret === '') throw usage(`the ${kind} on standard input is empty`)
  return { user, kind, secret } as const
}

const released = (n: number) =>
  n === 0 ? '' : ` ${n === 1 ? 'One recipient that waited is' : `${n} recipients that waited are`} tried again.`

async function rule(context: Context, [what, ...words]: readonly string[]): Promise<number> {
  const { api, args, show } = context
  const line = (rules: Awaited<ReturnType<typeof api.route.rules>>) =>
    table(
      ['PLACE', 'ID', 'RULE'],
      rules.map(({ id, text }, place) => [place, id, text]),
    ) || 'No rules: each identity says how its mail goes.\n'
  switch (what) {
    case 'add': {
      const action = (['direct', 'hold', 'smarthost'] as const).find((one) => one === words[0])
      if (!action) throw usage(RULE)
      const byRoute = args.value('--route')
      if ((action === 'smarthost') !== (byRoute !== undefined))
        throw usage('--route ID goes with smarthost, and only with it')
      const tries = args.value('--after')
      const saved = await api.route.saveRule({
        sender: args.value('--from') ?? '',
        recipient: args.value('--to') ?? '',
        afterTries: tries === undefined ? 0 : idOf(tries, '--after'),
        action,
        routeId: byRoute === undefined ? null : idOf(byRoute, '--route'),
      })
      await show(saved, () => `Rule ${saved.id}: ${saved.text}\n`)
      return EXIT.ok
    }
    case 'remove': {
      const id = idOf(words[0], 'route rule remove')
      await api.route.removeRule({ id })
      await show({ id }, () => `Rule ${id} is gone.\n`)
      return EXIT.ok
    }
    case 'move': {
      const moved = await api.route.moveRule({ id: idOf(words[0], 'route rule move'), to: idOf(words[1], 'the place') })
      await show(moved, () => line(moved))
      return EXIT.ok
    }
    case 'list': {
      const rules = await api.route.rules()
      await show(rules, () => line(rules))
      return EXIT.ok
    }
    default:
      throw usage(RULE)
  }
}

/** Dials, secures and signs in, with each step as it comes. */
async function test(context: Context, word: string | undefined): Promise<number> {
  const { api, args, io, json } = context
  const isStored = word !== undefined && /^\d{1,9}$/.test(word) && args.value('--host') === undefined
  const login = isStored ? undefined : await loginOf(context)
  const input = isStored ? { id: idOf(word, 'route test') } : { ...serverOf(args, word), ...(login && { login }) }
  let failed = false
  for await (const step of await api.route.test(input)) {
    failed ||= step.state === 'failed'
    if (json) await io.stdout(jsonLine(step))
    else if (step.state !== 'trying')
      await io.stdout(`${step.state === 'ok' ? 'ok    ' : 'FAILED'} ${step.step}: ${harmless(step.text)}\n`)
  }
  return failed ? EXIT.failed : EXIT.ok
}

const MARK = { ok: 'ok     ', warning: 'warning', failed: 'FAILED ', unknown: '?      ' } as const

/** Looks at the network as mail would go straight from it, with each finding as it comes. */
async function preflight({ api, io, json }: Context, address: string | undefined): Promise<number> {
  if (address === undefined) throw usage('route preflight ADDRESS: an address of yours')
  let failed = false
  for await (const finding of await api.route.preflight({ address })) {
    failed ||= finding.state === 'failed'
    if (json) await io.stdout(jsonLine(finding))
    else if (finding.state !== 'trying')
      await io.stdout(`${MARK[finding.state]} ${finding.check}: ${harmless(finding.text)}\n`)
  }
  return failed ? EXIT.failed : EXIT.ok
}

export const route: Command = {
  options: {
    '--host': 'value',
    '--port': 'value',
    '--tls': 'value',
    '--user': 'value',
    '--password-stdin': 'flag',
    '--token-stdin': 'flag',
    '--oauth': 'value',
    '--from': 'value',
    '--to': 'value',
    '--after': 'value',
    '--route': 'value',
    '--tries': 'value',
  },
  async run(context) {
    const { api, args, show } = context
    const [what, ...words] = args.words
    switch (what) {
      case 'add': {
        if (words[0] !== 'smarthost') throw usage(ADD)
        const server = serverOf(args, words[1])
        const login = await loginOf(context)
        const added = await api.route.add({ ...server, ...(login && { login }) })
        const who = added.user === null ? '' : ` as ${added.user}`
        await show(added, () => `Route ${added.id}: by ${added.host}:${added.port}${who}\n`)
        return EXIT.ok
      }
      case 'login': {
        const id = idOf(words[0], 'route login')
        const login = await loginOf(context)
        if ((login === undefined) !== (words[1] === 'none')) throw usage(USAGE)
        const set = await api.route.setLogin({ id, login: login ?? null })
        const said = login ? `Route ${id} signs in as ${login.user}.` : `Route ${id} does not sign in any more.`
        await show(set, () => `${said}${released(set.released)}\n`)
        return EXIT.ok
      }
      case 'resume': {
        const resumed = await api.route.resume({ id: idOf(words[0], 'route resume') })
        await show(resumed, () => `Route ${resumed.route.id} is used again.${released(resumed.released)}\n`)
        return EXIT.ok
      }
      case 'remove': {
        const id = idOf(words[0], 'route remove')
        await api.route.remove({ id })
        await show({ id }, () => `Route ${id} is gone.\n`)
        return EXIT.ok
      }
      case 'presets': {
        const presets = await api.route.presets()
        await show(presets, () =>
          table(
            ['NAME', 'SERVER', 'TLS', 'USER', 'SECRET'],
            presets.map((p) => [p.name, `${p.host}:${p.port}`, p.tls, p.userHint, p.secretHint]),
          ),
        )
        return EXIT.ok
      }
      case 'why': {
        const [from, to] = words
        if (from === undefined || to === undefined) throw usage(USAGE)
        const tries = args.value('--tries')
        const found = await api.route.explain({ from, to, tries: tries === undefined ? 0 : idOf(tries, '--tries') })
        await show(found, () => `${found.kind}, to ${found.to}: ${found.why}\n`)
        return EXIT.ok
      }
      case 'test':
        return test(context, words[0])
      case 'preflight':
        return preflight(context, words[0])
      case 'rule':
        return rule(context, words)
      case 'list': {
        const routes = await api.route.list()
        await show(
          routes,
          () =>
            table(
              ['ID', 'KIND', 'SERVER', 'TLS', 'LOGIN', 'TROUBLE'],
              routes.map((r) => [r.id, r.kind, `${r.host}:${r.port}`, r.tls, r.user ?? '-', r.trouble ?? '-']),
            ) || "Mail goes straight to each recipient's server.\n",
        )
        return EXIT.ok
      }
      default:
        throw usage(USAGE)
    }
  },
}
