import type { QueueEntryView } from '../rpc/views.ts'
import { EXIT, idOf, usage, type Api, type Command } from './command.ts'
import { harmless, size, table, time } from './print.ts'

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

export const queue: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, word] = args.words
    if (what === 'list') {
      const entries = await allEntries(api)
      await context.show(
        entries,
        () =>
          table(
            ['ID', 'QUEUED', 'SIZE', 'FROM', 'TO', 'STATE', 'TRIES', 'NEXT TRY', 'LAST REPLY'],
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
                r.lastReply ?? '-',
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
          `Message ${entry.id} from ${harmless(entry.from || '<>')}, ${size(entry.sizeBytes)}, queued ${time(entry.createdMs)}\nSubject: ${harmless(entry.subject)}\n\n${entry.recipients.map((r) => `${harmless(r.address)}: ${r.state}, ${r.attempts} ${r.attempts === 1 ? 'try' : 'tries'}${r.nextAttemptMs === null ? '' : `, next ${time(r.nextAttemptMs)}`}\n${r.why === null ? '' : `  ${harmless(r.why)}\n`}${r.lastReply === null ? '' : `  ${harmless(r.lastReply)}\n`}${r.sessions.length === 0 ? '' : `  sessions: ${r.sessions.join(', ')}\n`}`).join('')}`,
      )
      return EXIT.ok
    }
    if (what === 'retry') {
      const { recipients } = await api.queue.retry({ id: word === undefined ? null : idOf(word, 'queue retry') })
      await context.show(
        { recipients },
        () =>
          `${recipients} recipient${recipients === 1 ? ' is' : 's are'} tried ${context.engine.alone ? 'when Posthorn next runs' : 'now'}.\n`,
      )
      return EXIT.ok
    }
    if (what === 'cancel') {
      const { recipients } = await api.queue.cancel({ id: idOf(word, 'queue cancel') })
      await context.show({ recipients }, () => `${recipients} recipient${recipients === 1 ? '' : 's'} cancelled.\n`)
      return EXIT.ok
    }
    throw usage('queue list, queue show ID, queue retry [ID], queue cancel ID')
  },
}
