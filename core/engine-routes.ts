import type { ReversePath } from './model/address.ts'
import { findIdentity } from './store/identity.ts'
import { getRoute, type Smarthost } from './store/route.ts'
import type { ReadDb } from './store/types.ts'

/**
 * The smarthost a sender's identity names; undefined where its mail goes straight to the recipient's server. Asked for each
 * recipient, and mostly for many of one sender in a row: what was found serves until the code that runs now lets go.
 */
export function openRoutes(read: ReadDb): (from: ReversePath) => Smarthost | undefined {
  const found = new Map<string, Smarthost | undefined>()
  return (from) => {
    if (from === null) return undefined
    const address = `${from.local}@${from.domain}`
    if (found.has(address)) return found.get(address)
    if (found.size === 0) queueMicrotask(() => found.clear())
    const routeId = findIdentity(read, from)?.routeId
    const route = routeId === undefined || routeId === null ? undefined : getRoute(read, routeId)
    found.set(address, route)
    return route
  }
}
