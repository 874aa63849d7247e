import { chmodSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { has } from './machine.ts'
import { output } from './processes.ts'

const SOURCE = fileURLToPath(new URL('slow-flush.c', import.meta.url))
const MORE_US = 5000

/** The environment in which every flush of a program takes 5 ms longer; undefined where there is no C compiler. */
export async function slowFlush(work: string): Promise<Readonly<Record<string, string>> | undefined> {
  if (!has('cc')) return undefined
  const library = join(work, 'slow-flush.so')
  await output('cc', ['-O2', '-shared', '-fPIC', '-o', library, SOURCE, '-ldl'])
  chmodSync(library, 0o755)
  return { LD_PRELOAD: library, SLOW_FLUSH_US: String(MORE_US) }
}
