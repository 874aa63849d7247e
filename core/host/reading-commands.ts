import type { MessageRow } from '../rpc/views.ts'
import { EXIT, idOf, usage, type Api, type Command } from './command.ts'
import { harmless, table, time } from './print.ts'

const COLOUR = '#3b82f6'

/** The id of a tag by its name or number. Throws `usage`. */
async function tagId(api: Api, word: string | undefined): Promise<number> {
  const tags = await api.tag.list()
  const found = tags.find(
    ({ name, number }) => name.toLowerCase() === word?.toLowerCase() || (number !== null && String(number) === word),
  )
  if (found === undefined) throw usage(`there is no tag "${word ?? ''}"; posthorn tag list`)
  return found.id
}

/** Tags, and which messages have them. */
export const tag: Command = {
  options: { '--colour': 'value', '--number': 'value', '--name': 'value' },
  async run({ api, args, show }) {
    const [what, name, ...more] = args.words
    const numberOf = (word: string) => (word === 'none' ? null : idOf(word, '--number'))
    const ids = () => {
      if (more.length === 0) throw usage(`tag ${what ?? ''} TAG MESSAGE …`)
      return more.map((word) => idOf(word, 'a message'))
    }
    if (what === 'add' && name !== undefined) {
      const number = numberOf(args.value('--number') ?? 'none')
      const saved = await api.tag.save({ name, colour: args.value('--colour') ?? COLOUR, number })
      await show(saved, () => `Tag ${saved.id}: ${harmless(saved.name)}\n`)
      return EXIT.ok
    }
    if (what === 'set' && name !== undefined) {
      const id = await tagId(api, name)
      const before = (await api.tag.list()).find((one) => one.id === id)
      const number = args.value('--number')
      const saved = await api.tag.save({
        id,
        name: args.value('--name') ?? before?.name ?? name,
        colour: args.value('--colour') ?? before?.colour ?? COLOUR,
        number: number === undefined ? (before?.number ?? null) : numberOf(number),
      })
      await show(saved, () => `Tag ${saved.id}: ${harmless(saved.name)}\n`)
      return EXIT.ok
    }
    if (what === 'remove' && name !== undefined) {
      const id = await tagId(api, name)
      await api.tag.remove({ id })
      await show({ id }, () => `Tag ${id} is gone, also from messages.\n`)
      return EXIT.ok
    }
    if ((what === 'put' || what === 'take') && name !== undefined) {
      const id = await tagId(api, name)
      const messages = ids()
      await api.mail.setTags({ ids: messages, add: what === 'put' ? [id] : [], remove: what === 'take' ? [id] : [] })
      await show({ id, messages }, () => '')
      return EXIT.ok
    }
    if (what !== 'list')
      throw usage(
        'tag list, tag add NAME [--colour #rrggbb] [--number 1…9], tag set TAG [--name N] [--colour C] [--number N|none], tag remove TAG, or tag put|take TAG MESSAGE …',
      )
    const tags = await api.tag.list()
    const rows = () => tags.map((one) => [one.id, one.number ?? '', one.colour, one.name])
    await show(tags, () => table(['ID', 'NUMBER', 'COLOUR', 'NAME'], rows()) || 'No tags yet: posthorn tag add NAME\n')
    return EXIT.ok
  },
}

/** A message's conversation. */
export const thread: Command = {
  options: {},
  async run({ api, args, show }) {
    const id = idOf(args.words[0], 'thread')
    const rows: MessageRow[] = []
    for (let after: { dateMs: number; id: number } | null = null; ;) {
      const page = await api.mail.thread({ id, after, limit: 200 })
      rows.push(...page.rows)
      const last = page.rows.at(-1)
      if (!page.more || last === undefined) break
      after = { dateMs: last.dateMs, id: last.id }
    }
    await show(rows, () =>
      table(
        ['ID', 'DATE', 'FROM', 'SUBJECT'],
        rows.map((row) => [row.id, time(row.dateMs), row.authorAddress, row.subject]),
      ),
    )
    return EXIT.ok
  },
}
