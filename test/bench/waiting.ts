import { fakeDeliver, mailbox, openQueueHouse, submissionOf, taken } from '../support/queue-house.ts'
import { fill } from './deliver.ts'
import { memoryMib, pause } from './machine.ts'
import type { Sinks } from './sinks.ts'
import { startPosthorn } from './systems.ts'

const RECIPIENTS = 100_000
const DOMAINS = 200
const SETTLE_MS = 5000
/** What the whole process may have resident in each of the states. */
const MOST_MB = 200

/** Memory with many recipients waiting, in each state they come to, and how fast they leave. */
export async function measureWaiting(
  base: Omit<Parameters<typeof startPosthorn>[1], 'env'>,
  sinks: Sinks,
): Promise<void> {
  console.log(`\nwaiting: ${RECIPIENTS} messages of one recipient each, ${DOMAINS} domains`)
  const system = await startPosthorn('Posthorn', { ...base, env: {} })
  try {
    const tell = async (when: string) => {
      const { now, peak } = memoryMib(await system.pid())
      const mb = (now * 1024 * 1024) / 1e6
      const verdict = mb < MOST_MB ? '' : `, more than the ${MOST_MB} MB it may have`
      console.log(
        `  ${when}: ${now.toFixed(0)} MiB (${mb.toFixed(0)} MB) resident, ${peak.toFixed(0)} MiB at most since its start${verdict}`,
      )
    }
    await tell('empty')
    await fill(system.port, RECIPIENTS, DOMAINS)
    await tell('1. accepted in one go')
    await system.restart?.()
    await pause(SETTLE_MS)
    await tell('2. started anew, all of them waiting')
    const before = sinks.count()
    await system.release()
    const rate = await sinks.rate(before, RECIPIENTS / 5)
    await tell('3. while they are sent, a fifth of them gone')
    await system.hold()
    console.log(`  ${rate.toFixed(0)} messages a second with so many behind them`)
  } finally {
    await system.stop()
  }
}

const LENGTHS = [1000, 10_000, 100_000]
const SENT = 1000
const PER_ENTRY = 1000
const DAY_MS = 86_400_000

/** What one message costs the scheduler and its store, its wire left out, while so many others wait for a later hour. */
export async function measurePasses(): Promise<void> {
  console.log(`\npasses: ${SENT} messages to ${DOMAINS} domains past those that wait`)
  for (const waiting of LENGTHS) {
    const house = await openQueueHouse({ deliver: fakeDeliver(taken) })
    try {
      const address = (n: number) => mailbox(`r${n}@d${n % DOMAINS}.test`)
      const lines = ['From: ada@author.example', '', 'text']
      const send = (to: readonly ReturnType<typeof address>[], more = {}) =>
        house.submit({ ...submissionOf(lines), to, ...more })
      const options = { holdUntilMs: Date.now() + DAY_MS }
      for (let n = 0; n < waiting; n += PER_ENTRY)
        await send(
          Array.from({ length: Math.min(PER_ENTRY, waiting - n) }, (_, i) => address(n + i)),
          { options },
        )
      const run = async () => {
        const startedMs = performance.now()
        await Promise.all(Array.from({ length: SENT }, (_, n) => send([address(n)])))
        await house.quiet()
        return performance.now() - startedMs
      }
      await run()
      const stepsBefore = house.queue.steps
      const ms = await run()
      const steps = (house.queue.steps - stepsBefore) / SENT
      console.log(
        `  ${String(waiting).padStart(6)} waiting: ${((ms * 1000) / SENT).toFixed(0)} µs and ${steps.toFixed(1)} lanes looked at a message`,
      )
    } finally {
      await house.close()
    }
  }
}
