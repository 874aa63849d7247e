import { implement } from '@orpc/server'
import { Fault } from '../base/fault.ts'
import type { ConsoleStanding, ConsoleVerb } from '../model/console-state.ts'
import { EXPLAINED_WORDS } from '../model/explain.ts'
import type { NumberedEvent } from '../model/log-exchange.ts'
import type { SessionHead } from '../model/transcript.ts'
import type { ConsoleSession } from '../net/console-session.ts'
import { contract } from '../rpc/contract.ts'
import type { ConsoleDesk } from './desk.ts'
import { replaySteps } from './replay-steps.ts'

/** What `console.*` is wired to. */
export interface ConsoleDeps {
  readonly desk: ConsoleDesk
  /** Joint: a session of the log with all that is kept of it; undefined where there is none. */
  readonly readSession: (
    id: number,
  ) => Promise<{ readonly head: SessionHead; readonly events: readonly NumberedEvent[] } | undefined>
}

type Protocol = 'smtp' | 'pop3'

/** Before there is a connection nothing can be said. */
const NOTHING: ConsoleStanding = {
  verbs: [],
  prompt: { is: 'command' },
  waits: true,
  isSignedIn: false,
  mechanisms: [],
  guide: { stations: [], at: 0, missed: [], text: '', verb: '', isOver: false },
}

/** Answers `console.*`. */
export function consoleHandlers({ desk, readSession }: ConsoleDeps) {
  const os = implement(contract.console)
  const view = (id: number) => toView(id, desk.get(id))
  const done = (id: number, why: string | undefined) => {
    if (why === undefined) return view(id)
    throw new Fault('conflict', why, { what: 'console', reason: why })
  }
  return {
    list: os.list.handler(() => desk.ids().map(view)),
    open: os.open.handler(async ({ input }) => {
      const { replay, ...target } = input
      if (replay === undefined) return view(await desk.open(target))
      const stored = await readSession(replay.sessionId)
      if (stored === undefined || stored.head.protocol !== target.protocol)
        throw new Fault('not-found', `replay session ${replay.sessionId}: no such session of that protocol is kept`, {
          what: 'session',
          id: String(replay.sessionId),
        })
      const steps = replaySteps(target.protocol, stored.events, replay.seq)
      return view(await desk.open({ ...target, replay: steps }))
    }),
    get: os.get.handler(({ input }) => view(input.id)),
    events: os.events.handler(({ input }) => desk.get(input.id).events(input.fromSeq, input.limit).map(toEventView)),
    say: os.say.handler(({ input }) => {
      const text = input.base64 === true ? Buffer.from(input.line, 'utf8').toString('base64') : input.line
      return done(input.id, desk.get(input.id).say(Buffer.from(text, 'utf8'), input.anything ?? false))
    }),
    sayMessage: os.sayMessage.handler(({ input }) => {
      const text = input.text.replace(/(?:\r\n|\r|\n)$/, '')
      const lines = text === '' ? [] : text.split(/\r\n|\r|\n/).map((line) => Buffer.from(line, 'utf8'))
      return done(input.id, desk.get(input.id).sayMessage(lines))
    }),
    signIn: os.signIn.handler(({ input: { id, ...login } }) => done(id, desk.get(id).signIn(login))),
    goOn: os.goOn.handler(({ input }) => {
      desk.get(input.id).goOn()
      return view(input.id)
    }),
    takeOver: os.takeOver.handler(({ input }) => {
      desk.get(input.id).takeOver()
      return view(input.id)
    }),
    hangUp: os.hangUp.handler(({ input }) => {
      desk.get(input.id).hangUp()
      return view(input.id)
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const ids of desk.changes.stream(signal)) yield { ids }
    }),
  }
}

function toView(id: number, session: ConsoleSession) {
  const { protocol, host, port, tls } = session.target
  const { verbs, prompt, waits, isSignedIn, mechanisms, guide } = session.standing ?? NOTHING
  const { startedMs, endsMs, stage, address, ended, facts, verdict, replay, handedOver } = session
  return {
    id,
    sessionId: session.sessionId ?? null,
    protocol,
    host,
    port,
    tls,
    startedMs,
    endsMs,
    stage,
    address,
    ended,
    verdict,
    handedOver,
    facts: facts === null ? null : { ...facts, ...(facts.chain && { chain: [...facts.chain] }) },
    verbs: verbs.map((verb) => toVerbView(protocol, verb)),
    prompt,
    waits,
    isSignedIn,
    mechanisms: [...mechanisms],
    guide: { ...guide, stations: [...guide.stations], missed: [...guide.missed] },
    replay: replay ?? null,
  }
}

function toVerbView(protocol: Protocol, verb: ConsoleVerb) {
  const word = EXPLAINED_WORDS.find(
    (one) => one.word === verb.verb && one.protocol === protocol && one.kind === 'command',
  )
  const { title = '', text = '', syntax = '', rfc = null, section = '' } = word ?? {}
  const args = verb.args.map((one) => ({ ...one, options: [...one.options] }))
  return { ...verb, args, title, text, syntax, rfc, section }
}

function toEventView({ seq, event }: NumberedEvent) {
  switch (event.kind) {
    case 'line':
      return { ...event, spans: [...event.spans], seq }
    case 'content': {
      const { ref } = event
      const none = { kind: 'kept', first: '', last: '', sha256: '' } as const
      return { ...event, ref: ref.kind === 'fetched' ? none : ref, seq }
    }
    case 'tls':
      return { ...event, facts: { ...event.facts, ...(event.facts.chain && { chain: [...event.facts.chain] }) }, seq }
    default:
      return { ...event, seq }
  }
}
