import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { root } from './files.ts'

/** An npm that installs nothing, slowly, and talks on standard output as the real one does. */
const NPM = `
const { appendFileSync, mkdirSync } = require('node:fs')
console.log('added 1 package')
appendFileSync('installs', process.argv.slice(2).join(' ') + ' NODE_ENV=' + process.env.NODE_ENV + '\\n')
Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100)
mkdirSync('node_modules', { recursive: true })
process.exit(Number(process.env.NPM_STATUS ?? 0))
`
const CLI = `
import { text } from 'node:stream/consumers'
const [word, value] = process.argv.slice(2)
if (word === 'echo') process.stdout.write(JSON.stringify({ input: await text(process.stdin), cwd: process.cwd() }))
if (word === 'exit') process.exitCode = Number(value)
if (word === 'wait') {
  process.on('SIGTERM', () => { console.log('told to stop'); process.exit(7) })
  setInterval(() => {}, 1000)
  console.log('waiting')
}
`

let clone: string
beforeEach(() => {
  clone = mkdtempSync(join(tmpdir(), 'posthorn-clone-'))
  for (const name of ['run.mjs', 'child.mjs', 'exclusively.mjs', 'host-flags.mjs'])
    cpSync(join(root, 'scripts', name), join(clone, 'scripts', name))
  mkdirSync(join(clone, 'core/host'), { recursive: true })
  mkdirSync(join(clone, 'elsewhere'))
  writeFileSync(join(clone, 'package.json'), '{"type":"module"}')
  writeFileSync(join(clone, 'package-lock.json'), '{"packages":{"node_modules/a":{"version":"1.0.0"}}}')
  writeFileSync(join(clone, 'core/host/cli.ts'), CLI)
  writeFileSync(join(clone, 'npm-cli.cjs'), NPM)
})
afterEach(() => rmSync(clone, { recursive: true, force: true }))

function start(args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  const child = spawn(process.execPath, [join(clone, 'scripts/run.mjs'), 'posthorn', ...args], {
    cwd: clone,
    env: {
      PATH: process.env['PATH'],
      npm_execpath: join(clone, 'npm-cli.cjs'),
      INIT_CWD: join(clone, 'elsewhere'),
      ...env,
    },
  })
  let [stdout, stderr] = ['', '']
  child.stdout.on('data', (chunk) => (stdout += chunk))
  child.stderr.on('data', (chunk) => (stderr += chunk))
  const ended = new Promise<{ status: number | null; stdout: string; stderr: string }>((resolve) => {
    child.on('close', (status) => resolve({ status, stdout, stderr }))
  })
  return { child, ended }
}
const installs = () => readFileSync(join(clone, 'installs'), 'utf8').trim().split('\n')

test('two commands begun at the same moment in a bare clone install once and both work', async () => {
  const both = await Promise.all([start(['exit', '0']).ended, start(['exit', '0']).ended])
  expect(both.map(({ status }) => status)).toEqual([0, 0])
  expect(installs()).toHaveLength(1)
  expect(existsSync(join(clone, '.install.lock'))).toBe(false)
})
test('the installer is told to run no scripts, and nothing around it makes it leave packages out', async () => {
  await start([], { NODE_ENV: 'production', npm_config_omit: 'dev' }).ended
  expect(installs()[0]).toMatch(/^ci .*--include=dev .*--ignore-scripts .*NODE_ENV=undefined$/)
})
test('standard output is the command’s own, even when it installs first', async () => {
  const { child, ended } = start(['echo'])
  child.stdin.end('a message')
  const { stdout, stderr } = await ended
  expect(JSON.parse(stdout)).toEqual({ input: 'a message', cwd: join(clone, 'elsewhere') })
  expect(stderr).toContain('posthorn: installing')
  expect(stderr).toContain('added 1 package')
})
test('an installation that matches the lockfile is left alone, another lockfile is installed', async () => {
  await start([]).ended
  expect((await start([]).ended).stderr).toBe('')
  expect(installs()).toHaveLength(1)
  writeFileSync(join(clone, 'package-lock.json'), '{"packages":{}}')
  await start([]).ended
  expect(installs()).toHaveLength(2)
})
test('an installation made by hand is adopted', async () => {
  mkdirSync(join(clone, 'node_modules'))
  writeFileSync(join(clone, 'node_modules/.package-lock.json'), readFileSync(join(clone, 'package-lock.json')))
  expect(await start([]).ended).toEqual({ status: 0, stdout: '', stderr: '' })
  expect(existsSync(join(clone, 'installs'))).toBe(false)
})
test('a lock left by an installer that was killed is taken over', async () => {
  const gone = spawn(process.execPath, ['-e', ''])
  await new Promise((resolve) => gone.on('close', resolve))
  writeFileSync(join(clone, '.install.lock'), String(gone.pid))
  expect((await start([]).ended).status).toBe(0)
})
test('a failed installation is said and tried again the next time', async () => {
  const failed = await start([], { NPM_STATUS: '1' }).ended
  expect(failed.status).toBe(1)
  expect(failed.stderr).toContain('posthorn: npm ci failed')
  expect((await start([]).ended).status).toBe(0)
})
test('the exit status is the command’s own', async () => {
  expect((await start(['exit', '75']).ended).status).toBe(75)
})
test('SIGTERM reaches the command, which ends in its own way', async () => {
  const { child, ended } = start(['wait'])
  child.stdout.once('data', () => child.kill('SIGTERM'))
  expect(await ended).toMatchObject({ status: 7, stdout: 'waiting\ntold to stop\n' })
})
