import { EXIT, idOf, usage, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

/** How to say it. */
export const SIGN_IN_USAGE =
  'account sign-in PROVIDER USER, account sign-in ID (again), account sign-in list, account sign-in providers, or account sign-in remove ID'

/** Lets somebody sign in by the provider's page: prints where that is, and waits. Returns the sign-in. */
async function signInBy(
  context: Context,
  who: { readonly id: number } | { readonly provider: string; readonly user: string },
) {
  const { api, io } = context
  const { flow, url } = await api.signIn.start(who)
  await io.stderr(
    `Open this page in the browser of this computer and sign in; it comes back by itself:\n\n  ${url}\n\n`,
  )
  const giveUp = () => void api.signIn.cancel({ flow }).catch(() => {})
  io.signal.addEventListener('abort', giveUp, { once: true })
  try {
    return await api.signIn.wait({ flow })
  } finally {
    io.signal.removeEventListener('abort', giveUp)
  }
}

/** The sign-in that `--oauth PROVIDER` asks for: the one there is where it works, else one that is made now. */
export async function signInOption(context: Context, user: string): Promise<{ signInId: number } | undefined> {
  const { api, args } = context
  const provider = args.value('--oauth')
  if (provider === undefined) return undefined
  if (args.has('--password-stdin') || args.has('--token-stdin'))
    throw usage('--oauth signs in by the provider’s page: it excludes --password-stdin and --token-stdin')
  const known = (await api.signIn.list()).find((one) => one.provider === provider && one.user === user)
  if (known !== undefined && known.trouble === null) return { signInId: known.id }
  const { id } = await signInBy(context, { provider, user })
  return { signInId: id }
}

/** `account sign-in …` */
export async function signIn(context: Context, [what, user]: readonly string[]): Promise<number> {
  const { api, show } = context
  if (what === undefined) throw usage(SIGN_IN_USAGE)
  if (what === 'list') {
    const all = await api.signIn.list()
    await show(
      all,
      () =>
        table(
          ['ID', 'PROVIDER', 'USER', 'SINCE', 'ACCOUNTS', 'ROUTES', 'TROUBLE'],
          all.map((one) => [
            one.id,
            one.providerName,
            one.user,
            time(one.signedInMs),
            one.accountIds.join(' ') || '-',
            one.routeIds.join(' ') || '-',
            one.trouble ?? '-',
          ]),
        ) || 'Nobody is signed in: posthorn account sign-in PROVIDER USER\n',
    )
    return EXIT.ok
  }
  if (what === 'providers') {
    const providers = await api.signIn.providers()
    await show(providers, () =>
      table(
        ['ID', 'NAME', 'READY', 'SETTING'],
        providers.map(({ id, name, isReady, setting }) => [id, name, isReady ? 'yes' : 'no', setting]),
      ),
    )
    return EXIT.ok
  }
  if (what === 'remove') {
    const id = idOf(user, 'account sign-in remove')
    await api.signIn.remove({ id })
    await show({ id }, () => `Sign-in ${id} is forgotten.\n`)
    return EXIT.ok
  }
  if (user === undefined && !/^\d{1,9}$/.test(what)) throw usage(SIGN_IN_USAGE)
  const made = await signInBy(
    context,
    user === undefined ? { id: idOf(what, 'account sign-in') } : { provider: what, user },
  )
  await show(made, () => `Signed in at ${harmless(made.providerName)} as ${harmless(made.user)}.\n`)
  return EXIT.ok
}

/** `account discover ADDRESS`: each source as it comes, then what was found. */
export async function discover(context: Context, address: string | undefined): Promise<number> {
  const { api, io, json, show } = context
  if (address === undefined) throw usage('account discover ADDRESS')
  const told = new Set<string>()
  let last: Awaited<ReturnType<typeof step>> | undefined
  const events = await api.account.discover({ address }, { signal: io.signal })
  async function step() {
    const { value, done } = await events.next()
    return done ? undefined : value
  }
  for (let now = await step(); now !== undefined; now = await step()) {
    last = now
    for (const { source, state, text } of json ? [] : now.sources) {
      if (state === 'waiting' || state === 'trying' || told.has(source)) continue
      told.add(source)
      await io.stderr(`${state.padEnd(8)}${source}: ${harmless(text)}\n`)
    }
  }
  if (last === undefined) return EXIT.failed
  const { incoming, outgoing, text } = last
  await show(last, () => {
    const servers = [...incoming, ...outgoing]
    const rows = servers.map((one) => [
      one.kind,
      `${one.host}:${one.port}`,
      one.tls,
      one.user,
      one.auth === 'oauth2' ? (one.provider === null ? 'a token' : `--oauth ${one.provider}`) : 'password',
      one.needsConsent ? 'ASK' : 'yes',
    ])
    const reasons = servers.map(
      (one) => `  ${harmless(`${one.host}:${one.port}: ${one.consent === '' ? one.why : one.consent}`)}\n`,
    )
    return `\n${table(['KIND', 'SERVER', 'TLS', 'USER', 'SIGN IN BY', 'OF THE DOMAIN'], rows)}${reasons.join('')}${harmless(text)}\n`
  })
  return incoming.length === 0 && outgoing.length === 0 ? EXIT.unavailable : EXIT.ok
}
