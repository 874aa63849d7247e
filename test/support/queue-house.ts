import { Changes } from '../../core/base/changes.ts'
import type { Clock } from '../../core/base/clock.ts'
import { systemClock } from '../../core/base/clock.ts'
import { readFields } from '../../core/message/read.ts'
import { parseMailbox, type ForwardPath } from '../../core/model/address.ts'
import type { Deliver, Job } from '../../core/model/delivery.ts'
import type { Outcome } from '../../core/model/outcome.ts'
import type { OnStep } from '../../core/model/step.ts'
import type { Accept, Submission } from '../../core/model/submission.ts'
import { startQueue, type Queue, type QueueContext } from '../../core/queue/queue.ts'
import type { SignerFor } from '../../core/queue/sign.ts'
import { makeSubmit } from '../../core/queue/submit.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { findFolder, PERSON, type FolderOwner } from '../../core/store/folder.ts'
import { listPage } from '../../core/store/message-list.ts'
import { getEntry, listRecipients } from '../../core/store/queue.ts'
import type { FakeClock } from './fake-clock.ts'
import { openInlineStore } from './inline-store.ts'
import type { TestStore } from './store.ts'

/** What a fake relay does with one recipient; `hang` says nothing until the connection is aborted. */
export type Fate = (to: ForwardPath, job: Job) => Outcome

/** Delivered, as a server says it. */
export const taken: Fate = (to) => ({
  kind: 'delivered',
  to,
  mx: `mx.${to.domain}`,
  reply: { code: 250, enhanced: '2.0.0', lines: ['taken'] },
})
/** Refused at RCPT with this code. */
export function refused(code: number, enhanced: string, words = 'no'): Fate {
  return (to) => ({
    kind: code < 500 ? 'deferred' : 'bounced',
    to,
    why: { at: 'reply', mx: `mx.${to.domain}`, verb: 'RCPT', reply: { code, enhanced, lines: [words] } },
  })
}

/** One connection of the fake relay: what it was asked to carry. */
export interface FakeConnection {
  readonly destination: string
  readonly jobs: Job[]
}

/** A relay without a network: settles every job by `fate` and records its connections. */
export function fakeDeliver(fate: Fate, connections: FakeConnection[] = []): Deliver {
  return async (delivery) => {
    const { route } = delivery
    const destination = 'domain' in route ? route.domain : route.kind === 'hold' ? route.key : route.host
    const jobs: Job[] = []
    connections.push({ destination, jobs })
    for (let job: Job | undefined = delivery.first; job; job = await delivery.next()) {
      jobs.push(job)
      const current = job
      const settled = job.recipients.map((one) => ({ recipientId: one.recipientId, outcome: fate(one.to, current) }))
      const inBody = settled.filter(({ outcome }) => outcome.kind === 'delivered' || outcome.kind === 'unknown')
      if (inBody.length > 0)
        await delivery.beforeBody(
          job,
          inBody.map(({ recipientId }) => recipientId),
          `mx.${destination}`,
        )
      await delivery.onOutcome(job, settled, undefined)
    }
  }
}

/** A queue with a real store and what stands around it. */
export interface QueueHouse {
  readonly store: TestStore
  readonly clock: Clock
  readonly queue: Queue
  readonly submit: Accept
  settings: Settings
  readonly log: string[]
  /** Resolves when nothing is being tried and nothing is about to be. */
  quiet(): Promise<void>
  /** Everything in an owner's Inbox, newest first, as stored bytes. */
  inbox(owner?: FolderOwner): Promise<string[]>
  states(entryId: number): string[]
  close(): Promise<void>
}

export interface HouseOptions {
  readonly deliver: Deliver
  readonly clock?: Clock
  readonly settings?: Partial<Settings>
  readonly store?: TestStore
  readonly localDomains?: readonly string[]
  readonly findLocal?: QueueContext['findLocal']
  readonly routeFor?: QueueContext['routeFor']
  readonly network?: QueueContext['network']
  readonly mostHeld?: number
  readonly signerFor?: SignerFor
  readonly onStep?: OnStep
}

