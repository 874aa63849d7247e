import { setFlagsFromString } from 'node:v8'
import { Worker, type ResourceLimits } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'

/** The room for young objects as the command line has it: said there, it goes before the limits of any thread. */
const given = process.execArgv.findLast((arg) => arg.startsWith('--max-semi-space-size='))
/** Threads whose heap is still to be made. */
let starting = 0

/**
 * Starts the thread whose entry is `core/<room>/<name>-thread.ts`. In a bundle every thread is a file of its own beside
 * `main.js`, so the ending of this very file decides: `.ts` runs from source, `.js` from the bundle.
 */
export function startThread(room: string, name: string, workerData: unknown, limits: ResourceLimits = {}): Worker {
  const fromSource = import.meta.url.endsWith('.ts')
  const entry = fromSource
    ? new URL(`../${room}/${name}-thread.ts`, import.meta.url)
    : new URL(`./${name}-thread.js`, import.meta.url)
  const worker = new Worker(fileURLToPath(entry), { workerData, name: `posthorn ${name}`, resourceLimits: limits })
  if (given !== undefined && limits.maxYoungGenerationSizeMb !== undefined) untilMade(worker, given)
  return worker
}

/** Takes back what the command line says until the thread's heap is made. */
function untilMade(worker: Worker, flag: string): void {
  starting++
  setFlagsFromString('--max-semi-space-size=0')
  let isMade = false
  const onMade = () => {
    if (isMade) return
    isMade = true
    if (--starting === 0) setFlagsFromString(flag)
  }
  for (const event of ['online', 'error', 'exit']) worker.once(event, onMade)
}
