import { Changes } from './base/changes.ts'
import type { Clock } from './base/clock.ts'
import { Fault } from './base/fault.ts'
import { randomId } from './base/random-id.ts'
import { composeStream } from './message/compose.ts'
import { readHeader } from './message/headers.ts'
import { parseDomain, parseMailbox, type Domain } from './model/address.ts'
import { isLabDomain } from './model/lab.ts'
import type { MessageFields } from './model/message-fields.ts'
import type { Route } from './model/outcome.ts'
import type { Accept } from './model/submission.ts'
import { serverTls } from './net/server-tls.ts'
import type { LabTarget } from './relay/deps.ts'
import { Lab } from './serve/lab.ts'
import { labHandlers } from './serve/lab-handlers.ts'
import type { Settings } from './settings.ts'
import { listIdentities } from './store/identity.ts'
import type { Store } from './store/types.ts'
import { createRecorder } from './transcript/recorder.ts'
import { selfSigned } from './vault/certificate.ts'

/** What the rehearsal lab of an engine is made from. */
export interface LabWiring {
  readonly store: Store
  readonly settings: () => Settings
  readonly clock: Clock
  readonly describe: (raw: Uint8Array) => MessageFields | Promise<MessageFields>
}

const DAY_MS = 86_400_000
const LINE = 'This is a rehearsal: it goes through the real queue to a server on this computer.\n'

/** Wires the rehearsal lab. Nothing listens before somebody starts it. */
export function openLab({ store, settings, clock, describe }: LabWiring) {
  const changes = new Changes<'lab'>()
  const domain = (): Domain => parseDomain(settings()['lab.domain']) as Domain
  let made: ReturnType<typeof certificatesFor> | undefined
  const certificates = () => {
    const name = `mx.${domain()}`
    if (made?.name !== name) made = certificatesFor(name, clock.nowMs())
    return made
  }
  const lab = new Lab({
    clock,
    // The side that dials is recorded; twice the same would only be in the way.
    recorder: createRecorder({ sink: async () => {}, clock, firstSessionId: 1, isRecorded: () => false }),
    certificates: {
      get 'good'() {
        return certificates().good
      },
      get 'expired'() {
        return certificates().expired
      },
      get 'other-name'() {
        return certificates()['other-name']
      },
      get 'unknown'() {
        return certificates().unknown
      },
    },
    domain,
    onChange: () => changes.emit('lab'),
  })
  return {
    /** Where mail for a domain goes if that is the lab's: there, whatever rules, identities and people say. */
    routeOf(to: string): Extract<Route, { kind: 'lab' }> | undefined {
      const own = domain()
      return isLabDomain(to, own)
        ? { kind: 'lab', domain: own, why: `mail to ${own} is for the rehearsal lab` }
        : undefined
    },
    /** Where the lab listens, for the relay alone; undefined while it does not. */
    target(): LabTarget | undefined {
      if (lab.port === null) return undefined
      return { port: lab.port, authorities: certificates().authorities, demandsTls: lab.faults.demandsTls }
    },
    handlers: (accept: Accept) =>
      labHandlers({
        lab,
        domain,
        changes,
        subjectOf: async (raw) => (await describe(raw)).subject,
        send: (mail) => rehearse(mail, store, clock, accept),
      }),
    close: () => lab.stop(),
  }
}

/** Certificates for a name, and what a client has to trust so that only their own faults are found. */
function certificatesFor(name: string, nowMs: number) {
  // Each has a subject of its own: authorities are looked up by it.
  const good = selfSigned([name], { nowMs: nowMs - DAY_MS })
  const expired = selfSigned([`expired.${name}`, name], { nowMs: nowMs - 30 * DAY_MS, days: 20 })
  const other = selfSigned([`another.${name}`], { nowMs: nowMs - DAY_MS })
  const unknown = selfSigned([`unknown.${name}`, name], { nowMs: nowMs - DAY_MS })
  return {
    name,
    'good': serverTls(good),
    'expired': serverTls(expired),
    'other-name': serverTls(other),
    'unknown': serverTls(unknown),
    'authorities': [good, expired, other].map(({ cert }) => cert).join(''),
  }
}

/** Writes a message as the composer does and hands it to the queue. Throws `address.invalid` and `message.refused`. */
async function rehearse(
  mail: { readonly to: string; readonly subject: string; readonly sizeBytes: number },
  store: Store,
  clock: Clock,
  accept: Accept,
): Promise<number> {
  const to = parseMailbox(mail.to)
  const identity = listIdentities(store.read)[0]
  const from = identity?.mailbox ?? (to && parseMailbox(`rehearsal@${to.domain}`))
  if (to === undefined || from === undefined) {
    const reason = 'that is no name for a mailbox'
    throw new Fault('address.invalid', `send a rehearsal to "${mail.to}": ${reason}`, { value: mail.to, reason })
  }
  const pieces: Uint8Array[] = []
  for await (const piece of composeStream({
    from: { name: identity?.name ?? '', mailbox: from },
    to: [{ name: '', mailbox: to }],
    cc: [],
    subject: mail.subject,
    text: LINE.repeat(Math.max(1, Math.ceil(mail.sizeBytes / LINE.length))),
    attachments: [],
    inReplyTo: '',
    references: '',
    dateMs: clock.nowMs(),
    messageId: `<${randomId()}@${to.domain}>`,
  }))
    pieces.push(piece)
  const raw = Buffer.concat(pieces)
  const answer = await accept({
    origin: 'sendmail',
    from,
    to: [to],
    userId: null,
    body: { raw },
    head: raw.subarray(0, readHeader(raw).bodyAt),
    has8bit: false,
    utf8: false,
    received: '',
  })
  if (answer.accepted) return answer.entryId
  const reason = answer.reply.lines.join(' ')
  throw new Fault('message.refused', `send a rehearsal: ${reason}`, { reason })
}
