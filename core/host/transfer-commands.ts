import { resolve } from 'node:path'
import { Fault } from '../base/fault.ts'
import type { FolderView } from '../rpc/views.ts'
import type { ExportView, ImportProblemView, ImportView } from '../rpc/transfer-contract.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

const IMPORT =
  'import PATH … [--folder F] [--quoting auto|mboxrd|mboxo] | --thunderbird [--folder F] | --resume [ID] | --list | --report ID'
const EXPORT = 'export --folder F | --query QUERY | --all  --format mbox|maildir|eml  PATH [--overwrite]'
/** Lines of a report that are shown with the import; `--report` has all. */
const SHOWN = 20

const messages = (n: number) => `${n} message${n === 1 ? '' : 's'}`
const folderNamed = (folders: readonly FolderView[], wanted: string) =>
  folders.find(({ id }) => String(id) === wanted) ??
  folders.find(
    ({ owner, name, role }) =>
      owner === null && (name.toLowerCase() === wanted.toLowerCase() || role === wanted.toLowerCase()),
  ) ??
  folders.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())

/** What one line of a report says. */
function problemLine({ path, offset, what, reason, subject }: ImportProblemView): string {
  const place = offset === null ? '' : ` at byte ${offset}`
  const which = subject === '' ? '' : ` "${harmless(subject)}"`
  return `import "${harmless(path)}"${place}${which}: ${harmless(reason)}${what === 'damaged' ? ' (kept as it is)' : ''}`
}

async function problemsOf(api: Api, id: number, most: number): Promise<ImportProblemView[]> {
  const rows: ImportProblemView[] = []
  for (let more = true; more && rows.length < most;) {
    const page = await api.imports.report({
      id,
      after: rows.at(-1)?.id ?? null,
      limit: Math.min(200, most - rows.length),
    })
    rows.push(...page.rows)
    more = page.more
  }
  return rows
}

function importWords({ imported, duplicates, deleted, problems, folder, state }: ImportView): string {
  const parts = [`${messages(imported)} stored${folder === null ? '' : ` in ${harmless(folder)}`}`]
  if (duplicates > 0) parts.push(`${duplicates} were here already`)
  if (deleted > 0) parts.push(`${deleted} had been deleted there`)
  if (problems > 0) parts.push(`${problems} with a problem`)
  const how = state === 'done' ? '' : state === 'failed' ? 'Failed: ' : 'Stopped: '
  return `${how}${parts.join(', ')}.\n`
}

/** Follows an import to its end, and says how it ended. */
async function follow({ api, io, json, show }: Context, id: number): Promise<number> {
  const onAbort = () => void api.imports.cancel({ id }).catch(() => {})
  io.signal.addEventListener('abort', onAbort)
  let last: ImportView | undefined
  let told = 0
  try {
    for await (const now of await api.imports.progress({ id })) {
      last = now
      const tenth = now.bytesTotal === 0 ? 0 : Math.floor((now.bytesDone / now.bytesTotal) * 10)
      if (!json && tenth > told && now.state === 'running')
        await io.stderr(`${tenth * 10} %: ${messages(now.imported + now.duplicates)}\n`)
      told = Math.max(told, tenth)
    }
  } finally {
    io.signal.removeEventListener('abort', onAbort)
  }
  if (last === undefined)
    throw new Fault('not-found', `find import ${id}: it is gone`, { what: 'import', id: String(id) })
  const ended = last
  const all = await problemsOf(api, id, Infinity)
  for (const problem of all.slice(0, SHOWN)) await io.stderr(`posthorn: ${problemLine(problem)}\n`)
  if (ended.problems + ended.deleted > SHOWN) await io.stderr(`posthorn: the rest: posthorn import --report ${id}\n`)
  if (ended.reason !== null) await io.stderr(`posthorn: import: ${harmless(ended.reason)}\n`)
  if (ended.state !== 'done') await io.stderr(`posthorn: to go on: posthorn import --resume ${id}\n`)
  await show({ ...ended, report: all }, () => importWords(ended))
  if (ended.state !== 'done') return ended.state === 'failed' ? EXIT.failed : EXIT.temporary
  return all.some(({ what }) => what === 'refused') ? EXIT.noInput : EXIT.ok
}

/** The import that is to go on: the one named, or the last that has not ended. */
async function resumable(api: Api, word: string | undefined): Promise<number> {
  if (word !== undefined) return idOf(word, 'import --resume')
  const open = (await api.imports.list()).find(({ state }) => ['interrupted', 'cancelled', 'failed'].includes(state))
  if (open === undefined)
    throw new Fault('not-found', 'go on with an import: there is none that was interrupted', { what: 'import', id: '' })
  return open.id
}

