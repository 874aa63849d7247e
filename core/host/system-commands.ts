import { accountId } from './account-commands.ts'
import { EXIT, usage, type Api, type Command } from './command.ts'
import { HOW_TO_START } from './installed.ts'
import { harmless, table, time } from './print.ts'

export const fetch: Command = {
  options: {},
  async run(context) {
    const { api, args, io } = context
    const id = args.words[0] === undefined ? null : await accountId(api, args.words[0])
    const watching = new AbortController()
    const progress = (async () => {
      for await (const _ of await api.account.changes(undefined, { signal: watching.signal })) {
        const busy = (await api.account.list()).filter((a) => a.fetching).map((a) => a.name)
        if (busy.length > 0) await io.stderr(`posthorn: fetching ${harmless(busy.join(', '))} …\n`)
      }
    })().catch(() => undefined)
    try {
      const result = await api.account.fetch({ id })
      await context.show(result, () => `${result.fetched} new message${result.fetched === 1 ? '' : 's'}.\n`)
      for (const failure of result.failed)
        await io.stderr(`posthorn: account ${failure.id}: ${harmless(failure.reason)}\n`)
      return result.failed.length === 0 ? EXIT.ok : EXIT.failed
    } finally {
      watching.abort()
      await progress
    }
  },
}
export const setting: Command = {
  options: {},
  async run(context) {
    const { api, args } = context
    const [what, key, word] = args.words
    if (what === 'set' && key !== undefined && word !== undefined) {
      const known = (await api.app.settings()).find((one) => one.key === key)
      if (known === undefined) throw usage(`there is no setting "${key}"; posthorn setting list shows them`)
      await api.app.setSetting({ key, value: valueOf(word) })
      const isLater = known.needsRestart && !context.engine.alone
      await context.show(
        { key, value: valueOf(word), needsRestart: known.needsRestart },
        () => `${key} is ${word} ${isLater ? 'from the next start of Posthorn on' : 'from now on'}.\n`,
      )
      return EXIT.ok
    }
    if (what !== 'list') throw usage('setting set KEY VALUE, or setting list')
    const settings = await api.app.settings()
    await context.show(settings, () =>
      table(
        ['KEY', 'VALUE', 'WHAT IT IS'],
        settings.map((s) => [s.key, short(JSON.stringify(s.value)), s.about]),
      ),
    )
    return EXIT.ok
  },
}
/** One long value must not push the sentences of all others off the screen; `--json` has it whole. */
const short = (value: string) => (value.length > 40 ? `${value.slice(0, 39)}…` : value)

/** A value as a settings file would have it; a word that is no JSON is text. */
function valueOf(word: string): unknown {
  try {
    return JSON.parse(word)
  } catch {
    return word
  }
}

/** The servers' certificate, for the programs that are to trust it. */
export const certificate: Command = {
  options: {},
  async run(context) {
    const pem = await context.engine.certificate()
    await context.show({ certificate: pem }, () => pem)
    return EXIT.ok
  },
}

export const status: Command = {
  options: { '--reset': 'flag' },
  async run(context) {
    const now = await context.api.app.status()
    const eventLoop = context.engine.eventLoopDelay(context.args.has('--reset'))
    const running = !context.engine.alone
    await context.show({ ...now, running, eventLoop }, () => {
      const servers = [submissionWords(now), now.inbound.text, now.pop3.text]
      const lines = [
        ...(running ? servers : [STOPPED]),
        `${now.waiting} waiting${now.nextAttemptMs === null ? '' : `, next try ${time(now.nextAttemptMs)}`}${now.queuePaused ? ', queue paused' : ''}`,
        ...now.warnings.map(({ text }) => text).filter((text) => !servers.some((words) => words.includes(text))),
      ]
      return `${lines.join('\n')}\n`
    })
    return EXIT.ok
  },
}

const STOPPED = `Posthorn is stopped: nothing is sent, fetched or received. Start it with ${HOW_TO_START}.`

type Status = Awaited<ReturnType<Api['app']['status']>>

function submissionWords({ submission, submissionTls }: Status): string {
  const places = [
    ...(submissionTls === null ? [] : [`${formatPlace(submissionTls)} (TLS)`]),
    ...(submission === null ? [] : [`${formatPlace(submission)} (STARTTLS)`]),
  ]
  if (places.length === 0) return 'Other programs cannot submit mail: no submission server listens.'
  return `Programs submit mail on ${places.join(' and ')}.`
}
const formatPlace = ({ host, port }: { readonly host: string; readonly port: number }) =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
