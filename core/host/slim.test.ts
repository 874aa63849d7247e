import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const run = promisify(execFile)

test('the host brings nothing along of the web client that Node has built in', async () => {
  const host = new URL('serve-command.ts', import.meta.url).href
  const code = `await import(${JSON.stringify(host)}); console.log(process.moduleLoadList.join('\\n'))`
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code])
  const loaded = stdout.split('\n')
  expect(loaded).toContain('NativeModule net')
  expect(loaded.filter((name) => /undici/.test(name))).toEqual([])
})
