import { fill } from './deliver.ts'
import { memoryMib, pause } from './machine.ts'
import type { Sinks } from './sinks.ts'
import { startPosthorn } from './systems.ts'

const RECIPIENTS = 100_000
const DOMAINS = 200
const SETTLE_MS = 5000

/** Memory with many recipients waiting, at rest and while they are sent. */
export async function measureWaiting(
  base: Omit<Parameters<typeof startPosthorn>[1], 'env'>,
  sinks: Sinks,
): Promise<void> {
  console.log(`\nwaiting: ${RECIPIENTS} messages of one recipient each, ${DOMAINS} domains`)
  const system = await startPosthorn('Posthorn', { ...base, env: {} })
  try {
    const tell = async (when: string) => {
      const { now, peak } = memoryMib(await system.pid())
      console.log(`  ${when}: ${now.toFixed(0)} MiB resident, ${peak.toFixed(0)} at most so far`)
    }
    await tell('empty')
    await fill(system.port, RECIPIENTS, DOMAINS)
    await pause(SETTLE_MS)
    await tell('accepted, the queue paused')
    const before = sinks.count()
    await system.release()
    const rate = await sinks.rate(before, RECIPIENTS / 5)
    await tell('a fifth of them sent, the rest on its way')
    await system.hold()
    console.log(`  ${rate.toFixed(0)} messages a second with so many behind them`)
  } finally {
    await system.stop()
  }
}
