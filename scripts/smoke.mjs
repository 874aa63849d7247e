// One run of what was packed: it says its version, takes a mail into a new store, and lists it. Then it is tempted to be a plain
// Node, which its fuses keep it from.
//   node scripts/smoke.mjs release/linux-unpacked/resources/cli/posthorn
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const [launcher] = process.argv.slice(2)
if (launcher === undefined) {
  console.error('posthorn: node scripts/smoke.mjs LAUNCHER')
  process.exit(64)
}
const PATIENCE_MS = 120_000
const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'))
const home = mkdtempSync(join(tmpdir(), 'posthorn-smoke-'))
const at = ['--data', join(home, 'data'), '--key-file', join(home, 'posthorn.key')]
try {
  expect('its version', run(['--version']).stdout, `posthorn ${version}\n`)
  const mail = 'From: ada@home.test\nTo: bob@far.test\nSubject: smoke\n\nhello\n'
  run([...at, 'sendmail', '-t', '-i', '-f', 'ada@home.test'], { input: mail })
  const [entry] = JSON.parse(run(['queue', 'list', '--json', ...at]).stdout)
  expect('whom the mail is to', entry?.recipients?.[0]?.address, 'bob@far.test')
  const wrong = run(['no-such-command', ...at], { mayFail: true })
  expect('the status of a wrong command', wrong.status, 64)

  const env = { ...process.env, ELECTRON_RUN_AS_NODE: '1', NODE_OPTIONS: '--this-is-no-option' }
  if (/cli[\\/]posthorn/.test(launcher))
    expect('its version, whatever is in the environment', run(['--version'], { env }).stdout, `posthorn ${version}\n`)
  console.log(`posthorn: ${launcher} is in order`)
} finally {
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}

/**
 * @param {string[]} argv
 * @param {{ input?: string, env?: NodeJS.ProcessEnv, mayFail?: boolean }} [how]
 */
function run(argv, { input = '', env = process.env, mayFail = false } = {}) {
  const { status, stdout, stderr, error } = spawnSync(resolve(launcher ?? ''), argv, {
    input,
    env,
    encoding: 'utf8',
    timeout: PATIENCE_MS,
  })
  if (error !== undefined || (status !== 0 && !mayFail))
    throw new Error(`${argv.join(' ')} ended with ${status}: ${error?.message ?? ''}\n${stdout}\n${stderr}`)
  return { status, stdout, stderr }
}

/** @type {(what: string, got: unknown, wanted: unknown) => void} */
function expect(what, got, wanted) {
  if (got !== wanted) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(wanted)}`)
}
