import { Fault } from '../base/fault.ts'
import type { SavedSearchView, SearchHit } from '../rpc/search-contract.ts'
import { EXIT, usage, type Api, type Command } from './command.ts'
import { table, time } from './print.ts'

const MOST = 100_000
const AT_ONCE = 1000
const WORDS = 'search [--limit N] [--save NAME] QUERY | --saved [NAME] | --forget NAME'

async function savedBy(api: Api, name: string): Promise<SavedSearchView> {
  const saved = (await api.search.saved.list()).find((one) => one.name === name)
  if (saved !== undefined) return saved
  throw new Fault('not-found', `find the saved search "${name}": there is none of that name`, {
    what: 'saved search',
    id: name,
  })
}

/** Finds up to so many, in as many calls as it takes; snippets that come later go to their hits. */
async function findAll(api: Api, text: string, limit: number): Promise<{ hits: SearchHit[]; note: string }> {
  const found = new Map<number, SearchHit>()
  let note = ''
  for (let more = true; more && found.size < limit;) {
    const before = [...found.keys()].at(-1)
    const most = Math.min(AT_ONCE, limit - found.size)
    more = false
    for await (const page of await api.mail.search({ text, limit: most, ...(before !== undefined && { before }) })) {
      for (const hit of page.hits) found.set(hit.id, hit)
      for (const { id, ...snippet } of page.snippets) {
        const hit = found.get(id)
        if (hit !== undefined) found.set(id, { ...hit, snippet })
      }
      more = page.more
      if (page.indexing !== null)
        note = `The index is being made anew: ${page.indexing.done} of ${page.indexing.total} messages are in it.\n`
    }
  }
  return { hits: [...found.values()], note }
}

export const search: Command = {
  options: { '--limit': 'value', '--save': 'value', '--saved': 'flag', '--forget': 'value' },
  async run({ api, args, io, show }) {
    const forget = args.value('--forget')
    if (forget !== undefined) {
      const { id } = await savedBy(api, forget)
      await api.search.saved.remove({ id })
      await show({ removed: id }, () => 'Forgotten.\n')
      return EXIT.ok
    }
    const words = args.words.join(' ')
    if (args.has('--saved') && words === '') {
      const saved = await api.search.saved.list()
      const rows = saved.map(({ id, name, text }) => [id, name, text])
      await show(saved, () => table(['ID', 'NAME', 'QUERY'], rows) || 'No search is saved.\n')
      return EXIT.ok
    }
    if (words === '') throw usage(WORDS)
    const limit = Number(args.value('--limit') ?? 200)
    if (!Number.isInteger(limit) || limit < 1 || limit > MOST)
      throw usage(`--limit is a whole number from 1 to ${MOST}`)
    const text = args.has('--saved') ? (await savedBy(api, words)).text : words
    const name = args.value('--save')
    if (name !== undefined) {
      const known = (await api.search.saved.list()).find((one) => one.name === name)
      await api.search.saved.save({ ...(known && { id: known.id }), name, text })
    }
    const { hits, note } = await findAll(api, text, limit)
    if (note !== '') await io.stderr(note)
    const rows = hits.map((m) => [m.id, time(m.dateMs), m.authorAddress || m.authorName, m.subject])
    await show(hits, () => table(['ID', 'DATE', 'FROM', 'SUBJECT'], rows) || 'Nothing found.\n')
    return EXIT.ok
  },
}

export const reindex: Command = {
  options: {},
  async run({ api, args, io, json, show }) {
    if (args.words.length > 0) throw usage('reindex takes no words')
    let total = 0
    let told = 0
    for await (const { done, total: all } of await api.search.reindex()) {
      total = all
      const tenth = all === 0 ? 0 : Math.floor((done / all) * 10)
      if (!json && tenth > told) await io.stderr(`${done} of ${all} messages\n`)
      told = tenth
    }
    await show({ messages: total }, () => `${total} message${total === 1 ? '' : 's'} indexed.\n`)
    return EXIT.ok
  },
}
