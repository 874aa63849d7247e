import type { Clock } from '../../core/base/clock.ts'
import { systemClock } from '../../core/base/clock.ts'

/** The longest wait a server puts a client off with: below it the impatient clock does not wait at all. */
const SHORT_MS = 4000

/** A clock for tests over real sockets: what makes a client wait on purpose passes at once, deadlines stay. */
export const impatientClock: Clock = {
  ...systemClock,
  after(delayMs, run) {
    if (delayMs > SHORT_MS) return systemClock.after(delayMs, run)
    const now = setImmediate(run)
    return () => clearImmediate(now)
  },
}
