import { load } from './load.ts'
import { cpuMs, quiet, threadCpuMs } from './machine.ts'
import type { AcceptCell } from './options.ts'
import { ONE_DOMAIN, type System } from './systems.ts'
import type { Table } from './table.ts'

const WARM_UP = { first: 8000, later: 100 }
const WARM = { sessions: 20, sizeBytes: 4096, keepsSessions: true, to: `to@${ONE_DOMAIN}` }
const warm = new WeakSet<System>()

/** Messages of one run: a second or two for a good server. */
function messagesFor({ sessions, sizeBytes, slowFlush }: AcceptCell, slowness: number): number {
  const small = sessions === 1 ? 1000 : sessions <= 10 ? 5000 : 10_000
  return Math.ceil(small / (sizeBytes > 8192 ? 3 : 1) / (slowFlush ? 3 : 1) / slowness)
}

/** Messages a second that a server says 250 to, one cell once. */
export async function measureAccept(cell: AcceptCell, system: System, table: Table): Promise<void> {
  const { sizeBytes, sessions, keepsSessions } = cell
  const run = (messages: number) =>
    load({ port: system.port, messages, sessions, sizeBytes, keepsSessions, to: `to@${ONE_DOMAIN}` })
  // A server runs for weeks: what its first thousands of messages cost, while its code is being compiled, is not what it costs.
  if (!warm.has(system))
    await load({ ...WARM, port: system.port, messages: Math.ceil(WARM_UP.first / system.slowness) })
  warm.add(system)
  await run(WARM_UP.later)
  const idle = await quiet()
  await system.late?.()
  const pid = await system.pid()
  const messages = messagesFor(cell, system.slowness)
  const cpuBefore = cpuMs(pid)
  const threadsBefore = threadCpuMs(pid)
  const ms = await run(messages)
  const cpu = cpuMs(pid) - cpuBefore
  const threads = [...threadCpuMs(pid)].map(
    ([name, used]) => [name, ((used - (threadsBefore.get(name) ?? 0)) * 1000) / messages] as const,
  )
  const late = system.late === undefined ? {} : { lateMs: await system.late() }
  const perSecond = (messages / ms) * 1000
  // Of a system of many processes one tells nothing.
  const byThread = system.late === undefined ? {} : { threadUsEach: new Map(threads) }
  table.add({ cell: cell.name, system: system.name, perSecond, cpuMsEach: cpu / messages, idle, ...late, ...byThread })
}
