import type { EventView, SessionView } from '../rpc/views.ts'
import { idOf, unserved, usage, type Api, type Command, type Context } from './command.ts'
import { harmless, size, table, time } from './print.ts'

const PAGE = 1000

/** `log list|show ID|tail|export ID`: the transcripts. */
export const logCommands: Command = {
  options: { '--limit': 'value' },
  async run(context) {
    const [what, word] = context.args.words
    if (what === 'list') return list(context)
    if (what === 'show') return show(context, idOf(word, `log ${what}`))
    if (what === 'tail') return tail(context)
    if (what === 'export') {
      const { text } = await context.api.log.export({ id: idOf(word, `log ${what}`) })
      await context.io.stdout(text)
      return 0
    }
    throw usage('log list, log show ID, log tail, log export ID')
  },
}

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
  const arrow = { client: '→', server: '←' } as const
  await context.show(
    sessions,
    () =>
      table(
        ['ID', 'TIME', 'WIRE', 'PEER', 'ADDRESS', 'WORST', 'MSG', 'STATE'],
        sessions.map((s) => [
          s.id,
          time(s.startedMs),
          `${s.protocol.toUpperCase()} ${arrow[s.side]}${s.tls ? ' tls' : ''}`,
          s.peer,
          s.address,
          s.worst || '-',
          s.messages,
          s.state,
        ]),
      ) || 'No session yet.\n',
  )
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
  await context.show({ session, links, events }, () => events.map((event) => `${lineOf(event)}\n`).join(''))
  return 0
}

/** New events of every session as they come, until the caller goes away. */
async function tail(context: Context): Promise<number> {
  const { api, io, engine } = context
  if (engine.alone) throw unserved()
  const seen = new Map<number, number>()
  const next = async (id: number) => {
    for (let more = true; more;) {
      const events = await api.log.events({ id, fromSeq: seen.get(id) ?? 0, limit: PAGE })
      for (const event of events)
        await io.stdout(context.json ? `${JSON.stringify({ sessionId: id, ...event })}\n` : `${id} ${lineOf(event)}\n`)
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

/** One event as one line: mark, time, text. The marks are those of the window's log. */
function lineOf(event: EventView): string {
  const at = `${time(event.atMs).slice(11)} +${event.sinceMs.toFixed(0)}ms`
  switch (event.kind) {
    case 'line': {
      const mark = event.from === 'C' ? (event.tls ? '⇝' : '→') : event.tls ? '⇜' : '←'
      return `${at} ${mark} ${event.spans.map((span) => (typeof span === 'string' ? harmless(span) : '<secret>')).join('')}`
    }
    case 'content':
      return `${at} ${event.from === 'C' ? '→' : '←'} (message content, ${size(event.bytes)})`
    case 'tls':
      return `${at} = ${event.facts.version} ${event.facts.cipher}, certificate ${event.facts.trusted ? 'trusted' : `not trusted (${harmless(event.facts.distrust ?? 'unknown')})`}`
    case 'note':
      return `${at} = ${harmless(event.text)}`
    case 'closed':
      return `${at} = closed by ${event.by === 'us' ? 'us' : event.by === 'C' ? 'the client' : 'the server'}${event.why === undefined ? '' : `: ${harmless(event.why)}`}`
  }
}
