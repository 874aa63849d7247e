import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { fileWords } from '../base/fault.ts'
import { vcardText } from '../model/vcard.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

const A_PAGE = 200
const WAYS =
  'contact list [--group G], contact find WORD, contact add ADDRESS [--name N], contact remove ID, contact import FILE, contact export [--group G] [--learnt], contact groups, or contact group add|remove G, contact group put|take G ID …'

/** The id of a group by its name. Throws `usage`. */
async function groupId(api: Api, word: string | undefined): Promise<number> {
  const groups = await api.contact.groups.list()
  const found = groups.find(({ name }) => name.toLowerCase() === word?.toLowerCase())
  if (found === undefined) throw usage(`there is no group "${word ?? ''}"; posthorn contact groups`)
  return found.id
}

/** Whom the person writes to. */
export const contact: Command = {
  options: { '--name': 'value', '--group': 'value', '--learnt': 'flag' },
  async run(context) {
    const { api, args, show } = context
    const [what, word] = args.words
    const group = args.value('--group')
    switch (what) {
      case 'add': {
        if (word === undefined) throw usage(WAYS)
        const saved = await api.contact.save({ address: word, name: args.value('--name') ?? '' })
        await show(saved, () => `Contact ${saved.id}: ${harmless(saved.address)}\n`)
        return EXIT.ok
      }
      case 'remove': {
        const id = idOf(word, 'contact remove')
        await api.contact.remove({ id })
        await show({ id }, () => `Contact ${id} is forgotten.\n`)
        return EXIT.ok
      }
      case 'import':
        return take(context, word)
      case 'export': {
        const given = {
          groupId: group === undefined ? null : await groupId(api, group),
          withLearnt: args.has('--learnt'),
        }
        const file = await api.contact.export(given)
        // The cards themselves, for a pipe: what they are is seen at their first line.
        await show(file, () => file.vcard)
        return EXIT.ok
      }
      case 'groups': {
        const groups = await api.contact.groups.list()
        const rows = () => groups.map((one) => [one.id, one.members, one.name])
        await show(
          groups,
          () => table(['ID', 'CONTACTS', 'NAME'], rows()) || 'No groups yet: posthorn contact group add NAME\n',
        )
        return EXIT.ok
      }
      case 'group':
        return changeGroup(context)
      case 'list':
      case 'find':
        return list(context, what === 'find' ? (word ?? '') : null, group)
      default:
        throw usage(WAYS)
    }
  },
}

async function list({ api, show }: Context, word: string | null, group: string | undefined): Promise<number> {
  const found = word === null ? [] : await api.contact.complete({ prefix: word, limit: 50 })
  const of = group === undefined ? null : await groupId(api, group)
  if (word === null)
    for (let after: number | null = null; ;) {
      const page = await api.contact.list({ after, limit: A_PAGE, groupId: of })
      found.push(...page)
      if (page.length < A_PAGE) break
      after = page.at(-1)?.id ?? null
    }
  const none =
    word === null ? 'No contacts yet: they are learnt from mail you send.\n' : `Nobody is known by "${word}".\n`
  await show(
    found,
    () =>
      table(
        ['ID', 'ADDRESS', 'USES', 'LAST', 'NAME'],
        found.map((one) => [one.id, one.address, one.uses, time(one.lastUsedMs), one.name]),
      ) || none,
  )
  return EXIT.ok
}

/** Takes in a file of cards. */
async function take({ api, io, show }: Context, path: string | undefined): Promise<number> {
  if (path === undefined) throw usage('contact import FILE')
  let bytes: Uint8Array
  try {
    bytes = await readFile(resolve(io.cwd, path))
  } catch (error) {
    await io.stderr(`posthorn: import "${path}": ${fileWords(error)}\n`)
    return EXIT.noInput
  }
  const done = await api.contact.import({ text: vcardText(bytes) })
  await show(
    done,
    () =>
      `${done.added} added, ${done.changed} changed, ${done.same} as they were.\n${done.problems.map((one) => `${harmless(one)}\n`).join('')}`,
  )
  return EXIT.ok
}

/** `contact group add|remove|put|take` */
async function changeGroup({ api, args, show }: Context): Promise<number> {
  const [, what, name, ...ids] = args.words
  if (what === 'add' && name !== undefined) {
    const saved = await api.contact.groups.save({ name })
    await show(saved, () => `Group ${saved.id}: ${harmless(saved.name)}\n`)
    return EXIT.ok
  }
  if (what !== 'remove' && what !== 'put' && what !== 'take') throw usage(WAYS)
  const id = await groupId(api, name)
  if (what === 'remove') await api.contact.groups.remove({ id })
  else {
    const contacts = ids.map((word) => idOf(word, `contact group ${what}`))
    if (contacts.length === 0) throw usage(`contact group ${what} GROUP ID …`)
    await api.contact.groups.set({ groupId: id, ids: contacts, member: what === 'put' })
  }
  await show({ id }, () => 'Done.\n')
  return EXIT.ok
}
