import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { root } from './files.ts'

const folder = mkdtempSync(join(tmpdir(), 'posthorn-peers-'))
beforeAll(() => {
  const peers = join(root, 'test/support/peers.ts')
  writeFileSync(
    join(folder, 'planted.test.ts'),
    `import { needs } from ${JSON.stringify(peers)}
     needs('mpop').test('fetches', () => {})
     needs('mpop').describe('a server', () => {})`,
  )
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** Runs the planted tests where no program can be found. */
function run(ci: string) {
  const reporters = ['--reporter=default', `--reporter=${join(root, 'scripts/test-reporter.mjs')}`]
  const vitest = join(root, 'node_modules/vitest/vitest.mjs')
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, 'run', '--root', folder, ...reporters], {
    env: { PATH: folder, CI: ci, NO_COLOR: '1' },
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('a test whose peer is missing is skipped, and the run ends with its name and the reason', () => {
  const { status, stdout } = run('')
  expect(stdout).toContain('planted.test.ts: fetches (mpop is not installed)')
  expect(stdout.trim().split('\n').at(-1)).toBe('Tests  1 skipped (1)')
  expect(status).toBe(0)
})
test.runIf(process.platform === 'linux')('in CI a missing peer is a failure', () => {
  const { status, stdout, stderr } = run('true')
  expect(stderr).toContain('nothing may be skipped in CI: mpop is not installed')
  expect(stdout.trim().split('\n').at(-1)).toBe('Tests  2 failed (2)')
  expect(status).toBe(1)
})
