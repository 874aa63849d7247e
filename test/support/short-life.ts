import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { cli, type Home, type Ready } from './posthorn.ts'

/** How one life ends: before it is ready, so long after it, or when somebody else calls `strike`. */
export type End = { readonly startingMs: number } | { readonly readyMs: number } | 'struck'

/** A `posthorn serve` that ends by SIGKILL. */
export interface ShortLife {
  strike(): void
  readonly ended: Promise<void>
}

/** Starts one life and ends it by SIGKILL at that moment; `onReady` is called where it gets so far. */
export function shortLife(home: Home, end: End, onReady: (ready: Ready) => void = () => {}): ShortLife {
  const child = spawn(process.execPath, [cli, 'serve', ...home.at], { stdio: ['ignore', 'pipe', 'ignore'] })
  const strike = () => void child.kill('SIGKILL')
  const strikeIn = (ms: number) => setTimeout(strike, ms)
  let timer = end !== 'struck' && 'startingMs' in end ? strikeIn(end.startingMs) : undefined
  createInterface({ input: child.stdout }).once('line', (line) => {
    onReady(JSON.parse(line) as Ready)
    if (end !== 'struck' && 'readyMs' in end) timer ??= strikeIn(end.readyMs)
  })
  const ended = once(child, 'exit').then(() => clearTimeout(timer))
  return { strike, ended }
}

/** How long a life takes until it is ready. */
export async function measureStart(home: Home): Promise<number> {
  const beganMs = performance.now()
  const served = await home.serve()
  const startMs = performance.now() - beganMs
  await served.stop()
  return startMs
}
