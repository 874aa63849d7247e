import { Fault } from '../base/fault.ts'
import type { FolderView, MessageRow } from '../rpc/views.ts'
import type { AboutView, PartView } from '../rpc/message-facts-contract.ts'
import { EXIT, idOf, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, size, table, time } from './print.ts'

/** A folder's name, and whose it is where it is not the own one. */
const folderWords = ({ id, name, owner }: FolderView) => (owner === null ? name : `${name} of ${owner.name} (${id})`)

const messageTable = (rows: readonly MessageRow[]) =>
  table(
    ['ID', 'DATE', 'FROM', 'SUBJECT'],
    rows.map((m) => [m.id, time(m.dateMs), m.authorAddress || m.authorName, m.subject]),
  )

export const list: Command = {
  options: { '--folder': 'value' },
  async run(context) {
    const { api, args } = context
    const wanted = args.value('--folder')
    const folders = await api.mail.folders()
    const folder =
      wanted === undefined
        ? undefined
        : folders.find(
            (f) =>
              String(f.id) === wanted ||
              f.name.toLowerCase() === wanted.toLowerCase() ||
              f.role === wanted.toLowerCase(),
          )
    if (wanted !== undefined && !folder)
      throw usage(`there is no folder "${wanted}"; there are: ${folders.map(folderWords).join(', ') || 'none yet'}`)
    const rows: MessageRow[] = []
    for (let after: { dateMs: number; id: number } | null = null; ;) {
      const page: Awaited<ReturnType<Api['mail']['list']>> = await api.mail.list({
        folderId: folder?.id ?? null,
        after,
        limit: 200,
      })
      rows.push(...page.rows)
      const last = page.rows.at(-1)
      if (!page.more || !last) break
      after = { dateMs: last.dateMs, id: last.id }
    }
    await context.show(rows, () => messageTable(rows) || 'No mail here.\n')
    return EXIT.ok
  },
}
export const show: Command = {
  options: { '--whole': 'flag', '--headers': 'flag', '--parts': 'flag', '--part': 'value', '--about': 'flag' },
  async run(context) {
    const { api, args } = context
    const id = idOf(args.words[0], 'show')
    const part = args.value('--part')
    if (args.has('--headers') || args.has('--parts') || args.has('--about') || part !== undefined)
      return showFacts(context, id, part)
    const message = await (args.has('--whole') ? api.mail.getWhole({ id }) : api.mail.get({ id }))
    const people = (all: readonly { name: string; address: string }[]) =>
      harmless(all.map((a) => (a.name ? `${a.name} <${a.address}>` : a.address)).join(', '))
    await context.show(
      message,
      () =>
        `${message.damaged === null ? '' : `(damaged: ${harmless(message.damaged)})\n`}${message.leftOut === null ? '' : `(not all of it is shown: ${harmless(message.leftOut)})\n`}${message.partial === null ? '' : `(only its header is here, of ${size(message.partial.sizeBytes)}; the rest: posthorn show ${id} --whole)\n`}From: ${people(message.from)}\nTo: ${people(message.to)}\n${message.cc.length > 0 ? `Cc: ${people(message.cc)}\n` : ''}Date: ${time(message.dateMs)}\nSubject: ${harmless(message.subject)}\n\n${(message.text ?? '(this message has no plain text)').split('\n').map(harmless).join('\n')}\n${message.parts.map((p) => `[${p.index}] ${harmless(p.filename)} (${harmless(p.contentType)}, ${size(p.sizeBytes)})\n`).join('')}`,
    )
    return EXIT.ok
  },
}
/** What there is of a message beside its text. */
async function showFacts({ api, args, engine, io, show: tell }: Context, id: number, part: string | undefined) {
  if (part !== undefined) {
    const { handle } = await api.mail.part({ id, path: part })
    for await (const chunk of engine.bytes.open(handle)?.bytes() ?? []) await io.stdout(chunk)
  } else if (args.has('--headers')) {
    const { fields, isCut } = await api.mail.headers({ id })
    const cut = isCut ? '(not all of it is shown)\n' : ''
    await tell(
      { fields, isCut },
      () => fields.map(({ name, value }) => `${harmless(`${name}: ${value}`)}\n`).join('') + cut,
    )
  } else if (args.has('--parts')) {
    const tree = await api.mail.tree({ id })
    await tell(tree, () => partLines(tree).join(''))
  } else {
    const about = await api.mail.about({ id })
    await tell(about, () => aboutWords(about))
  }
  return EXIT.ok
}

const partLines = (part: PartView, depth = 0): string[] => [
  `${'  '.repeat(depth)}${harmless(`${part.path} ${part.type}${part.filename === null ? '' : ` "${part.filename}"`}`).trim()}, ${size(part.sizeBytes)}\n`,
  ...part.children.flatMap((child) => partLines(child, depth + 1)),
]

const WAYS = { account: 'Fetched', inbound: 'Delivered to the server here', sent: 'Sent from here', file: 'Imported' }

function aboutWords({ way, peer, auth, claims, unsubscribe }: AboutView): string {
  const lines = [`${WAYS[way]}${peer === null ? '' : ` by ${harmless(peer)}`}.`]
  if (auth !== null)
    lines.push(
      `${harmless(auth.server)} found: ${auth.found.map(({ method, results }) => `${method} ${results.join(', ')}`).join('; ')}.`,
    )
  else if (way !== 'sent') lines.push('Nobody who is trusted has checked who wrote it.')
  if (claims !== null)
    lines.push(`${harmless(claims)} claims to have checked it; posthorn rule trust says whom to believe.`)
  if (unsubscribe !== null) {
    const { oneClickHost, page, mailto } = unsubscribe
    const how = oneClickHost === null ? (page ?? mailto ?? '') : `posthorn unsubscribe, which asks ${oneClickHost}`
    lines.push(`No more of the kind: ${harmless(how)}.`)
  }
  return `${lines.join('\n')}\n`
}

export const source: Command = {
  options: {},
  async run(context) {
    const { handle } = await context.api.mail.source({ id: idOf(context.args.words[0], 'source') })
    const given = context.engine.bytes.open(handle)
    if (!given)
      throw new Fault('not-found', `read the source of message ${context.args.words[0]}: it is gone`, {
        what: 'message',
        id: String(context.args.words[0]),
      })
    for await (const chunk of given.bytes()) await context.io.stdout(chunk)
    return EXIT.ok
  },
}
