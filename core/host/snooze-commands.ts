import { Fault } from '../base/fault.ts'
import { EXIT, idOf, usage, type Command } from './command.ts'
import { harmless, table, time } from './print.ts'

const UNITS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 }

/** A time as people write it, Unix ms: a date with a time, in this computer's zone, or how long from now. */
export function parseWhen(text: string, nowMs: number): number | undefined {
  const [, amount, unit] = /^(\d{1,4})([mhdw])$/.exec(text) ?? []
  if (amount !== undefined && unit !== undefined) return nowMs + Number(amount) * (UNITS[unit] ?? 0)
  const [, year, month, day, hour = '0', minute = '0'] =
    /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?$/.exec(text) ?? []
  if (year === undefined) return undefined
  const at = new Date(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute))
  // The 31st of a month that has 30 days, or 25 o'clock.
  const isThere = at.getMonth() === Number(month) - 1 && at.getDate() === Number(day) && at.getHours() === Number(hour)
  return isThere && Number(minute) < 60 ? at.getTime() : undefined
}

/** Takes messages out of sight for a while. */
export const snooze: Command = {
  options: { '--until': 'value', '--end': 'flag' },
  async run({ api, args, show }) {
    if (args.words[0] === 'list') {
      const rows = []
      for (let after: { id: number; snoozedMs: number } | null = null; ;) {
        const page: Awaited<ReturnType<typeof api.mail.snoozed>> = await api.mail.snoozed({ after, limit: 200 })
        rows.push(...page.rows)
        const last = page.rows.at(-1)
        if (!page.more || last === undefined) break
        after = { id: last.id, snoozedMs: last.snoozedMs ?? 0 }
      }
      const cells = rows.map((row) => [row.id, time(row.snoozedMs), row.authorAddress || row.authorName, row.subject])
      await show(rows, () => table(['ID', 'UNTIL', 'FROM', 'SUBJECT'], cells) || 'Nothing is snoozed.\n')
      return EXIT.ok
    }
    const ids = args.words.map((word) => idOf(word, 'snooze'))
    const until = args.value('--until')
    if (ids.length === 0 || (until === undefined) === !args.has('--end'))
      throw usage('snooze MESSAGE … --until TIME, snooze MESSAGE … --end, or snooze list')
    const untilMs = until === undefined ? null : parseWhen(until, Date.now())
    if (untilMs === undefined)
      throw usage(`"${until ?? ''}" is no time; write 2026-11-24T08:00, or 90m, 3h, 2d, 1w from now`)
    const here = new Set<number>()
    for (let from = 0; from < ids.length; from += 1000)
      for (const { id } of await api.mail.standing({ ids: ids.slice(from, from + 1000) })) here.add(id)
    const gone = ids.find((id) => !here.has(id))
    if (gone !== undefined)
      throw new Fault('not-found', `snooze message ${gone}: there is none`, { what: 'message', id: String(gone) })
    await api.mail.snooze({ ids, untilMs })
    await show({ ids, untilMs }, () =>
      untilMs === null ? 'Back in sight.\n' : `Out of sight until ${time(untilMs)}.\n`,
    )
    return EXIT.ok
  },
}

/** Asks a message's author for no more mail of the kind. */
export const unsubscribe: Command = {
  options: {},
  async run({ api, args, show }) {
    const done = await api.mail.unsubscribe({ id: idOf(args.words[0], 'unsubscribe') })
    const { host, status, isDone } = done
    await show(
      done,
      () => `${harmless(host)} answered ${status}: ${isDone ? 'it was asked, and agrees' : 'it did not agree'}.\n`,
    )
    return isDone ? EXIT.ok : EXIT.failed
  },
}
