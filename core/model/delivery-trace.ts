import { Exchanges, type Exchange, type NumberedEvent } from './log-exchange.ts'
import type { SessionHead, TlsFacts, TranscriptEvent } from './transcript.ts'

/** What a step of a delivery is about. */
export const TRACE_STEPS = [
  'route',
  'dns',
  'order',
  'dial',
  'reused',
  'connect',
  'tls',
  'command',
  'message',
  'note',
  'lost',
] as const
export type TraceStepKind = (typeof TRACE_STEPS)[number]
/** How a step ended. */
export const TRACE_TONES = ['plain', 'ok', 'warn', 'danger'] as const
export type TraceTone = (typeof TRACE_TONES)[number]

/** One step of a try: a fact we noted, a command with its answer, or TLS; with the lines of the log that show it. */
export interface TraceStep {
  readonly kind: TraceStepKind
  /** The command, for `command` and `message`; '' for all others. */
  readonly verb: string
  /** What we noted, or the command as it was sent (latin1), without secrets. */
  readonly text: string
  /** The answer's code; '' where nothing was answered or none was due. */
  readonly code: string
  /** The peer's own words, whole (latin1), a line each; empty where it said nothing. */
  readonly words: readonly string[]
  readonly tone: TraceTone
  readonly facts: TlsFacts | null
  readonly atMs: number
  /** From the command to the end of its answer; null where nothing was waited for. */
  readonly tookMs: number | null
  readonly sessionId: number
  /** The first and the last event of the session that it stands for. */
  readonly fromSeq: number
  readonly toSeq: number
  /** Inside TLS. */
  readonly tls: boolean
}

/** What one session did for one recipient in one transaction; `startedMs` is when that began. */
export interface TraceRun {
  readonly sessionId: number
  readonly startedMs: number
  /** How many other recipients the transaction had, and whether they were served after ours was turned away. */
  readonly others: number
  readonly steps: readonly TraceStep[]
}

/** Whose way is followed. */
export interface Traced {
  readonly entryId: number
  /** As it stood on the wire, `local@domain`; the address it was changed from goes here, too. */
  readonly addresses: readonly string[]
}

/** Steps of one run that are kept, and lines of one answer: a peer can send any number. */
const MOST_STEPS = 400
const MOST_WORDS = 50

interface Open {
  readonly startedMs: number
  readonly steps: TraceStep[]
  /** Nothing went over the session before. */
  readonly isFirst: boolean
  isMine: boolean
  isRefused: boolean
  isOver: boolean
  others: number
}

/** Follows one recipient through the events of one session, which may have carried the mail of many. */
export class SessionTrace {
  readonly #head: Pick<SessionHead, 'id' | 'protocol' | 'startedMs'>
  readonly #traced: Traced
  readonly #exchanges: Exchanges
  readonly #runs: (TraceRun & { readonly isFirst: boolean })[] = []
  /** Before the first transaction: names, connection, TLS, greeting, login. */
  #opening: TraceStep[] = []
  /** Since the last transaction. */
  #between: TraceStep[] = []
  #open: Open | undefined
  #tls = false
  #hasBegun = false
  /** The greeting is the first answer that nobody asked for. */
  #isGreeted = false

  constructor(head: Pick<SessionHead, 'id' | 'protocol' | 'startedMs'>, traced: Traced) {
    this.#head = head
    this.#traced = { ...traced, addresses: traced.addresses.map((one) => `<${one.toLowerCase()}>`) }
    this.#exchanges = new Exchanges(head.protocol, (exchange) => this.#take(exchange))
  }

  push(one: NumberedEvent): void {
    this.#exchanges.push(one)
  }