async function intoFolder(api: Api, wanted: string | undefined) {
  if (wanted === undefined) return null
  const folder = folderNamed(await api.mail.folders(), wanted)
  return folder === undefined ? { name: wanted } : { folderId: folder.id }
}

export const importMail: Command = {
  options: {
    '--folder': 'value',
    '--quoting': 'value',
    '--thunderbird': 'flag',
    '--resume': 'flag',
    '--list': 'flag',
    '--report': 'value',
  },
  async run(context) {
    const { api, args, io, show } = context
    const { words } = args
    if (args.has('--list')) {
      const all = await api.imports.list()
      const rows = all.map((one) => [
        one.id,
        one.state,
        time(one.startedMs),
        one.imported,
        one.duplicates,
        one.problems,
        one.from.join(' '),
      ])
      await show(
        all,
        () => table(['ID', 'STATE', 'BEGUN', 'STORED', 'KNOWN', 'PROBLEMS', 'FROM'], rows) || 'Nothing was imported.\n',
      )
      return EXIT.ok
    }
    const report = args.value('--report')
    if (report !== undefined) {
      const rows = await problemsOf(api, idOf(report, 'import --report'), Infinity)
      await show(rows, () => rows.map((row) => `${problemLine(row)}\n`).join('') || 'Everything came in.\n')
      return EXIT.ok
    }
    if (args.has('--resume')) {
      const id = await resumable(api, words[0])
      await api.imports.resume({ id })
      return follow(context, id)
    }
    const quoting = args.value('--quoting') ?? 'auto'
    if (quoting !== 'auto' && quoting !== 'mboxrd' && quoting !== 'mboxo') throw usage(IMPORT)
    let paths = words.map((path) => resolve(io.cwd, path))
    if (args.has('--thunderbird')) {
      const [profile] = await api.imports.profiles()
      if (profile === undefined)
        throw new Fault('import.nothing', 'import from Thunderbird: it has no profile here; name its folder', {
          path: '',
          reason: 'no profile was found',
        })
      paths = [profile.path]
    }
    if (paths.length === 0 || (args.has('--thunderbird') && words.length > 0)) throw usage(IMPORT)
    const into = await intoFolder(api, args.value('--folder'))
    const { id } = await api.imports.start({ from: { paths }, into, quoting })
    return follow(context, id)
  },
}

async function exported({ api, args }: Context) {
  const [folder, query] = [args.value('--folder'), args.value('--query')]
  if ([folder !== undefined, query !== undefined, args.has('--all')].filter(Boolean).length !== 1) throw usage(EXPORT)
  if (query !== undefined) return { query }
  if (folder === undefined) return { all: true as const }
  const folders = await api.mail.folders()
  const found = folderNamed(folders, folder)
  if (found === undefined)
    throw usage(
      `there is no folder "${folder}"; there are: ${folders.map(({ name }) => name).join(', ') || 'none yet'}`,
    )
  return { folderId: found.id }
}

export const exportMail: Command = {
  options: { '--folder': 'value', '--query': 'value', '--all': 'flag', '--format': 'value', '--overwrite': 'flag' },
  async run(context) {
    const { api, args, io, show } = context
    const [path, ...more] = args.words
    const format = args.value('--format') ?? 'mbox'
    if (path === undefined || more.length > 0) throw usage(EXPORT)
    if (format !== 'mbox' && format !== 'maildir' && format !== 'eml') throw usage(EXPORT)
    const to = resolve(io.cwd, path)
    const { id } = await api.exports.start({
      what: await exported(context),
      format,
      to,
      overwrite: args.has('--overwrite'),
    })
    const onAbort = () => void api.exports.cancel({ id }).catch(() => {})
    io.signal.addEventListener('abort', onAbort)
    let last: ExportView | undefined
    try {
      for await (const now of await api.exports.progress({ id })) last = now
    } finally {
      io.signal.removeEventListener('abort', onAbort)
    }
    if (last === undefined)
      throw new Fault('not-found', `find export ${id}: it is gone`, { what: 'export', id: String(id) })
    const ended = last
    for (const problem of ended.problems) await io.stderr(`posthorn: export: ${harmless(problem)}\n`)
    if (ended.reason !== null) await io.stderr(`posthorn: export to "${harmless(to)}": ${harmless(ended.reason)}\n`)
    await show(ended, () => `${messages(ended.exported)} written to ${harmless(to)}.\n`)
    if (ended.state !== 'done') return EXIT.failed
    return ended.problemsTotal > 0 ? EXIT.data : EXIT.ok
  },
}
