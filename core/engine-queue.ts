import { networkInterfaces } from 'node:os'
import type { Clock } from './base/clock.ts'
import { reasonOf } from './base/fault.ts'
import type { Routes, RoutesContext } from './engine-routes.ts'
import type { Uploads } from './mailbox/uploads.ts'
import type { ParsePool } from './message/parse-pool.ts'
import type { QueueContext } from './queue/queue.ts'
import type { GiveBackContext } from './queue/undo-handlers.ts'
import type { Network } from './queue/watch.ts'
import type { Settings } from './settings.ts'
import type { Store } from './store/types.ts'

/** The addresses this computer has beyond its own: none of them is no network, others are another one. */
export function networkNow(): Network {
  const addresses = Object.entries(networkInterfaces()).flatMap(([name, list = []]) =>
    // Link-local addresses are there without any network; RFC 8981 ones change by the hour within the same one.
    list
      .filter(({ internal, address }) => !internal && !/^(?:fe80:|169\.254\.)/i.test(address))
      .map(
        ({ address, family }) => `${name} ${family === 'IPv6' ? address.split(':').slice(0, 4).join(':') : address}`,
      ),
  )
  return { isUp: addresses.length > 0, name: [...new Set(addresses)].toSorted().join(', ') }
}

/**
 * The route somebody chose for a recipient, else what the rules say. A smarthost that is gone leaves it to them again; mail to the
 * rehearsal lab goes nowhere else.
 */
export function byWay(
  routes: Pick<Routes, 'routeFor' | 'byServer'>,
  labRouteOf: NonNullable<RoutesContext['labRouteOf']> = () => undefined,
): QueueContext['routeFor'] {
  return (from, domain, tries, way) => {
    const lab = labRouteOf(domain)
    if (lab !== undefined) return lab
    if (way.kind === 'direct') return { kind: 'direct', domain, why: 'chosen by hand' }
    const chosen = way.kind === 'smarthost' ? routes.byServer(way.routeId, 'chosen by hand') : undefined
    return chosen ?? routes.routeFor(from, domain, tries)
  }
}

/** How a message's files come back into the composer. */
export function filesBack(
  parse: Pick<ParsePool, 'message' | 'attachment'>,
  uploads: Uploads,
): Omit<GiveBackContext, 'store'> {
  return {
    async attachments(raw) {
      const { attachments } = await parse.message(raw)
      const files = await Promise.all(attachments.map(({ index }) => parse.attachment(raw, index)))
      return files.filter((file) => file !== undefined)
    },
    async keepFile({ filename, contentType, bytes }) {
      const handle = await uploads.begin({ filename, contentType, sizeBytes: bytes.length })
      if (bytes.length > 0) await uploads.chunk(handle, bytes)
      return handle
    },
  }
}

const DAY_MS = 86_400_000
const RETIRE_EVERY_MS = 6 * 3_600_000

/** Forgets what was done long ago, now and every few hours, a slice at a time. Returns how to stop. */
export function keepQueueShort(
  clock: Clock,
  store: Pick<Store, 'write'>,
  settings: () => Settings,
  log: (line: string) => void,
): () => void {
  let cancel = () => {}
  let isStopped = false
  const again = (ms: number) => {
    if (!isStopped) cancel = clock.after(ms, run)
  }
  const run = () => {
    const beforeMs = clock.nowMs() - settings()['queue.retireAfterDays'] * DAY_MS
    store.write('queue.retire', { beforeMs }).then(
      ({ more }) => again(more ? 1000 : RETIRE_EVERY_MS),
      (error: unknown) => {
        log(`queue: let go of old messages: ${reasonOf(error)}`)
        again(RETIRE_EVERY_MS)
      },
    )
  }
  again(90_000)
  return () => {
    isStopped = true
    cancel()
  }
}
