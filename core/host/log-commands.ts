import type { EventView, SessionView } from '../rpc/views.ts'
import { idOf, unserved, usage, type Api, type Command, type Context } from './command.ts'
import { alerts, clear, find, use } from './log-find-commands.ts'
import { exportSessions } from './log-file-commands.ts'
import { lineOf, painter, sessionTable } from './log-lines.ts'
import { jsonLine } from './print.ts'

const PAGE = 1000

/** What was said on the wire: single sessions, queries, files. */
export const logCommands: Command = {
  options: {
    '--limit': 'value',
    '--save': 'value',
    '--notify': 'flag',
    '--saved': 'flag',
    '--forget': 'value',
    '--format': 'value',
    '--pseudonyms': 'flag',
    '--output': 'value',
    '--overwrite': 'flag',
    '--color': 'flag',
    '--no-color': 'flag',
  },
  async run(context) {
    const [what, word] = context.args.words
    switch (what) {
      case 'list':
        return list(context)
      case 'show':
        return show(context, idOf(word, 'log show'))
      case 'tail':
        return tail(context)
      case 'find':
        return find(context)
      case 'alerts':
        return alerts(context)
      case 'use':
        return use(context)
      case 'clear':
        return clear(context)
      case 'export':
        return exportSessions(context)
      default:
        throw usage('log list, show ID, tail, find QUERY, alerts, use, clear, export ID…, open FILE')
    }
  },
}

const paintOf = ({ args }: Context) => painter(args.has('--color') && !args.has('--no-color'))

async function list(context: Context): Promise<number> {
  const limit = context.args.value('--limit')
  const wanted = limit === undefined ? Number.POSITIVE_INFINITY : idOf(limit, '--limit')
  const sessions: SessionView[] = []
  for (let before: number | null = null; sessions.length < wanted;) {
    const page: SessionView[] = await context.api.log.sessions({
      before,
      limit: Math.min(200, Math.max(1, wanted - sessions.length)),
      protocol: null,
      problemsOnly: false,
      entryId: null,
      messageId: null,
    })
    sessions.push(...page)
    const last = page.at(-1)
    if (!last || page.length < Math.min(200, wanted)) break
    before = last.id
  }
  await context.show(sessions, () => sessionTable(sessions) || 'No session yet.\n')
  return 0
}

async function allEvents(api: Api, id: number): Promise<EventView[]> {
  const events: EventView[] = []
  for (;;) {
    const page = await api.log.events({ id, fromSeq: (events.at(-1)?.seq ?? -1) + 1, limit: PAGE })
    events.push(...page)
    if (page.length < PAGE) return events
  }
}

async function show(context: Context, id: number): Promise<number> {
  const { session, links } = await context.api.log.session({ id })
  const events = await allEvents(context.api, id)
  await context.show({ session, links, events }, () =>
    events.map((event) => `${lineOf(event, paintOf(context))}\n`).join(''),
  )
  return 0
}

/** New events of every session as they come, until the caller goes away. */
async function tail(context: Context): Promise<number> {
  const { api, io, engine } = context
  if (engine.alone) throw unserved()
  const paint = paintOf(context)
  const seen = new Map<number, number>()
  const next = async (id: number) => {
    for (let more = true; more;) {
      const events = await api.log.events({ id, fromSeq: seen.get(id) ?? 0, limit: PAGE })
      for (const event of events)
        await io.stdout(context.json ? jsonLine({ sessionId: id, ...event }) : `${id} ${lineOf(event, paint)}\n`)
      const last = events.at(-1)
      if (last) seen.set(id, last.seq + 1)
      more = events.length === PAGE
    }
  }
  const changes = await api.log.changes(undefined, { signal: io.signal })
  try {
    for await (const { ids } of changes) {
      for (const id of ids) await next(id).catch(() => undefined)
      if (io.signal.aborted) break
    }
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
  return 0
}
