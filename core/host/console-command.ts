import { composeConsoleLine } from '../model/console-state.ts'
import type { ConsoleView } from '../rpc/console-contract.ts'
import { EXIT, idOf, usage, wordsOf, type Command, type Context } from './command.ts'
import { lineOf, painter } from './log-lines.ts'
import { jsonLine } from './print.ts'

const USAGE = 'console HOST[:PORT] [--tls|--starttls] [--pop3], or console --from SESSION [--to LINE] [HOST[:PORT]]'
const EVENTS = 1000

/** A session to a mail server, led by hand: the dialogue on standard output, what comes next on standard error. */
export const consoleCommand: Command = {
  options: {
    '--tls': 'flag',
    '--starttls': 'flag',
    '--pop3': 'flag',
    '--from': 'value',
    '--to': 'value',
    '--color': 'flag',
    '--no-color': 'flag',
  },
  async run(context) {
    const done = new AbortController()
    const signal = AbortSignal.any([context.io.signal, done.signal])
    try {
      const changes = await context.api.console.changes(undefined, { signal })
      return await new Talk(context, changes[Symbol.asyncIterator]()).run(await targetOf(context))
    } finally {
      done.abort()
    }
  },
}

type Target = Parameters<Context['api']['console']['open']>[0]

async function targetOf({ api, args }: Context): Promise<Target> {
  const from = args.value('--from')
  const [word] = args.words
  if (args.words.length > 1 || (word === undefined && from === undefined)) throw usage(USAGE)
  if (args.has('--tls') && args.has('--starttls')) throw usage(`${USAGE}: either --tls or --starttls`)
  const tls = args.has('--tls') ? 'implicit' : args.has('--starttls') ? 'starttls' : 'none'
  if (from === undefined) {
    const protocol = args.has('--pop3') ? 'pop3' : 'smtp'
    return { ...placeOf(word ?? '', protocol, tls), protocol, tls }
  }
  const sessionId = idOf(from, '--from')
  const { session } = await api.log.session({ id: sessionId })
  if (session.protocol === 'imap') throw usage('the console speaks SMTP and POP3, and that session is one of IMAP')
  // TLS from the first byte has nothing before it that could be said again.
  const [first] = session.tls ? (await api.log.events({ id: sessionId, fromSeq: 0, limit: EVENTS })).filter(isWire) : []
  const mode = args.has('--tls') || args.has('--starttls') ? tls : first?.kind === 'tls' ? 'implicit' : 'none'
  const to = args.value('--to')
  const [, port = ''] = /:(\d+)$/.exec(session.address) ?? []
  const place = placeOf(word ?? `${bracketed(session.peer)}:${port}`, session.protocol, mode)
  // Lines count from 1, as `log show` and the window number them.
  const seq = to === undefined ? 1_000_000 : idOf(to, '--to') - 1
  return { ...place, protocol: session.protocol, tls: mode, replay: { sessionId, seq: Math.max(seq, 0) } }
}

const bracketed = (host: string) => (host.includes(':') ? `[${host}]` : host)
const isWire = ({ kind }: { readonly kind: string }) => kind === 'tls' || kind === 'line'

/** `mx.example`, `mx.example:2525`, `[::1]:25`. Throws `usage`. */
function placeOf(text: string, protocol: 'smtp' | 'pop3', tls: Target['tls']): { host: string; port: number } {
  const [, v6, name, port] = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = v6 ?? name
  const usual =
    protocol === 'smtp' ? { implicit: 465, starttls: 25, none: 25 } : { implicit: 995, starttls: 110, none: 110 }
  const number = port === undefined ? usual[tls] : Number(port)
  if (host === undefined || number < 1 || number > 65535) throw usage(`console needs HOST or HOST:PORT, not "${text}"`)
  return { host, port: number }
}

const VERDICTS = {
  'trusted': 'the certificate is trusted, and for this name',
  'own': 'the certificate is the one that Posthorn itself shows',
  'other-name': 'the certificate is for another name than this one',
  'untrusted': 'the certificate is not trusted',
} as const

