import { Fault } from '../base/fault.ts'
import type { LogHit, LogPage } from '../rpc/log-contract.ts'
import { EXIT, unserved, usage, type Api, type Context } from './command.ts'
import { painter, type Paint } from './log-lines.ts'
import { harmless, jsonLine, size, table, time } from './print.ts'

const MOST = 100_000
const AT_ONCE = 1000
const WORDS = 'log find [--limit N] [--save NAME [--notify]] QUERY | --saved | --forget NAME'

/** A session with its places, each a line. */
function wordsOf({ session, lines, matches }: LogHit, paint: Paint): string {
  const head = `${session.id} ${time(session.startedMs)} ${session.protocol.toUpperCase()} ${harmless(session.peer)} ${session.worst || '-'} ${session.state}`
  const places = lines.map(({ seq, from, text, ms }) => {
    const mark = from === null ? '=' : from === 'C' ? '→' : '←'
    return `  ${seq} ${mark} ${harmless(text)}${ms === null ? '' : paint(` (${ms.toFixed(0)} ms)`, 'dim')}\n`
  })
  const rest = matches > lines.length && lines.length > 0 ? `  … ${matches - lines.length} more\n` : ''
  return `${paint(head, session.state === 'ok' || session.state === 'live' ? 'green' : 'yellow')}\n${places.join('')}${rest}`
}

async function idOfSaved(api: Api, name: string): Promise<number> {
  const saved = (await api.log.saved.list()).find((one) => one.name === name)
  if (saved !== undefined) return saved.id
  throw new Fault('not-found', `find the saved query "${name}": there is none of that name`, {
    what: 'saved query',
    id: name,
  })
}

/** `log find`: sessions by what was said in them, as they are found; and the queries that are kept. */
export async function find({ api, args, io, json, show }: Context): Promise<number> {
  const forget = args.value('--forget')
  if (forget !== undefined) {
    const id = await idOfSaved(api, forget)
    await api.log.saved.remove({ id })
    await show({ removed: id }, () => 'Forgotten.\n')
    return EXIT.ok
  }
  const text = args.words.slice(1).join(' ')
  if (args.has('--saved') && text === '') {
    const saved = await api.log.saved.list()
    const rows = saved.map((one) => [one.name, one.text, one.notify ? 'yes' : 'no', one.found, time(one.lastMs)])
    await show(saved, () => table(['NAME', 'QUERY', 'NOTIFIES', 'FOUND', 'LAST'], rows) || 'No query is saved.\n')
    return EXIT.ok
  }
  if (text === '') throw usage(WORDS)
  const limit = Number(args.value('--limit') ?? 200)
  if (!Number.isInteger(limit) || limit < 1 || limit > MOST) throw usage(`--limit is a whole number from 1 to ${MOST}`)
  const name = args.value('--save')
  if (args.has('--notify') && name === undefined) throw usage('--notify needs --save NAME')
  if (name !== undefined) {
    const known = (await api.log.saved.list()).find((one) => one.name === name)
    await api.log.saved.save({ ...(known && { id: known.id }), name, text, notify: args.has('--notify') })
  }
  const paint = painter(args.has('--color') && !args.has('--no-color'))
  let found = 0
  for (let before: number | undefined, more = true; more && found < limit;) {
    const input = { text, limit: Math.min(AT_ONCE, limit - found), ...(before !== undefined && { before }) }
    let last: LogPage | undefined
    for await (const page of await api.log.find(input)) {
      for (const hit of page.hits) await io.stdout(json ? jsonLine(hit) : wordsOf(hit, paint))
      found += page.hits.length
      before = page.hits.at(-1)?.session.id ?? before
      last = page
      if (io.signal.aborted) return EXIT.ok
    }
    more = last?.more ?? false
  }
  if (found === 0 && !json) await io.stdout('Nothing found.\n')
  return EXIT.ok
}

/** `log alerts`: what saved queries notify of, until the caller goes away. */
export async function alerts({ api, args, io, json, engine }: Context): Promise<number> {
  if (engine.alone) throw unserved()
  const paint = painter(args.has('--color') && !args.has('--no-color'))
  try {
    for await (const alert of await api.log.alerts(undefined, { signal: io.signal })) {
      await io.stdout(json ? jsonLine(alert) : `${harmless(alert.name)}: ${wordsOf(alert.hit, paint)}`)
      if (io.signal.aborted) break
    }
  } catch (error) {
    if (!io.signal.aborted) throw error
  }
  return EXIT.ok
}

/** `log use`: what the log takes up, and may. */
export async function use({ api, show }: Context): Promise<number> {
  const used = await api.log.use()
  const rows = used.protocols.map((one) => [
    one.protocol.toUpperCase(),
    one.sessions,
    size(one.bytes),
    one.keepBytes === 0 ? 'any' : size(one.keepBytes),
    `${one.keepDays} days`,
    time(one.oldestMs),
  ])
  await show(used, () => table(['PROTOCOL', 'SESSIONS', 'SIZE', 'AT MOST', 'KEPT', 'OLDEST'], rows))
  return EXIT.ok
}

/** `log clear`: every session that has ended is removed for good. */
export async function clear({ api, show }: Context): Promise<number> {
  const { sessions } = await api.log.clear()
  await show({ sessions }, () => `${sessions} session${sessions === 1 ? '' : 's'} removed.\n`)
  return EXIT.ok
}