/** Starts a queue on a store of its own, or on the one given. */
export async function openQueueHouse(options: HouseOptions): Promise<QueueHouse> {
  const clock = options.clock ?? systemClock
  const store = options.store ?? openInlineStore(clock)
  const log: string[] = []
  // At full speed: only tests of the pace wait for it.
  const house: { settings: Settings } = {
    settings: { ...defaultSettings(), 'pace.profile': 'relay', ...options.settings },
  }
  const changes = new Changes<number>()
  const queue = await startQueue({
    store,
    clock,
    settings: () => house.settings,
    random: () => 0.5,
    deliver: options.deliver,
    isLocal: (domain) => (options.localDomains ?? []).includes(domain),
    findLocal: options.findLocal ?? (() => ({ mailboxes: [PERSON], forwards: [] })),
    routeFor: options.routeFor ?? ((_from, domain) => ({ kind: 'direct', domain })),
    describe: readFields,
    changes,
    onFolders: () => {},
    log: (words) => log.push(words),
    ...(options.network && { network: options.network }),
    ...(options.mostHeld !== undefined && { mostHeld: options.mostHeld }),
    ...(options.signerFor && { signerFor: options.signerFor }),
    ...(options.onStep && { onStep: options.onStep }),
  })
  const submit = makeSubmit({
    store,
    clock,
    describe: readFields,
    onAccepted: (due) => queue.add(due),
    onFolders: () => {},
    ...(options.signerFor && { signerFor: options.signerFor }),
    undoMs: () => house.settings['queue.undoSeconds'] * 1000,
    ...(options.onStep && { onStep: options.onStep }),
  })
  return Object.assign(house, {
    store,
    clock,
    queue,
    submit,
    log,
    async quiet() {
      // What was begun by the last commit starts in the turns after it.
      for (let i = 0; i < 5; i++) {
        await new Promise((resolve) => setImmediate(resolve))
        if (isFake(clock)) clock.advance(0)
        await queue.idle()
      }
    },
    async inbox(owner: FolderOwner = PERSON) {
      const folder = findFolder(store.read, owner, 'inbox')
      if (!folder) return []
      const page = listPage(store.read, folder.id, null, 100)
      return Promise.all(page.rows.map(async ({ view }) => (await store.readBody(view)).toString('utf8')))
    },
    states: (entryId: number) => listRecipients(store.read, entryId).map(({ state }) => state),
    async close() {
      await queue.close(200)
      await store.closeAndRemove()
    },
  })
}

const isFake = (clock: Clock): clock is FakeClock => 'advance' in clock

/** A mailbox from text that is one. */
export function mailbox(text: string): ForwardPath {
  const parsed = parseMailbox(text)
  if (!parsed) throw new Error(`"${text}" is no mailbox`)
  return parsed
}

/** A submission of these lines, joined by CRLF. */
export function submissionOf(
  lines: readonly string[],
  to: readonly string[] = ['bob@remote.example'],
  more: Partial<Submission> = {},
): Submission {
  const raw = Buffer.from(`${lines.join('\r\n')}\r\n`)
  const end = raw.indexOf('\r\n\r\n')
  return {
    origin: 'submission',
    from: mailbox('ada@author.example'),
    to: to.map(mailbox),
    userId: null,
    body: { raw },
    head: raw.subarray(0, raw.subarray(0, 2).toString() === '\r\n' ? 2 : end < 0 ? raw.length : end + 4),
    has8bit: raw.some((byte) => byte > 0x7f),
    utf8: false,
    received: '',
    ...more,
  }
}

/** The whole view of an entry's bytes. */
export async function bytesOf({ store }: Pick<QueueHouse, 'store'>, entryId: number): Promise<string> {
  const entry = getEntry(store.read, entryId)
  if (!entry) throw new Error(`there is no entry ${entryId}`)
  return (await store.readBody(entry.view)).toString('latin1')
}
