import { systemClock, type Clock } from '../../core/base/clock.ts'
import type { ForwardPath } from '../../core/model/address.ts'
import type { Delivery, Job, Settled } from '../../core/model/delivery.ts'
import type { Outcome } from '../../core/model/outcome.ts'
import type { SessionHead, SessionLink, TranscriptEvent } from '../../core/model/transcript.ts'
import type { Resolver } from '../../core/net/dns.ts'
import { makeDialer, type Dialer } from '../../core/net/dial.ts'
import { makeDeliver } from '../../core/relay/deliver.ts'
import type { RelayDeps } from '../../core/relay/deps.ts'
import { defaultSettings, type Settings } from '../../core/settings.ts'
import { exportDialogue } from '../../core/transcript/export.ts'
import { createRecorder } from '../../core/transcript/recorder.ts'

/** A message of the tests, and to whom. */
export interface TestJob {
  readonly to: readonly string[]
  readonly from?: string
  /** Bytes, or chunks; what `sizeBytes` says otherwise is said. */
  readonly message?: string | readonly string[] | Error
  readonly sizeBytes?: number
  readonly is8bit?: boolean
  readonly needsUtf8?: boolean
  readonly options?: Job['options']
  readonly sameHost?: Job['sameHost']
  /** Of every recipient. */
  readonly recipientOptions?: Job['recipients'][number]['options']
}
export interface RelayOptions {
  readonly resolver: Resolver
  readonly settings?: Partial<Settings>
  readonly route?: Delivery['route']
  readonly dial?: Dialer
  readonly clock?: Clock
  readonly random?: () => number
  readonly hasIpv6?: boolean
  readonly signal?: AbortSignal
  readonly tlsPolicyFor?: RelayDeps['tlsPolicyFor']
  readonly onTlsSeen?: RelayDeps['onTlsSeen']
  readonly beforeBody?: Delivery['beforeBody']
  readonly onOutcome?: (settled: readonly Settled[]) => Promise<void>
  /** What else the relay is wired to. */
  readonly deps?: Partial<RelayDeps>
  /** Something else that is done with it, after the delivery. */
  readonly withDeps?: (deps: RelayDeps) => Promise<void>
}
/** What became of a delivery: an outcome a recipient in order of settling, and every transcript. */
export interface Relayed {
  readonly outcomes: readonly (Outcome & {
    readonly address: string
    readonly sessionId: number | undefined
    readonly facts?: Settled['facts']
  })[]
  readonly sessions: readonly SessionHead[]
  readonly links: readonly { readonly sessionId: number; readonly link: SessionLink }[]
  /** Recipient ids whose phase `body` was committed, job by job. */
  readonly bodies: readonly (readonly number[])[]
  /** A session as lines: `C: …`, `S: …`, `# note`, `[tls]`, `[content 12]`, `! closed`. */
  dialogue(index?: number): string[]
  /** A session as its export has it. */
  exported(index?: number): string
}

const pathOf = (address: string): ForwardPath => {
  const at = address.lastIndexOf('@')
  return { local: address.slice(0, at), domain: address.slice(at + 1) as ForwardPath['domain'] }
}

