import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

test('without the real Electron its own tests say that they were not run, and never pass', () => {
  const script = fileURLToPath(new URL('../../scripts/test-electron.mjs', import.meta.url))
  const env = { ...process.env, ELECTRON_OVERRIDE_DIST_PATH: '/nowhere' }
  const { status, stderr, stdout } = spawnSync(process.execPath, [script], { encoding: 'utf8', env })
  expect({ status, stderr, stdout }).toEqual({
    status: 77,
    stderr: 'posthorn: not run: no Electron binary\n',
    stdout: '',
  })
})
