import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-peers-'))
beforeAll(() => {
  const needs = `import { needs } from ${JSON.stringify(join(root, 'test/support/peers.ts'))}\n`
  writeFileSync(join(folder, 'peer.test.ts'), `${needs} needs('mpop').test('fetches', () => {})`)
  writeFileSync(join(folder, 'server.test.ts'), `${needs} needs('mpop').describe('a server', () => {})`)
  writeFileSync(join(folder, 'skip.test.ts'), `${needs} needs().test.skip('is left out', () => {})`)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the planted tests where no program can be found. */
function run(file: string, ci: string) {
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/test-reporter.mjs')}`]
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status, stdout } = spawnSync(process.execPath, [vitest, 'run', '--root', folder, ...reporters, file], {
    env: { PATH: folder, CI: ci, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  return { status, stdout }
}

test('a test whose peer is missing is skipped, and the run ends with its name and the reason', () => {
  const { status, stdout } = run('peer', '')
  expect(stdout).toContain('peer.test.ts: fetches (mpop is not installed)')
  expect(stdout.trim().split('\n').at(-1)).toBe('Tests  1 skipped (1)')
  expect(status).toBe(0)
})
// Elsewhere a test may be missing its peer for good, so there CI makes no difference.
const isLinux = process.platform === 'linux'
test('in CI a missing peer is a failure', () => {
  expect(run('peer', 'true').status).toBe(isLinux ? 1 : 0)
  expect(run('server', 'true').status).toBe(isLinux ? 1 : 0)
})
test('in CI so is a test that skips itself', () => {
  expect(run('skip', '').status).toBe(0)
  expect(run('skip', 'true').status).toBe(isLinux ? 1 : 0)
})
