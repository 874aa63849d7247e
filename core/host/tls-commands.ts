import type { DkimKeyView, TlsDomainView } from '../rpc/views.ts'
import { EXIT, idOf, usage, type Api, type Command } from './command.ts'
import { harmless, table, time } from './print.ts'

/** All domains whose TLS is known, by name. */
async function allDomains(api: Api): Promise<TlsDomainView[]> {
  const domains: TlsDomainView[] = []
  for (let after: string | null = null; ;) {
    const page: TlsDomainView[] = await api.tls.domains({ after, limit: 200 })
    domains.push(...page)
    const last = page.at(-1)
    if (!last) return domains
    after = last.domain
  }
}

const lastOf = ({ last }: TlsDomainView): string => {
  if (last === null) return '-'
  const how = last.facts === null ? 'clear text' : `${last.facts.version}${last.facts.trusted ? '' : ', not trusted'}`
  return `${time(last.atMs)} ${how}`
}
const policyOf = ({ mtaSts, mtaStsError }: TlsDomainView): string => {
  const policy = mtaSts === null ? 'none' : `${mtaSts.mode} until ${time(mtaSts.expiresMs)}`
  return mtaStsError === null ? policy : `${policy} (${mtaStsError})`
}

export const tls: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, domain] = args.words
    if (what === 'forget' && domain !== undefined) {
      await api.tls.forget({ domain })
      await context.show({ domain }, () => `Nothing is known of the TLS of ${harmless(domain)} any more.\n`)
      return EXIT.ok
    }
    if (what !== 'list') throw usage('tls list, or tls forget DOMAIN')
    const domains = await allDomains(api)
    await context.show(
      domains,
      () =>
        table(
          ['DOMAIN', 'VERIFIED ONLY UNTIL', 'LAST SESSION', 'MTA-STS'],
          domains.map((one) => [one.domain, time(one.ratchet?.untilMs), lastOf(one), policyOf(one)]),
        ) || 'No mail went to another server yet.\n',
    )
    return EXIT.ok
  },
}

const recordOf = ({ record, text }: DkimKeyView): string =>
  `${text}\n\n  name:  ${record.name}\n  type:  TXT\n  text:  ${record.text}\n\nIn a zone file:\n\n  ${record.name}. IN TXT ${record.zone}\n`

/** Keys by number or by domain. Throws `usage` when there is none. */
async function keysOf(api: Api, word: string | undefined, what: string): Promise<DkimKeyView[]> {
  const keys = await api.dkim.list()
  const found =
    word !== undefined && /^\d+$/.test(word)
      ? keys.filter((key) => key.id === idOf(word, what))
      : keys.filter((key) => key.domain === word?.toLowerCase())
  if (found.length === 0) throw usage(`there is no DKIM key for "${word ?? ''}"; posthorn dkim list shows them`)
  return found
}

export const dkim: Command = {
  options: { '--ed25519': 'flag', '--selector': 'value' },
  async run(context) {
    const { api, args } = context
    const [what, word] = args.words
    if (what === 'make' && word !== undefined) {
      const selector = args.value('--selector')
      const made = await api.dkim.make({
        domain: word,
        algorithm: args.has('--ed25519') ? 'ed25519-sha256' : 'rsa-sha256',
        ...(selector === undefined ? {} : { selector }),
      })
      await context.show(made, () => recordOf(made))
      return EXIT.ok
    }
    if (what === 'check' && word !== undefined) {
      const checked: DkimKeyView[] = []
      for (const { id } of await keysOf(api, word, 'dkim check')) checked.push(await api.dkim.check({ id }))
      await context.show(checked, () =>
        checked
          .map((key) => (key.published === 'published' ? `${key.record.name}: ${key.text}\n` : recordOf(key)))
          .join('\n'),
      )
      return checked.every((key) => key.published === 'published') ? EXIT.ok : EXIT.failed
    }
    if ((what === 'on' || what === 'off') && word !== undefined) {
      const changed: DkimKeyView[] = []
      for (const { id } of await keysOf(api, word, `dkim ${what}`))
        changed.push(await api.dkim.setActive({ id, active: what === 'on' }))
      await context.show(changed, () => changed.map((key) => `${key.record.name}: ${key.text}\n`).join(''))
      return EXIT.ok
    }
    if (what === 'remove' && word !== undefined) {
      const keys = await keysOf(api, word, 'dkim remove')
      for (const { id } of keys) await api.dkim.remove({ id })
      await context.show(keys, () => keys.map((key) => `${key.record.name} is removed.\n`).join(''))
      return EXIT.ok
    }
    if (what !== 'list')
      throw usage(
        'dkim make DOMAIN [--ed25519] [--selector S], dkim list, or dkim check, on, off or remove with DOMAIN or ID',
      )
    const keys = await api.dkim.list()
    await context.show(
      keys,
      () =>
        table(
          ['ID', 'RECORD', 'KIND', 'SIGNS', 'IN DNS', 'CHECKED'],
          keys.map((key) => [
            key.id,
            key.record.name,
            key.algorithm,
            key.active ? 'yes' : 'no',
            key.published,
            time(key.checkedMs),
          ]),
        ) || 'No DKIM keys yet, mail goes unsigned: posthorn dkim make DOMAIN\n',
    )
    return EXIT.ok
  },
}