  /**
   * The runs for the recipient, in order. A session that came to no transaction at all is one run: it was opened for nothing else.
   * Where the session had carried other mail before, its opening is left out but for its TLS, and a step says so.
   */
  end(): TraceRun[] {
    this.#exchanges.end()
    this.#close()
    const { id: sessionId, startedMs } = this.#head
    if (!this.#hasBegun) return [{ sessionId, startedMs, others: 0, steps: this.#opening }]
    return this.#runs.map(({ isFirst, ...run }) => {
      const opening = isFirst ? this.#opening : [this.#reused(run.startedMs), ...this.#opening.filter(isTls)]
      return { ...run, steps: [...opening, ...run.steps] }
    })
  }

  #reused(atMs: number): TraceStep {
    const seq = this.#opening[0]?.fromSeq ?? 0
    return { ...BARE, kind: 'reused', atMs, sessionId: this.#head.id, fromSeq: seq, toSeq: seq, tls: this.#tls }
  }

  #take(exchange: Exchange): void {
    const [first] = exchange.parts
    if (first === undefined) return
    const { event } = first
    if (event.kind === 'note') return this.#note(first, event.text)
    if (event.kind === 'tls') {
      this.#tls = true
      return this.#add(
        this.#step(first, { kind: 'tls', facts: event.facts, tone: event.facts.trusted ? 'ok' : 'plain' }),
      )
    }
    if (event.kind === 'closed') {
      // Where nobody was dialled there was no connection to lose.
      const kind = NEVER_DIALLED.has(event.why ?? '') ? 'note' : 'lost'
      if (event.why !== undefined) this.#add(this.#step(first, { kind, text: event.why, tone: 'warn' }))
      return
    }
    this.#said(exchange, first)
  }

  #note(one: NumberedEvent, text: string): void {
    const last = this.#last()
    const [kind, words] = noteOf(text)
    // What was asked of the DNS is one step, however many questions it took.
    if (kind === 'dns' && last?.kind === 'dns')
      return this.#replaceLast({ ...last, text: `${last.text}\n${words}`, toSeq: one.seq })
    this.#add(this.#step(one, { kind, text: words }))
  }

  #said(exchange: Exchange, first: NumberedEvent): void {
    const step = this.#commandStep(exchange, first)
    switch (step.verb) {
      case 'MAIL':
        this.#close()
        this.#open = {
          isFirst: !this.#hasBegun,
          startedMs: step.atMs,
          steps: [...this.#between.splice(0), step],
          isMine: false,
          isRefused: false,
          isOver: isRefusal(step.code),
          others: 0,
        }
        this.#hasBegun = true
        return
      case 'RCPT':
        return this.#recipient(step)
      case 'DATA':
      case 'BDAT':
        return this.#content(step, exchange)
      default:
        return this.#add(step)
    }
  }

  #recipient(step: TraceStep): void {
    const open = this.#open
    if (open === undefined) return this.#add(step)
    const text = step.text.toLowerCase()
    if (!this.#traced.addresses.some((one) => text.includes(one))) {
      open.others++
      return
    }
    open.isMine = true
    open.isRefused = isRefusal(step.code)
    this.#add(step)
  }

  #content(step: TraceStep, exchange: Exchange): void {
    const open = this.#open
    if (open === undefined) return this.#add(step)
    const content = exchange.parts.find(({ event }) => event.kind === 'content')?.event
    if (content?.kind === 'content' && content.ref.kind === 'entry' && content.ref.entryId !== this.#traced.entryId)
      open.isMine = false
    if (content !== undefined || isRefusal(step.code)) open.isOver = true
    // What follows after this recipient was turned away is for the others of the transaction; without any, DATA was sent ahead of
    // the replies and had to be refused.
    if (!open.isRefused) this.#add(step)
  }

  #commandStep({ verb, code, ms, parts, answer }: Exchange, first: NumberedEvent): TraceStep {
    const lines = parts.flatMap(({ event }) => (event.kind === 'line' && event.from === 'S' ? [textOf(event)] : []))
    const asked = first.event.kind === 'line' && first.event.from === 'C' ? textOf(first.event) : ''
    const isGreeting = verb === '' && asked === '' && !this.#isGreeted && lines.length > 0
    if (isGreeting) this.#isGreeted = true
    const isContent = parts.some(({ event }) => event.kind === 'content' && event.from === 'C')
    const tls = parts.some(({ event }) => event.kind === 'line' && event.tls)
    return {
      ...BARE,
      kind: isGreeting ? 'connect' : isContent ? 'message' : 'command',
      verb,
      text: asked === '.' ? '' : asked,
      code,
      words: lines.slice(0, MOST_WORDS),
      tone: toneOf(code, answer !== null),
      atMs: first.event.atMs,
      tookMs: ms,
      sessionId: this.#head.id,
      fromSeq: Math.min(...parts.map(({ seq }) => seq)),
      toSeq: Math.max(...parts.map(({ seq }) => seq)),
      tls,
    }
  }

  #step({ seq, event }: NumberedEvent, what: Partial<TraceStep> & Pick<TraceStep, 'kind'>): TraceStep {
    const place = { atMs: event.atMs, sessionId: this.#head.id, fromSeq: seq, toSeq: seq, tls: this.#tls }
    return { ...BARE, ...place, ...what }
  }

  /** Where steps go now. */
  #list(): TraceStep[] {
    if (this.#open !== undefined) return this.#open.isOver ? this.#between : this.#open.steps
    return this.#hasBegun ? this.#between : this.#opening
  }

  #last(): TraceStep | undefined {
    return this.#list().at(-1)
  }

  #replaceLast(step: TraceStep): void {
    const list = this.#list()
    list[list.length - 1] = step
  }

  #add(step: TraceStep): void {
    const list = this.#open !== undefined && OF_TRANSACTION.has(step.verb) ? this.#open.steps : this.#list()
    if (list.length < MOST_STEPS) list.push(step)
  }

  /** Ends the transaction. What was said after it belongs to it where nothing follows: how the session ended. */
  #close(): void {
    const open = this.#open
    this.#open = undefined
    if (open === undefined || !open.isMine) return
    const lost = this.#between.filter(({ kind }) => kind === 'lost')
    const { startedMs, others, steps, isFirst } = open
    this.#runs.push({ sessionId: this.#head.id, startedMs, isFirst, others, steps: [...steps, ...lost] })
  }
}

