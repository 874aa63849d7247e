import { afterEach, expect, test } from 'vitest'
import { chance } from '../../test/support/chance.ts'
import { fakeClock, type FakeClock } from '../../test/support/fake-clock.ts'
import { openInlineStore } from '../../test/support/inline-store.ts'
import { mailboxOf } from '../../test/support/mailbox.ts'
import { openQueueHouse, refused, submissionOf, taken, type QueueHouse } from '../../test/support/queue-house.ts'
import type { TestStore } from '../../test/support/store.ts'
import { isFault } from '../base/fault.ts'
import type { Deliver, Job, Settled } from '../model/delivery.ts'
import type { Outcome } from '../model/outcome.ts'
import { getEntry, listRecipients } from '../store/queue.ts'

const HOUR = 3_600_000
const WORLDS = 40
const STEPS = 60
const DOMAINS = ['one.example', 'two.example', 'three.example']
const stores: { closeForGood(): Promise<void> }[] = []
afterEach(async () => {
  for (const store of stores.splice(0)) await store.closeForGood()
})

type Random = () => number
const pick = <T>(random: Random, all: readonly T[]): T => all[Math.floor(random() * all.length)] as T

/** One life of the program: what is dead does nothing any more, and hears of nothing. */
interface Life {
  isDead: boolean
}
const aliveIn = (life: Life) => (life.isDead ? new Promise<never>(() => {}) : undefined)

/** Servers that do anything, and remember who got what. */
function servers(random: Random) {
  const world = { isKind: false, arrivals: new Map<number, number>() }
  const arrive = (id: number) => world.arrivals.set(id, (world.arrivals.get(id) ?? 0) + 1)
  const turns = async () => {
    for (let n = Math.floor(random() * 6); n > 0; n--) await new Promise((resolve) => setImmediate(resolve))
  }
  const outcomeFor = (job: Job, { to }: Job['recipients'][number]): Outcome => {
    const mx = job.sameHost?.isOnly ? job.sameHost.mx : pick(random, ['mx1', 'mx2'])
    const fate = world.isKind ? 0 : random()
    if (fate < 0.35) return { ...taken(to, job), mx } as Outcome
    if (fate < 0.55) return refused(452, '4.2.2', 'mailbox full')(to, job)
    if (fate < 0.7) return refused(550, '5.1.1', 'no such user')(to, job)
    if (fate < 0.85) return { kind: 'unknown', to, mx }
    return { kind: 'deferred', to, why: { at: 'connect', mx, errno: 'ECONNREFUSED' } }
  }
  const deliverOf =
    (life: Life): Deliver =>
    async (delivery, signal) => {
      for (let job: Job | undefined = delivery.first; job; job = await delivery.next()) {
        await turns()
        signal.throwIfAborted()
        const settled = job.recipients.map((one): Settled => {
          return { recipientId: one.recipientId, outcome: outcomeFor(job!, one) }
        })
        const inBody = settled.filter(({ outcome }) => outcome.kind === 'delivered' || outcome.kind === 'unknown')
        const { outcome } = inBody[0] ?? {}
        if (inBody.length > 0)
          await delivery.beforeBody(
            job,
            inBody.map(({ recipientId }) => recipientId),
            outcome && 'mx' in outcome ? outcome.mx : '',
          )
        await aliveIn(life)
        // A message of unknown arrival has arrived every other time.
        for (const one of inBody) if (one.outcome.kind === 'delivered' || random() < 0.5) arrive(one.recipientId)
        await turns()
        await delivery.onOutcome(job, settled, undefined)
      }
    }
  return { world, deliverOf }
}

