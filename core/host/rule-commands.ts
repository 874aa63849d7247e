import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Fault, fileWords } from '../base/fault.ts'
import type { RuleScope } from '../model/rule.ts'
import type { RuleDoneView, RuleRunPage, RuleView } from '../rpc/rules-contract.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

const RUN = '[RULE …] --folder F | --query QUERY | --message ID,ID [--sends]'
const USAGE = `rule list | add NAME --when CONDITION --do ACTIONS [--for all|here|ACCOUNT|USER] [--disabled] | edit RULE with any of these or --name N | remove RULE | enable RULE | disable RULE | move RULE PLACE | run ${RUN} | try ${RUN}, or try --when CONDITION with these | history MESSAGE | export | import FILE [--replace] | trust [ACCOUNT SERVER|none]`

/** A rule by its id or its name. Throws `not-found`, and `usage` where several have it. */
async function ruleBy(api: Api, word: string | undefined): Promise<RuleView> {
  if (word === undefined) throw usage(USAGE)
  const rules = await api.rules.list()
  const named = rules.filter(({ id, name }) => String(id) === word || name.toLowerCase() === word.toLowerCase())
  if (named.length > 1) throw usage(`several rules are called "${word}": name one by its id`)
  if (named[0] !== undefined) return named[0]
  throw new Fault('not-found', `find the rule "${word}": there is none`, { what: 'rule', id: word })
}

const rowsOf = (rules: readonly RuleView[]) =>
  rules.map((rule) => [
    rule.id,
    rule.enabled ? 'on' : 'off',
    rule.matches,
    time(rule.lastMatchMs),
    rule.name,
    `${rule.conditionText} → ${rule.actionsText}${rule.trouble === null ? '' : `   (${rule.trouble})`}`,
  ])
const listed = (rules: readonly RuleView[]) =>
  table(['ID', 'ON', 'MAIL', 'LAST', 'NAME', 'RULE'], rowsOf(rules)) || 'No rules yet: posthorn rule add\n'

/** Whose mail a rule is for, by the words that a condition has for it. */
async function scopeOf(api: Api, word: string): Promise<RuleScope> {
  if (word === 'all') return { kind: 'all' }
  const { condition } = await api.rules.parse({ when: `by:"${word.replaceAll(/["\\]/g, '\\$&')}"`, do: 'stop' })
  if (condition.kind !== 'came-by') throw usage('--for is all, here, an account or a local user')
  return condition.source
}

async function save({ api, args, show }: Context, before: RuleView | undefined, name: string): Promise<number> {
  const when = args.value('--when') ?? before?.conditionText
  const what = args.value('--do') ?? before?.actionsText
  if (when === undefined || what === undefined) throw usage('rule add NAME --when CONDITION --do ACTIONS')
  const scope = args.value('--for')
  const read = await api.rules.parse({ when, do: what })
  const saved = await api.rules.save({
    ...(before && { id: before.id }),
    name,
    enabled: before?.enabled ?? !args.has('--disabled'),
    scope: scope === undefined ? (before?.scope ?? { kind: 'all' }) : await scopeOf(api, scope),
    // What nobody writes anew stays as it is, also where it names what is gone.
    condition: args.value('--when') === undefined && before !== undefined ? before.condition : read.condition,
    actions: args.value('--do') === undefined && before !== undefined ? before.actions : read.actions,
  })
  await show(saved, () => listed([saved]))
  return EXIT.ok
}

/** The messages that options name. */
async function overOf({ api, args }: Context) {
  const folder = args.value('--folder')
  const query = args.value('--query')
  const message = args.value('--message')
  if ([folder, query, message].filter((one) => one !== undefined).length !== 1)
    throw usage(`one of --folder, --query and --message says over which mail: ${RUN}`)
  if (query !== undefined) return { kind: 'query', text: query } as const
  if (message !== undefined)
    return { kind: 'messages', ids: message.split(',').map((word) => idOf(word, '--message')) } as const
  const folders = await api.mail.folders()
  const found = folders.find(
    ({ id, name, role, owner }) =>
      String(id) === folder || (owner === null && [name.toLowerCase(), role].includes(folder?.toLowerCase() ?? '')),
  )
  if (found === undefined)
    throw new Fault('not-found', `find the folder "${folder ?? ''}": there is none`, {
      what: 'folder',
      id: folder ?? '',
    })
  return { kind: 'folder', folderId: found.id } as const
}

const words = ({ messageId, subject, rules, steps }: RuleDoneView) =>
  `${messageId}  ${harmless(subject)}\n${rules
    .map(({ id, name }) => {
      const own = steps.filter(({ ruleId }) => ruleId === id)
      return own.map(({ text }) => `    ${harmless(name === '' ? '' : `${name}: `)}${harmless(text)}\n`).join('')
    })
    .join('')}`

