import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const SOURCE = fileURLToPath(new URL('flush-image.c', import.meta.url))
const WRITER = fileURLToPath(new URL('power-cut-writer.ts', import.meta.url))

/** Whether flushes can be looked at here: it takes Linux and a C compiler. */
export const canLookAtFlushes = process.platform === 'linux' && spawnSync('cc', ['--version']).status === 0

/** A process that writes into a store, and what its disk would hold. */
export interface FlushedWriter {
  readonly child: ChildProcess
  /** The number that was settled last, of each lane. */
  readonly settled: ReadonlyMap<string, number>
  /** All other lines that it said. */
  readonly said: readonly string[]
  /** Resolves when so many lines have come. */
  lines(count: number): Promise<void>
  readonly ended: Promise<unknown>
}

/**
 * Starts a writer in the folder `data` of `folder`. What its disk would surely hold after a power cut is in `image`; while the file
 * `fault` is there, flushes fail. `slowUs`: what a flush takes; `rounds`: so often each lane writes before all rest.
 */
export function startFlushedWriter(folder: string, slowUs: number, rounds: number): FlushedWriter {
  const library = join(folder, 'flush-image.so')
  execFileSync('cc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl', '-lpthread'])
  for (const name of ['data', 'image']) mkdirSync(join(folder, name), { recursive: true })
  const child = spawn(process.execPath, [WRITER, join(folder, 'data'), String(rounds)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      LD_PRELOAD: library,
      FLUSH_IMAGE: join(folder, 'image'),
      FLUSH_FAULT: join(folder, 'fault'),
      SLOW_FLUSH_US: String(slowUs),
    },
  })
  const settled = new Map<string, number>()
  const said: string[] = []
  let count = 0
  let wake = () => {}
  const lines = createInterface({ input: child.stdout })
  lines.on('line', (line) => {
    const match = /^settled (\w+) (\d+)$/.exec(line)
    if (match) settled.set(match[1] ?? '', Number(match[2]))
    else said.push(line)
    count++
    wake()
  })
  const ended = Promise.all([once(child, 'exit'), once(lines, 'close')])
  return {
    child,
    settled,
    said,
    ended,
    async lines(wanted) {
      while (count < wanted && child.exitCode === null) {
        const { promise, resolve } = Promise.withResolvers<void>()
        wake = resolve
        await Promise.race([promise, ended])
      }
    },
  }
}