/** One queue over several lives, and everything a person can do to it. */
async function play(seed: number) {
  const random = chance(seed)
  const clock: FakeClock = fakeClock()
  const inline = openInlineStore(clock)
  stores.push({ closeForGood: () => inline.closeAndRemove() })
  const { world, deliverOf } = servers(random)
  let life: Life = { isDead: false }
  const start = (): Promise<QueueHouse> => {
    const mine = (life = { isDead: false })
    const write: TestStore['write'] = async (name, args) => {
      await aliveIn(mine)
      const result = await inline.write(name, args)
      await aliveIn(mine)
      return result
    }
    const store: TestStore = { ...inline, write, close: async () => {}, closeAndRemove: async () => {} }
    const settings = { 'queue.undoSeconds': 20, 'retry.unknownAfterSeconds': 3600 }
    return openQueueHouse({ store, clock, deliver: deliverOf(mine), settings })
  }
  const store = inline
  let house = await start()
  const entries: { readonly id: number; readonly tells: boolean }[] = []
  let names = 0
  const address = () => `r${names++}@${pick(random, DOMAINS)}`
  const someRecipient = () => {
    const entry = pick(random, entries)
    return entry && pick(random, listRecipients(store.read, entry.id))
  }
  const steps: (() => Promise<unknown>)[] = [
    async () => {
      const to = Array.from({ length: 1 + Math.floor(random() * 4) }, address)
      const isOurs = random() < 0.3
      const draft = JSON.stringify({ identityId: null, attachments: [] })
      const more = isOurs ? ({ origin: 'window', draft } as const) : {}
      const lines = ['From: ada@author.example', 'Subject: s', '', 'x']
      const answer = await house.submit(submissionOf(lines, to, more))
      if (answer.accepted) entries.push({ id: answer.entryId, tells: random() < 0.5 && !isOurs })
    },
    async () => house.queue.hold({ entryId: someRecipient()?.entryId ?? 0 }),
    async () => house.queue.hold(pick(random, ['all' as const, { domain: pick(random, DOMAINS) as never }])),
    async () => house.queue.release({ entryId: someRecipient()?.entryId ?? 0 }),
    async () => house.queue.release('all'),
    async () => house.queue.retry('all'),
    async () => house.queue.retry({ entryId: someRecipient()?.entryId ?? 0 }),
    async () => {
      const one = pick(random, entries)
      const recipientId =
        random() < 0.5 ? { recipientId: pick(random, listRecipients(store.read, one?.id ?? 0))?.id } : {}
      if (one) await house.queue.cancel({ entryId: one.id, ...recipientId }, { who: 'window', why: '' }, one.tells)
    },
    async () => house.queue.edit(someRecipient()?.id ?? 0, mailboxOf(address())),
    async () =>
      house.queue.route({ entryId: someRecipient()?.entryId ?? 0 }, { kind: pick(random, ['direct', 'automatic']) }),
    async () => house.queue.decide(someRecipient()?.id ?? 0, pick(random, ['resend', 'arrived'])),
    async () => {
      const one = pick(random, entries)
      if (one) await house.queue.undo(one.id)
    },
    async () => {
      house.settings = { ...house.settings, 'queue.paused': !house.settings['queue.paused'] }
      house.queue.wake()
    },
    async () => clock.advance(Math.floor(random() * 3 * HOUR)),
    async () => clock.advance(Math.floor(random() * 30_000)),
    async () => {
      await Promise.all([
        house.queue.close(100),
        new Promise((resolve) => setImmediate(() => resolve(clock.advance(200)))),
      ])
      house = await start()
    },
    async () => {
      life.isDead = true
      house = await start()
    },
  ]
  for (let n = 0; n < STEPS; n++) {
    const step = n < 3 ? steps[0] : pick(random, [...steps, steps[0]])
    const done = step?.().catch((error: unknown) => {
      // It is too late, or there is no such thing: both are answers.
      if (!isFault(error, 'conflict') && !isFault(error, 'not-found')) throw error
    })
    // Half of what is done happens while something else is under way.
    const lived = life
    let isDone = false
    void done?.finally(() => (isDone = true))
    const untilDead = async () => {
      while (!lived.isDead && !isDone) await new Promise((resolve) => setImmediate(resolve))
    }
    if (random() < 0.5) await Promise.race([done, untilDead()])
    for (let turns = Math.floor(random() * 8); turns > 0; turns--) await new Promise((resolve) => setImmediate(resolve))
    await Promise.race([done, untilDead()])
  }
  world.isKind = true
  house.settings = { ...house.settings, 'queue.paused': false }
  house.queue.wake()
  await house.quiet()
  for (let hours = 0; hours < 24 * 6; hours += 6) {
    await house.queue.release('all')
    clock.advance(6 * HOUR)
    await house.quiet()
  }
  return { house, store, entries, world }
}

test.each(Array.from({ length: WORLDS }, (_, n) => 1000 + n))(
  'whatever is done in whatever order (%i), each recipient has one end, nothing comes too often, and who failed is told of once',
  async (seed) => {
    const { house, store, entries, world } = await play(seed)
    const unknownTries = (id: number) =>
      Number(
        store.read
          .prepare<[number], { n: number }>(
            `SELECT count(*) AS n FROM attempt WHERE recipient_id = ? AND outcome = 'unknown'`,
          )
          .get(id)?.n,
      )
    let toTell = 0
    for (const { id, tells } of entries) {
      const recipients = listRecipients(store.read, id)
      for (const one of recipients) {
        expect(['delivered', 'bounced', 'cancelled']).toContain(one.state)
        const came = world.arrivals.get(one.id) ?? 0
        const unknowns = unknownTries(one.id)
        expect(came).toBeLessThanOrEqual((one.state === 'delivered' ? 1 : 0) + unknowns)
        if (one.state === 'delivered' && unknowns === 0) expect(came).toBe(1)
        if (one.state === 'bounced' || (one.state === 'cancelled' && tells)) toTell++
      }
      expect(getEntry(store.read, id)?.doneMs).not.toBeNull()
    }
    const failed = (await inbox(house)).flatMap((raw) => [...raw.matchAll(/^Action: failed/gm)])
    expect(failed).toHaveLength(toTell)
    expect(house.log.filter((line) => !/asleep|clock|network/.test(line))).toEqual([])
    await house.queue.close(100)
  },
)

async function inbox({ store }: QueueHouse): Promise<string[]> {
  const views = store.read
    .prepare<[], { blobId: number; sizeBytes: number }>(
      `SELECT m.blob_id AS blobId, b.size_bytes AS sizeBytes FROM message m JOIN folder f ON f.id = m.folder_id
        JOIN blob b ON b.id = m.blob_id WHERE f.role = 'inbox'`,
    )
    .all()
  return Promise.all(
    views.map(async (view) => Buffer.from(await store.readBody({ ...view, prefix: '', removed: [] })).toString()),
  )
}
