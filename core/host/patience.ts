import { setTimeout as delay } from 'node:timers/promises'
import { isFault } from '../base/fault.ts'

const WAIT_MS = 3000
const ASK_MS = 50

/**
 * Runs what needs the data folder for itself, again for a little while as long as another has it: two commands in the same
 * minute of cron must not cost one of them its mail. `isHopeless` says of a holder that waiting for him is no use.
 */
export async function patiently<T>(
  run: () => T | Promise<T>,
  isHopeless: (holder: string) => boolean = () => false,
): Promise<T> {
  for (const until = performance.now() + WAIT_MS; ;) {
    try {
      return await run()
    } catch (error) {
      const isBusy = isFault(error, 'store.locked') && !isHopeless(error.details.holder ?? '')
      if (!isBusy || performance.now() > until) throw error
      await delay(ASK_MS)
    }
  }
}
