// End-to-end tests with the real Electron: the built application, driven by Playwright. It needs Electron's binary and a display,
// and where one of them is missing it says so and ends with 77, which is neither a pass nor a failure.
//   npm run test:electron             npm run test:electron -- --app release/linux-unpacked/posthorn
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'

/** As automake's tests say that they were skipped. */
const NOT_RUN = 77
const root = fileURLToPath(new URL('..', import.meta.url))
const at = process.argv.indexOf('--app')
const packed = at === -1 ? undefined : process.argv[at + 1]
const program = packed ?? electron()
const obstacle = whyNot()
if (obstacle !== undefined) {
  console.error(`posthorn: not run: ${obstacle}`)
  process.exit(NOT_RUN)
}
if (packed === undefined) await build('renderer', 'shell')
const vitest = fileURLToPath(new URL('../node_modules/vitest/vitest.mjs', import.meta.url))
const { status } = spawnSync(process.execPath, [...process.execArgv, vitest, 'run', '--project', 'electron'], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, POSTHORN_ELECTRON: program, ...(packed === undefined ? { POSTHORN_ELECTRON_APP: root } : {}) },
})
process.exitCode = status ?? 1

/** What keeps the real application from being run here; undefined when nothing does. */
function whyNot() {
  if (!existsSync(program)) return packed === undefined ? 'no Electron binary' : `there is no "${packed}"`
  if (process.platform === 'linux' && !process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY'])
    return 'there is no display (xvfb-run gives one)'
  if (process.platform === 'linux' && process.getuid?.() === 0)
    return 'Electron runs its sandbox for ordinary users only, and this is root'
  return undefined
}

/** Where the binary lies once downloaded. Asking the package itself would download it. */
function electron() {
  const folder = join(createRequire(import.meta.url).resolve('electron/package.json'), '../dist')
  const program = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  const name = process.platform === 'darwin' || process.platform === 'win32' ? program[process.platform] : 'electron'
  return join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? folder, name)
}
