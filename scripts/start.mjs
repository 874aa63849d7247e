// The desktop application where Electron can be had and a display exists; otherwise the same window in the browser.
//   npm start                 npm start -- --headless            npm start -- --data DIR
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { runInOurPlace } from './child.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const folder = join(root, 'node_modules/electron')
const DOWNLOAD_MS = 5 * 60_000

const args = process.argv.slice(2).filter((arg) => arg !== '--headless')
const obstacle = process.argv.includes('--headless') ? '--headless was asked for' : (whyNoDesktop() ?? whyNoElectron())

if (obstacle === undefined) {
  build('renderer', 'shell')
  // Set by some editors' terminals; it would make a plain Node of Electron.
  const { ELECTRON_RUN_AS_NODE: _ignored, ...env } = process.env
  runInOurPlace(electron(), [root, ...args], { env })
} else {
  console.error(`posthorn: no desktop window (${obstacle}): the same window is served to your browser`)
  build('renderer')
  runInOurPlace(process.execPath, [
    ...process.execArgv,
    join(root, 'core/host/cli.ts'),
    'serve',
    '--human',
    '--open',
    ...args,
  ])
}

/**
 * Builds in a process of its own, for this one stays as long as the application does and shall stay small.
 * @param {string[]} parts
 */
function build(...parts) {
  const { status } = spawnSync(process.execPath, [join(root, 'scripts/build.mjs'), ...parts], {
    stdio: ['ignore', 2, 2],
  })
  if (status !== 0) process.exit(status ?? 1)
}

/** What this machine lacks for any desktop application; undefined when nothing. */
function whyNoDesktop() {
  if (process.platform !== 'linux') return undefined
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display'
  if (process.getuid?.() === 0) return 'Electron runs its sandbox for ordinary users only, and this is root'
  return undefined
}

/** Why Electron can't be had; undefined when it is there and starts. Downloads it the first time. */
function whyNoElectron() {
  if (!existsSync(electron())) {
    console.error('posthorn: downloading Electron, once')
    const script = join(folder, 'install.js')
    const { status, error, stderr } = spawnSync(process.execPath, [script], { encoding: 'utf8', timeout: DOWNLOAD_MS })
    if (status !== 0) return `Electron could not be downloaded: ${error?.message ?? firstLine(stderr)}`
  }
  // A system library that is missing shows here, and not after the window should have opened.
  const { status, error, stderr } = spawnSync(electron(), ['--version'], { encoding: 'utf8' })
  return status === 0 ? undefined : `Electron does not start: ${error?.message ?? firstLine(stderr)}`
}

/** Where the program lies once downloaded. Asking the package itself would download it and throw. */
function electron() {
  const program = { darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' }
  const name = process.platform === 'darwin' || process.platform === 'win32' ? program[process.platform] : 'electron'
  return join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? join(folder, 'dist'), name)
}

/** @param {string} text */
function firstLine(text) {
  return text.trim().split('\n')[0] ?? ''
}
