import { Worker, type ResourceLimits } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'

/**
 * Starts the thread whose entry is `core/<room>/<name>-thread.ts`. In a bundle every thread is a file of its own beside
 * `main.js`, so the ending of this very file decides: `.ts` runs from source, `.js` from the bundle.
 */
export function startThread(room: string, name: string, workerData: unknown, limits: ResourceLimits = {}): Worker {
  const fromSource = import.meta.url.endsWith('.ts')
  const entry = fromSource
    ? new URL(`../${room}/${name}-thread.ts`, import.meta.url)
    : new URL(`./${name}-thread.js`, import.meta.url)
  return new Worker(fileURLToPath(entry), { workerData, name: `posthorn ${name}`, resourceLimits: limits })
}
