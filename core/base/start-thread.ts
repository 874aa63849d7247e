import { setFlagsFromString } from 'node:v8'
import { Worker, type MessagePort, type ResourceLimits } from 'node:worker_threads'
import { fileURLToPath } from 'node:url'

/** The room for young objects as the command line has it: said there, it goes before the limits of any thread. */
const given = process.execArgv.findLast((arg) => arg.startsWith('--max-semi-space-size='))
/** Threads whose heap is still to be made. */
let starting = 0

/** How the threads of one name fared in this process. */
export interface ThreadState {
  readonly name: string
  /** Of that name, how many run now and how many were ever started. */
  readonly running: number
  readonly starts: number
  /** Threads that ended because of an error nobody caught, and the last one: when (Unix ms), and its words. */
  readonly crashes: number
  readonly lastCrash: { readonly atMs: number; readonly reason: string } | null
}
const known = new Map<string, ThreadState>()

/** How the threads of this process fare, by name. */
export function threadStates(): ThreadState[] {
  return [...known.values()].toSorted((a, b) => (a.name < b.name ? -1 : 1))
}

function keepWatch(worker: Worker, name: string): void {
  const note = (change: (was: ThreadState) => Partial<ThreadState>) => {
    const was = known.get(name) ?? { name, running: 0, starts: 0, crashes: 0, lastCrash: null }
    known.set(name, { ...was, ...change(was) })
  }
  note(({ running, starts }) => ({ running: running + 1, starts: starts + 1 }))
  worker.once('error', (error: unknown) =>
    note(({ crashes }) => ({
      crashes: crashes + 1,
      lastCrash: { atMs: Date.now(), reason: error instanceof Error ? error.message : String(error) },
    })),
  )
  worker.once('exit', () => note(({ running }) => ({ running: running - 1 })))
}

/**
 * Starts the thread whose entry is `core/<room>/<name>-thread.ts`. In a bundle every thread is a file of its own beside
 * `main.js`, so the ending of this very file decides: `.ts` runs from source, `.js` from the bundle. `ports`: those in `workerData`.
 */
export function startThread(
  room: string,
  name: string,
  workerData: unknown,
  limits: ResourceLimits = {},
  ports: readonly MessagePort[] = [],
): Worker {
  const fromSource = import.meta.url.endsWith('.ts')
  const entry = fromSource
    ? new URL(`../${room}/${name}-thread.ts`, import.meta.url)
    : new URL(`./${name}-thread.js`, import.meta.url)
  const worker = new Worker(fileURLToPath(entry), {
    workerData,
    name: `posthorn ${name}`,
    resourceLimits: limits,
    transferList: [...ports],
  })
  keepWatch(worker, name)
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