const NEVER_DIALLED = new Set(['no host could be tried', 'the rehearsal lab is switched off'])
const OF_TRANSACTION = new Set(['RCPT', 'DATA', 'BDAT'])
const BARE = {
  verb: '',
  text: '',
  code: '',
  words: [],
  tone: 'plain',
  facts: null,
  tookMs: null,
} as const satisfies Partial<TraceStep>

const isTls = ({ kind }: TraceStep) => kind === 'tls'
const isRefusal = (code: string) => /^[45]/.test(code)

function toneOf(code: string, isAnswered: boolean): TraceTone {
  if (!isAnswered) return 'warn'
  if (code.startsWith('4')) return 'warn'
  return code.startsWith('5') ? 'danger' : 'ok'
}

/** The text of a line, one character a byte, secrets named. */
function textOf(event: Extract<TranscriptEvent, { kind: 'line' }>): string {
  return event.spans.map((span) => (typeof span === 'string' ? span : '<secret>')).join('')
}

/** A note by what it is about: the engine's notes begin with that. */
function noteOf(text: string): readonly [TraceStepKind, string] {
  const [, route] = /^(?:route: )(.*)$/s.exec(text) ?? /^(by the smarthost .*)$/s.exec(text) ?? []
  if (route !== undefined) return ['route', route]
  if (text.startsWith('DNS ')) return ['dns', text.slice(4)]
  const [, order] = /^order of trying: (.*)$/s.exec(text) ?? []
  if (order !== undefined) return ['order', order]
  const [, dialled] = /^dialling (.*)$/s.exec(text) ?? []
  return dialled === undefined ? ['note', text] : ['dial', dialled]
}
