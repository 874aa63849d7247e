import { implement } from '@orpc/server'
import type { Changes } from '../base/changes.ts'
import { Fault } from '../base/fault.ts'
import { NO_FAULTS } from '../model/lab.ts'
import { contract } from '../rpc/contract.ts'
import type { LabMessage } from './lab-mail.ts'
import type { Lab } from './lab.ts'

/** What `lab.*` is wired to. */
export interface LabDeps {
  readonly lab: Lab
  readonly domain: () => string
  readonly changes: Changes<'lab'>
  /** Joint: a message into the queue. */
  readonly send: (mail: {
    readonly to: string
    readonly subject: string
    readonly sizeBytes: number
  }) => Promise<number>
  /** Joint: the subject of a message by its bytes, as a person reads it. */
  readonly subjectOf: (raw: Uint8Array) => Promise<string>
}

/** Answers `lab.*`. */
export function labHandlers({ lab, domain, changes, send, subjectOf }: LabDeps) {
  const os = implement(contract.lab)
  const view = () => ({
    isRunning: lab.port !== null,
    port: lab.port,
    domain: domain(),
    faults: { ...lab.faults, answers: { ...lab.faults.answers } },
    received: lab.received.length,
  })
  return {
    get: os.get.handler(view),
    start: os.start.handler(async () => {
      await lab.start()
      return view()
    }),
    stop: os.stop.handler(async () => {
      await lab.stop()
      return view()
    }),
    setFaults: os.setFaults.handler(({ input }) => {
      const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== undefined))
      const answers = Object.fromEntries(Object.entries(input.answers ?? {}).filter(([, value]) => value !== undefined))
      lab.faults = { ...lab.faults, ...given, answers: { ...lab.faults.answers, ...answers } }
      return view()
    }),
    reset: os.reset.handler(() => {
      lab.faults = NO_FAULTS
      lab.clear()
      return view()
    }),
    send: os.send.handler(async ({ input }) => {
      const to = `${input.to?.trim() || 'anyone'}@${domain()}`
      const subject = input.subject?.trim() || 'A rehearsal'
      return { entryId: await send({ to, subject, sizeBytes: input.sizeBytes ?? 0 }), to }
    }),
    received: os.received.handler(() =>
      Promise.all(lab.received.map(async (one) => toView(one, await subjectOf(one.raw)))),
    ),
    message: os.message.handler(({ input }) => {
      const found = lab.message(input.id)
      if (found !== undefined)
        return { text: Buffer.from(found.raw).toString('utf8'), isWhole: found.raw.length === found.sizeBytes }
      throw new Fault('not-found', `find message ${input.id} of the lab: there is none`, {
        what: 'message of the lab',
        id: String(input.id),
      })
    }),
    clear: os.clear.handler(() => {
      lab.clear()
      return { ok: true as const }
    }),
    changes: os.changes.handler(async function* ({ signal }) {
      for await (const _ of changes.stream(signal)) yield { what: 'lab' as const }
    }),
  }
}

function toView({ id, atMs, from, to, hello, isSecure, sizeBytes }: LabMessage, subject: string) {
  return { id, atMs, from, to: [...to], hello, isSecure, sizeBytes, subject }
}
