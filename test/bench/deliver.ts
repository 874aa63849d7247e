import { load } from './load.ts'
import { cpuMs, quiet } from './machine.ts'
import type { Sinks } from './sinks.ts'
import { domainOf, ONE_DOMAIN, type System } from './systems.ts'
import type { Table } from './table.ts'

const SIZE_BYTES = 4096
const LOADS_AT_ONCE = 8
/** Delivered before a system is measured, as for `accept`: what is being compiled for the first time is not what a message costs. */
const WARM_UP = 5000
const warm = new WeakSet<System>()

/** Hands in so many messages, to one domain or evenly to several. Returns how many they were. */
export async function fill(port: number, messages: number, domains: number): Promise<number> {
  const one = { port, sizeBytes: SIZE_BYTES, keepsSessions: true }
  if (domains === 1) {
    await load({ ...one, messages, sessions: 20, to: `to@${ONE_DOMAIN}` })
    return messages
  }
  const each = Math.ceil(messages / domains)
  const left = Array.from({ length: domains }, (_, i) => i + 1)
  const work = async () => {
    for (let n = left.pop(); n !== undefined; n = left.pop())
      await load({ ...one, messages: each, sessions: 2, to: `to@${domainOf(n)}` })
  }
  await Promise.all(Array.from({ length: LOADS_AT_ONCE }, work))
  return each * domains
}

/** Messages a second handed on to the sinks, from a queue that was filled before, one cell once. */
export async function measureDeliver(
  domains: number,
  wanted: number,
  system: System,
  sinks: Sinks,
  table: Table,
): Promise<void> {
  if (!warm.has(system)) await warmUp(domains, system, sinks)
  warm.add(system)
  await system.hold()
  const messages = await fill(system.port, Math.ceil(wanted / system.slowness), domains)
  const idle = await quiet()
  await system.late?.()
  const before = sinks.count()
  const cpuBefore = cpuMs(await system.pid())
  const pidBefore = await system.pid()
  await system.release()
  const perSecond = await sinks.rate(before, messages)
  const pid = await system.pid()
  // One that is started anew to be released begins with nothing used.
  const cpu = cpuMs(pid) - (pid === pidBefore ? cpuBefore : 0)
  const late = system.late === undefined ? {} : { lateMs: await system.late() }
  const cell = domains === 1 ? '1 destination' : `${domains} domains`
  table.add({ cell, system: system.name, perSecond, cpuMsEach: cpu / messages, idle, ...late })
}

async function warmUp(domains: number, system: System, sinks: Sinks): Promise<void> {
  await system.hold()
  const messages = await fill(system.port, Math.ceil(WARM_UP / system.slowness), domains)
  const before = sinks.count()
  await system.release()
  await sinks.rate(before, messages)
}