/** One session from the command line: what comes is printed, and each line of standard input waits for its turn. */
class Talk {
  readonly #context: Context
  readonly #changes: AsyncIterator<unknown>
  #news: Promise<void> | undefined
  #id = 0
  #seq = 0
  #guided = ''
  #wasOpen = false
  #hasVerdict = false
  #saidGoodbye = false
  #hasToldOfReplay = false

  constructor(context: Context, changes: AsyncIterator<unknown>) {
    this.#context = context
    this.#changes = changes
    void this.#change() // listens before anything can change
  }

  /** Resolves when something has changed since it did so last. */
  #change(): Promise<void> {
    const heard = () => void (this.#news = undefined)
    return (this.#news ??= this.#changes.next().then(heard, heard))
  }

  async run(target: Target): Promise<number> {
    const { api, io } = this.#context
    const opened = await api.console.open(target)
    this.#id = opened.id
    try {
      const lines = linesOf(io.stdin)
      for (;;) {
        const line = await this.#lineOf(lines.next())
        if (line === undefined) break
        const view = await this.#turn()
        if (view.stage === 'over') break
        await this.#obey(line, view)
      }
      // Whatever was said is answered before we go.
      let view = await this.#turn()
      if (view.stage !== 'over' && !io.signal.aborted) {
        const isGoodbye = this.#saidGoodbye && view.stage === 'open'
        if (!isGoodbye) await api.console.hangUp({ id: this.#id })
        view = await this.#until(({ stage }) => stage === 'over')
      }
      return this.#wasOpen ? EXIT.ok : EXIT.unavailable
    } finally {
      await api.console.hangUp({ id: this.#id }).catch(() => {})
    }
  }
  async #say(line: string, anything = false): Promise<void> {
    const { api, io } = this.#context
    try {
      await api.console.say({ id: this.#id, line, anything })
      if (/^quit\s*$/i.test(line)) this.#saidGoodbye = true
    } catch (error) {
      await io.stderr(`${wordsOf(error)}\n`)
    }
  }

  async #obey(line: string, view: ConsoleView): Promise<void> {
    const { api, io } = this.#context
    const isContent = view.prompt.is === 'message' || view.prompt.is === 'chunk'
    const [word = '', ...rest] = line.split(' ')
    if (isContent || !word.startsWith('/')) {
      if (view.stage === 'certificate')
        return io.stderr('Nothing is said before you have looked at the certificate: /go-on or /hang-up.\n')
      return this.#say(line)
    }
    if (word === '/go-on') await api.console.goOn({ id: this.#id })
    else if (word === '/hang-up') await api.console.hangUp({ id: this.#id })
    else if (word === '/take-over') await api.console.takeOver({ id: this.#id })
    else if (word === '/what') await io.stderr(whatMayBeSaid(view))
    else if (word === '/anything') await this.#say(rest.join(' '), true)
    else if (word === '/sign-in') await this.#signIn(rest, view)
    else
      await io.stderr(
        'There are /what, /sign-in USER [MECHANISM] SECRET, /anything LINE, /go-on, /take-over and /hang-up.\n',
      )
  }

  async #signIn(words: readonly string[], { mechanisms }: ConsoleView): Promise<void> {
    const { api, io } = this.#context
    const [user = '', ...others] = words
    const named = mechanisms.find((one) => one === others[0]?.toUpperCase())
    const secret = (named === undefined ? others : others.slice(1)).join(' ')
    const mechanism = named ?? mechanisms[0]
    if (mechanism === undefined) return io.stderr('This server offers no mechanism that can be carried out here.\n')
    if (user === '' || secret === '') return io.stderr('The form is /sign-in USER [MECHANISM] SECRET.\n')
    await api.console
      .signIn({ id: this.#id, mechanism, user, secret })
      .catch((error: unknown) => io.stderr(`${wordsOf(error)}\n`))
  }

  /** The next line of the person; undefined at its end, or when the session ends first. What comes meanwhile is printed. */
  async #lineOf(next: Promise<IteratorResult<string, void>>): Promise<string | undefined> {
    const { api, io } = this.#context
    let given: IteratorResult<string, void> | undefined
    const read = next.then((result) => (given = result))
    for (;;) {
      const view = await api.console.get({ id: this.#id })
      await this.#print()
      await this.#tellVerdict(view)
      if (view.stage === 'open' && !view.waits && view.replay === null) await this.#guide(view)
      if (view.stage === 'over' || io.signal.aborted) return undefined
      await Promise.race([read, this.#change()])
      if (given !== undefined) return given.done === true ? undefined : given.value
    }
  }
  /** Waits until the next line may be said. */
  async #turn(): Promise<ConsoleView> {
    const view = await this.#until(
      ({ stage, waits, replay }) =>
        stage === 'over' || stage === 'certificate' || (stage === 'open' && !waits && replay === null),
    )
    await this.#guide(view)
    return view
  }

  async #until(isDone: (view: ConsoleView) => boolean): Promise<ConsoleView> {
    const { api, io } = this.#context
    for (;;) {
      const view = await api.console.get({ id: this.#id })
      await this.#print()
      await this.#tellVerdict(view)
      if (isDone(view) || io.signal.aborted) return view
      await this.#change()
    }
  }

  async #print(): Promise<void> {
    const { api, io, args, json } = this.#context
    const paint = painter(args.has('--color') && !args.has('--no-color'))
    for (let more = true; more;) {
      const events = await api.console.events({ id: this.#id, fromSeq: this.#seq, limit: EVENTS })
      for (const event of events) {
        if (event.kind === 'line') this.#wasOpen = true
        await io.stdout(json ? jsonLine(event) : `${lineOf(event, paint)}\n`)
      }
      this.#seq = (events.at(-1)?.seq ?? this.#seq - 1) + 1
      more = events.length === EVENTS
    }
  }

  async #tellVerdict({ verdict, facts, stage }: ConsoleView): Promise<void> {
    if (verdict === null || this.#hasVerdict) return
    this.#hasVerdict = true
    const why = facts?.distrust === undefined || verdict === 'own' ? '' : ` (${facts.distrust})`
    const ask = stage === 'certificate' ? '; /go-on goes on in this session, /hang-up ends it' : ''
    await this.#context.io.stderr(`TLS: ${VERDICTS[verdict]}${why}${ask}.\n`)
  }

  async #guide({ guide, stage, verbs, handedOver }: ConsoleView): Promise<void> {
    const { io } = this.#context
    if (handedOver !== '' && !this.#hasToldOfReplay) {
      this.#hasToldOfReplay = true
      await io.stderr(`${handedOver}\n`)
    }
    const isAside = guide.isOver || stage !== 'open'
    const text = isAside ? '' : guide.text
    if (text === this.#guided) return
    if (guide.isOver && this.#guided !== '')
      await io.stderr('From here on you know the way; /what tells what may be said.\n')
    this.#guided = text
    const next = verbs.find(({ verb }) => verb === guide.verb)
    if (text === '') return
    await io.stderr(`${text}\n${next === undefined ? '' : `  ${next.syntax || composeConsoleLine(next, {})}\n`}`)
  }
}

function whatMayBeSaid({ verbs }: ConsoleView): string {
  const legal = verbs.filter(({ whyNot }) => whyNot === '')
  const width = Math.max(0, ...verbs.map(({ verb }) => verb.length))
  const line = (verb: string, text: string) => `  ${verb.padEnd(width)}  ${text}\n`
  return [
    'What may be said now:\n',
    ...legal.map(({ verb, title, syntax }) =>
      line(verb, syntax === '' || syntax === verb ? title : `${title}: ${syntax}`),
    ),
    'Not now:\n',
    ...verbs.filter(({ whyNot }) => whyNot !== '').map(({ verb, whyNot }) => line(verb, whyNot)),
  ].join('')
}

/** Lines of an input as they come; the last one may have no end. */
async function* linesOf(input: AsyncIterable<Uint8Array>): AsyncGenerator<string, void, void> {
  const decoder = new TextDecoder()
  let held = ''
  for await (const chunk of input) {
    held += decoder.decode(chunk, { stream: true })
    const lines = held.split('\n')
    held = lines.pop() ?? ''
    for (const line of lines) yield line.replace(/\r$/, '')
  }
  if (held !== '') yield held
}
