import type { QueueEntryDetail, QueueEntryView } from '../rpc/views.ts'
import { EXIT, idOf, usage, type Api, type Command } from './command.ts'
import { harmless, size, table, time } from './print.ts'
import { QUEUE_CHANGES, QUEUE_OPTIONS } from './queue-change-command.ts'

/** The whole queue and what is kept of the past, newest first. */
async function allEntries(api: Api): Promise<QueueEntryView[]> {
  const entries: QueueEntryView[] = []
  for (let before = Number.MAX_SAFE_INTEGER; ;) {
    const page = await api.queue.list({ limit: 200, before })
    entries.push(...page)
    const last = page.at(-1)
    if (!last) return entries
    before = last.id
  }
}

/** What was done to an entry by hand; '' for nothing. */
function historyOf({ history }: QueueEntryDetail): string {
  const lines = history.map(({ atMs, who, what, detail, why }) =>
    [`  ${time(atMs)}  ${what} (${who})`, harmless(detail), why === '' ? '' : `because: ${harmless(why)}`]
      .filter((part) => part !== '')
      .join('  '),
  )
  return lines.length === 0 ? '' : `\n${lines.join('\n')}\n`
}

export const queue: Command = {
  options: QUEUE_OPTIONS,
  async run(context) {
    const { api, args } = context
    const [what, word, more] = args.words
    if (what === 'list') {
      const entries = await allEntries(api)
      await context.show(
        entries,
        () =>
          table(
            ['ID', 'QUEUED', 'SIZE', 'FROM', 'TO', 'STATE', 'TRIES', 'NEXT TRY', 'LAST REPLY, OR WHY'],
            entries.flatMap((e) =>
              e.recipients.map((r) => [
                e.id,
                time(e.createdMs),
                size(e.sizeBytes),
                e.from || '<>',
                r.address,
                r.state,
                r.attempts,
                time(r.nextAttemptMs),
                r.lastReply ?? r.why ?? '-',
              ]),
            ),
          ) || 'The queue is empty.\n',
      )
      return EXIT.ok
    }
    if (what === 'show') {
      const entry = await api.queue.get({ id: idOf(word, 'queue show') })
      await context.show(
        entry,
        () =>
          `Message ${entry.id} from ${harmless(entry.from || '<>')}, ${size(entry.sizeBytes)}, queued ${time(entry.createdMs)}\nSubject: ${harmless(entry.subject)}\n${entry.signedBy.length === 0 ? 'Not signed' : `Signed with ${entry.signedBy.join(', ')}`}\n\n${entry.recipients.map((r) => `${r.id} ${harmless(r.address)}: ${r.state}, ${r.attempts} ${r.attempts === 1 ? 'try' : 'tries'}${r.nextAttemptMs === null ? '' : `, next ${time(r.nextAttemptMs)}`}\n${r.why === null ? '' : `  ${harmless(r.why)}\n`}${r.lastReply === null ? '' : `  ${harmless(r.lastReply)}\n`}${r.advice === null ? '' : `  ${r.advice.title}. ${r.advice.next}\n`}${r.sessions.length === 0 ? '' : `  sessions: ${r.sessions.join(', ')}\n`}`).join('')}${historyOf(entry)}`,
      )
      return EXIT.ok
    }
    const change = what !== undefined && Object.hasOwn(QUEUE_CHANGES, what) ? QUEUE_CHANGES[what] : undefined
    if (change) return change(context, word, more)
    throw usage(`queue list, queue show ID, queue ${Object.keys(QUEUE_CHANGES).join('|')} …; posthorn help says more`)
  },
}
