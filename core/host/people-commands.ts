import { parseDomain } from '../model/address.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

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

export const user: Command = {
  options: { '--password-stdin': 'flag' },
  async run(context) {
    const { api, args } = context
    const [what, address] = args.words
    if (what === 'add' && address !== undefined) {
      const added = await api.user.add({ address, password: await passwordFrom(context) })
      await context.show(added, () => `${added.address} may submit mail and has a mailbox here.\n`)
      const domain = added.address.slice(added.address.lastIndexOf('@') + 1)
      if (!(await localDomains(api)).some((name) => parseDomain(name) === parseDomain(domain)))
        await context.io.stderr(
          `posthorn: ${domain} is not a local domain, so mail to ${harmless(added.address)} goes to the server of ${domain}; posthorn domain add ${domain} keeps it here\n`,
        )
      return EXIT.ok
    }
    if (what === 'quota' && address !== undefined) return setQuota(context, address)
    if (what !== 'list')
      throw usage('user add ADDRESS --password-stdin, user quota ADDRESS BYTES|none|default, or user list')
    const users = await api.user.list()
    await context.show(
      users,
      () =>
        table(
          ['ADDRESS', 'SINCE', 'LAST LOGIN', 'BYTES', 'QUOTA'],
          users.map((u) => [u.address, time(u.createdMs), time(u.lastLoginMs), u.usedBytes, quotaWords(u.quotaBytes)]),
        ) || 'No local users yet: posthorn user add ADDRESS --password-stdin\n',
    )
    return EXIT.ok
  },
}

const quotaWords = (bytes: number | null) => (bytes === null ? 'default' : bytes === 0 ? 'none' : String(bytes))

/** How much mail a local user may keep. */
async function setQuota(context: Context, address: string): Promise<number> {
  const { api, args } = context
  const word = args.words[2]
  const quotaBytes = word === 'default' ? null : word === 'none' ? 0 : idOf(word, 'user quota')
  const user = (await api.user.list()).find((one) => one.address.toLowerCase() === address.toLowerCase())
  if (user === undefined) throw usage(`there is no user "${address}"; posthorn user list shows them`)
  const changed = await api.user.setQuota({ id: user.id, quotaBytes })
  await context.show(
    changed,
    () => `The quota of ${changed.address} is ${quotaWords(changed.quotaBytes)} from now on.\n`,
  )
  return EXIT.ok
}

async function localDomains(api: Api): Promise<readonly string[]> {
  const settings = await api.app.settings()
  return (settings.find(({ key }) => key === 'local.domains')?.value ?? []) as string[]
}

const way = ({ routeName }: { readonly routeName: string }) =>
  routeName === '' ? "straight to each recipient's server" : `by ${routeName}`

/** The folder for copies of what is sent: by id, by its name or role on this computer, or as ACCOUNT/NAME. Throws `usage`. */
async function sentFolderId(api: Api, word: string): Promise<number | null> {
  if (word === 'default') return null
  const folders = await api.mail.folders()
  const wanted = word.toLowerCase()
  const found = folders.find(({ id, name, role, owner }) => {
    const before = owner === null ? '' : `${owner.name}/`
    return [String(id), `${before}${name}`.toLowerCase(), `${before}${role}`.toLowerCase()].includes(wanted)
  })
  if (found !== undefined) return found.id
  const names = folders.map(({ name, owner }) => (owner === null ? name : `${owner.name}/${name}`))
  throw usage(`there is no folder "${word}"; there are: ${names.join(', ') || 'none yet'}; or default`)
}

export const identity: Command = {
  options: {
    '--name': 'value',
    '--route': 'value',
    '--reply-to': 'value',
    '--signature': 'value',
    '--no-signature-in-answers': 'flag',
    '--language': 'value',
    '--sent': 'value',
  },
  async run(context) {
    const { api, args } = context
    const [what, address] = args.words
    if (what === 'add' && address !== undefined) {
      const by = args.value('--route')
      const sent = args.value('--sent')
      const saved = await api.identity.save({
        name: args.value('--name') ?? '',
        address,
        routeId: by === undefined ? null : idOf(by, '--route'),
        replyTo: args.value('--reply-to'),
        signature: args.value('--signature'),
        language: args.value('--language'),
        sentFolderId: sent === undefined ? undefined : await sentFolderId(api, sent),
        ...(args.has('--no-signature-in-answers') ? { signsAnswers: false } : {}),
      })
      await context.show(saved, () => `Mail from ${saved.address} goes ${way(saved)}.\n`)
      return EXIT.ok
    }
    if (what !== 'list')
      throw usage(
        'identity add ADDRESS [--name NAME] [--route ID] [--reply-to A] [--signature TEXT] [--no-signature-in-answers] [--language TAG] [--sent FOLDER|default], or identity list',
      )
    const identities = await api.identity.list()
    await context.show(identities, () =>
      table(
        ['ID', 'ADDRESS', 'NAME', 'GOES'],
        identities.map((i) => [i.id, i.address, i.name, way(i)]),
      ),
    )
    return EXIT.ok
  },
}

export const domain: Command = {
  options: {},
  async run(context) {
    const [what, name] = context.args.words
    const now = await localDomains(context.api)
    if (what === 'add' && name !== undefined) {
      await context.api.app.setSetting({ key: 'local.domains', value: [...new Set([...now, name.toLowerCase()])] })
      await context.show(
        { domain: name.toLowerCase() },
        () => `Mail for ${name.toLowerCase()} stays in this program from now on.\n`,
      )
      return EXIT.ok
    }
    if (what === 'remove' && name !== undefined) {
      const left = now.filter((one) => one.toLowerCase() !== name.toLowerCase())
      if (left.length === now.length) throw usage(`"${name}" is not a local domain; posthorn domain list shows them`)
      await context.api.app.setSetting({ key: 'local.domains', value: left })
      await context.show(
        { domain: name.toLowerCase() },
        () => `Mail for ${name.toLowerCase()} is sent to its own server from now on.\n`,
      )
      return EXIT.ok
    }
    if (what !== 'list') throw usage('domain add NAME, domain remove NAME, or domain list')
    await context.show(now, () => now.map((n) => `${n}\n`).join('') || 'No local domains.\n')
    return EXIT.ok
  },
}
