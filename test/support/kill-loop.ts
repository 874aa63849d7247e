import { expect } from 'vitest'
import type { QueueEntryView } from '../../core/rpc/views.ts'
import { chance } from './chance.ts'
import { startDnsServer } from './dns-server.ts'
import { eventually, Home, type Served } from './posthorn.ts'
import { measureStart, shortLife } from './short-life.ts'
import { startSink, type SmtpSink } from './smtp-sink.ts'
import { startSubmitter } from './submitter.ts'

const DOMAINS = ['one.test', 'two.test', 'three.test']
/** Who writes the mail of these tests. */
export const AUTHOR = 'ada@author.test'

/** A sink that is the MX of a few domains, and the settings of a home that delivers to it. */
export interface Outside {
  readonly sink: SmtpSink
  readonly settings: Readonly<Record<string, unknown>>
  close(): Promise<void>
}

/** Opens the outside world of these tests. */
export async function openOutside(): Promise<Outside> {
  const sink = await startSink()
  const mx = { MX: [{ preference: 10, exchange: 'mx.test' }] }
  const dns = await startDnsServer({
    ...Object.fromEntries(DOMAINS.map((domain) => [domain, mx])),
    'mx.test': { A: ['127.0.0.1'] },
  })
  return {
    sink,
    settings: {
      submission: { port: 0, trustedAddresses: ['127.0.0.1'] },
      local: { domains: ['author.test'] },
      dns: { servers: [dns.server] },
      relay: { port: sink.port, allowPrivateAddresses: true },
      retry: { scheduleSeconds: [1], unknownAfterSeconds: 1 },
    },
    async close() {
      await sink.close()
      await dns.close()
    },
  }
}

/** Makes one message after the other, each with a Message-ID of its own that begins with `name`. */
export function messagesOf(name: string, most = Infinity) {
  let serial = 0
  return () => {
    if (serial >= most) return undefined
    const id = `<${name}-${serial++}@author.test>`
    const to = `bob@${DOMAINS[serial % DOMAINS.length]}`
    const text = `From: ${AUTHOR}\r\nTo: ${to}\r\nMessage-ID: ${id}\r\nSubject: ${serial}\r\n\r\n${'text\r\n'.repeat(200)}end`
    return { id, to, text }
  }
}

/** How often each Message-ID has come to the sink. */
export function deliveries(sink: SmtpSink): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { raw } of sink.messages) {
    const id = /^Message-ID: (<[^>]+>)/im.exec(raw.toString('latin1'))?.[1] ?? ''
    counts.set(id, (counts.get(id) ?? 0) + 1)
  }
  return counts
}

/**
 * Kills several homes so many times in all, at moments that follow from the seed, while mail is submitted to them and
 * delivered by them. Fails when a message that was answered 250 does not come, or comes twice without a reason.
 */
export async function killLoop(kills: number, homes: number, seed: number): Promise<void> {
  const outside = await openOutside()
  try {
    await Promise.all(
      Array.from({ length: homes }, (_, n) => killHome(outside, `home${n}`, kills / homes, chance(seed + n * 7919))),
    )
  } finally {
    await outside.close()
  }
}

async function killHome({ sink, settings }: Outside, name: string, kills: number, random: () => number): Promise<void> {
  const home = new Home(settings)
  const accepted = new Set<string>()
  const next = messagesOf(name)
  let served: Served | undefined
  try {
    const startMs = await measureStart(home)
    for (let kill = 0; kill < kills; kill++) {
      const moment = random()
      // One in four falls into the start, where what the last life left half done is put in order.
      const end = random() < 0.25 ? { startingMs: moment * startMs } : { readyMs: moment * 300 }
      await shortLife(home, end, ({ submission }) => {
        if (submission) for (let i = 0; i < 3; i++) startSubmitter(submission.port, AUTHOR, next, accepted)
      }).ended
    }

    served = await home.serve()
    await untilSettled(home, sink, name)
    const entries = await home.json<QueueEntryView[]>(['queue', 'list'])
    const tries = new Map(entries.map(({ messageId, recipients }) => [messageId, recipients[0]?.attempts ?? 0]))
    const counts = deliveries(sink)
    expect(accepted.size).toBeGreaterThan(0)
    expect([...accepted].filter((id) => !counts.has(id))).toEqual([])
    const mine = [...counts].filter(([id]) => id.startsWith(`<${name}-`))
    // Twice only where a life ended between the final dot and its commit: that try counted, and was marked unknown.
    expect(mine.filter(([id, count]) => count > 2 || (count === 2 && (tries.get(id) ?? 0) < 2))).toEqual([])
    const doubles = mine.filter(([, count]) => count > 1).length
    console.log(
      `${name}: ${kills} kills, ${accepted.size} accepted, ${mine.length} delivered, ${doubles} of them twice`,
    )
  } finally {
    await served?.stop()
    home.remove()
  }
}

/** Waits until nothing is left to do but what only a person can decide. */
async function untilSettled(home: Home, sink: SmtpSink, name: string): Promise<void> {
  const open = async () => {
    const entries = await home.json<QueueEntryView[]>(['queue', 'list'])
    return entries.flatMap((entry) =>
      entry.recipients
        .filter(({ state }) => state !== 'delivered')
        .map((recipient) => ({ ...recipient, entryId: entry.id, messageId: entry.messageId })),
    )
  }
  await eventually(
    async () => {
      const left = await open()
      const counts = deliveries(sink)
      // Hit twice between dot and commit: the program asks, for it can't know. The sink does.
      for (const one of left)
        if (one.state === 'unknown' && one.attempts > 1 && !counts.has(one.messageId))
          await home.run(['queue', 'retry', String(one.entryId)])
      return left.every((one) => one.state === 'unknown' && one.attempts > 1 && counts.has(one.messageId))
    },
    `${name} to have nothing left`,
    40_000,
  )
}
