// All tests: types, beside the build, then vitest. `npm test -- core/queue` runs the named tests alone.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { outputOf } from './child.mjs'
import { PROGRAMS, whyNot } from './programs.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const named = process.argv.slice(2)
const startedMs = Date.now()

if (named.length > 0 && !named.some((name) => name.includes('shell'))) await build('renderer')
else if (named.length > 0) await build('renderer', 'shell')
else {
  // Types are checked while the parts are built: neither needs the other.
  const types = outputOf([process.execPath, ...process.execArgv, inModules('typescript/bin/tsc'), '-b'], { cwd: root })
  await build('renderer', 'shell')
  const { status, output } = await types
  process.stdout.write(output)
  if (status !== 0) fail('types', status)
}
provideBrowser()
const reporters = ['--reporter=default', '--reporter=./scripts/test-reporter.mjs']
const projects = named.includes('--project')
  ? []
  : ['unit', 'interop', 'e2e', 'shell'].flatMap((name) => ['--project', name])
step('tests', inModules('vitest/vitest.mjs'), 'run', ...projects, ...reporters, ...named)
console.log(`posthorn: everything passed in ${Math.round((Date.now() - startedMs) / 1000)} s`)

/**
 * Runs one step and ends the whole run where it fails.
 * @param {string} name
 * @param {string} script
 * @param {string[]} args
 */
function step(name, script, ...args) {
  const { status } = spawnSync(process.execPath, [...process.execArgv, script, ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) fail(name, status)
}

/**
 * @param {string} name
 * @param {number | null} status
 * @returns {never}
 */
function fail(name, status) {
  console.error(`posthorn: ${name} failed`)
  process.exit(status ?? 1)
}

/** @param {string} path */
function inModules(path) {
  return fileURLToPath(new URL(`../node_modules/${path}`, import.meta.url))
}

/** The browser tests want Chromium or Chrome: installs Debian's where we may, otherwise says what is missing. */
function provideBrowser() {
  const why = whyNot('chromium')
  if (why === undefined) return
  if (process.platform === 'linux' && process.getuid?.() === 0 && existsSync('/etc/debian_version')) {
    console.error(`posthorn: ${why}, installing the Debian package`)
    const apt = (/** @type {string[]} */ ...args) =>
      spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', '-qq', ...args], {
        env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
        stdio: ['ignore', 2, 2],
      }).status === 0
    const install = () => apt('install', '-y', '--no-install-recommends', ...PROGRAMS.chromium.debian)
    if ((apt('update') && install()) || whyNot('chromium') === undefined) return
  }
  console.error(
    `posthorn: ${why}: install Chromium or Chrome, or name one in POSTHORN_CHROMIUM, to run the browser tests`,
  )
}