async function told(pages: AsyncIterable<RuleRunPage>, { show, io, json }: Context, isDry: boolean): Promise<number> {
  const messages: RuleDoneView[] = []
  let last: RuleRunPage | undefined
  for await (const page of pages) {
    last = page
    messages.push(...page.messages)
    if (!json && !page.ended)
      await io.stderr(`${page.looked}${page.total === null ? '' : ` of ${page.total}`} messages\n`)
  }
  const { looked = 0, matched = 0, failed = 0 } = last ?? {}
  await show({ looked, matched, failed, messages }, () => {
    const left = failed === 0 ? '' : `, ${failed} action${failed === 1 ? '' : 's'} could not be done`
    return `${messages.map(words).join('')}${looked} message${looked === 1 ? '' : 's'} looked at, ${matched} fitted${left}${isDry ? '; nothing was done' : ''}.\n`
  })
  return failed === 0 ? EXIT.ok : EXIT.failed
}

async function run(context: Context, names: readonly string[], isDry: boolean): Promise<number> {
  const { api, args } = context
  const ids: number[] = []
  for (const name of names) ids.push((await ruleBy(api, name)).id)
  const input = { ruleIds: ids.length === 0 ? null : ids, over: await overOf(context), sends: args.has('--sends') }
  const when = args.value('--when')
  if (!isDry && when !== undefined) throw usage('run takes rules that are saved; try takes --when')
  if (!isDry) return told(await api.rules.run(input), context, false)
  const tried = when === undefined ? undefined : await api.rules.parse({ when, do: args.value('--do') ?? 'stop' })
  const scope = await scopeOf(api, args.value('--for') ?? 'all')
  return told(await api.rules.dryRun({ ...input, ...(tried && { rule: { ...tried, scope } }) }), context, true)
}

async function history({ api, show }: Context, word: string | undefined): Promise<number> {
  const done = await api.rules.history({ messageId: idOf(word, 'rule history') })
  await show(
    done,
    () =>
      done
        .map(({ atMs, ruleName, how, folderName, steps, entryIds }) => {
          const sent = entryIds.length === 0 ? '' : ` (queue ${entryIds.join(', ')})`
          const what = steps.map(({ text }) => text).join('; ')
          return `${time(atMs)}  ${harmless(`${ruleName}, ${how === 'arrival' ? 'when it came' : 'asked for'}, in ${folderName}: ${what}`)}${sent}\n`
        })
        .join('') || 'No rule did anything to this message.\n',
  )
  return EXIT.ok
}

async function trust({ api, show }: Context, [account, server]: readonly string[]): Promise<number> {
  if (account !== undefined) {
    if (server === undefined) throw usage('rule trust ACCOUNT SERVER|none')
    const found = (await api.account.list()).find(({ id, name }) => String(id) === account || name === account)
    if (found === undefined)
      throw new Fault('not-found', `find the account "${account}": there is none`, { what: 'account', id: account })
    await api.rules.setTrusted({ accountId: found.id, authservId: server === 'none' ? null : server })
  }
  const trusted = await api.rules.trusted()
  await show(
    trusted,
    () =>
      table(
        ['ACCOUNT', 'SERVER'],
        trusted.map((one) => [one.accountId, one.authservId]),
      ) || 'No account trusts a server: auth.… fits nothing.\n',
  )
  return EXIT.ok
}

/** Rules that sort mail. */
export const rule: Command = {
  options: {
    '--when': 'value',
    '--do': 'value',
    '--for': 'value',
    '--name': 'value',
    '--disabled': 'flag',
    '--folder': 'value',
    '--query': 'value',
    '--message': 'value',
    '--sends': 'flag',
    '--replace': 'flag',
  },
  async run(context) {
    const { api, args, io, show } = context
    const [what, word, ...more] = args.words
    const after = async (rules: readonly RuleView[]) => {
      await show(rules, () => listed(rules))
      return EXIT.ok
    }
    switch (what) {
      case 'list':
        return after(await api.rules.list())
      case 'add':
        if (word === undefined || more.length > 0) throw usage('rule add NAME --when CONDITION --do ACTIONS')
        return save(context, undefined, word)
      case 'edit': {
        const before = await ruleBy(api, word)
        return save(context, before, args.value('--name') ?? before.name)
      }
      case 'remove': {
        const { id, name } = await ruleBy(api, word)
        await api.rules.remove({ id })
        await show({ id }, () => `The rule ${harmless(name)} is gone; what it did stays.\n`)
        return EXIT.ok
      }
      case 'enable':
      case 'disable':
        return after([await api.rules.setEnabled({ id: (await ruleBy(api, word)).id, enabled: what === 'enable' })])
      case 'move': {
        const to = idOf(more[0], 'the place')
        return after(await api.rules.reorder({ id: (await ruleBy(api, word)).id, to }))
      }
      case 'run':
      case 'try':
        return run(
          context,
          [word, ...more].filter((one) => one !== undefined),
          what === 'try',
        )
      case 'history':
        return history(context, word)
      case 'export': {
        await io.stdout((await api.rules.export()).json)
        return EXIT.ok
      }
      case 'import': {
        if (word === undefined) throw usage('rule import FILE [--replace]')
        let json: string
        try {
          json = await readFile(resolve(io.cwd, word), 'utf8')
        } catch (error) {
          await io.stderr(`posthorn: import "${word}": ${fileWords(error)}\n`)
          return EXIT.noInput
        }
        return after(await api.rules.import({ json, replace: args.has('--replace') }))
      }
      case 'trust':
        return trust(
          context,
          [word, ...more].filter((one) => one !== undefined),
        )
      default:
        throw usage(USAGE)
    }
  },
}
