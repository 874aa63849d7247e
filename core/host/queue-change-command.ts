import { EXIT, idOf, usage, type Context } from './command.ts'
import { harmless, table, time } from './print.ts'

/** Options of the commands that change the queue. */
export const QUEUE_OPTIONS = {
  '--recipient': 'value',
  '--domain': 'value',
  '--route': 'value',
  '--all': 'flag',
  '--dsn': 'flag',
  '--why': 'value',
  '--connections': 'value',
  '--gap': 'value',
  '--per-connection': 'value',
  '--per-minute': 'value',
  '--per-hour': 'value',
  '--per-day': 'value',
} as const

type Change = (context: Context, word: string | undefined, more: string | undefined) => Promise<number>

const asked = ({ args }: Context) => ({ by: 'command' as const, why: args.value('--why') ?? '' })
const count = (n: number) => `${n} recipient${n === 1 ? '' : 's'}`

/** Which recipients a command names: `ID`, `--recipient`, `--domain`, or all with `--all`. Throws `usage` where it names none. */
function targetOf(context: Context, word: string | undefined, what: string, allByDefault = false) {
  const { args } = context
  const recipient = args.value('--recipient')
  const domain = args.value('--domain')
  const names = [word, recipient && word === undefined ? recipient : undefined, domain, args.has('--all') || undefined]
  if (names.filter((one) => one !== undefined).length > 1)
    throw usage(`${what} takes one of ID, --recipient ID, --domain NAME and --all`)
  if (names.every((one) => one === undefined) && !allByDefault)
    throw usage(`${what} needs an ID, --recipient ID, --domain NAME or --all`)
  return {
    id: word === undefined ? null : idOf(word, what),
    ...recipientOf(context, what),
    ...(domain !== undefined && { domain }),
    ...asked(context),
  }
}

const recipientOf = ({ args }: Context, what: string) => {
  const recipient = args.value('--recipient')
  return recipient === undefined ? {} : { recipientId: idOf(recipient, `${what} --recipient`) }
}

async function say(context: Context, recipients: number, words: string): Promise<number> {
  await context.show({ recipients }, () => `${count(recipients)} ${words}.\n`)
  return EXIT.ok
}

async function done(context: Context, words: string): Promise<number> {
  await context.show({ ok: true }, () => `${words}\n`)
  return EXIT.ok
}

function number(context: Context, name: string): number | null {
  const value = context.args.value(name)
  if (value === undefined) return null
  if (!/^\d{1,8}$/.test(value)) throw usage(`queue pace set ${name} needs a number, not "${value}"`)
  return Number(value)
}

const pace: Change = async (context, word, more) => {
  const { api } = context
  if (word === undefined) {
    const paces = await api.queue.pace.list()
    const limit = (n: number) => (n === 0 ? '-' : n)
    await context.show(
      paces,
      () =>
        table(
          [
            'DESTINATION',
            'CONNECTIONS',
            'GAP',
            'A CONNECTION',
            'A MINUTE',
            'AN HOUR',
            'A DAY',
            'GOT',
            'WAITING',
            'NOT BEFORE',
          ],
          paces.map((p) => [
            p.isOwn ? `${p.destination} *` : p.destination,
            p.connections,
            `${p.gapSeconds} s`,
            p.perConnection,
            limit(p.perMinute),
            limit(p.perHour),
            limit(p.perDay),
            `${p.lastHour}/h ${p.lastDay}/d`,
            p.waiting,
            time(p.restUntilMs),
          ]),
        ) || 'No destination has mail waiting or had some within a day.\n',
    )
    return EXIT.ok
  }
  if (more === undefined || (word !== 'set' && word !== 'reset'))
    throw usage('queue pace, queue pace set DESTINATION [--per-hour N …], queue pace reset DESTINATION')
  if (word === 'reset') {
    await api.queue.pace.reset({ destination: more, ...asked(context) })
    return done(context, `Mail for ${harmless(more)} leaves as the settings have it.`)
  }
  const set = await api.queue.pace.set({
    destination: more,
    connections: number(context, '--connections'),
    gapSeconds: number(context, '--gap'),
    perConnection: number(context, '--per-connection'),
    perMinute: number(context, '--per-minute'),
    perHour: number(context, '--per-hour'),
    perDay: number(context, '--per-day'),
    ...asked(context),
  })
  await context.show(set, () => `Mail for ${harmless(set.destination)} has a pace of its own.\n`)
  return EXIT.ok
}