/** Lets the relay deliver these jobs, if any, over one route, as the queue would, with its real sockets and transcripts. */
export async function relay(jobs: readonly TestJob[], options: RelayOptions): Promise<Relayed> {
  const clock = options.clock ?? systemClock
  const heads = new Map<number, SessionHead>()
  const events = new Map<number, TranscriptEvent[]>()
  const links: { sessionId: number; link: SessionLink }[] = []
  const recorder = createRecorder({
    clock,
    firstSessionId: 1,
    async sink(batch) {
      for (const head of batch.heads) heads.set(head.id, head)
      for (const part of batch.events)
        events.set(part.sessionId, [...(events.get(part.sessionId) ?? []), ...part.events])
      links.push(...batch.links)
    },
  })
  const bytes = (message: TestJob['message']) => [message ?? 'Subject: hi\r\n\r\nhello\r\n'].flat()
  let recipientId = 0
  const made = jobs.map((job, n): Job => {
    const chunks = bytes(job.message)
    const length = chunks.reduce((sum, one) => sum + (typeof one === 'string' ? one.length : 0), 0)
    return {
      entryId: n + 1,
      from: job.from === '' ? null : pathOf(job.from ?? 'ada@sender.test'),
      view: { blobId: n, prefix: '', removed: [], sizeBytes: job.sizeBytes ?? length },
      is8bit: job.is8bit ?? false,
      needsUtf8: job.needsUtf8 ?? false,
      ...(job.options && { options: job.options }),
      ...(job.sameHost && { sameHost: job.sameHost }),
      recipients: job.to.map((to) => {
        recipientId += 1
        const asked = job.recipientOptions && { options: job.recipientOptions }
        return { recipientId, attemptId: recipientId + 1000, to: pathOf(to), ...asked }
      }),
    }
  })
  const outcomes: (Outcome & { address: string; sessionId: number | undefined; facts?: Settled['facts'] })[] = []
  const bodies: (readonly number[])[] = []
  const [first, ...others] = made
  const deps: RelayDeps = {
    ...options.deps,
    settings: () => ({
      ...defaultSettings(),
      'relay.allowPrivateAddresses': true,
      'relay.ehloName': 'client.test',
      ...options.settings,
    }),
    resolver: options.resolver,
    dial: options.dial ?? makeDialer(clock),
    recorder,
    clock,
    ...(options.tlsPolicyFor && { tlsPolicyFor: options.tlsPolicyFor }),
    ...(options.onTlsSeen && { onTlsSeen: options.onTlsSeen }),
    random: options.random ?? (() => 0.5),
    hasIpv6: () => options.hasIpv6 ?? false,
    async *openBody(view) {
      for (const chunk of bytes(jobs[view.blobId]?.message)) {
        if (typeof chunk !== 'string') throw chunk
        yield new Uint8Array(Buffer.from(chunk, 'latin1'))
      }
    },
  }
  const domain = first?.recipients[0]?.to.domain ?? ''
  const delivery: Delivery | undefined = first && {
    route: options.route ?? { kind: 'direct', domain },
    first,
    onConnected: () => {},
    async beforeBody(job, ids, mx) {
      bodies.push(ids)
      await options.beforeBody?.(job, ids, mx)
    },
    async onOutcome(job, settled, sessionId) {
      await options.onOutcome?.(settled)
      for (const one of settled) {
        const to = job.recipients.find((recipient) => recipient.recipientId === one.recipientId)?.to
        const facts = one.facts && { facts: one.facts }
        outcomes.push({ ...one.outcome, address: `${to?.local}@${to?.domain}`, sessionId, ...facts })
      }
    },
    next: async () => others.shift(),
  }
  try {
    if (delivery) await makeDeliver(deps)(delivery, options.signal ?? new AbortController().signal)
    await options.withDeps?.(deps)
  } finally {
    await recorder.flush()
  }
  const sessions = [...heads.values()].toSorted((a, b) => a.id - b.id)
  return {
    outcomes,
    sessions,
    links,
    bodies,
    exported(index = 0) {
      const head = sessions[index]
      if (head === undefined) throw new Error(`there was no session ${index}`)
      return exportDialogue(head, events.get(head.id) ?? [])
    },
    dialogue: (index = 0) => (events.get(sessions[index]?.id ?? 0) ?? []).map((event) => describe(event)),
  }
}

function describe(event: TranscriptEvent): string {
  switch (event.kind) {
    case 'line':
      return `${event.from}: ${event.spans.map((span) => (typeof span === 'string' ? span : '<secret>')).join('')}`
    case 'content':
      return `[content ${event.bytes}]`
    case 'tls':
      return `[tls${event.facts.trusted ? '' : ` untrusted ${event.facts.distrust}`}]`
    case 'note':
      return `# ${event.text}`
    case 'closed':
      return `! ${event.by}${event.why === undefined ? '' : `: ${event.why}`}`
    default:
      return event satisfies never
  }
}
