import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Home, Served } from '../support/posthorn.ts'
import { HOST_FLAGS, hostEnvironment } from '../../scripts/host-flags.mjs'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
/** What the headless archive starts. */
const ENTRY = join(ROOT, 'dist/headless/cli.js')

/** Builds the headless host where its sources have changed. Throws when that fails. */
export function buildShipped(): void {
  const { status } = spawnSync(process.execPath, [join(ROOT, 'scripts/build.mjs'), 'headless'], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) throw new Error('the headless host could not be built')
}

/** Serves a folder as people run it: by what is in the headless archive, started with the same flags and surroundings. */
export function serveShipped(
  home: Home,
  flags: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Served> {
  return home.serve([...HOST_FLAGS, ...flags], { ...hostEnvironment(ROOT), ...env }, ENTRY)
}