const pause =
  (paused: boolean): Change =>
  async (context) => {
    await context.api.queue.pause({ paused, ...asked(context) })
    return done(context, paused ? 'Nothing is sent until "posthorn queue resume".' : 'Sending goes on.')
  }

/** Commands that change the queue, by their word. */
export const QUEUE_CHANGES: Readonly<Record<string, Change>> = {
  async retry(context, word) {
    const { recipients } = await context.api.queue.retry(targetOf(context, word, 'queue retry', true))
    const when = context.engine.alone ? 'when Posthorn next runs' : 'now'
    return say(context, recipients, `${recipients === 1 ? 'is' : 'are'} tried ${when}`)
  },
  async hold(context, word) {
    const { recipients } = await context.api.queue.hold(targetOf(context, word, 'queue hold'))
    return say(context, recipients, 'held back')
  },
  async release(context, word) {
    const route = context.args.value('--route')
    const target = targetOf(context, word, 'queue release', route !== undefined)
    const routeId = route === undefined ? {} : { routeId: idOf(route, 'queue release --route') }
    const { recipients } = await context.api.queue.release({ ...target, ...routeId })
    return say(context, recipients, 'released')
  },
  async cancel(context, word) {
    const id = idOf(word, 'queue cancel')
    const dsn = context.args.has('--dsn')
    const of = recipientOf(context, 'queue cancel')
    const { recipients } = await context.api.queue.cancel({ id, ...of, dsn, ...asked(context) })
    return say(context, recipients, 'cancelled')
  },
  async edit(context, word, more) {
    if (more === undefined) throw usage('queue edit RECIPIENT-ID ADDRESS')
    const recipientId = idOf(word, 'queue edit')
    await context.api.queue.edit({ recipientId, address: more, ...asked(context) })
    return done(context, `Recipient ${recipientId} is ${harmless(more)} now.`)
  },
  async route(context, word, more) {
    const what = 'queue route ID automatic|direct|ROUTE-ID [--recipient ID]'
    const id = idOf(word, 'queue route')
    if (more === undefined) throw usage(what)
    const way =
      more === 'automatic' || more === 'direct'
        ? { kind: more as 'automatic' | 'direct' }
        : { kind: 'smarthost' as const, routeId: idOf(more, what) }
    const of = recipientOf(context, 'queue route')
    const { recipients } = await context.api.queue.route({ id, ...of, way, ...asked(context) })
    return say(context, recipients, recipients === 1 ? 'goes that way' : 'go that way')
  },
  async export(context, word) {
    const { api, engine, io } = context
    const { handle } = await api.queue.export({ id: idOf(word, 'queue export'), ...asked(context) })
    const source = engine.bytes.open(handle)
    if (source) for await (const chunk of source.bytes()) await io.stdout(chunk)
    return EXIT.ok
  },
  async undo(context, word) {
    const undone = await context.api.queue.undo({ id: idOf(word, 'queue undo'), ...asked(context) })
    await context.show(undone, () => `Nothing was sent. It is draft ${undone.draftId} again.\n`)
    return EXIT.ok
  },
  async decide(context, word, more) {
    if (more !== 'resend' && more !== 'arrived') throw usage('queue decide RECIPIENT-ID resend|arrived')
    await context.api.queue.decide({ recipientId: idOf(word, 'queue decide'), decision: more, ...asked(context) })
    return done(context, more === 'arrived' ? 'It counts as delivered.' : 'It is sent again.')
  },
  async history(context) {
    const lines = await context.api.queue.history({ limit: 200 })
    await context.show(
      lines,
      () =>
        table(
          ['WHEN', 'WHO', 'WHAT', 'MESSAGE', 'RECIPIENT', 'DETAIL', 'WHY'],
          lines.map((l) => [time(l.atMs), l.who, l.what, l.entryId ?? '-', l.recipientId ?? '-', l.detail, l.why]),
        ) || 'Nothing was changed by hand.\n',
    )
    return EXIT.ok
  },
  pause: pause(true),
  resume: pause(false),
  pace,
}
