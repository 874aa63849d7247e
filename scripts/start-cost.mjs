// What an installation takes on the disk, and what a start costs: of the bundles and of the headless archive, on this computer.
//   node scripts/start-cost.mjs
// Processor time is what all threads of a run took, the least of five runs: other programs cannot lengthen it much.
import { spawn } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from './build.mjs'
import { HOST_FLAGS } from './host-flags.mjs'
import { makeArchive, ownSystem } from './headless.mjs'

const RUNS = 5
const root = fileURLToPath(new URL('..', import.meta.url))
const home = mkdtempSync(join(tmpdir(), 'posthorn-start-'))

/** @type {(folder: string, ending: string) => number} */
const bytesIn = (folder, ending) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
const megabytes = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`
const say = (/** @type {string} */ what, /** @type {string} */ value) => console.log(`${what.padEnd(52)}${value}`)

try {
  await build('renderer', 'shell', 'headless')
  const dist = join(root, 'dist')
  const threads = bytesIn(join(dist, 'electron'), '-thread.js')
  say('desktop: JavaScript of the main thread', megabytes(bytesIn(join(dist, 'electron'), '.js') - threads))
  say('desktop: JavaScript of the other threads', megabytes(threads))
  say('window', megabytes(bytesIn(join(dist, 'renderer'), '')))
  say('headless: JavaScript', megabytes(bytesIn(join(dist, 'headless'), '.js')))
  say('headless: archive', megabytes(statSync(await makeArchive(ownSystem(), home)).size))

  const lib = join(home, 'lib')
  for (const from of ['dist/headless', 'resources/headless']) cpSync(join(root, from), lib, { recursive: true })
  cpSync(join(dist, 'renderer'), join(lib, 'renderer'), { recursive: true })
  const addon = `${ownSystem()}.node`
  cpSync(join(root, 'node_modules/better-sqlite3/prebuilds', addon), join(lib, 'native', addon))
  writeFileSync(join(lib, 'package.json'), '{"type":"module"}')
  const at = ['--data', join(home, 'data'), '--key-file', join(home, 'key')]
  const settings = join(home, 'settings.json')
  writeFileSync(settings, JSON.stringify({ submission: { port: 0, tlsPort: null } }))
  await cost('posthorn --version', ['--version'])
  await cost('posthorn status, the store opened for it', ['status', ...at])
  await cost('posthorn serve, to its ready line and its end', ['serve', ...at, '--settings', settings])
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

/**
 * Runs a command, the first time to have its code compiled; `serve` is ended once it is ready.
 * @param {string} what
 * @param {string[]} argv
 */
async function cost(what, argv) {
  const measured = []
  for (let n = 0; n <= RUNS; n++) measured.push(await one(argv))
  const least = measured.slice(1).toSorted((a, b) => a.cpuMs - b.cpuMs)[0]
  say(what, `${Math.round(least?.cpuMs ?? 0)} ms processor time, ${Math.round((least?.rssKb ?? 0) / 1024)} MiB`)
}

/**
 * @param {string[]} argv
 * @returns {Promise<{ cpuMs: number, rssKb: number }>}
 */
function one(argv) {
  const tell = `if (require('node:worker_threads').isMainThread) process.on('exit', () => { const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    const { existsSync, readFileSync, writeSync } = require('node:fs');
    // On Linux maxRSS begins with what the parent had; its own is told elsewhere.
    const own = existsSync('/proc/self/status') ? /VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] : undefined;
    writeSync(3, JSON.stringify({ cpuMs: (userCPUTime + systemCPUTime) / 1000, rssKb: Number(own ?? maxRSS) })) })`
  const teller = join(home, 'tell.cjs')
  writeFileSync(teller, tell)
  const entry = join(home, 'lib/posthorn.mjs')
  const child = spawn(process.execPath, [...HOST_FLAGS, '--require', teller, entry, ...argv], {
    stdio: ['ignore', 'pipe', 'inherit', 'pipe'],
    env: { ...process.env, XDG_CACHE_HOME: join(home, 'cache') },
  })
  child.stdout?.on('data', () => (argv[0] === 'serve' ? child.kill('SIGTERM') : undefined))
  let told = ''
  child.stdio[3]?.on('data', (chunk) => (told += chunk))
  return new Promise((resolve, reject) =>
    child.on('close', (status) =>
      status === 0 ? resolve(JSON.parse(told)) : reject(new Error(`${argv.join(' ')}: ${status}`)),
    ),
  )
}
